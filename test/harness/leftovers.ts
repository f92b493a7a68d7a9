import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { quoteIdent } from '../../src/quote.ts';

/** One run of vitest: `pgscore_run_<start, ms in base 36>_<random>`; the application name of its connections. */
export type RunName = `pgscore_run_${string}`;

const keptFor = 6 * 3600_000;
const templateKeptFor = 3600_000;

export function runName(): RunName {
  return `pgscore_run_${Date.now().toString(36)}_${randomBytes(3).toString('hex')}`;
}

/** The name of a test database says whose it is: a prefix for people, then the run. */
export function databaseName(prefix: string, run: RunName, number: number): string {
  const readable = prefix.replace(/[^A-Za-z0-9]+/g, '_').slice(0, 24);
  return `test_${readable}_${run.slice('pgscore_run_'.length)}_${process.pid}_${number}`;
}

/** Whether another run than this one uses the server now. */
export async function othersAlive(admin: pg.Client, run: RunName): Promise<boolean> {
  const names = await aliveRuns(admin);
  names.delete(run);
  return names.size > 0;
}

async function aliveRuns(admin: pg.Client): Promise<Set<string>> {
  const { rows } = await admin.query<{ name: string }>(
    `SELECT DISTINCT application_name AS name FROM pg_catalog.pg_stat_activity
      WHERE application_name LIKE 'pgscore\\_run\\_%'`,
  );
  return new Set(rows.map((row) => row.name));
}

/** The databases of this run that are still there: those that failed tests left. */
export async function keptDatabases(admin: pg.Client, run: RunName): Promise<string[]> {
  return (await testDatabases(admin)).filter((name) => name.includes(run.slice('pgscore_run_'.length)));
}

/** Drops what earlier runs left when it is hours old and no live run's, and templates out of use. */
export async function dropLeftovers(admin: pg.Client): Promise<void> {
  const alive = await aliveRuns(admin);
  for (const name of await testDatabases(admin)) {
    const run = /_([0-9a-z]+)_([0-9a-f]{6})_\d+_\d+$/.exec(name);
    if (run === null || alive.has(`pgscore_run_${run[1]}_${run[2]}`)) continue;
    if (Date.now() - Number.parseInt(run[1]!, 36) > keptFor) await dropDatabase(admin, name);
  }
  for (const name of await unusedTemplates(admin)) await dropDatabase(admin, name);
}

async function testDatabases(admin: pg.Client): Promise<string[]> {
  const { rows } = await admin.query<{ name: string }>(
    `SELECT datname AS name FROM pg_catalog.pg_database WHERE datname LIKE 'test\\_%'`,
  );
  return rows.map((row) => row.name);
}

async function unusedTemplates(admin: pg.Client): Promise<string[]> {
  const { rows } = await admin.query<{ name: string; used: string | null }>(
    `SELECT datname AS name, pg_catalog.shobj_description(oid, 'pg_database') AS used
       FROM pg_catalog.pg_database WHERE datname LIKE 'pgscore\\_template\\_%'`,
  );
  const isOld = (used: string | null) =>
    used !== null && Date.now() - Date.parse(used.replace('used ', '')) > templateKeptFor;
  return rows.filter((row) => isOld(row.used)).map((row) => row.name);
}

export async function dropDatabase(admin: pg.Client, name: string): Promise<void> {
  await admin.query(`DROP DATABASE IF EXISTS ${quoteIdent(name)} WITH (FORCE)`);
}
