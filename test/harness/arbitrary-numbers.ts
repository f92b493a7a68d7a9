import fc from 'fast-check';
import type { Precision } from '../../src/ir/model.ts';

/** Numbers at which rounding, comparison and missing values go wrong first. */
const EDGES = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.9,
  0.1,
  Math.fround(0.1),
  1e-35,
  Math.fround(1e-35),
  -Math.fround(1e-35),
  Number.MIN_VALUE,
  -Number.MIN_VALUE,
  2 ** -149,
  -(2 ** -149),
  2 ** -126,
  16777217,
  Math.fround(3.4028234663852886e38),
  3.4028235677973366e38,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  1e300,
  -1e300,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];

export const precision = fc.constantFrom<Precision>('float32', 'float64');
export const finite = fc.oneof(
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map((n) => n / 7000),
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map((n) => Math.fround(n / 7000)),
  fc.integer({ min: -5, max: 5 }),
);
export const edge = fc.constantFrom(...EDGES);
export const number = fc.oneof({ weight: 3, arbitrary: finite }, { weight: 1, arbitrary: edge });
/** Mostly finite, so that a sum is seldom NaN all the way. */
export const addend = fc.oneof({ weight: 20, arbitrary: finite }, { weight: 1, arbitrary: edge });
