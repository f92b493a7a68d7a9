import { SplitTest } from '../ir/model.ts';
import type { PackedSets, SetBits } from '../plv8/sets.ts';
import { packColumn, packedLength } from './pack-columns.ts';

/** A category set with where a missing value goes. */
export interface SetColumn {
  readonly test: SplitTest;
  /** Ascending; members go left. */
  readonly set: readonly number[];
}

/** The sets that splits ask of one input, as `createSets` reads them; rows as lists or as bits, whichever is shorter. */
export function packSets(columns: readonly SetColumn[]): PackedSets {
  const missing = columns.flatMap(({ test }, c) => (test === SplitTest.setNanLeft ? [c] : []));
  const membership = invert(columns);
  const categories = [...membership.keys()].sort((a, b) => a - b);
  const rows = [missing, ...categories.map((category) => membership.get(category)!)];
  const lists = { counts: packColumn(rows.map(({ length }) => length)), left: packColumn(rows.flat()) };
  const listLength = packedLength(lists.counts) + packedLength(lists.left);
  const bitLength = (rows.length * Math.ceil(columns.length / 8) * 4) / 3;
  return {
    sets: columns.length,
    categories: packColumn(categories),
    rows: bitLength < listLength ? packBits(rows, columns.length) : lists,
  };
}

/** For each category the columns whose set holds it. */
function invert(columns: readonly SetColumn[]): Map<number, number[]> {
  const membership = new Map<number, number[]>();
  columns.forEach(({ set }, c) => {
    for (const category of set) {
      const list = membership.get(category);
      if (list === undefined) membership.set(category, [c]);
      else list.push(c);
    }
  });
  return membership;
}

function packBits(rows: readonly (readonly number[])[], sets: number): SetBits {
  const rowBytes = Math.ceil(sets / 8);
  const bits = new Uint8Array(rows.length * rowBytes);
  rows.forEach((left, r) => {
    for (const set of left) bits[r * rowBytes + (set >> 3)]! |= 1 << (set & 7);
  });
  return { bits: packColumn(bits) };
}
