import { type NumberArray, type PackedColumn, unpackColumn } from './columns.ts';

/**
 * Trees as text. Trees stand in the order in which they are walked, a tree's nodes breadth first, so that siblings
 * lie side by side and one column tells splits from leaves.
 */
export interface PackedForest {
  /** Per node the slot of x that its split reads; 0 for a leaf. */
  readonly slots: PackedColumn;
  /** Per split, in node order: right when x[slot] > threshold. */
  readonly thresholds: PackedColumn;
  /** Per leaf, in node order: its value. */
  readonly leaves: PackedColumn;
  /** Per tree where its leaf's value goes in the result. */
  readonly places: PackedColumn;
  /** The narrowest type that holds all thresholds and leaves exactly. */
  readonly precision: 'float32' | 'float64';
}

/** The slot that every leaf reads. It holds -Infinity, which is greater than nothing: a leaf stays where it is. */
export const LEAF_SLOT = 0;

/**
 * How many trees advance in one loop body, so that their memory loads overlap.
 */
const LANES = 8;

interface Forest {
  /** Per node its left child, the right one next to it; a leaf's is itself. */
  readonly child: Uint16Array | Int32Array;
  readonly slot: NumberArray;
  /** A split's threshold, a leaf's value. */
  readonly value: Float32Array | Float64Array;
  /** Per lane; filled up to a multiple of LANES with a single leaf. */
  readonly roots: Int32Array;
  readonly places: Int32Array;
  /** Per group of LANES the depth of its deepest tree. */
  readonly steps: Int32Array;
}

/**
 * A function that walks all trees for the row in `x` and writes each tree's leaf value to its place in `reached`,
 * which must have one element more than there are trees.
 */
export function createForest(
  packed: PackedForest,
  x: Float32Array | Float64Array,
  reached: Float64Array,
): () => void {
  const { child, slot, value, roots, places, steps } = unpackForest(packed);
  x[LEAF_SLOT] = Number.NEGATIVE_INFINITY;
  // `+(a > b)` compiles to a comparison without a branch, `a > b ? 1 : 0` to one with.
  return () => {
    for (let g = 0, k = 0; g < steps.length; g++, k += LANES) {
      let a = roots[k]!;
      let b = roots[k + 1]!;
      let c = roots[k + 2]!;
      let d = roots[k + 3]!;
      let e = roots[k + 4]!;
      let f = roots[k + 5]!;
      let h = roots[k + 6]!;
      let i = roots[k + 7]!;
      for (let step = steps[g]!; step > 0; step--) {
        a = child[a]! + +(x[slot[a]!]! > value[a]!);
        b = child[b]! + +(x[slot[b]!]! > value[b]!);
        c = child[c]! + +(x[slot[c]!]! > value[c]!);
        d = child[d]! + +(x[slot[d]!]! > value[d]!);
        e = child[e]! + +(x[slot[e]!]! > value[e]!);
        f = child[f]! + +(x[slot[f]!]! > value[f]!);
        h = child[h]! + +(x[slot[h]!]! > value[h]!);
        i = child[i]! + +(x[slot[i]!]! > value[i]!);
      }
      reached[places[k]!] = value[a]!;
      reached[places[k + 1]!] = value[b]!;
      reached[places[k + 2]!] = value[c]!;
      reached[places[k + 3]!] = value[d]!;
      reached[places[k + 4]!] = value[e]!;
      reached[places[k + 5]!] = value[f]!;
      reached[places[k + 6]!] = value[h]!;
      reached[places[k + 7]!] = value[i]!;
    }
  };
}

function unpackForest(packed: PackedForest): Forest {
  const slots = unpackColumn(packed.slots);
  const thresholds = unpackColumn(packed.thresholds);
  const leaves = unpackColumn(packed.leaves);
  const trees = unpackColumn(packed.places);
  const nodes = slots.length;
  const lanes = Math.ceil(trees.length / LANES) * LANES;
  const size = nodes + 1;
  const child = size < 65536 ? new Uint16Array(size) : new Int32Array(size);
  const value = packed.precision === 'float32' ? new Float32Array(size) : new Float64Array(size);
  const slot = slots instanceof Uint8Array ? new Uint8Array(size) : new Int32Array(size);
  slot.set(slots);
  child[nodes] = nodes;
  const roots = new Int32Array(lanes).fill(nodes);
  const places = new Int32Array(lanes).fill(trees.length);
  places.set(trees);
  const steps = new Int32Array(lanes / LANES);
  let node = 0;
  let split = 0;
  for (let t = 0; t < trees.length; t++) {
    roots[t] = node;
    // Breadth first: a level ends where the children of the level before it end.
    let next = node + 1;
    let levelEnd = next;
    let depth = 0;
    for (; node < next; node++) {
      if (node === levelEnd) {
        levelEnd = next;
        depth++;
      }
      if (slots[node] === LEAF_SLOT) {
        child[node] = node;
        value[node] = leaves[node - split]!;
      } else {
        child[node] = next;
        value[node] = thresholds[split++]!;
        next += 2;
      }
    }
    const group = Math.floor(t / LANES);
    steps[group] = Math.max(steps[group]!, depth);
  }
  return { child, slot, value, roots, places, steps };
}
