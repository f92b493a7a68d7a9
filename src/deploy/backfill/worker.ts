import type pg from 'pg';
import { readQuery } from '../../db/queries.ts';
import { isContention, isOperational } from '../../db/sql-state.ts';
import { asDatabaseError } from '../../db/with-client.ts';
import { PgscoreError } from '../../errors.ts';
import { quoteIdent, quoteLiteral } from '../../quote.ts';
import { type Condition, describeKey, type KeyValues, keyParts, keyRange } from './key.ts';
import { type ChunkSize, pause, type Throttle } from './pace.ts';
import { isFull, queueRows, readWaiting } from './queue.ts';
import { readRun } from './run.ts';
import { LOCK_PATIENCE_MS, type Session } from './session.ts';
import { requireWorking, type Target } from './target.ts';

/** How long a worker without work waits before it looks again at what the others have in hand. */
const IDLE_MS = 100;
/** How long a row that another session has locked is left alone. */
const POSTPONE_MS = 250;

/** What the workers of one process share. */
export interface Work {
  readonly run: string;
  readonly target: Target;
  readonly onlyMissing: boolean;
  readonly chunkSize: ChunkSize;
  readonly throttle: Throttle;
  readonly signal: AbortSignal;
  /** Rows seen by all processes, after each chunk. */
  readonly onRows: (rows: number) => void;
  readonly onWait: (reason: string) => void;
  readonly onStartOver: (version: number) => void;
  /** When a chunk was last done here, by performance.now(). */
  lastProgress: number;
  /** Rows scored here. */
  scored: number;
  /** Of an async binding: rows that the sidecars had to do when this was last looked at. */
  waiting: number;
}

interface Chunk {
  readonly id: string;
  readonly after_key: KeyValues | null;
  readonly end_key: KeyValues;
  readonly rows: number;
  readonly current: boolean;
}

type Step =
  | { readonly kind: 'none' | 'outdated' | 'full' }
  | {
      readonly kind: 'scored';
      readonly rows: number;
      readonly scored: number;
      readonly seen: number;
      readonly milliseconds: number;
    }
  | { readonly kind: 'failed'; readonly chunk: Chunk; readonly error: unknown };

/**
 * Scores chunks until the run is finished or the signal is given: takes one that lies ready, else cuts the next off
 * the table. Throws PGS_INPUT for a row that cannot be scored.
 */
export async function runWorker(work: Work, session: Session): Promise<void> {
  const begin = beginStatements(work.target);
  while (!work.signal.aborted) {
    const since = await work.throttle.wait(work.signal);
    const step = await session.transaction(begin, (client) => scoreNext(work, client));
    if (step.kind === 'scored') {
      work.lastProgress = performance.now();
      work.scored += step.scored;
      work.chunkSize.learn(step.rows, step.milliseconds);
      work.throttle.spend(step.rows, since);
      work.onRows(step.seen);
    } else if (step.kind === 'failed') {
      await dealWithFailure(work, session, begin, step.chunk, step.error);
    } else if (step.kind === 'full') {
      await pause(IDLE_MS, work.signal);
    } else if (step.kind === 'none') {
      const cut = await session.transaction(begin + readQuery('backfill_key_text'), (client) =>
        cutNext(work, client),
      );
      if (cut === 'finished') return;
      if (cut === 'others are at work') await pause(IDLE_MS, work.signal);
    }
  }
}

/** The table is locked before the run and its chunks, as detach() does it, so that the two cannot block each other. */
function beginStatements({ table, key, mode }: Target): string {
  const path = key.schemas.map(quoteIdent).join(', ');
  const reachable =
    path === ''
      ? ''
      : `SELECT set_config('search_path', concat_ws(', ', nullif(current_setting('search_path'), ''), ${quoteLiteral(path)}), true);\n`;
  const keys = mode === 'async' ? readQuery('backfill_key_text') : '';
  return `${readQuery('backfill_begin')}${reachable}${keys}LOCK TABLE ONLY ${table} IN ROW EXCLUSIVE MODE;\n`;
}

/** Takes a chunk and scores its rows, by the trigger that answers a write of the prediction column. */
async function scoreNext(work: Work, client: pg.Client): Promise<Step> {
  const { run, target, onlyMissing } = work;
  const taken = await client.query<Chunk>(readQuery('backfill_take_chunk'), [run]);
  const chunk = taken.rows[0];
  if (chunk === undefined) return { kind: 'none' };
  if (!chunk.current) {
    await client.query('DELETE FROM pgscore_internal.backfill_chunks WHERE id = $1', [chunk.id]);
    return { kind: 'outdated' };
  }
  await requireWorking(client, target);
  const column = quoteIdent(target.column);
  const range = keyRange(target.key, chunk.after_key, chunk.end_key, 1);
  const condition = onlyMissing ? `${range.sql} AND t.${column} IS NULL` : range.sql;
  if (target.mode === 'async' && (await mustWait(work, client, chunk.rows))) return { kind: 'full' };
  const start = performance.now();
  let scored: number;
  try {
    scored = await scoreRows(client, target, { sql: condition, values: range.values });
  } catch (error) {
    if (isOperational(error) && !isContention(error)) throw error;
    return { kind: 'failed', chunk, error };
  }
  const milliseconds = performance.now() - start;
  const done = await client.query<{ rows_seen: number }>(readQuery('backfill_chunk_done'), [
    run,
    chunk.id,
    chunk.rows,
    scored,
  ]);
  if (done.rows[0] === undefined) return { kind: 'outdated' };
  return { kind: 'scored', rows: chunk.rows, scored, seen: done.rows[0].rows_seen, milliseconds };
}

/** Scores the rows of a chunk, or gives them to the sidecars; resolves to their number. */
async function scoreRows(client: pg.Client, target: Target, condition: Condition): Promise<number> {
  if (target.mode === 'async') return queueRows(client, target, condition);
  // Rows that others have locked are not waited for while rows are held that others may want: nobody gets into a
  // deadlock. Not left to lock_timeout: sessions that have run PLJS no longer heed it. Costs 5 to 10 % of the time.
  const lock = `SELECT FROM ${target.rows} AS t WHERE ${condition.sql} FOR NO KEY UPDATE NOWAIT`;
  await client.query(`SELECT count(*) FROM (${lock}) AS locked`, [...condition.values]);
  const column = quoteIdent(target.column);
  const update = `UPDATE ${target.rows} AS t SET ${column} = t.${column} WHERE ${condition.sql}`;
  return (await client.query(update, [...condition.values])).rowCount ?? 0;
}

/** Whether the sidecars still have too much of it (`rows` more), or any (0). */
async function mustWait(work: Work, client: pg.Client, rows: number): Promise<boolean> {
  const waiting = await readWaiting(client, work.target);
  if (waiting.rows !== work.waiting) {
    work.waiting = waiting.rows;
    work.lastProgress = performance.now();
  }
  const full = rows === 0 ? waiting.rows > 0 : isFull(waiting, rows);
  if (full && waiting.sidecars === 0) refuseEndlessWait(work, NO_SIDECAR);
  return full;
}

/**
 * Cuts the next chunk; one worker at a time, held by the lock of the run. Starts the run over when the model has
 * another champion by now, so that a finished run means one version in all rows. Finishes it when nothing is left.
 */
async function cutNext(work: Work, client: pg.Client): Promise<'cut' | 'others are at work' | 'finished'> {
  const { run, target } = work;
  await client.query('SELECT FROM pgscore_internal.backfills WHERE id = $1 FOR UPDATE', [run]);
  // Read after the lock is had: this sees what was committed while it was waited for.
  const state = await readRun(client, run, target);
  if (state.finished) return 'finished';
  if (state.outdated) {
    await client.query(readQuery('backfill_start_over'), [run]);
    work.onStartOver((await readRun(client, run)).version);
    return 'cut';
  }
  if (!state.cut_all) {
    const next = await findCut(client, target, state.cut_key, null, work.chunkSize.rows);
    if (next === undefined)
      await client.query('UPDATE pgscore_internal.backfills SET cut_all = true WHERE id = $1', [run]);
    else await client.query(readQuery('backfill_add_chunk'), [run, next.end_key, next.rows]);
    return 'cut';
  }
  if (state.has_chunks) {
    refuseEndlessWait(work);
    return 'others are at work';
  }
  if (target.mode === 'async' && (await mustWait(work, client, 0))) return 'others are at work';
  await client.query('UPDATE pgscore_internal.backfills SET finished_at = clock_timestamp() WHERE id = $1', [
    run,
  ]);
  return 'finished';
}

/** Where a chunk of `rows` rows in the range (after, end] ends, and how many it really has. */
async function findCut(
  client: pg.Client,
  target: Target,
  after: KeyValues | null,
  end: KeyValues | null,
  rows: number,
): Promise<{ end_key: KeyValues; rows: number } | undefined> {
  const range = keyRange(target.key, after, end, 2);
  const sql = readQuery('backfill_cut', { ...keyParts(target.key), table: target.rows, range: range.sql });
  return (await client.query<{ end_key: KeyValues; rows: number }>(sql, [rows, ...range.values])).rows[0];
}

/**
 * A chunk that met a lock or a row that fails is halved until the one row is found; its other rows are scored on the
 * way. A single locked row is left for later; a single row that fails ends the run.
 */
async function dealWithFailure(
  work: Work,
  session: Session,
  begin: string,
  chunk: Chunk,
  error: unknown,
): Promise<void> {
  const { target } = work;
  const { message } = error as Error;
  if (chunk.rows > 1) {
    await session.transaction(begin + readQuery('backfill_key_text'), (client) =>
      splitChunk(client, target, chunk),
    );
  } else if (isContention(error)) {
    work.onWait(`${describeKey(target.key, chunk.end_key)}: ${message}`);
    refuseEndlessWait(work);
    await session.transaction(begin, (client) => postpone(client, chunk));
  } else {
    throw new PgscoreError(
      'PGS_INPUT',
      `the row of ${target.table} with ${describeKey(target.key, chunk.end_key)} cannot be scored into ` +
        `${quoteIdent(target.column)}: ${(asDatabaseError(error) as Error).message}`,
      {
        cause: error,
        hint:
          'Correct the row and run the same command again: it goes on where it stopped. A model attached with ' +
          "on_error => 'null' writes NULL for such rows and records the errors.",
      },
    );
  }
}

async function splitChunk(client: pg.Client, target: Target, chunk: Chunk): Promise<void> {
  const half = Math.floor(chunk.rows / 2);
  const middle = await findCut(client, target, chunk.after_key, chunk.end_key, half);
  if (middle === undefined || JSON.stringify(middle.end_key) === JSON.stringify(chunk.end_key)) {
    // Rows went since the chunk was cut: it has no more than half.
    const rows = middle?.rows ?? 1;
    await client.query('UPDATE pgscore_internal.backfill_chunks SET rows = $2 WHERE id = $1', [
      chunk.id,
      rows,
    ]);
  } else {
    await client.query(readQuery('backfill_split_chunk'), [chunk.id, middle.end_key, middle.rows]);
  }
}

async function postpone(client: pg.Client, chunk: Chunk): Promise<void> {
  const later = `clock_timestamp() + interval '${POSTPONE_MS} ms'`;
  const sql = `UPDATE pgscore_internal.backfill_chunks SET not_before = ${later} WHERE id = $1`;
  await client.query(sql, [chunk.id]);
}

const LOCKED = {
  what: 'rows stayed locked by other sessions',
  hint:
    "SELECT pid, state, query FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' shows the usual " +
    'reason. The same command goes on where this one stopped.',
};
const NO_SIDECAR = {
  what: 'rows waited for a sidecar, and none was seen',
  hint: 'pgscore sidecar runs one. What is queued is scored then; the same command goes on where this one stopped.',
};

function refuseEndlessWait({ lastProgress, target }: Work, { what, hint } = LOCKED): void {
  if (performance.now() - lastProgress < LOCK_PATIENCE_MS) return;
  throw new PgscoreError(
    'PGS_DATABASE',
    `${target.table}: ${what} for ${LOCK_PATIENCE_MS / 60_000} minutes`,
    {
      hint,
    },
  );
}
