import type pg from 'pg';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { deployModel } from '../harness/deploy.ts';
import { deployMade, sumModel, text } from '../harness/models.ts';
import { DRAINED, prepareSidecarTests, startSidecar, until, watch } from '../harness/sidecar.ts';

prepareSidecarTests();

let database: TestDatabase;
let client: pg.Client;
let other: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.client();
  other = await database.client();
  await deployMade(client, 'score', sumModel(['a', 'b', text('c', 'x', 'y')]));
  await deployMade(client, 'kinds', sumModel(['a', 'b'], { labels: ['low', 'high'] }));
});

beforeEach(async () => {
  await client.query('DROP TABLE IF EXISTS items CASCADE');
  await client.query('CREATE TABLE items (id bigint PRIMARY KEY, a float8, b float8, c text)');
  await watch(client, 'items');
});

/** By hand: a + 2 b + 3 × (0 for x, 1 for y, -1 for NULL, -2 for others); a missing number adds nothing. */
const EXPECTED = `coalesce(a, 0) + 2 * coalesce(b, 0)
  + 3 * CASE WHEN c IS NULL THEN -1 WHEN c = 'x' THEN 0 WHEN c = 'y' THEN 1 ELSE -2 END`;
const SCORED = `SELECT count(*) > 0 AND bool_and(score_score IS NOT DISTINCT FROM ${EXPECTED}) FROM items`;

async function attachScore(): Promise<void> {
  await client.query(`SELECT pgscore.attach('score', 'items', mode => 'async', version_column => 'by')`);
}

test('rows get their predictions after INSERT, UPDATE and an upsert, in bulk and one by one', async () => {
  await attachScore();
  startSidecar(database.url);
  await client.query(
    `INSERT INTO items SELECT i, i, i % 7, (ARRAY['x', 'y', 'z', NULL])[i % 4 + 1] FROM generate_series(1, 3000) AS i`,
  );
  await client.query(`INSERT INTO items VALUES (5001, NULL, 'NaN', 'x'), (5002, 1e300, -1, 'y')`);
  await until(client, DRAINED);
  await client.query('UPDATE items SET b = 9 WHERE id % 2 = 0; UPDATE items SET a = 77 WHERE id = 5001');
  await client.query(
    `INSERT INTO items VALUES (1, 5, 5, 'y') ON CONFLICT (id) DO UPDATE SET a = excluded.a, c = excluded.c`,
  );
  await until(client, DRAINED);
  await client.query(`UPDATE items SET b = NULL WHERE b = 'NaN'`);
  await until(client, DRAINED);
  await until(client, SCORED);
  expect((await client.query('SELECT DISTINCT by FROM items')).rows).toEqual([{ by: 1 }]);
});

// The engines' exp() differ in the last bit.
test('a model of the database gives the numbers that the database gives', async () => {
  await deployModel(client, 'telco/lightgbm-churn.txt', 'churn', { import: { labels: ['No', 'Yes'] } });
  const { rows: features } = await client.query<{ name: string; kind: string }>(
    `SELECT f ->> 'name' AS name, f ->> 'kind' AS kind
       FROM pgscore.versions, jsonb_array_elements(signature) AS f WHERE model = 'churn'`,
  );
  const columns = features
    .map(({ name, kind }) => `${name} ${kind === 'text' ? 'text' : 'float8'}`)
    .join(', ');
  await client.query(`CREATE TABLE customers (id int PRIMARY KEY, ${columns})`);
  await watch(client, 'customers');
  await client.query(`SELECT pgscore.attach('churn', 'customers', mode => 'async', label_column => 'label')`);
  startSidecar(database.url);
  const value = ({ name, kind }: (typeof features)[number]) =>
    kind === 'number'
      ? `nullif((i * 7919 + length('${name}')) % 80, 11)`
      : `(SELECT f -> 'categories' ->> (i % 3) FROM pgscore.versions, jsonb_array_elements(signature) AS f
           WHERE model = 'churn' AND f ->> 'name' = '${name}')`;
  await client.query(
    `INSERT INTO customers SELECT i, ${features.map(value).join(', ')} FROM generate_series(1, 300) AS i`,
  );
  await until(client, DRAINED);
  const { rows } = await client.query(
    `SELECT count(*)::int AS rows, count(DISTINCT churn_score)::int > 100 AS vary,
            bool_and(abs(churn_score / pgscore.predict('churn', c) - 1) < 1e-12) AS same_values,
            bool_and(label = pgscore.predict_label('churn', c)) AS same_labels
       FROM customers AS c`,
  );
  expect(rows).toEqual([{ rows: 300, vary: true, same_values: true, same_labels: true }]);
  await client.query('DROP TABLE customers CASCADE');
});

test('labels and several models on one table', async () => {
  await attachScore();
  await client.query(
    `SELECT pgscore.attach('kinds', 'items', 'kind', mode => 'async', label_column => 'label')`,
  );
  startSidecar(database.url, { workers: 2 });
  await client.query(`INSERT INTO items SELECT i, i - 50, 0, 'x' FROM generate_series(1, 100) AS i`);
  await until(client, DRAINED);
  await until(client, SCORED);
  const { rows } = await client.query(
    `SELECT count(*)::int AS n FROM items WHERE label <> CASE WHEN a > 0 THEN 'high' ELSE 'low' END`,
  );
  // a = 0 is a draw, and the first label wins it.
  expect(rows).toEqual([{ n: 0 }]);
});

test('a row that another transaction has locked is left, without waiting, until it is free', async () => {
  await attachScore();
  await client.query(`INSERT INTO items SELECT i, i, 0, 'x' FROM generate_series(1, 20) AS i`);
  await other.query('BEGIN; UPDATE items SET a = 1000 WHERE id = 7');
  startSidecar(database.url);
  await until(client, 'SELECT count(*) = 19 FROM items WHERE score_score IS NOT NULL');
  expect((await client.query('SELECT id FROM items WHERE score_score IS NULL')).rows).toEqual([{ id: '7' }]);
  await other.query('COMMIT');
  await until(client, DRAINED);
  await until(client, SCORED);
});

test('rows that are deleted while they wait leave nothing behind', async () => {
  await attachScore();
  await client.query(`INSERT INTO items SELECT i, i, 0, 'x' FROM generate_series(1, 700) AS i`);
  await client.query('DELETE FROM items WHERE id > 5');
  startSidecar(database.url);
  await until(client, DRAINED);
  await until(client, SCORED);
});

test('several sidecars share the work, and each row is written once', async () => {
  await attachScore();
  await client.query(
    `CREATE TABLE writes (id bigint);
     CREATE OR REPLACE FUNCTION count_write() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN INSERT INTO public.writes VALUES (NEW.id); RETURN NULL; END $$;
     CREATE TRIGGER count_write AFTER UPDATE OF score_score ON items FOR EACH ROW EXECUTE FUNCTION count_write()`,
  );
  await client.query(`INSERT INTO items SELECT i, i, 1, 'y' FROM generate_series(1, 5000) AS i`);
  const sidecars = [startSidecar(database.url), startSidecar(database.url), startSidecar(database.url)];
  await until(client, DRAINED);
  await until(client, SCORED);
  const { rows } = await client.query(
    'SELECT count(*)::int AS writes, count(DISTINCT id)::int AS rows FROM writes',
  );
  expect(rows).toEqual([{ writes: 5000, rows: 5000 }]);
  await client.query('DROP TABLE writes');
  expect(sidecars).toHaveLength(3);
});

test('what sidecars are and did is reported', async () => {
  await attachScore();
  const { sidecar } = startSidecar(database.url);
  await client.query(`INSERT INTO items SELECT i, i, 1, 'y' FROM generate_series(1, 10) AS i`);
  await until(client, DRAINED);
  sidecar.stop('the test');
  await sidecar.done;
  const { rows } = await client.query(
    `SELECT s.pid, s.state, c.scored::int FROM pgscore_internal.sidecars AS s
       JOIN pgscore_internal.sidecar_counters AS c ON c.sidecar = s.id ORDER BY s.started_at DESC LIMIT 1`,
  );
  expect(rows).toEqual([{ pid: process.pid, state: 'stopped', scored: 10 }]);
  expect(await sidecar.metrics.text()).toMatch(/pgscore_rows_scored_total\{model="score".*\} 10\n/);
});

test('the latency from COMMIT to column, and the main process, at low load', async () => {
  await attachScore();
  const { sidecar } = startSidecar(database.url);
  await client.query(`INSERT INTO items VALUES (0, 0, 0, 'x')`);
  await until(client, DRAINED);
  for (let i = 1; i <= 40; i++) {
    await other.query('INSERT INTO items VALUES ($1, 1, 0, $2)', [i, 'x']);
    await until(client, `SELECT score_score IS NOT NULL FROM items WHERE id = ${i}`);
  }
  const text = await sidecar.metrics.text();
  const below = (seconds: string) =>
    Number(new RegExp(`pgscore_latency_seconds_bucket\\{le="${seconds}",[^}]*\\} (\\d+)`).exec(text)![1]);
  // A machine that is busy otherwise may be slow for some, never for most: without NOTIFY it would be 500 ms on average.
  expect(below('0.1')).toBeGreaterThan(30);
  console.log(
    `latency of ${below('60')} rows: ${below('0.01')} below 10 ms, ${below('0.025')} below 25 ms, ${below('0.05')} below 50 ms`,
  );
});
