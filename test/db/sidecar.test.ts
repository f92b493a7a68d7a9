import type pg from 'pg';
import { beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { deployMade, sumModel } from '../harness/models.ts';
import { prepareSidecarTests, startSidecar, until } from '../harness/sidecar.ts';

prepareSidecarTests();
let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.client();
  await deployMade(client, 'pair', sumModel(['a', 'b']));
});

test('rows', async () => {
  await client.query(`CREATE TABLE t (id bigint PRIMARY KEY, a float8, b float8)`);
  await client.query(`SELECT pgscore.attach('pair', 't', mode => 'async', version_column => 'v')`);
  const { lines } = startSidecar(database.url);
  await client.query('INSERT INTO t SELECT i, i, 1 FROM generate_series(1, 2000) AS i');
  const t = setTimeout(() => console.log(lines.all), 4000);
  await until(client, 'SELECT bool_and(pair_score = a + 2 * b AND v = 1) FROM t');
  clearTimeout(t);
  console.log(lines.all);
  for (let i = 0; i < 20; i++) {
    const s = performance.now();
    await client.query('INSERT INTO t VALUES ($1, $2, 3)', [10000 + i, i]);
    await until(client, `SELECT pair_score = ${i} + 6 FROM t WHERE id = ${10000 + i}`);
    console.log(performance.now() - s);
    await new Promise((r) => setTimeout(r, 150));
  }
  expect(1).toBe(1);
});
