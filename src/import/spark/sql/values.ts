import type { Register } from '../../../ir/model.ts';
import type { Builder } from '../../builder.ts';

/** Truth in three values: 1, 0, and NaN for NULL. */
export class Truth {
  private readonly b: Builder;

  constructor(b: Builder) {
    this.b = b;
  }

  isNull(x: Register): Register {
    return this.b.map([x], { name: 'is-nan' })[0]!;
  }

  /** `value`, or NULL where one of the operands is. */
  orNull(operands: readonly Register[], value: Register): Register {
    const missing = operands.map((x) => this.isNull(x)).reduce((a, c) => this.b.combine('or', [a], [c])[0]!);
    return this.choose(missing, this.b.nothing(), value);
  }

  /** `whenTrue` where the condition is 1; a condition that is NULL does not hold. */
  where(condition: Register, whenTrue: Register, whenFalse: Register): Register {
    return this.choose(this.holds(condition), whenTrue, whenFalse);
  }

  holds(condition: Register): Register {
    return this.b.compare([condition], '==', [1])[0]!;
  }

  not(x: Register): Register {
    return this.b.link([x], { name: 'complement' })[0]!;
  }

  /** False when one is false, else NULL when one is. */
  and(x: Register, y: Register): Register {
    return this.decided(x, y, 0);
  }

  or(x: Register, y: Register): Register {
    return this.decided(x, y, 1);
  }

  private decided(x: Register, y: Register, by: 0 | 1): Register {
    const b = this.b;
    const found = b.combine('or', b.compare([x], '==', [by]), b.compare([y], '==', [by]))[0]!;
    const [decisive, other] = b.constants([by, 1 - by]);
    return this.choose(found, decisive!, this.orNull([x, y], other!));
  }

  private choose(condition: Register, whenTrue: Register, whenFalse: Register): Register {
    return this.b.select([condition], [whenTrue], [whenFalse])[0]!;
  }
}
