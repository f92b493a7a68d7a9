import type pg from 'pg';
import { readQuery } from '../../db/queries.ts';
import { PgscoreError } from '../../errors.ts';
import type { KeyValues } from './key.ts';
import type { Target } from './target.ts';

/** A run as the database has it. All processes that backfill one binding share one run. */
export interface RunState {
  /** The champion that the run scores with. */
  readonly version: number;
  readonly only_missing: boolean;
  readonly key_columns: readonly string[];
  readonly cut_key: KeyValues | null;
  /** Whether all of the table is cut into chunks. */
  readonly cut_all: boolean;
  readonly has_chunks: boolean;
  /** How often a promotion or rollback made it start over. */
  readonly restarts: number;
  readonly rows_seen: number;
  readonly rows_scored: number;
  readonly finished: boolean;
  /** Whether the model has had another champion since the run began. */
  readonly outdated: boolean;
  /** Rows that could not be scored since; known when the run is finished. */
  readonly errors: number;
}

export interface OpenedRun {
  readonly id: string;
  readonly state: RunState;
  /** Whether the run was there: another process works on it, or one was killed. */
  readonly resumed: boolean;
}

/** Begins a run, or takes up the one that is not finished. Throws PGS_USAGE when that one is of the other kind. */
export async function openRun(
  client: pg.Client,
  target: Target,
  options: { readonly onlyMissing: boolean; readonly restart: boolean },
): Promise<OpenedRun> {
  const keyColumns = target.key.columns.map(({ name }) => name);
  if (options.restart) await abandonRun(client, target);
  const began = await client.query(readQuery('backfill_open'), [
    target.binding,
    options.onlyMissing,
    keyColumns,
  ]);
  const id = await openRunId(client, target);
  const state = await readRun(client, id);
  // With another primary key, how far it came means nothing.
  if (JSON.stringify(state.key_columns) !== JSON.stringify(keyColumns))
    return openRun(client, target, { ...options, restart: true });
  if (state.only_missing !== options.onlyMissing) {
    throw new PgscoreError(
      'PGS_USAGE',
      `an unfinished backfill of ${target.table}.${target.column} scores ` +
        `${state.only_missing ? 'only rows without a prediction' : 'all rows'} (${state.rows_seen} rows done)`,
      {
        hint: `Go on with it by running the command ${state.only_missing ? 'with' : 'without'} --only-missing, or start over with --restart.`,
      },
    );
  }
  return { id, state, resumed: began.rowCount === 0 };
}

/** Its chunks first: workers lock a chunk before its run, and so does this. */
async function abandonRun(client: pg.Client, target: Target): Promise<void> {
  const open = 'SELECT id FROM pgscore_internal.backfills WHERE binding = $1 AND finished_at IS NULL';
  await client.query(`SELECT FROM pgscore_internal.backfill_chunks WHERE backfill IN (${open}) FOR UPDATE`, [
    target.binding,
  ]);
  await client.query(`DELETE FROM pgscore_internal.backfills WHERE id IN (${open})`, [target.binding]);
}

async function openRunId(client: pg.Client, target: Target): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    'SELECT id FROM pgscore_internal.backfills WHERE binding = $1 AND finished_at IS NULL',
    [target.binding],
  );
  if (rows[0] === undefined) throw gone(target);
  return rows[0].id;
}

/** The run's state now. Throws PGS_DATABASE when it is gone. */
export async function readRun(client: pg.Client, id: string, target?: Target): Promise<RunState> {
  const { rows } = await client.query<RunState>(readQuery('backfill_state'), [id]);
  if (rows[0] === undefined) throw gone(target);
  return rows[0];
}

function gone(target: Target | undefined): PgscoreError {
  const place = target === undefined ? '' : ` of ${target.table}.${target.column}`;
  return new PgscoreError(
    'PGS_DATABASE',
    `this backfill${place} was ended elsewhere: it was started over with --restart, or the model was detached`,
    {
      hint: 'SELECT * FROM pgscore.bindings shows what is attached; the same command takes part in the new run.',
    },
  );
}
