import { type PackedColumn, unpackColumn } from './columns.ts';
import { DEEP, type Floats, LANES, LEAF_SLOT, type PackedForest, unpackForest } from './forest.ts';
import type { Round } from './rounding.ts';

// Three functions that walk all trees for the row in `x`, and differ in what becomes of the leaf values.
//
// Two habits of V8 decide their speed. `+(a > b)` compiles to a comparison without a branch, `a > b ? 1 : 0` to one
// with. And the address and the length of an array become constants of the code only when the closure's variable is
// read outside of the loops: 0.58 instead of 0.94 µs for 100 trees of depth 6. Hence the second names, and the loops
// written out: a function that all three share would be handed its arrays, which are constants no more.

/** Writes each tree's leaf value to its place in `reached`, which must have one element more than there are trees. */
export function createForest(packed: PackedForest, x: Floats, reached: Float64Array): () => void {
  const { child: children, slot: slots, value: values, roots, places, depths } = unpackForest(packed);
  x[LEAF_SLOT] = Number.NEGATIVE_INFINITY;
  return () => {
    const row = x;
    const child = children;
    const slot = slots;
    const value = values;
    const root = roots;
    const steps = depths;
    const place = places;
    const out = reached;
    for (let group = 0, k = 0; group < steps.length; group++, k += LANES) {
      let a = root[k]!;
      let b = root[k + 1]!;
      let c = root[k + 2]!;
      let d = root[k + 3]!;
      let e = root[k + 4]!;
      let f = root[k + 5]!;
      let g = root[k + 6]!;
      let h = root[k + 7]!;
      let left = steps[group]!;
      for (;;) {
        const pause = left > DEEP ? left - 4 : 0;
        for (; left > pause; left--) {
          a = child[a]! + +(row[slot[a]!]! > value[a]!);
          b = child[b]! + +(row[slot[b]!]! > value[b]!);
          c = child[c]! + +(row[slot[c]!]! > value[c]!);
          d = child[d]! + +(row[slot[d]!]! > value[d]!);
          e = child[e]! + +(row[slot[e]!]! > value[e]!);
          f = child[f]! + +(row[slot[f]!]! > value[f]!);
          g = child[g]! + +(row[slot[g]!]! > value[g]!);
          h = child[h]! + +(row[slot[h]!]! > value[h]!);
        }
        if (left === 0) break;
        if (
          child[a] === a &&
          child[b] === b &&
          child[c] === c &&
          child[d] === d &&
          child[e] === e &&
          child[f] === f &&
          child[g] === g &&
          child[h] === h
        )
          break;
      }
      out[place[k]!] = value[a]!;
      out[place[k + 1]!] = value[b]!;
      out[place[k + 2]!] = value[c]!;
      out[place[k + 3]!] = value[d]!;
      out[place[k + 4]!] = value[e]!;
      out[place[k + 5]!] = value[f]!;
      out[place[k + 6]!] = value[g]!;
      out[place[k + 7]!] = value[h]!;
    }
  };
}

/**
 * Gives `base` plus all leaf values, each partial sum rounded by `round`. The trees must stand in tree order. Sums of
 * earlier groups overlap with the walk of later ones, which a sum over what createForest found cannot: rounded to
 * float32, 500 trees took 3.1 instead of 4.2 µs.
 */
export function createForestSum(packed: PackedForest, x: Floats, base: number, round: Round): () => number {
  const { child: children, slot: slots, value: values, roots, depths } = unpackForest(packed);
  x[LEAF_SLOT] = Number.NEGATIVE_INFINITY;
  return () => {
    const row = x;
    const child = children;
    const slot = slots;
    const value = values;
    const root = roots;
    const steps = depths;
    let sum = base;
    for (let group = 0, k = 0; group < steps.length; group++, k += LANES) {
      let a = root[k]!;
      let b = root[k + 1]!;
      let c = root[k + 2]!;
      let d = root[k + 3]!;
      let e = root[k + 4]!;
      let f = root[k + 5]!;
      let g = root[k + 6]!;
      let h = root[k + 7]!;
      let left = steps[group]!;
      for (;;) {
        const pause = left > DEEP ? left - 4 : 0;
        for (; left > pause; left--) {
          a = child[a]! + +(row[slot[a]!]! > value[a]!);
          b = child[b]! + +(row[slot[b]!]! > value[b]!);
          c = child[c]! + +(row[slot[c]!]! > value[c]!);
          d = child[d]! + +(row[slot[d]!]! > value[d]!);
          e = child[e]! + +(row[slot[e]!]! > value[e]!);
          f = child[f]! + +(row[slot[f]!]! > value[f]!);
          g = child[g]! + +(row[slot[g]!]! > value[g]!);
          h = child[h]! + +(row[slot[h]!]! > value[h]!);
        }
        if (left === 0) break;
        if (
          child[a] === a &&
          child[b] === b &&
          child[c] === c &&
          child[d] === d &&
          child[e] === e &&
          child[f] === f &&
          child[g] === g &&
          child[h] === h
        )
          break;
      }
      sum = round(sum + value[a]!);
      sum = round(sum + value[b]!);
      sum = round(sum + value[c]!);
      sum = round(sum + value[d]!);
      sum = round(sum + value[e]!);
      sum = round(sum + value[f]!);
      sum = round(sum + value[g]!);
      sum = round(sum + value[h]!);
    }
    return sum;
  };
}

/**
 * As createForestSum, for several outputs: tree t adds to output treeOutputs[t], and `sums` takes one sum an output.
 */
export function createForestSums(
  packed: PackedForest,
  x: Floats,
  base: readonly number[],
  treeOutputs: PackedColumn,
  sums: Float64Array,
  round: Round,
): () => void {
  const { child: children, slot: slots, value: values, roots, depths } = unpackForest(packed);
  const outputs = new Int32Array(roots.length);
  outputs.set(unpackColumn(treeOutputs));
  x[LEAF_SLOT] = Number.NEGATIVE_INFINITY;
  return () => {
    const row = x;
    const child = children;
    const slot = slots;
    const value = values;
    const root = roots;
    const steps = depths;
    const output = outputs;
    const sum = sums;
    sum.set(base);
    for (let group = 0, k = 0; group < steps.length; group++, k += LANES) {
      let a = root[k]!;
      let b = root[k + 1]!;
      let c = root[k + 2]!;
      let d = root[k + 3]!;
      let e = root[k + 4]!;
      let f = root[k + 5]!;
      let g = root[k + 6]!;
      let h = root[k + 7]!;
      let left = steps[group]!;
      for (;;) {
        const pause = left > DEEP ? left - 4 : 0;
        for (; left > pause; left--) {
          a = child[a]! + +(row[slot[a]!]! > value[a]!);
          b = child[b]! + +(row[slot[b]!]! > value[b]!);
          c = child[c]! + +(row[slot[c]!]! > value[c]!);
          d = child[d]! + +(row[slot[d]!]! > value[d]!);
          e = child[e]! + +(row[slot[e]!]! > value[e]!);
          f = child[f]! + +(row[slot[f]!]! > value[f]!);
          g = child[g]! + +(row[slot[g]!]! > value[g]!);
          h = child[h]! + +(row[slot[h]!]! > value[h]!);
        }
        if (left === 0) break;
        if (
          child[a] === a &&
          child[b] === b &&
          child[c] === c &&
          child[d] === d &&
          child[e] === e &&
          child[f] === f &&
          child[g] === g &&
          child[h] === h
        )
          break;
      }
      sum[output[k]!] = round(sum[output[k]!]! + value[a]!);
      sum[output[k + 1]!] = round(sum[output[k + 1]!]! + value[b]!);
      sum[output[k + 2]!] = round(sum[output[k + 2]!]! + value[c]!);
      sum[output[k + 3]!] = round(sum[output[k + 3]!]! + value[d]!);
      sum[output[k + 4]!] = round(sum[output[k + 4]!]! + value[e]!);
      sum[output[k + 5]!] = round(sum[output[k + 5]!]! + value[f]!);
      sum[output[k + 6]!] = round(sum[output[k + 6]!]! + value[g]!);
      sum[output[k + 7]!] = round(sum[output[k + 7]!]! + value[h]!);
    }
  };
}
