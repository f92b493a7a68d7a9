import { type NumberArray, type PackedColumn, unpackColumn } from './columns.ts';

/**
 * The category sets that splits ask of one feature, as a table: a row for each group of categories that no set
 * tells apart, a column for each set. Row 0 is for categories in no set, row 1 for a missing value.
 */
export interface PackedSets {
  /** How many sets. */
  readonly sets: number;
  /** Categories in some set, ascending, and the row of each. */
  readonly categories: PackedColumn;
  readonly rows: PackedColumn;
  /** Rows of bits, each filled up to bytes, lowest bit first: 1 when the row goes right. */
  readonly bits: PackedColumn;
}

/** Up to this category an array leads to the rows, beyond it a map. */
const DENSE_CATEGORIES = 65536;

/**
 * A function that truncates a category towards zero and writes, for each set, 1 to x[first + set] when the category
 * goes right there, else 0. Splits then compare these slots with 0 like any number.
 */
export function createSets(
  packed: PackedSets,
  x: Float32Array | Float64Array,
  first: number,
): (category: number) => void {
  const { sets } = packed;
  const bits = unpackColumn(packed.bits);
  const rowBytes = Math.ceil(sets / 8);
  const rowOf = createRowLookup(unpackColumn(packed.categories), unpackColumn(packed.rows));
  return (category) => {
    const start = rowOf(category) * rowBytes;
    for (let s = 0; s < sets; s++) x[first + s] = (bits[start + (s >> 3)]! >> (s & 7)) & 1;
  };
}

function createRowLookup(categories: NumberArray, rows: NumberArray): (category: number) => number {
  const last = categories.length === 0 ? -1 : categories[categories.length - 1]!;
  if (last < DENSE_CATEGORIES) {
    // At least category 0, which (-1, 0) is truncated to.
    const dense = new Int32Array(Math.max(last, 0) + 1);
    for (let i = 0; i < categories.length; i++) dense[categories[i]!] = rows[i]!;
    return (category) =>
      category > -1 && category < dense.length ? dense[category | 0]! : Number.isNaN(category) ? 1 : 0;
  }
  const map = new Map<number, number>();
  for (let i = 0; i < categories.length; i++) map.set(categories[i]!, rows[i]!);
  return (category) => (Number.isNaN(category) ? 1 : (map.get(Math.trunc(category)) ?? 0));
}
