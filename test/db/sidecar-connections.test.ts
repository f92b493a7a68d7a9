import type pg from 'pg';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { deployMade, sumModel } from '../harness/models.ts';
import { hasLocalServer } from '../harness/platform.ts';
import { createPrivateServer } from '../harness/private-server.ts';
import { DRAINED, prepareSidecarTests, startSidecar, until, watch } from '../harness/sidecar.ts';

prepareSidecarTests();

let database: TestDatabase;
let client: pg.Client;

const SCORED = 'SELECT count(*) > 0 AND bool_and(pair_score IS NOT DISTINCT FROM a + 2 * b) FROM items';

async function prepare(on: pg.Client): Promise<void> {
  await on.query('DROP TABLE IF EXISTS items CASCADE');
  await on.query('CREATE TABLE items (id bigint PRIMARY KEY, a float8, b float8)');
  await on.query(`SELECT pgscore.attach('pair', 'items', mode => 'async')`);
  await watch(on, 'items');
}

beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.client();
  await deployMade(client, 'pair', sumModel(['a', 'b']));
});
beforeEach(() => prepare(client));

test.each([
  ['connections that are ended', 'pg_terminate_backend'],
  ['statements that are cancelled', 'pg_cancel_backend'],
])(
  '%s at any moment cost time alone, and few lines',
  async (_, cut) => {
    const { lines } = startSidecar(database.url, { workers: 2, batch: 100 });
    await client.query('INSERT INTO items SELECT i, i, 1 FROM generate_series(1, 6000) AS i');
    for (let times = 1; times <= 12; times++) {
      await until(client, `SELECT count(*) >= ${times * 400} FROM items WHERE pair_score IS NOT NULL`);
      await client.query(
        `SELECT ${cut}(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'pgscore sidecar'`,
      );
    }
    await until(client, DRAINED);
    await until(client, SCORED);
    expect((await client.query('SELECT count(*)::int AS n FROM pgscore.errors')).rows).toEqual([{ n: 0 }]);
    expect(lines.all.filter(({ level }) => level >= 40).length).toBeLessThan(10);
  },
  120_000,
);

test('without a pooler it is not taken for one, and sleeps under the lock that writers look at', async () => {
  const { lines } = startSidecar(database.url);
  await until(
    client,
    `SELECT count(*) = 1 FROM pgscore_internal.sidecars WHERE state = 'running' AND pid = ${process.pid} AND seen_at > now() - interval '1 minute'`,
  );
  const locked = `SELECT count(*)::int AS n FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
     WHERE l.locktype = 'advisory' AND l.mode = 'ShareLock' AND a.application_name = 'pgscore sidecar' AND a.datname = current_database()`;
  while ((await client.query(locked)).rows[0].n !== 1);
  expect(lines.all.filter(({ level }) => level >= 40)).toEqual([]);
});

test('a row that is written while the sidecar sleeps wakes it', async () => {
  const { sidecar } = startSidecar(database.url, { pollMs: 60_000 });
  await client.query('INSERT INTO items VALUES (0, 1, 1)');
  await until(client, DRAINED);
  for (let i = 1; i <= 5; i++) {
    await client.query(`INSERT INTO items VALUES (${i}, ${i}, 1)`);
    await until(client, DRAINED);
  }
  await until(client, SCORED);
  expect(sidecar.ready).toBe(true);
});

test.skipIf(!hasLocalServer)(
  'a server that is stopped, away for a while and started again: work resumes, logs do not flood',
  async () => {
    const server = await createPrivateServer();
    try {
      // A session that has run PLJS does not heed the server's end.
      const deployer = await server.client();
      await deployMade(deployer, 'pair', sumModel(['a', 'b']));
      await deployer.end();
      let writer = await server.client();
      await prepare(writer);
      const { sidecar, lines } = startSidecar(server.url, { workers: 2, batch: 50 });
      await writer.query('INSERT INTO items SELECT i, i, 1 FROM generate_series(1, 3000) AS i');
      for (let restart = 0; restart < 2; restart++) {
        await until(writer, `SELECT count(*) > ${restart * 500} FROM items WHERE pair_score IS NOT NULL`);
        await server.stop();
        await lines.match(/the database is not available/);
        await server.start();
        writer = await server.client();
      }
      await until(writer, DRAINED);
      await until(writer, SCORED);
      await writer.query('INSERT INTO items VALUES (9001, 1, 1)');
      await until(writer, SCORED);
      expect(lines.all.filter(({ level }) => level >= 40).length).toBeLessThan(6);
      sidecar.stop('the test');
      await sidecar.done;
    } finally {
      await server.remove();
    }
  },
  120_000,
);
