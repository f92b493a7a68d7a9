import { readFileSync } from 'node:fs';
import { runner } from 'node-pg-migrate';
import type pg from 'pg';
import { connectTo } from '../db/connect.ts';
import { asDatabaseError } from '../db/with-client.ts';
import { PgscoreError } from '../errors.ts';
import { packageVersion } from '../package-version.ts';
import {
  BEGIN,
  LOCK,
  MIGRATIONS,
  migrationNames,
  recordInstallation,
  replaceableFiles,
  replaceableHash,
} from './migration-script.ts';

export interface MigrateResult {
  /** Names of the migrations that this call ran. */
  readonly migrations: readonly string[];
  /** Whether the functions and views of sql/ were applied: false when they were those of this version already. */
  readonly functions: boolean;
  readonly version: string;
  /** What was left as it was, and why: bindings that keep the functions of an older version. */
  readonly warnings: readonly string[];
}

/**
 * Installs or upgrades the pgscore schema: migrations/ that were not run yet, then sql/ when it changed. Any number
 * of processes may call it at once; each waits for the one before and finds nothing left to do. Throws PGS_DATABASE
 * when the database was installed by a newer pgscore.
 */
export async function migrate(connection: pg.ClientConfig | string): Promise<MigrateResult> {
  const config = typeof connection === 'string' ? { connectionString: connection } : connection;
  const client = await connectTo({ config, origin: 'the connection given to migrate' });
  const warnings: string[] = [];
  client.on('notice', ({ severity, message, detail, hint }) => {
    if (severity === 'WARNING') warnings.push([message, detail, hint].filter(Boolean).join('\n'));
  });
  try {
    await client.query(`SELECT pg_catalog.pg_advisory_lock(${LOCK})`);
    return { ...(await migrateLocked(client)), warnings };
  } catch (error) {
    throw asDatabaseError(error);
  } finally {
    await client.end();
  }
}

/** All or nothing: older functions do not fit newer tables, nor the other way round. */
async function migrateLocked(client: pg.Client): Promise<Omit<MigrateResult, 'warnings'>> {
  await client.query(BEGIN);
  try {
    await refuseNewerInstallation(client);
    const ran = await runner({
      dbClient: withinTransaction(client),
      dir: MIGRATIONS,
      direction: 'up',
      migrationsSchema: 'pgscore_internal',
      createMigrationsSchema: true,
      migrationsTable: 'migrations',
      singleTransaction: true,
      noLock: true,
      logger: { info() {}, warn() {}, error() {} },
    });
    const hash = replaceableHash();
    const functions = ran.length > 0 || (await installedHash(client)) !== hash;
    if (functions) await applyReplaceable(client, hash);
    await client.query('COMMIT');
    return { migrations: ran.map((migration) => migration.name), functions, version: packageVersion() };
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

/** The client, to node-pg-migrate, whose own BEGIN and COMMIT would end the transaction that is open. */
function withinTransaction(client: pg.Client): pg.ClientBase {
  const query = (text: string, ...rest: unknown[]) =>
    text === 'BEGIN' || text === 'COMMIT'
      ? Promise.resolve()
      : Reflect.apply(client.query, client, [text, ...rest]);
  return Object.assign(Object.create(client) as pg.ClientBase, { query: query as pg.ClientBase['query'] });
}

/** An older pgscore would put older functions over newer tables. */
async function refuseNewerInstallation(client: pg.Client): Promise<void> {
  const table = await client.query(`SELECT pg_catalog.to_regclass('pgscore_internal.migrations') AS name`);
  if (table.rows[0].name === null) return;
  const { rows } = await client.query<{ name: string }>(
    'SELECT name FROM pgscore_internal.migrations ORDER BY id',
  );
  const known = new Set(migrationNames());
  const unknown = rows.filter((row) => !known.has(row.name)).map((row) => row.name);
  if (unknown.length > 0) {
    throw new PgscoreError(
      'PGS_DATABASE',
      `the pgscore schema in this database is newer than this pgscore (${packageVersion()}), which does not know ` +
        `the migrations ${unknown.join(', ')}`,
      { hint: 'Upgrade the pgscore package to the version that installed it, or a later one.' },
    );
  }
}

async function installedHash(client: pg.Client): Promise<string | null> {
  const { rows } = await client.query<{ sql_hash: string }>(
    'SELECT sql_hash FROM pgscore_internal.installation',
  );
  return rows[0]?.sql_hash ?? null;
}

async function applyReplaceable(client: pg.Client, hash: string): Promise<void> {
  for (const file of replaceableFiles()) await client.query(readFileSync(file, 'utf8'));
  await client.query(recordInstallation(hash));
}
