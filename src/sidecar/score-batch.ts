import { bisect } from './bisect.ts';
import type { RunResult, Wanted } from './messages.ts';
import type { RawRow } from './tensors.ts';
import type { RunnableVersion, WorkerPool } from './worker-pool.ts';
import { WorkerDied, WorkerFailure } from './worker-process.ts';

/** Predictions by column, one entry a row; those of failed rows are NULL. */
export interface ScoredBatch {
  /** NaN for NULL. */
  readonly values: Float64Array;
  readonly labels: (string | null)[];
  readonly arrays: (readonly number[] | null)[];
  /** Message by row, for the rows that cannot be scored. */
  readonly failures: ReadonlyMap<number, string>;
  readonly runs: number;
  /** Of the model itself, all runs together. */
  readonly milliseconds: number;
}

/**
 * Scores rows in one run where that goes well. Rows that do not fit the model are told apart without a run; a batch that
 * fails, or that costs a worker its life twice, is bisected until the rows that fail alone are known.
 * @throws VersionUnavailable when the version cannot be loaded
 */
export async function scoreBatch(
  pool: Pick<WorkerPool, 'run'>,
  version: RunnableVersion,
  rows: readonly RawRow[],
  wanted: Wanted,
): Promise<ScoredBatch> {
  let first = true;
  const { runs, failures } = await bisect(
    rows.length,
    async (indexes) => {
      const part = indexes.length === rows.length ? rows : indexes.map((index) => rows[index]!);
      const again = first;
      first = false;
      try {
        return await pool.run(version, part, wanted);
      } catch (error) {
        // A worker may be killed for reasons of the machine's: no row is blamed for the first time.
        if (again && error instanceof WorkerDied && isRowsFault(error))
          return pool.run(version, part, wanted);
        throw error;
      }
    },
    isRowsFault,
  );
  return gather(rows.length, runs, failures);
}

function isRowsFault(error: unknown): boolean {
  return (
    (error instanceof WorkerFailure && error.kind === 'rows') ||
    (error instanceof WorkerDied && error.during === 'run')
  );
}

function gather(
  rows: number,
  runs: readonly { readonly indexes: readonly number[]; readonly result: RunResult }[],
  failures: readonly { readonly index: number; readonly error: Error }[],
): ScoredBatch {
  const values = new Float64Array(rows).fill(Number.NaN);
  const labels: (string | null)[] = new Array(rows).fill(null);
  const arrays: (readonly number[] | null)[] = new Array(rows).fill(null);
  const messages = new Map(failures.map(({ index, error }) => [index, error.message]));
  let milliseconds = 0;
  for (const { indexes, result } of runs) {
    milliseconds += result.milliseconds;
    for (const [k, index] of indexes.entries()) {
      values[index] = result.values[k]!;
      labels[index] = result.labels?.[k] ?? null;
      arrays[index] = result.arrays?.[k] ?? null;
    }
    for (const { row, message } of result.misfits) messages.set(indexes[row]!, message);
  }
  return { values, labels, arrays, failures: messages, runs: runs.length, milliseconds };
}
