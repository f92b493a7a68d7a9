import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { removeLocalServer, startLocalServer, stopLocalServer } from '../../src/db/local/server.ts';
import { migrate } from '../../src/deploy/migrate.ts';

const settings = { fsync: 'off', full_page_writes: 'off', max_connections: '60' };

/** A server of a test's own, which may be stopped and started at any time; migrated, otherwise empty. */
export interface PrivateServer {
  readonly url: string;
  client(): Promise<pg.Client>;
  stop(): Promise<void>;
  start(): Promise<void>;
  remove(): Promise<void>;
}

export async function createPrivateServer(): Promise<PrivateServer> {
  const folder = await mkdtemp(join(tmpdir(), 'pgscore-server-'));
  await chmod(folder, 0o755);
  const home = join(folder, 'server');
  const { url } = await startLocalServer({ home, settings });
  await migrate(url);
  const clients = new Set<pg.Client>();
  return {
    url,
    async client() {
      const client = new pg.Client({ connectionString: url });
      // Connections end with the server, which is what the test is about.
      client.on('error', () => undefined);
      client.on('end', () => clients.delete(client));
      await client.connect();
      clients.add(client);
      return client;
    },
    stop: async () => void (await stopLocalServer({ home })),
    start: async () => void (await startLocalServer({ home, settings })),
    async remove() {
      await Promise.all([...clients].map((client) => client.end().catch(() => undefined)));
      await removeLocalServer({ home });
      await rm(folder, { recursive: true, force: true });
    },
  };
}
