import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageVersion } from '../package-version.ts';
import { quoteLiteral } from '../quote.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
export const MIGRATIONS = join(root, 'migrations');
const SQL = join(root, 'sql');

/** Every `pgscore migrate` on one database waits for the one before it. */
export const LOCK = `pg_catalog.hashtextextended('pgscore migrate', 0)`;

/** What the database or the role has set must decide neither what names mean nor what the transaction sees. */
export const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL search_path = pg_catalog, pg_temp;';

/**
 * What `migrate` does as one script for psql, which skips the migrations that the database has already. It can be
 * applied any number of times, and `pgscore migrate` goes on from it.
 */
export function migrationScript(): string {
  const parts = [
    `-- pgscore ${packageVersion()}: installs or upgrades the pgscore schema. Apply with psql -f.\n`,
    `\\set ON_ERROR_STOP on\n${BEGIN}\n`,
    `SELECT pg_catalog.pg_advisory_xact_lock(${LOCK});\n`,
    'CREATE SCHEMA IF NOT EXISTS pgscore_internal;\n',
    'CREATE TABLE IF NOT EXISTS pgscore_internal.migrations (\n' +
      '  id serial PRIMARY KEY,\n  name varchar(255) NOT NULL,\n  run_on timestamp NOT NULL\n);\n',
    refusalOfNewer(),
    ...migrationNames().map(guardedMigration),
    ...replaceableFiles().map((file) => `\n-- sql/${basename(file)}\n\n${readFileSync(file, 'utf8')}`),
    `\n${recordInstallation(replaceableHash())}COMMIT;\n`,
  ];
  return parts.join('\n');
}

/** As refuseNewerInstallation, for psql. */
function refusalOfNewer(): string {
  return `DO $$
DECLARE
  unknown text := (SELECT string_agg(name, ', ' ORDER BY id) FROM pgscore_internal.migrations
                   WHERE name NOT IN (${migrationNames().map(quoteLiteral).join(', ')}));
BEGIN
  IF unknown IS NOT NULL THEN
    RAISE EXCEPTION 'the pgscore schema in this database is newer than this pgscore (${packageVersion()}), which does not know the migrations %', unknown
      USING HINT = 'Upgrade the pgscore package to the version that installed it, or a later one.';
  END IF;
END
$$;
`;
}

function guardedMigration(name: string): string {
  const [up] = readFileSync(join(MIGRATIONS, `${name}.sql`), 'utf8').split(/^-- Down Migration$/m);
  return (
    `SELECT NOT EXISTS (SELECT FROM pgscore_internal.migrations WHERE name = ${quoteLiteral(name)}) AS pending \\gset\n` +
    `\\if :pending\n-- migrations/${name}.sql\n${up}` +
    `INSERT INTO pgscore_internal.migrations (name, run_on) VALUES (${quoteLiteral(name)}, now());\n\\endif\n`
  );
}

export function migrationNames(): string[] {
  return sqlFiles(MIGRATIONS).map((file) => basename(file, '.sql'));
}

export function replaceableFiles(): string[] {
  return sqlFiles(SQL);
}

export function replaceableHash(): string {
  const hash = createHash('sha256').update(packageVersion());
  for (const file of replaceableFiles()) hash.update(readFileSync(file));
  return hash.digest('hex');
}

function sqlFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => join(folder, name));
}

/** The statement that notes which version's functions are in place. */
export function recordInstallation(hash: string): string {
  const values = `${quoteLiteral(packageVersion())}, ${quoteLiteral(hash)}`;
  return (
    `INSERT INTO pgscore_internal.installation (pgscore_version, sql_hash) VALUES (${values})\n` +
    '  ON CONFLICT (singleton) DO UPDATE SET pgscore_version = excluded.pgscore_version,\n' +
    '    sql_hash = excluded.sql_hash, installed_at = excluded.installed_at;\n'
  );
}
