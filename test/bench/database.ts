import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { detectEngine, type Engine } from '../../src/db/engine.ts';
import { startLocalServer, stopLocalServer } from '../../src/db/local/server.ts';
import { migrate } from '../../src/deploy/migrate.ts';
import { quoteIdent } from '../../src/quote.ts';

export interface BenchDatabase {
  readonly engine: Engine;
  /** For programs of their own. */
  readonly url: string;
  /** A new session; ended with the database. */
  session(settings?: Readonly<Record<string, string>>): Promise<pg.Client>;
  /** Ends all sessions, drops the database, and stops the local server if it was started for this run. */
  drop(): Promise<void>;
}

/**
 * A new, migrated database on the server of PGSCORE_BENCH_DATABASE_URL, whose user may create databases and
 * extensions, or on the local server.
 */
export async function createBenchDatabase(note: (line: string) => void): Promise<BenchDatabase> {
  const given = process.env.PGSCORE_BENCH_DATABASE_URL;
  const local = given ? undefined : await startLocalServer({ note });
  const server = given || local!.url;
  const name = `pgscore_bench_${randomBytes(4).toString('hex')}`;
  await asAdmin(server, (admin) => admin.query(`CREATE DATABASE ${quoteIdent(name)} TEMPLATE template0`));
  const url = withDatabase(server, name);
  const sessions: pg.Client[] = [];
  const session = async (settings: Readonly<Record<string, string>> = {}) => {
    const client = new pg.Client({ connectionString: url, application_name: 'pgscore bench' });
    client.on('error', () => undefined);
    await client.connect();
    sessions.push(client);
    for (const [setting, value] of Object.entries(settings))
      await client.query('SELECT pg_catalog.set_config($1, $2, false)', [setting, value]);
    return client;
  };
  const drop = async () => {
    await Promise.all(sessions.map((client) => client.end().catch(() => undefined)));
    await asAdmin(server, (admin) => admin.query(`DROP DATABASE IF EXISTS ${quoteIdent(name)} WITH (FORCE)`));
    if (local?.started) await stopLocalServer();
  };
  try {
    const engine = await installEngine(await session());
    await migrate(url);
    return { engine, url, session, drop };
  } catch (error) {
    await drop();
    throw error;
  }
}

async function installEngine(client: pg.Client): Promise<Engine> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT name FROM pg_catalog.pg_available_extensions WHERE name IN ('plv8', 'pljs') ORDER BY name DESC LIMIT 1`,
  );
  if (rows[0] !== undefined) await client.query(`CREATE EXTENSION ${rows[0].name}`);
  return detectEngine(client);
}

async function asAdmin(url: string, work: (admin: pg.Client) => Promise<unknown>): Promise<void> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${encodeURIComponent(database)}`;
  return changed.href;
}
