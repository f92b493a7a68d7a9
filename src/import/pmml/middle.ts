import type { Register } from '../../ir/model.ts';
import type { Lowering } from './lowering.ts';

/** A number of a segment and whether it counts in a row; undefined when it always does. */
export interface Term {
  readonly value: Register;
  readonly counts: Register | undefined;
  readonly weight: Weight;
}

/** How much a segment counts for; a register where rows vary it. */
export type Weight = number | { readonly register: Register };

/** The values below and above the middle: one value twice where there is a middle one. */
export interface Middle {
  readonly lower: Register;
  readonly upper: Register;
}

/** The middle of what counts; NaN when nothing does, or when one of these is missing. */
export function middleOf(terms: readonly Term[], lowering: Lowering): Middle {
  if (terms.some(({ counts }) => counts !== undefined)) {
    return weighedMiddle(
      terms.map((term) => ({ ...term, weight: 1 })),
      lowering,
    );
  }
  const { b } = lowering;
  const k = terms.length;
  const inputs = terms.map(({ value }) => value);
  const sorted = b.add({ kind: 'nearest', inputs, k }).slice(k);
  const [lower, upper] = [sorted[Math.ceil(k / 2) - 1]!, sorted[Math.floor(k / 2)]!];
  // NaN stands last.
  const last = sorted[k - 1]!;
  const [low, high] = b.select(b.map([last], { name: 'is-nan' }), [last], [lower, upper]);
  return { lower: low!, upper: high! };
}

/**
 * The least value that, with all less ones, has at least half of the weight, and the least that has more than half. The
 * first is the weighted median: no more than half of the weight lies on either side.
 */
export function weighedMiddle(terms: readonly Term[], lowering: Lowering): Middle {
  const { b } = lowering;
  const zero = lowering.constant(0);
  const registers = weightRegisters(terms, lowering);
  const weights = terms.map(({ counts }, i) => {
    const weight = registers[i]!;
    return counts === undefined ? weight : b.select([counts], [weight], [zero])[0]!;
  });
  const values = terms.map(({ value }) => value);
  const [half] = b.map([b.reduce('sum', weights)], { name: 'multiply', by: [0.5] });
  const upTo = values.map((value) => {
    const own = b.select(b.combine('<=', values, [value]), weights, [zero]);
    return b.reduce('sum', own);
  });
  const counts = terms.map((term) => term.counts ?? lowering.constant(1));
  const missing = b.combine('and', b.map(values, { name: 'is-nan' }), counts);
  const anyMissing = b.reduce('max', missing);
  const least = (operator: '>=' | '>'): Register => {
    const reaches = b.combine('and', b.combine(operator, upTo, [half!]), counts);
    const found = b.reduce('min', b.select(reaches, values, [lowering.constant(Infinity)]));
    const none = b.compare([found], '==', [Infinity]);
    return b.select(b.combine('or', none, [anyMissing]), [lowering.constant(Number.NaN)], [found])[0]!;
  };
  return { lower: least('>='), upper: least('>') };
}

function weightRegisters(terms: readonly Term[], lowering: Lowering): readonly Register[] {
  const weights = terms.map(({ weight }) => weight);
  const fixed = weights.filter((weight) => typeof weight === 'number');
  if (fixed.length === weights.length) return wholeNumbers(fixed).map((weight) => lowering.constant(weight));
  return weights.map((weight) => (typeof weight === 'number' ? lowering.constant(weight) : weight.register));
}

/** Decimal weights times a power of ten, so that sums are exact and halves are met; other weights as they are. */
function wholeNumbers(weights: readonly number[]): readonly number[] {
  for (let scale = 1; scale <= 1e15; scale *= 10) {
    const whole = weights.map((weight) => Math.round(weight * scale));
    if (whole.reduce((a, b) => a + b, 0) > Number.MAX_SAFE_INTEGER) return weights;
    if (whole.every((each, i) => each / scale === weights[i])) return whole;
  }
  return weights;
}

/** The mean of both sides of the middle. */
export function medianOf(terms: readonly Term[], lowering: Lowering): Register {
  const { lower, upper } = middleOf(terms, lowering);
  return lowering.b.reduce('mean', [lower, upper]);
}
