import type pg from 'pg';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { deployMade, sumModel } from '../harness/models.ts';
import {
  crashingWorker,
  DRAINED,
  prepareSidecarTests,
  startSidecar,
  until,
  watch,
} from '../harness/sidecar.ts';

prepareSidecarTests();

let database: TestDatabase;
let client: pg.Client;
/** Makes retries due at once: tests do not wait for the pauses between attempts. */
let clock: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.client();
  clock = await database.client();
  await deployMade(client, 'pair', sumModel(['a', 'b']));
});

beforeEach(async () => {
  await client.query('DROP TABLE IF EXISTS items CASCADE; DELETE FROM pgscore_internal.errors');
  await client.query('CREATE TABLE items (id bigint PRIMARY KEY, a float8, b float8)');
  await client.query(`SELECT pgscore.attach('pair', 'items', mode => 'async')`);
  await watch(client, 'items');
});

const GOOD =
  'SELECT bool_and(pair_score IS NOT DISTINCT FROM CASE WHEN a IN (666, 777) THEN NULL ELSE a + 2 * b END) FROM items';

/** Until a row has failed for the last time. */
async function untilGivenUp(rows: number): Promise<void> {
  for (let attempts = 1; attempts < 5; attempts++) {
    await until(client, `SELECT count(*) >= ${rows} FROM pgscore_internal.jobs WHERE attempts = ${attempts}`);
    await clock.query(`UPDATE pgscore_internal.jobs SET not_before = '-infinity' WHERE attempts > 0`);
  }
  await until(client, `SELECT count(*) = ${rows} FROM pgscore.errors`);
  await until(client, DRAINED);
}

test('a row that crashes its worker each time ends in pgscore.errors; all others are scored', async () => {
  const { sidecar, lines } = startSidecar(database.url, { program: crashingWorker });
  await client.query('INSERT INTO items SELECT i, i, 1 FROM generate_series(1, 40) AS i');
  await client.query('INSERT INTO items VALUES (41, 666, 1)');
  await until(client, 'SELECT count(*) = 40 FROM items WHERE pair_score IS NOT NULL');
  await untilGivenUp(1);
  expect((await client.query(GOOD)).rows[0]).toEqual({ bool_and: true });
  const { rows } = await client.query('SELECT operation, row_key, message FROM pgscore.errors');
  expect(rows).toEqual([
    { operation: 'SIDECAR', row_key: { id: '41' }, message: expect.stringContaining('signal SIGABRT') },
  ]);
  expect(await sidecar.metrics.text()).toMatch(/pgscore_worker_deaths_total\{during="run"\} \d+/);
  // No line a row: each death is one, and each of the versions loaded after it.
  expect(lines.all.length).toBeLessThan(80);
}, 120_000);

test('a row whose run never ends is given up like one that crashes', async () => {
  startSidecar(database.url, { program: crashingWorker, timeoutSeconds: 1 });
  await client.query('INSERT INTO items VALUES (1, 1, 1), (2, 777, 1)');
  await until(client, 'SELECT pair_score = 3 FROM items WHERE id = 1');
  await until(
    client,
    `SELECT count(*) = 1 FROM pgscore_internal.jobs WHERE attempts = 1 AND last_error LIKE '%longer than 1000 ms%'`,
  );
}, 120_000);

test('a batch that outlasts the time to drain is given back untouched', async () => {
  const { sidecar, lines } = startSidecar(database.url, { program: crashingWorker, drainSeconds: 1 });
  await client.query('INSERT INTO items VALUES (1, 1, 1)');
  await until(client, 'SELECT pair_score = 3 FROM items');
  await client.query('INSERT INTO items VALUES (2, 777, 1)');
  // Held by the lane whose run does not end.
  while ((await client.query('SELECT FROM pgscore_internal.jobs FOR UPDATE SKIP LOCKED')).rowCount !== 0);
  sidecar.stop('the test');
  await sidecar.done;
  const { rows } = await client.query('SELECT attempts FROM pgscore_internal.jobs FOR UPDATE SKIP LOCKED');
  expect(rows).toEqual([{ attempts: 0 }]);
  expect(lines.all.filter(({ level }) => level >= 40)).toEqual([]);
}, 60_000);

test('rows whose predictions the table refuses fail alone', async () => {
  await client.query('ALTER TABLE items ADD CONSTRAINT small CHECK (pair_score < 1000)');
  startSidecar(database.url);
  await client.query('INSERT INTO items SELECT i, i, 0 FROM generate_series(1, 900) AS i');
  await until(client, DRAINED);
  await client.query('UPDATE items SET a = 5000 WHERE id IN (17, 500)');
  await until(client, 'SELECT count(*) = 898 FROM items WHERE pair_score = a');
  await untilGivenUp(2);
  const { rows } = await client.query('SELECT row_key, message FROM pgscore.errors ORDER BY row_key');
  expect(rows).toEqual([
    { row_key: { id: '17' }, message: expect.stringContaining('violates check constraint "small"') },
    { row_key: { id: '500' }, message: expect.stringContaining('violates check constraint "small"') },
  ]);
  expect(
    (await client.query('SELECT count(pair_score)::int AS n FROM items WHERE id IN (17, 500)')).rows,
  ).toEqual([{ n: 0 }]);
});

test('an old prediction does not outlive the row that it was for', async () => {
  startSidecar(database.url, { program: crashingWorker });
  await client.query('INSERT INTO items VALUES (1, 1, 1)');
  await until(client, 'SELECT pair_score = 3 FROM items');
  await client.query('UPDATE items SET a = 666');
  await untilGivenUp(1);
  expect((await client.query('SELECT pair_score FROM items')).rows).toEqual([{ pair_score: null }]);
  await client.query('UPDATE items SET a = 5');
  await until(client, 'SELECT pair_score = 7 FROM items');
}, 120_000);

test('workers that are killed from outside cost time alone', async () => {
  const { sidecar } = startSidecar(database.url, { workers: 2, batch: 50 });
  await client.query('INSERT INTO items SELECT i, -i, 1 FROM generate_series(1, 4000) AS i');
  for (let kill = 0; kill < 4; kill++) {
    await until(client, `SELECT count(*) > ${kill * 500} FROM items WHERE pair_score IS NOT NULL`);
    for (const { pid } of sidecar.workers) process.kill(pid, 'SIGKILL');
  }
  await until(client, DRAINED);
  expect((await client.query(GOOD)).rows[0]).toEqual({ bool_and: true });
  expect((await client.query('SELECT count(*)::int AS n FROM pgscore.errors')).rows).toEqual([{ n: 0 }]);
}, 120_000);

test('a model that cannot be loaded blames no row, and is one line', async () => {
  await client.query(`UPDATE pgscore_internal.versions SET ir = 'no model'`);
  const { lines } = startSidecar(database.url);
  await client.query('INSERT INTO items VALUES (1, 1, 1)');
  expect(await lines.match(/pair version 1 cannot be loaded/)).toMatchObject({
    level: 40,
    trouble: expect.any(String),
  });
  expect((await client.query('SELECT attempts FROM pgscore_internal.jobs')).rows).toEqual([{ attempts: 0 }]);
  expect(lines.all.filter(({ level }) => level >= 40)).toHaveLength(1);
});
