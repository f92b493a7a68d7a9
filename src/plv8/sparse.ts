/**
 * A row of numbers most of which are 0, with where the others stand. Kernels that read it can pass over the zeros;
 * those that do not find an ordinary array in `values`.
 */
export interface SparseRow {
  readonly values: Float64Array;
  /** Ascending, the first `count` of them: every position whose value is not 0 (and perhaps some whose value is). */
  readonly positions: Int32Array;
  count: number;
}

export function createSparseRow(values: Float64Array): SparseRow {
  return { values, positions: new Int32Array(values.length), count: 0 };
}

/** Makes all values 0. */
export function clear(row: SparseRow): void {
  const { values, positions, count } = row;
  for (let i = 0; i < count; i++) values[positions[i]!] = 0;
  row.count = 0;
}

/** Makes all values NaN. */
export function makeMissing(row: SparseRow): void {
  const { values, positions } = row;
  for (let i = 0; i < values.length; i++) {
    values[i] = Number.NaN;
    positions[i] = i;
  }
  row.count = values.length;
}

/** Finds the positions of values that something else has written. */
export function findPositions(row: SparseRow): void {
  const { values, positions } = row;
  let count = 0;
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) positions[count++] = i;
  row.count = count;
}
