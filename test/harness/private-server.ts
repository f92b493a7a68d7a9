import { appendFile, chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { run } from '../../src/db/local/account.ts';
import {
  type LocalServer,
  localServerStatus,
  removeLocalServer,
  startLocalServer,
  stopLocalServer,
} from '../../src/db/local/server.ts';
import { migrate } from '../../src/deploy/migrate.ts';

const defaults = { fsync: 'off', full_page_writes: 'off', max_connections: '60' };

/** A server of a test's own, which may be stopped and started at any time. */
export interface PrivateServer {
  readonly url: string;
  client(): Promise<pg.Client>;
  stop(): Promise<void>;
  /** At once, as when the machine goes: nothing is sent to standbys any more. */
  crash(): Promise<void>;
  start(): Promise<void>;
  /** A server that replicates this one, which is restarted for that. */
  standby(): Promise<PrivateServer>;
  remove(): Promise<void>;
}

/** Migrated, otherwise empty. */
export async function createPrivateServer(
  settings: Readonly<Record<string, string>> = {},
): Promise<PrivateServer> {
  const { home, remove } = await makeHome();
  const server = await startIn(home, { ...defaults, ...settings }, remove);
  await migrate(server.url);
  return server;
}

async function makeHome(): Promise<{ home: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'pgscore-server-'));
  await chmod(folder, 0o755);
  return { home: join(folder, 'server'), remove: () => rm(folder, { recursive: true, force: true }) };
}

async function startIn(
  home: string,
  settings: Readonly<Record<string, string>>,
  removeFolder: () => Promise<void>,
): Promise<PrivateServer> {
  let running = await startLocalServer({ home, settings });
  const { url } = running;
  const clients = new Set<pg.Client>();
  const stop = async () => void (await stopLocalServer({ home }));
  const start = async () => {
    running = await startLocalServer({ home, settings });
  };
  return {
    url,
    stop,
    start,
    async client() {
      const client = new pg.Client({ connectionString: url });
      // Connections end with the server, which is what the test is about.
      client.on('error', () => undefined);
      client.on('end', () => clients.delete(client));
      await client.connect();
      clients.add(client);
      return client;
    },
    async crash() {
      process.kill(running.pid, 'SIGQUIT');
      // No event tells of the end of another process's child.
      while ((await localServerStatus({ home })) !== undefined) await new Promise(setImmediate);
    },
    async standby() {
      await stop();
      const copy = await makeHome();
      // With its owner.
      const { code, stderr } = await run('cp', ['-a', home, copy.home], { cwd: '/' });
      if (code !== 0) throw new Error(stderr);
      await start();
      await follow(copy.home, running);
      return startIn(copy.home, settings, copy.remove);
    },
    async remove() {
      await Promise.all([...clients].map((client) => client.end().catch(() => undefined)));
      await removeLocalServer({ home });
      await removeFolder();
    },
  };
}

/** Makes data that was copied from a primary a standby's. */
async function follow(home: string, primary: LocalServer): Promise<void> {
  const data = join(home, 'server', 'data');
  const { hostname, port, username, password } = new URL(primary.url);
  const source = `host=${hostname} port=${port} user=${username} password=${password}`;
  await appendFile(join(data, 'postgresql.auto.conf'), `primary_conninfo = '${source}'\n`);
  await writeFile(join(data, 'standby.signal'), '');
}
