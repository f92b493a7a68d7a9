import type pg from 'pg';
import { readQuery } from '../db/queries.ts';
import { requireSchema } from './require-schema.ts';

/** An async binding's queue. Times in seconds, rates in rows a second; null where there is none. */
export interface QueueState {
  readonly model: string;
  readonly table_name: string;
  readonly value_column: string;
  /** Rows that wait, those of them that may be scored now, that have failed before, that a backfill has queued. */
  readonly depth: number;
  readonly ready: number;
  readonly retrying: number;
  readonly backfill: number;
  readonly oldest_seconds: number | null;
  readonly arrival_rate: number;
  readonly service_rate: number;
  /** Null while the queue does not get shorter. */
  readonly drain_seconds: number | null;
  readonly max_lag_seconds: number | null;
  readonly within_target: boolean | null;
  /** Sidecars seen in the last ten seconds. */
  readonly sidecars: number;
  /** What keeps the binding from working, or null. */
  readonly problem: string | null;
  /** Rows that were given up: `pgscore retry` queues them again. */
  readonly errors: number;
}

/** The queues of a database's async bindings, in the order in which they were attached. */
export async function queueStates(client: pg.ClientBase): Promise<QueueState[]> {
  await requireSchema(client);
  return (await client.query<QueueState>(readQuery('queue_status'))).rows;
}

/** Why a queue does not keep what it promises: one sentence a reason, none when all is well. */
export function breaches(queue: QueueState): string[] {
  const { model, depth, oldest_seconds, max_lag_seconds, within_target, sidecars, problem } = queue;
  const place = `${model} on ${queue.table_name}.${queue.value_column}`;
  return [
    ...(within_target === false
      ? [
          `${place}: the oldest row waits for ${seconds(oldest_seconds!)}, max_lag is ${seconds(max_lag_seconds!)}`,
        ]
      : []),
    ...(depth > 0 && sidecars === 0
      ? [`${place}: ${depth} rows wait, and no sidecar was seen in the last 10 s`]
      : []),
    ...(problem === null ? [] : [`${place}: ${problem}`]),
  ];
}

/** For people: `0.4 s`, `12 s`, `3 min`, `2.5 h`. */
export function seconds(value: number): string {
  if (value < 10) return `${Number(value.toFixed(1))} s`;
  if (value < 120) return `${Math.round(value)} s`;
  return value < 7200 ? `${Math.round(value / 60)} min` : `${Number((value / 3600).toFixed(1))} h`;
}
