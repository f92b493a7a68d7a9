import { setTimeout } from 'node:timers/promises';
import type pg from 'pg';
import type { Connection } from '../db/connect.ts';
import { openClient } from './link.ts';

/**
 * What stands between this process and the server. `direct`: nothing, or something that keeps sessions; `transaction`: a
 * pooler that gives each transaction another session, so that LISTEN, locks of a session and prepared statements are lost;
 * `busy`: a pooler that has no second session to give, so that it cannot be told.
 */
export type Pooling = 'direct' | 'transaction' | 'busy';

/** Under load a pooler may happen to give each connection the session it had: the more often asked, the less likely. */
const ROUNDS = 10;
const TIMEOUT_MS = 5_000;

/**
 * Finds out with two connections. A pooler hands out process numbers of its own making, so a number that is the server's
 * own is proof of a session. Otherwise it is asked which sessions the two have, in turns: one that both had, or one that
 * changed, is given by transaction. Neither connection holds a session while the other waits for one: sidecars that ask at
 * the same time would wait for each other. The second one is given up after some seconds.
 */
export async function detectPooling(client: pg.Client, connection: Connection): Promise<Pooling> {
  const session = await backendOf(client);
  if (session === (client as unknown as { processID: number | null }).processID) return 'direct';
  const asking = compare(client, session, connection);
  asking.catch(() => undefined);
  return Promise.race([asking, setTimeout(TIMEOUT_MS, 'busy' as const, { ref: false })]);
}

async function compare(
  client: pg.Client,
  session: number,
  { config, ...rest }: Connection,
): Promise<Pooling> {
  const other = await openClient({ ...rest, config: { ...config, query_timeout: TIMEOUT_MS } });
  try {
    for (let round = 0; round < ROUNDS; round++) {
      if ((await backendOf(other)) === session || (await backendOf(client)) !== session) return 'transaction';
    }
    return 'direct';
  } finally {
    // Not end(), which waits for what a busy pooler has not answered.
    other.connection.stream.destroy();
  }
}

async function backendOf(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_catalog.pg_backend_pid() AS pid');
  return rows[0]!.pid;
}
