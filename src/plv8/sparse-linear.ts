import type { LinearOptions } from './linear.ts';
import type { Round } from './rounding.ts';
import type { SparseRow } from './sparse.ts';

type Numbers = ArrayLike<number>;

/**
 * As createLinear of linear.ts, over rows most of which is 0, one after the other: the inputs of a row come after
 * `offset` others. The time is that of what is not 0. All weights have to be finite and no bias -0, so that zeros add nothing. `roundInput` rounds the inputs.
 */
export function createSparseLinear(
  weights: Numbers,
  bias: Numbers,
  parts: readonly { readonly row: SparseRow; readonly offset: number }[],
  out: Float64Array,
  roundInput: Round,
  round: Round,
  { skipMissing }: Pick<LinearOptions, 'skipMissing'>,
): () => void {
  const outputs = out.length;
  return () => {
    for (let q = 0; q < outputs; q++) out[q] = bias[q]!;
    for (const { row, offset } of parts) {
      const { values, positions, count } = row;
      for (let i = 0; i < count; i++) {
        const position = positions[i]!;
        const value = roundInput(values[position]!);
        if (value === 0 || (skipMissing && Number.isNaN(value))) continue;
        const start = (offset + position) * outputs;
        for (let q = 0; q < outputs; q++) out[q] = round(out[q]! + round(value * weights[start + q]!));
      }
    }
  };
}
