import { type NumberArray, type PackedColumn, unpackColumn } from './columns.ts';

/**
 * The category sets that splits ask of one feature. Row by row the sets in which a value goes left: row 0 for a
 * missing value, then one row for each category that is in some set.
 */
export interface PackedSets {
  /** How many sets. */
  readonly sets: number;
  /** Ascending. */
  readonly categories: PackedColumn;
  readonly rows: SetLists | SetBits;
}

/** Per row how many sets, and which. */
export interface SetLists {
  readonly counts: PackedColumn;
  readonly left: PackedColumn;
}

/** Per row one bit a set, lowest first, filled up to bytes. */
export interface SetBits {
  readonly bits: PackedColumn;
}

/** Up to this category an array leads to the rows, beyond it a map. */
const DENSE_CATEGORIES = 65536;

/** The row of a category that is in no set: it goes right in all. The packed rows follow. */
const NO_ROW = 0;
const MISSING_ROW = 1;

/**
 * A function that truncates a category towards zero and makes x[first + set] 0 for each set in which it goes left;
 * all others stay 1. Splits then compare these slots with 0 like any number. A row costs as many writes as the
 * category and the one before it are in sets, and none when the two are the same.
 */
export function createSets(
  packed: PackedSets,
  x: Float32Array | Float64Array,
  first: number,
): (category: number) => void {
  const rowOf = createRowLookup(unpackColumn(packed.categories));
  const { starts, left } =
    'bits' in packed.rows ? unpackBits(packed.rows, packed.sets) : unpackLists(packed.rows);
  const slots = left.map((set) => first + set);
  let current = NO_ROW;
  x.fill(1, first, first + packed.sets);
  return (category) => {
    const row = rowOf(category);
    if (row === current) return;
    const out = x;
    const slot = slots;
    for (let k = starts[current]!, end = starts[current + 1]!; k < end; k++) out[slot[k]!] = 1;
    for (let k = starts[row]!, end = starts[row + 1]!; k < end; k++) out[slot[k]!] = 0;
    current = row;
  };
}

/** The sets of row r stand in left at [starts[r], starts[r + 1]). */
interface Rows {
  readonly starts: Int32Array;
  readonly left: Int32Array;
}

function unpackLists(rows: SetLists): Rows {
  const counts = unpackColumn(rows.counts);
  const starts = new Int32Array(counts.length + 2);
  for (let r = 0; r < counts.length; r++) starts[r + 2] = starts[r + 1]! + counts[r]!;
  return { starts, left: Int32Array.from(unpackColumn(rows.left)) };
}

function unpackBits(rows: SetBits, sets: number): Rows {
  const bits = unpackColumn(rows.bits);
  const rowBytes = Math.ceil(sets / 8);
  const count = bits.length / rowBytes;
  const starts = new Int32Array(count + 2);
  const left: number[] = [];
  for (let r = 0; r < count; r++) {
    for (let s = 0; s < sets; s++) {
      if ((bits[r * rowBytes + (s >> 3)]! >> (s & 7)) & 1) left.push(s);
    }
    starts[r + 2] = left.length;
  }
  return { starts, left: Int32Array.from(left) };
}

function createRowLookup(categories: NumberArray): (category: number) => number {
  const last = categories.length === 0 ? -1 : categories[categories.length - 1]!;
  const firstRow = MISSING_ROW + 1;
  if (last < DENSE_CATEGORIES) {
    // At least category 0, which (-1, 0) is truncated to.
    const dense = new Int32Array(Math.max(last, 0) + 1);
    for (let i = 0; i < categories.length; i++) dense[categories[i]!] = firstRow + i;
    return (category) =>
      category > -1 && category < dense.length
        ? dense[category | 0]!
        : Number.isNaN(category)
          ? MISSING_ROW
          : NO_ROW;
  }
  const map = new Map<number, number>();
  for (let i = 0; i < categories.length; i++) map.set(categories[i]!, firstRow + i);
  return (category) => (Number.isNaN(category) ? MISSING_ROW : (map.get(Math.trunc(category)) ?? NO_ROW));
}
