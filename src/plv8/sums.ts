/**
 * Sums of the leaves that createForest found, leaf by leaf in tree order: float sums depend on the order, and the
 * library that trained the model added in this one.
 */

/** base + reached[from] + … + reached[to - 1], each partial sum a float64. */
export function sumFloat64(base: number, reached: Float64Array, from: number, to: number): number {
  let sum = base;
  for (let t = from; t < to; t++) sum += reached[t]!;
  return sum;
}

/** As sumFloat64, each partial sum rounded to float32. */
export function sumFloat32(base: number, reached: Float64Array, from: number, to: number): number {
  let sum = base;
  for (let t = from; t < to; t++) sum = Math.fround(sum + reached[t]!);
  return sum;
}

/** Sums each output's leaves, which stand in [starts[q], starts[q + 1]), by one of the functions above. */
export function sumOutputs(
  sum: typeof sumFloat64,
  base: readonly number[],
  starts: readonly number[],
  reached: Float64Array,
  sums: Float64Array,
): void {
  for (let q = 0; q < base.length; q++) sums[q] = sum(base[q]!, reached, starts[q]!, starts[q + 1]!);
}
