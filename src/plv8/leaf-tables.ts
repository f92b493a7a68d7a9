import { type NumberArray, type PackedColumn, unpackColumn } from './columns.ts';
import type { Round } from './rounding.ts';

/** Leaves that are not one constant each. A forest then finds, instead of a leaf's value, the leaf's offset. */
export interface PackedLeafTable {
  /** Per tree, in tree order: the output that it adds to, or `outputs` when its leaves hold one value an output. */
  readonly treeOutputs: PackedColumn;
  /** At a leaf's offset its value, or its first of `outputs` values; weight included, rounded to the accumulator. */
  readonly values: PackedColumn;
  readonly linear?: PackedLinearLeaves;
}

/** Linear models of leaves: the leaf at offset o has the terms [starts[o], starts[o + 1]). */
export interface PackedLinearLeaves {
  /** Per offset 1 when the leaf is linear, 0 when it is its value alone. */
  readonly isLinear: PackedColumn;
  readonly starts: PackedColumn;
  readonly constants: PackedColumn;
  /** Per term: the slot of x, where missing is NaN, and the coefficient. */
  readonly slots: PackedColumn;
  readonly coefficients: PackedColumn;
  /** Per tree what its linear leaves count times. */
  readonly weights: PackedColumn;
}

type Floats = Float32Array | Float64Array;

/**
 * A function that adds up the leaves whose offsets stand in `reached` (tree order) from `base`, each partial sum
 * rounded by `round`, and writes one sum an output to `sums`.
 */
export function createLeafTableSum(
  packed: PackedLeafTable,
  base: readonly number[],
  x: Floats,
  reached: Float64Array,
  sums: Float64Array,
  round: Round,
): () => void {
  const treeOutputs = unpackColumn(packed.treeOutputs);
  const values = unpackColumn(packed.values);
  const leafValue =
    packed.linear === undefined
      ? (offset: number) => values[offset]!
      : createLinearLeaves(packed.linear, values, x, round);
  const outputs = base.length;
  return () => {
    sums.set(base);
    for (let t = 0; t < treeOutputs.length; t++) {
      const output = treeOutputs[t]!;
      const offset = reached[t]!;
      if (output < outputs) sums[output] = round(sums[output]! + leafValue(offset, t));
      else for (let q = 0; q < outputs; q++) sums[q] = round(sums[q]! + values[offset + q]!);
    }
  };
}

function createLinearLeaves(
  packed: PackedLinearLeaves,
  values: NumberArray,
  x: Floats,
  round: Round,
): (offset: number, tree: number) => number {
  const isLinear = unpackColumn(packed.isLinear);
  const starts = unpackColumn(packed.starts);
  const constants = unpackColumn(packed.constants);
  const slots = unpackColumn(packed.slots);
  const coefficients = unpackColumn(packed.coefficients);
  const weights = unpackColumn(packed.weights);
  return (offset, tree) => {
    if (isLinear[offset] === 0) return values[offset]!;
    let sum = constants[offset]!;
    for (let k = starts[offset]!; k < starts[offset + 1]!; k++) {
      const value = x[slots[k]!]!;
      if (Number.isNaN(value)) return values[offset]!;
      sum += coefficients[k]! * value;
    }
    return round(sum * weights[tree]!);
  };
}
