import type { NumberArray } from './columns.ts';
import type { Round } from './rounding.ts';

/**
 * Sums of the leaf values that createForest found, in tree order: float sums depend on the order, and the library
 * that trained the model added in this one.
 */

/** base + reached[0] + … + reached[trees - 1], each partial sum rounded by `round`. */
export function sumTrees(base: number, reached: Float64Array, trees: number, round: Round): number {
  let sum = base;
  for (let t = 0; t < trees; t++) sum = round(sum + reached[t]!);
  return sum;
}

/** For several outputs: tree t adds to output treeOutputs[t]. */
export function sumTreesByOutput(
  base: readonly number[],
  reached: Float64Array,
  treeOutputs: NumberArray,
  sums: Float64Array,
  round: Round,
): void {
  sums.set(base);
  for (let t = 0; t < treeOutputs.length; t++) {
    const output = treeOutputs[t]!;
    sums[output] = round(sums[output]! + reached[t]!);
  }
}
