import { isOperational } from '../db/sql-state.ts';
import { arrayOfArrays, floatArray, textArray } from './array-literal.ts';
import { bisect } from './bisect.ts';
import type { Wanted } from './messages.ts';
import { type AsyncBinding, type Job, MAX_ATTEMPTS, type Queue, type QueuedRow } from './queue.ts';
import { type ScoredBatch, scoreBatch } from './score-batch.ts';
import type { RunnableVersion, WorkerPool } from './worker-pool.ts';

/** What a transaction did. */
export interface BatchResult {
  readonly scored: number;
  readonly failed: number;
  readonly kept: number;
  readonly runMs: number;
  /** Of each row that was scored: from the statement that queued it to the end of the transaction. */
  readonly latenciesMs: readonly { readonly rows: number; readonly milliseconds: number }[];
}

/** The version was not wanted any more when its results were to be written. */
export class VersionChanged extends Error {}

/** A row's new prediction, or why there is none. */
interface Scored {
  readonly value: number;
  readonly label: string | null;
  readonly array: readonly number[] | null;
  readonly error: string | undefined;
}

/**
 * Scores the rows of claimed jobs and writes the predictions, in the transaction that claimed them, which it commits.
 * Rows that cannot be scored or written fail alone. When it throws, nothing has happened: the caller rolls back.
 * @throws VersionChanged; VersionUnavailable; an error of the database
 */
export async function processJobs(
  queue: Queue,
  pool: Pick<WorkerPool, 'run'>,
  binding: AsyncBinding,
  version: RunnableVersion,
  jobs: readonly Job[],
): Promise<BatchResult> {
  const { keys, attempts } = keysOf(jobs);
  const rows = await queue.read(keys);
  const present = keys.filter((key) => rows.has(key));
  const { scores, runMs } = await score(pool, binding, version, present, rows, attempts);
  if (!(await queue.holdVersion(binding.version)))
    throw new VersionChanged(`${version.name} is no longer wanted`);
  const settled = await lockUnchanged(queue, binding, present, rows);
  const failures = await write(queue, binding, settled, scores, attempts);
  const kept = present.filter((key) => !settled.has(key));
  await queue.finish(binding.version, {
    ids: jobs.map(({ id }) => id),
    kept,
    gone: keys.filter((key) => !rows.has(key)),
    failed: [...failures.keys()],
    errors: [...failures.values()],
  });
  return {
    scored: settled.size - failures.size,
    failed: failures.size,
    kept: kept.length,
    runMs,
    latenciesMs: latencies(jobs, (key) => settled.has(key) && !failures.has(key)),
  };
}

/** Each key once, and how often it failed so far. */
function keysOf(jobs: readonly Job[]): { keys: readonly string[]; attempts: ReadonlyMap<string, number> } {
  const attempts = new Map<string, number>();
  for (const job of jobs)
    for (const key of job.keys) attempts.set(key, Math.max(attempts.get(key) ?? 0, job.attempts));
  return { keys: [...attempts.keys()], attempts };
}

/** Rows that failed before are run apart from the others, which are spared the bisecting. */
async function score(
  pool: Pick<WorkerPool, 'run'>,
  binding: AsyncBinding,
  version: RunnableVersion,
  present: readonly string[],
  rows: ReadonlyMap<string, QueuedRow>,
  attempts: ReadonlyMap<string, number>,
): Promise<{ scores: ReadonlyMap<string, Scored>; runMs: number }> {
  const wanted: Wanted = { labels: binding.hasLabel, arrays: binding.takes === 'values' };
  const scores = new Map<string, Scored>();
  let runMs = 0;
  const groups = [
    present.filter((key) => attempts.get(key) === 0),
    present.filter((key) => attempts.get(key) !== 0),
  ];
  for (const group of groups.filter(({ length }) => length > 0)) {
    const features = group.map((key) => rows.get(key)!.features);
    const batch = await scoreBatch(pool, version, features, wanted);
    runMs += batch.milliseconds;
    for (const [k, key] of group.entries()) scores.set(key, scoredRow(batch, k));
  }
  return { scores, runMs };
}

function scoredRow({ values, labels, arrays, failures }: ScoredBatch, k: number): Scored {
  return { value: values[k]!, label: labels[k]!, array: arrays[k]!, error: failures.get(k) };
}

/** The rows that are locked now and whose features are what they were when the model saw them. */
async function lockUnchanged(
  queue: Queue,
  binding: AsyncBinding,
  present: readonly string[],
  rows: ReadonlyMap<string, QueuedRow>,
): Promise<ReadonlySet<string>> {
  if (present.length === 0) return new Set();
  const locked = await queue.lock(present);
  const settled = new Set(locked.keys());
  const suspects = [...locked].filter(
    ([key, version]) => binding.reads || rows.get(key)!.version !== version,
  );
  if (suspects.length === 0) return settled;
  const again = await queue.read(suspects.map(([key]) => key));
  for (const [key] of suspects) {
    const now = again.get(key)?.features;
    if (now === undefined || !isSame(now, rows.get(key)!.features)) settled.delete(key);
  }
  return settled;
}

function isSame(a: readonly (string | null)[], b: readonly (string | null)[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

/**
 * Writes the predictions. A row that the table refuses (a constraint, a trigger, the column's type) fails alone; one that
 * fails for the last time gets NULL. Returns the failures, error by key.
 */
async function write(
  queue: Queue,
  binding: AsyncBinding,
  settled: ReadonlySet<string>,
  scores: ReadonlyMap<string, Scored>,
  attempts: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, string>> {
  const failures = new Map<string, string>();
  for (const key of settled) {
    const { error } = scores.get(key)!;
    if (error !== undefined) failures.set(key, error);
  }
  const good = [...settled].filter((key) => !failures.has(key));
  const refused = await writeEach(queue, binding, good, scores);
  for (const [key, error] of refused) failures.set(key, error);
  const last = [...failures.keys()].filter((key) => attempts.get(key)! + 1 >= MAX_ATTEMPTS);
  // A table that refuses NULL too keeps the value of old.
  if (last.length > 0) await writeEach(queue, binding, last, new Map(last.map((key) => [key, NOTHING])));
  return failures;
}

const NOTHING: Scored = { value: Number.NaN, label: null, array: null, error: undefined };

async function writeEach(
  queue: Queue,
  { version, takes, hasLabel }: AsyncBinding,
  keys: readonly string[],
  scores: ReadonlyMap<string, Scored>,
): Promise<readonly (readonly [string, string])[]> {
  const { failures } = await bisect(
    keys.length,
    (indexes) => {
      const some = indexes.map((index) => keys[index]!);
      const rows = some.map((key) => scores.get(key)!);
      const predictions = {
        keys: some,
        values: floatArray(rows.map(({ value }) => value)),
        arrays: takes === 'values' ? arrayOfArrays(rows.map(({ array }) => array)) : null,
        labels: hasLabel ? textArray(rows.map(({ label }) => label)) : null,
      };
      return queue.savepoint(() => queue.write(predictions, version));
    },
    // Locks that are not had, a full disk, a lost connection: no row is to blame.
    (error) => !isOperational(error),
  );
  return failures.map(({ index, error }) => [keys[index]!, error.message]);
}

function latencies(jobs: readonly Job[], isScored: (key: string) => boolean): BatchResult['latenciesMs'] {
  const now = Date.now();
  return jobs.map(({ keys, enqueuedAt }) => ({
    rows: keys.filter(isScored).length,
    milliseconds: Math.max(0, now - enqueuedAt.getTime()),
  }));
}
