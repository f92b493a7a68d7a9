/** What became of some rows: each index is in exactly one of the two. */
export interface Isolated<R> {
  /** Runs that went well. `indexes` are the rows of the run, in order. */
  readonly runs: readonly { readonly indexes: readonly number[]; readonly result: R }[];
  /** Rows that fail alone. */
  readonly failures: readonly { readonly index: number; readonly error: Error }[];
}

/**
 * Runs `rows` rows at once; when that fails, each half by itself, and so on down to the rows that fail alone. An error
 * that `isRowsFault` does not blame on the rows ends it and is thrown. One failing row among n costs 2 log2 n runs more.
 */
export async function bisect<R>(
  rows: number,
  run: (indexes: readonly number[]) => Promise<R>,
  isRowsFault: (error: unknown) => boolean,
): Promise<Isolated<R>> {
  const runs: { indexes: readonly number[]; result: R }[] = [];
  const failures: { index: number; error: Error }[] = [];
  // A stack whose top is the first half, so that the order of the rows stays.
  const open = rows === 0 ? [] : [Array.from({ length: rows }, (_, i) => i)];
  for (let indexes = open.pop(); indexes !== undefined; indexes = open.pop()) {
    try {
      runs.push({ indexes, result: await run(indexes) });
    } catch (error) {
      if (!isRowsFault(error)) throw error;
      if (indexes.length === 1) {
        failures.push({ index: indexes[0]!, error: error as Error });
      } else {
        const middle = indexes.length >> 1;
        open.push(indexes.slice(middle), indexes.slice(0, middle));
      }
    }
  }
  return { runs, failures };
}
