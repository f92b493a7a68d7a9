import type pg from 'pg';

/**
 * What stands between this process and the server. `direct`: nothing, or something that keeps sessions; `transaction`: a
 * pooler that gives each transaction another session, so that LISTEN, locks of a session and prepared statements are lost.
 */
export type Pooling = 'direct' | 'transaction';

/**
 * Finds out with two connections. A pooler hands out process numbers of its own making, so a number that is the server's
 * own is proof of a session. Otherwise `other` opens a transaction, for which a transaction-mode pooler takes the very
 * session that `client` just used, or leaves `client` to another.
 */
export async function detectPooling(client: pg.Client, other: pg.Client): Promise<Pooling> {
  const before = await backendOf(client);
  if (before === (client as unknown as { processID: number | null }).processID) return 'direct';
  await other.query('BEGIN');
  try {
    const taken = await backendOf(other);
    const after = await backendOf(client);
    return taken === before || after !== before ? 'transaction' : 'direct';
  } finally {
    await other.query('ROLLBACK');
  }
}

async function backendOf(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_catalog.pg_backend_pid() AS pid');
  return rows[0]!.pid;
}
