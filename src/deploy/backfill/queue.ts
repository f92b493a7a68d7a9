import type pg from 'pg';
import { readQuery } from '../../db/queries.ts';
import type { Condition } from './key.ts';
import type { Target } from './target.ts';

/** Rows that a backfill has in the queue at most: some 100 pages, so that sidecars never wait for more. */
const MAX_WAITING_ROWS = 20_000;

/** Rows of a chunk, unless told: a tenth of a second's work for the database. */
export const QUEUE_CHUNK_ROWS = 5000;

/** What a backfill has given to the sidecars and they have not done yet. */
export interface Waiting {
  readonly rows: number;
  /** Sidecars seen in the last ten seconds. */
  readonly sidecars: number;
}

export async function readWaiting(client: pg.Client, target: Target): Promise<Waiting> {
  const { rows } = await client.query<Waiting>(readQuery('backfill_waiting'), [target.binding]);
  return rows[0]!;
}

/** Whether the next chunk must wait until sidecars have done some of what they have. */
export function isFull({ rows }: Waiting, chunkRows: number): boolean {
  return rows > 0 && rows + chunkRows > MAX_WAITING_ROWS;
}

/**
 * Gives the rows of a chunk to the sidecars, after all that is written meanwhile; resolves to their number. Nothing is
 * locked: a row that changes is queued by its own trigger.
 */
export async function queueRows(client: pg.Client, target: Target, condition: Condition): Promise<number> {
  const parts = {
    key: target.keyText,
    table: target.rows,
    condition: condition.sql,
    binding: String(target.binding),
  };
  const { rows } = await client.query<{ rows: number }>(readQuery('backfill_queue', parts), [
    ...condition.values,
  ]);
  return rows[0]!.rows;
}
