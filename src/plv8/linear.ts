import type { NumberArray } from './columns.ts';
import type { Round } from './rounding.ts';

type Floats = Float32Array | Float64Array;

/**
 * bias + x[0] * weights[from] + x[1] * weights[from + 1] + …, product and sum each rounded by `round`. A NaN in x
 * makes the result NaN.
 */
export function linear(x: Floats, weights: NumberArray, from: number, bias: number, round: Round): number {
  let sum = bias;
  for (let k = 0; k < x.length; k++) sum = round(sum + round(x[k]! * weights[from + k]!));
  return sum;
}

/** As linear, but a NaN in x adds nothing. */
export function linearSkipMissing(
  x: Floats,
  weights: NumberArray,
  from: number,
  bias: number,
  round: Round,
): number {
  let sum = bias;
  for (let k = 0; k < x.length; k++) {
    const value = x[k]!;
    if (!Number.isNaN(value)) sum = round(sum + round(value * weights[from + k]!));
  }
  return sum;
}
