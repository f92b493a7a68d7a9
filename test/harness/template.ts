import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { Engine } from '../../src/db/engine.ts';
import { migrate } from '../../src/deploy/migrate.ts';
import { quoteIdent, quoteLiteral } from '../../src/quote.ts';
import { dropDatabase } from './leftovers.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Template {
  readonly name: string;
  readonly engine: Engine;
  readonly serverMajor: number;
}

/**
 * The database that every test database is a copy of: migrated, empty. It is made once for each state of
 * migrations/, sql/ and the code that applies them, on each version of server and language; under another name
 * first, so that a template under its name is always complete.
 */
export async function ensureTemplate(serverUrl: string): Promise<Template> {
  const admin = new pg.Client({ connectionString: serverUrl });
  await admin.connect();
  try {
    const { engine, version, major } = await availableEngine(admin);
    const name = `pgscore_template_${stateHash(version)}`;
    await admin.query(`SELECT pg_catalog.pg_advisory_lock(hashtext('pgscore test template'))`);
    await dropUnfinished(admin);
    if (!(await exists(admin, name))) await build(admin, serverUrl, name, engine);
    await admin.query(
      `COMMENT ON DATABASE ${quoteIdent(name)} IS ${quoteLiteral(`used ${new Date().toISOString()}`)}`,
    );
    return { name, engine, serverMajor: major };
  } finally {
    await admin.end();
  }
}

async function availableEngine(
  admin: pg.Client,
): Promise<{ engine: Engine; version: string; major: number }> {
  const { rows } = await admin.query<{ name: Engine; version: string; major: number }>(
    `SELECT name, pg_catalog.version() || ' ' || name || ' ' || default_version AS version,
            pg_catalog.current_setting('server_version_num')::int4 / 10000 AS major
       FROM pg_catalog.pg_available_extensions WHERE name IN ('plv8', 'pljs') ORDER BY name DESC`,
  );
  if (rows[0] === undefined) throw new Error('the test server offers neither plv8 nor pljs');
  return { ...rows[0], engine: rows[0].name };
}

function stateHash(version: string): string {
  const hash = createHash('sha256').update(version);
  for (const folder of ['migrations', 'sql', 'src/deploy']) {
    for (const file of filesBelow(join(root, folder))) hash.update(file).update(readFileSync(file));
  }
  return hash.digest('hex').slice(0, 16);
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Under the lock, a template under a temporary name is one whose maker was killed. */
async function dropUnfinished(admin: pg.Client): Promise<void> {
  const { rows } = await admin.query<{ name: string }>(
    `SELECT datname AS name FROM pg_catalog.pg_database WHERE datname LIKE 'pgscore\\_template\\_%\\_building\\_%'`,
  );
  for (const { name } of rows) await dropDatabase(admin, name);
}

async function exists(admin: pg.Client, name: string): Promise<boolean> {
  const found = await admin.query('SELECT FROM pg_catalog.pg_database WHERE datname = $1', [name]);
  return found.rowCount === 1;
}

async function build(admin: pg.Client, serverUrl: string, name: string, engine: Engine): Promise<void> {
  const building = `${name}_building_${randomBytes(3).toString('hex')}`;
  await admin.query(`CREATE DATABASE ${quoteIdent(building)} TEMPLATE template0`);
  const url = withDatabase(serverUrl, building);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`CREATE EXTENSION ${engine}`);
  } finally {
    await client.end();
  }
  await migrate(url);
  await admin.query(`ALTER DATABASE ${quoteIdent(building)} RENAME TO ${quoteIdent(name)}`);
}

/** The same server and user, another database. */
export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${encodeURIComponent(database)}`;
  return changed.href;
}
