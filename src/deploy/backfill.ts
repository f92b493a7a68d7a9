import type { Connection } from '../db/connect.ts';
import { asDatabaseError } from '../db/with-client.ts';
import { PgscoreError } from '../errors.ts';
import { ChunkSize, Throttle } from './backfill/pace.ts';
import { QUEUE_CHUNK_ROWS } from './backfill/queue.ts';
import { type OpenedRun, openRun, type RunState, readRun } from './backfill/run.ts';
import { Session } from './backfill/session.ts';
import { findTargets, type Target, type TargetFilter } from './backfill/target.ts';
import { runWorker, type Work } from './backfill/worker.ts';
import { requireSchema } from './require-schema.ts';

export interface BackfillOptions extends TargetFilter {
  /** Rows of a chunk, each a transaction. Default: as many as take some 300 ms. */
  readonly chunkRows?: number;
  /** Connections that score at the same time; default 1. */
  readonly workers?: number;
  /** At most so many rows a second, all workers of this call together. */
  readonly maxRowsPerSecond?: number;
  /** Only rows whose prediction is NULL. */
  readonly onlyMissing?: boolean;
  /** Forget how far an unfinished backfill came. */
  readonly restart?: boolean;
  /** Stops after the chunks in hand; the same call later goes on from there. */
  readonly signal?: AbortSignal;
}

export interface BackfillResult {
  readonly model: string;
  readonly bindings: readonly BindingBackfill[];
}

export interface BindingBackfill {
  readonly table: string;
  readonly column: string;
  /** The version that scored all rows. */
  readonly version: number;
  /** Rows scored by the whole run: by this call, by others beside it, and by those before it that were stopped. */
  readonly rows: number;
  /** Rows that got NULL because they could not be scored (on_error => 'null'), those of other writers included. */
  readonly errors: number;
  /** Whether an unfinished run was taken up. */
  readonly resumed: boolean;
  /** How often a promotion or a rollback meanwhile made it start over. */
  readonly restarts: number;
  /** Of this call. */
  readonly seconds: number;
  readonly rowsPerSecond: number;
}

export type BackfillProgress = { readonly table: string; readonly column: string } & (
  | { readonly kind: 'started'; readonly version: number; readonly resumed: boolean; readonly rows: number }
  | {
      readonly kind: 'rows';
      /** Rows done, and how many there are in all as the planner estimates. */
      readonly rows: number;
      readonly total: number;
      readonly rowsPerSecond: number;
      readonly secondsLeft: number;
    }
  /** Something is waited for: a lock, or a lost connection. */
  | { readonly kind: 'waiting'; readonly reason: string }
  /** The model has another champion: all rows are scored again. */
  | { readonly kind: 'started-over'; readonly version: number }
);

/**
 * Scores the rows that were in a table before the model was attached, or before its champion changed; all bindings of
 * the model, one after the other, unless `table` or `column` choose. A row is scored once, by the trigger that scores
 * it later; rows of an async binding by the sidecars, which this waits for. Ended in any way, the same call goes on where it stopped; several at once share the work. When it returns,
 * all rows carry one version. Rows that other sessions insert or change meanwhile are scored by their triggers.
 * Throws PGS_DATABASE, PGS_USAGE, and PGS_INPUT for a row that cannot be scored.
 */
export async function backfill(
  connection: Connection | string,
  options: BackfillOptions,
  onProgress: (progress: BackfillProgress) => void = () => undefined,
): Promise<BackfillResult> {
  const checked = checkOptions(options);
  const stop = new AbortController();
  const signal = options.signal ?? stop.signal;
  const address =
    typeof connection === 'string'
      ? { config: { connectionString: connection }, origin: 'the given address' }
      : connection;
  const session = new Session({ connection: address, signal, onWait: () => undefined });
  try {
    const targets = await session.transaction('BEGIN', async (client) => {
      await requireSchema(client);
      return findTargets(client, options);
    });
    const bindings: BindingBackfill[] = [];
    for (const target of targets) {
      const report: Report = (event) =>
        onProgress({ table: target.table, column: target.column, ...event } as BackfillProgress);
      bindings.push(await backfillTarget(session, address, target, { ...checked, signal }, report));
    }
    return { model: options.model, bindings };
  } catch (error) {
    throw asDatabaseError(error);
  } finally {
    await session.end();
  }
}

type WithoutPlace<T> = T extends unknown ? Omit<T, 'table' | 'column'> : never;
type Report = (event: WithoutPlace<BackfillProgress>) => void;

interface CheckedOptions {
  readonly workers: number;
  readonly chunkRows: number | undefined;
  readonly maxRowsPerSecond: number | undefined;
  readonly onlyMissing: boolean;
  readonly restart: boolean;
}

function checkOptions(options: BackfillOptions): CheckedOptions {
  const { chunkRows, maxRowsPerSecond, workers = 1, onlyMissing = false, restart = false } = options;
  for (const [name, value] of Object.entries({ chunkRows, maxRowsPerSecond, workers })) {
    if (value === undefined || (Number.isSafeInteger(value) && value >= 1 && value <= 2_147_483_647))
      continue;
    throw new PgscoreError('PGS_USAGE', `${name} is ${value}, expected a whole number from 1`);
  }
  return { chunkRows, maxRowsPerSecond, workers, onlyMissing, restart };
}

async function backfillTarget(
  session: Session,
  connection: Connection,
  target: Target,
  options: CheckedOptions & { readonly signal: AbortSignal },
  report: Report,
): Promise<BindingBackfill> {
  const start = performance.now();
  const run = await session.transaction('BEGIN', (client) => openRun(client, target, options));
  report({ kind: 'started', version: run.state.version, resumed: run.resumed, rows: run.state.rows_seen });
  const scored = await runWorkers(connection, target, run, options, report);
  const end = await session.transaction('BEGIN', (client) => readRun(client, run.id, target));
  if (!end.finished) throw stopped(target, end);
  const seconds = (performance.now() - start) / 1000;
  return {
    table: target.table,
    column: target.column,
    version: end.version,
    rows: end.rows_scored,
    errors: end.errors,
    resumed: run.resumed,
    restarts: end.restarts,
    seconds,
    rowsPerSecond: scored / seconds,
  };
}

/** Returns the number of rows scored. The first worker that fails ends the others after the chunks they have in hand. */
async function runWorkers(
  connection: Connection,
  target: Target,
  run: OpenedRun,
  options: CheckedOptions & { readonly signal: AbortSignal },
  report: Report,
): Promise<number> {
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const onWait = (reason: string) => report({ kind: 'waiting', reason });
  const work: Work = {
    run: run.id,
    target,
    onlyMissing: options.onlyMissing,
    chunkSize: new ChunkSize(
      options.chunkRows ?? (target.mode === 'async' ? QUEUE_CHUNK_ROWS : undefined),
      options.maxRowsPerSecond,
    ),
    throttle: new Throttle(options.maxRowsPerSecond),
    signal,
    onRows: rowsReporter(target, run.state.rows_seen, report),
    onWait,
    onStartOver: (version) => report({ kind: 'started-over', version }),
    lastProgress: performance.now(),
    scored: 0,
    waiting: 0,
  };
  const workers = Array.from({ length: options.workers }, async () => {
    const session = new Session({ connection, signal, onWait });
    try {
      await runWorker(work, session);
    } catch (error) {
      failed.abort();
      throw error;
    } finally {
      await session.end();
    }
  });
  const ends = await Promise.allSettled(workers);
  const failure = ends.find((end) => end.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  return work.scored;
}

/** Rates are of all processes together, as rows are. */
function rowsReporter(target: Target, rowsBefore: number, report: Report): (rows: number) => void {
  const start = performance.now();
  let last = rowsBefore;
  let done = 0;
  return (rows) => {
    // A run that starts over counts from zero again.
    done += Math.max(0, rows - last);
    last = rows;
    const rowsPerSecond = done / ((performance.now() - start) / 1000);
    const total = Math.max(target.estimate, rows);
    report({ kind: 'rows', rows, total, rowsPerSecond, secondsLeft: (total - rows) / rowsPerSecond });
  };
}

function stopped(target: Target, state: RunState): PgscoreError {
  return new PgscoreError(
    'PGS_DATABASE',
    `the backfill of ${target.table}.${target.column} was stopped after ${state.rows_seen} rows`,
    { hint: 'The same command goes on where it stopped.' },
  );
}
