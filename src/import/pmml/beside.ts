import { PgscoreError } from '../../errors.ts';
import type { Register } from '../../ir/model.ts';
import type { Element } from './element.ts';
import type { Lowering } from './lowering.ts';
import type { LoweredModel } from './model.ts';

/**
 * What output fields give that a prediction does not hold otherwise, as far as they are numbers that can be computed: by
 * name, in the order of the file.
 */
export function besideValues(
  fields: readonly Element[],
  { outputs, context: { lowering } }: LoweredModel,
): ReadonlyMap<string, Register> {
  const values = new Map<string, Register>();
  for (const field of fields) {
    const guards = lowering.guards.length;
    try {
      const value = outputs.resolve(field.string('name'), field);
      if (value.kind !== 'text' && (value.kind === 'number' || typeof value.value === 'number')) {
        const register = lowering.register(value, field);
        values.set(field.string('name'), unlessGuarded(register, lowering.guards.slice(guards), lowering));
      }
    } catch (error) {
      // A field that nobody asked for does not stand in the way of the prediction: it stays out, and a note names it.
      if (!(error instanceof PgscoreError && error.code === 'PGS_UNSUPPORTED')) throw error;
    }
    // What makes this field invalid leaves the prediction as it is.
    lowering.guards.length = guards;
  }
  return values;
}

function unlessGuarded(register: Register, guards: readonly Register[], lowering: Lowering): Register {
  const { b } = lowering;
  if (guards.length === 0) return register;
  const invalid = guards.length === 1 ? guards[0]! : b.reduce('max', guards);
  return b.select([invalid], [lowering.constant(Number.NaN)], [register])[0]!;
}
