import type { Round } from './rounding.ts';

type Floats = Float32Array | Float64Array;
type Numbers = ArrayLike<number>;

/** Which inputs a sum leaves out. */
export interface LinearOptions {
  /** Zeros. Only where that cannot change a sum: all weights finite, no bias -0. */
  readonly skipZeros: boolean;
  /** NaN. Otherwise a NaN makes every sum NaN. */
  readonly skipMissing: boolean;
}

/**
 * A function that writes out[q] = bias[q] + x[0] * weight(0, q) + x[1] * weight(1, q) + …, product and sum each
 * rounded by `round`. weight(k, q) stands at weights[k * outputs + q], so that an input that is left out costs nothing
 * more, and the sums do not wait for each other.
 */
export function createLinear(
  weights: Numbers,
  bias: Numbers,
  x: Floats,
  out: Float64Array,
  round: Round,
  { skipZeros, skipMissing }: LinearOptions,
): () => void {
  const outputs = out.length;
  const values = new Float64Array(x.length);
  const rows = new Int32Array(x.length);
  return () => {
    let used = 0;
    for (let k = 0; k < x.length; k++) {
      const value = x[k]!;
      if (value === 0 ? skipZeros : skipMissing && Number.isNaN(value)) continue;
      values[used] = value;
      rows[used++] = k * outputs;
    }
    for (let q = 0; q < outputs; q++) out[q] = bias[q]!;
    let i = 0;
    for (; i + 4 <= used; i += 4) addFour(weights, values, rows, i, out, round);
    for (; i < used; i++) {
      const value = values[i]!;
      const row = rows[i]!;
      for (let q = 0; q < outputs; q++) out[q] = round(out[q]! + round(value * weights[row + q]!));
    }
  };
}

/** Four inputs at once: a sum is read and written once for all of them. */
function addFour(
  weights: Numbers,
  values: Float64Array,
  rows: Int32Array,
  i: number,
  out: Float64Array,
  round: Round,
): void {
  const [a, b, c, d] = [values[i]!, values[i + 1]!, values[i + 2]!, values[i + 3]!];
  const [atA, atB, atC, atD] = [rows[i]!, rows[i + 1]!, rows[i + 2]!, rows[i + 3]!];
  for (let q = 0; q < out.length; q++) {
    let sum = round(out[q]! + round(a * weights[atA + q]!));
    sum = round(sum + round(b * weights[atB + q]!));
    sum = round(sum + round(c * weights[atC + q]!));
    out[q] = round(sum + round(d * weights[atD + q]!));
  }
}
