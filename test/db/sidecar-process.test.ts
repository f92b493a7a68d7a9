import type pg from 'pg';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { packageVersion } from '../../src/package-version.ts';
import { runCli } from '../harness/cli.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { deployMade, sumModel } from '../harness/models.ts';
import {
  cacheFolder,
  DRAINED,
  packageOfRelease,
  prepareSidecarTests,
  spawnSidecar,
  until,
  watch,
} from '../harness/sidecar.ts';

prepareSidecarTests();

let database: TestDatabase;
let client: pg.Client;

const SCORED = 'SELECT count(*) > 0 AND bool_and(pair_score IS NOT DISTINCT FROM a + 2 * b) FROM items';

beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.client();
  await deployMade(client, 'pair', sumModel(['a', 'b']));
});

beforeEach(async () => {
  await client.query('DROP TABLE IF EXISTS items CASCADE');
  await client.query('CREATE TABLE items (id bigint PRIMARY KEY, a float8, b float8)');
  await client.query(`SELECT pgscore.attach('pair', 'items', mode => 'async')`);
  await watch(client, 'items');
});

async function insert(rows: number): Promise<void> {
  await client.query(`INSERT INTO items SELECT i, i, 1 FROM generate_series(1, ${rows}) AS i`);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('--once empties the queue and ends; stdout stays quiet, stderr is JSON', async () => {
  await insert(2000);
  const { code, stdout, stderr } = await runCli(
    ['sidecar', '--once', '--workers', '2', '--cache', cacheFolder()],
    {
      env: { DATABASE_URL: database.url },
    },
  );
  expect([code, stdout]).toEqual([0, '']);
  const messages = stderr
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
  expect(messages[0]).toBe('the sidecar runs');
  expect(messages.at(-1)).toBe('the sidecar has ended');
  await until(client, DRAINED);
  await until(client, SCORED);
});

test('SIGTERM finishes what is in hand, leaves the rest to others, and exits with 0', async () => {
  const { child, exit, lines } = spawnSidecar(database.url, ['--workers', '1', '--batch', '50']);
  await lines.match(/the sidecar runs/);
  await insert(20_000);
  await until(client, 'SELECT count(*) > 100 FROM items WHERE pair_score IS NOT NULL');
  child.kill('SIGTERM');
  expect(await exit).toBe(0);
  expect((await client.query('SELECT count(*) > 0 AS rest FROM pgscore_internal.jobs')).rows).toEqual([
    { rest: true },
  ]);
  const busy = `SELECT count(*)::int AS n FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'pgscore sidecar' AND xact_start IS NOT NULL`;
  expect((await client.query(busy)).rows).toEqual([{ n: 0 }]);
  const { rows } = await client.query(
    'SELECT bool_and(pair_score = a + 2 * b) AS right FROM items WHERE pair_score IS NOT NULL',
  );
  expect(rows).toEqual([{ right: true }]);
});

test('a sidecar that is killed leaves its jobs to others at once, and no process behind', async () => {
  await insert(10_000);
  const first = spawnSidecar(database.url, ['--workers', '1', '--batch', '50']);
  const { worker } = (await first.lines.match(/a version was loaded/)) as unknown as { worker: number };
  await until(client, 'SELECT count(*) > 100 FROM items WHERE pair_score IS NOT NULL');
  first.child.kill('SIGKILL');
  expect(await first.exit).toBeNull();
  const second = spawnSidecar(database.url, ['--once']);
  expect(await second.exit).toBe(0);
  await until(client, DRAINED);
  await until(client, SCORED);
  // No event tells of the end of another process's child.
  while (isAlive(worker)) await new Promise(setImmediate);
}, 60_000);

test('sidecars of two releases share a queue, and tell which they are', async () => {
  const releases = ['0.0.1-other', packageVersion()];
  const sidecars = [
    spawnSidecar(database.url, ['--workers', '1'], await packageOfRelease(releases[0]!)),
    spawnSidecar(database.url, ['--workers', '1']),
  ];
  const both = (what: string) =>
    `SELECT count(DISTINCT release) = 2 AS both FROM pgscore.sidecars
      WHERE release IN ('${releases.join("', '")}') AND pid IN (${sidecars.map(({ child }) => child.pid)}) AND ${what}`;
  await until(client, both(`state = 'running'`));
  // Until their reports, some seconds apart, say that each has had its share.
  for (let round = 0; !(await client.query(both('scored > 0'))).rows[0].both; round++) {
    await client.query(
      `INSERT INTO items SELECT i, i, 1 FROM generate_series(${round * 5000 + 1}, ${(round + 1) * 5000}) AS i`,
    );
    await until(client, DRAINED);
  }
  await until(client, SCORED);
  for (const { child } of sidecars) child.kill('SIGTERM');
  expect(await Promise.all(sidecars.map(({ exit }) => exit))).toEqual([0, 0]);
  const { rows } = await client.query(
    `SELECT bool_and(state = 'stopped') AS stopped, sum(scored) = (SELECT count(*) FROM items) AS once
       FROM pgscore.sidecars WHERE pid IN (${sidecars.map(({ child }) => child.pid)})`,
  );
  expect(rows).toEqual([{ stopped: true, once: true }]);
}, 60_000);

test('a database that is not there is an error at the start', async () => {
  const { code, stderr } = await runCli(['sidecar'], { env: { DATABASE_URL: `${database.url}_none` } });
  expect(code).toBe(1);
  expect(stderr).toContain('does not exist');
});

test('a wrong command line is named', async () => {
  const { code, stderr } = await runCli(['sidecar', '--workers', '0']);
  expect(code).toBe(2);
  expect(stderr).toContain('expected a whole number from 1');
  expect((await runCli(['sidecar', '--help'])).stdout).toContain('kill -9');
});
