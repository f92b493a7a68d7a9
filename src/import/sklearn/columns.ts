import type { Feature, Register } from '../../ir/model.ts';
import type { PyValue } from '../pickle/index.ts';

/** One column of the matrix that flows from transformer to transformer. */
export type Column = NumberColumn | FeatureColumn;

export interface NumberColumn {
  readonly kind: 'number';
  readonly register: Register;
  /** False when no row can make it NaN. */
  readonly mayBeMissing: boolean;
}

/** A feature that nothing has used yet: its first user decides whether it is a text or a number. */
export interface FeatureColumn {
  readonly kind: 'feature';
  readonly feature: number;
  /** The text that an imputer puts where the feature is missing. */
  readonly fill?: string;
  /** The text that the imputer takes for a missing one, and NULL for an error; absent where NULL is missing. */
  readonly marker?: string;
}

interface FeatureFacts {
  readonly name: string;
  kind: 'number' | 'text' | undefined;
  /** The texts or numbers that encoders know. */
  readonly categories: Set<string | number>;
}

/** The signature under way: what the model's users have said of each feature. */
export class FeatureTable {
  private readonly facts: readonly FeatureFacts[];

  constructor(names: readonly string[]) {
    this.facts = names.map((name) => ({ name, kind: undefined, categories: new Set() }));
  }

  get names(): readonly string[] {
    return this.facts.map(({ name }) => name);
  }

  name(feature: number): string {
    return this.facts[feature]!.name;
  }

  /** What its users have said so far. */
  kindOf(feature: number): 'number' | 'text' | undefined {
    return this.facts[feature]!.kind;
  }

  /** Records a use; false when the feature is used as the other kind already. */
  use(feature: number, kind: 'number' | 'text', categories: Iterable<string | number> = []): boolean {
    const facts = this.facts[feature]!;
    facts.kind ??= kind;
    if (facts.kind !== kind) return false;
    for (const category of categories) facts.categories.add(category);
    return true;
  }

  /** Features that nothing read. */
  unused(): readonly number[] {
    return this.facts.flatMap(({ kind }, i) => (kind === undefined ? [i] : []));
  }

  /** The signature; a feature that nothing read is a number. */
  features(): readonly Feature[] {
    return this.facts.map(({ name, kind, categories }): Feature => {
      if (kind === 'text') return { kind: 'text', name, categories: [...categories] as string[] };
      if (categories.size === 0) return { kind: 'number', name };
      const numbers = [...categories] as number[];
      return { kind: 'number', name, integer: numbers.every(Number.isInteger), categories: numbers };
    });
  }
}

export function isNaNValue(value: PyValue): boolean {
  return typeof value === 'number' && Number.isNaN(value);
}

/** None, or a float NaN: what stands for a missing value in an array of objects. */
export function isMissing(value: PyValue | undefined): boolean {
  return value === null || (value !== undefined && isNaNValue(value));
}
