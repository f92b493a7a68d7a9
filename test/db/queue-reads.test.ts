import { beforeEach, expect, test } from 'vitest';
import { client, fails, prepareAttachTests, rows } from '../harness/attach.ts';
import { queued, score } from '../harness/queue.ts';

prepareAttachTests();

const TOTAL = `(SELECT sum(r.x) FROM readings AS r WHERE r.customer = t.id)`;
const features = (reads: unknown) => JSON.stringify({ b: { sql: TOTAL, reads } });

beforeEach(async () => {
  await client.query(`CREATE TABLE t (id bigint PRIMARY KEY, a int);
    CREATE TABLE readings (customer int, x float8, note text);
    INSERT INTO t VALUES (1, 1), (2, 2), (3, 3); INSERT INTO readings VALUES (1, 10), (2, 20)`);
});

async function attach(): Promise<void> {
  await client.query(`SELECT pgscore.attach('pair', 't', mode => 'async', features => $1)`, [
    features({ readings: 'customer' }),
  ]);
}

test.each([
  ['INSERT', 'INSERT INTO readings VALUES (2, 5), (2, 6), (NULL, 7), (99, 1)', ['2', '99']],
  ['UPDATE of what is read', 'UPDATE readings SET x = 11 WHERE customer = 1', ['1']],
  ['UPDATE of the key', 'UPDATE readings SET customer = 3 WHERE customer = 1', ['1', '3']],
  ['UPDATE of what is not read', `UPDATE readings SET note = 'x'; UPDATE readings SET x = x`, []],
  ['DELETE', 'DELETE FROM readings WHERE customer = 2', ['2']],
  ['TRUNCATE', 'TRUNCATE readings', ['1', '2', '3']],
  ['COMMIT of none', 'BEGIN; DELETE FROM readings; ROLLBACK', []],
])('%s queues the rows that it concerns', async (_, sql, keys) => {
  await attach();
  await client.query(sql);
  expect((await queued(client, 't')).sort()).toEqual(keys);
});

test('the prediction follows', async () => {
  await attach();
  await client.query('INSERT INTO readings VALUES (3, 30); UPDATE readings SET x = x + 1');
  await score(client, 't', true);
  expect(await rows('SELECT id, pair_score FROM t ORDER BY id')).toEqual([
    ['1', 1 + 2 * 11],
    ['2', 2 + 2 * 21],
    ['3', 3 + 2 * 31],
  ]);
  expect(
    await rows(`SELECT reads FROM pgscore_internal.sidecar_bindings() WHERE relation LIKE '%.t'
    ORDER BY id DESC LIMIT 1`),
  ).toEqual([[true]]);
});

test('many at once are pages, each row once', async () => {
  await attach();
  await client.query('INSERT INTO readings SELECT i % 1000, i FROM generate_series(1, 5000) AS s (i)');
  const keys = await queued(client, 't');
  expect([keys.length, new Set(keys).size]).toEqual([1000, 1000]);
});

test.each([
  ['a table that it does not name', {}, /feature b reads .*readings, and does not say/],
  ['a column that is not there', { readings: 'nobody' }, /has no column nobody/],
  ['a column of another type', { readings: 'note' }, /note of .* is of type text, and id of/],
  ['too many columns', { readings: ['customer', 'x'] }, /expected as many columns as the key/],
  ['a table that is not there', { readings: 'customer', nowhere: 'id' }, /names nowhere, which is no table/],
  ['a list', ['readings'], /expected an object/],
])('attach refuses %s', async (_, reads, message) => {
  await fails(
    `SELECT pgscore.attach('pair', 't', mode => 'async', features => '${features(reads)}')`,
    message as RegExp,
  );
});

test('a sync binding does not follow other tables, and says so', async () => {
  await fails(
    `SELECT pgscore.attach('pair', 't', features => '${features({ readings: 'customer' })}')`,
    /"reads" of feature b is for async bindings/,
  );
});

test('null: changes there queue nothing', async () => {
  await client.query(`SELECT pgscore.attach('pair', 't', mode => 'async', features => $1)`, [
    features({ readings: null }),
  ]);
  await client.query('INSERT INTO readings VALUES (2, 5); TRUNCATE readings');
  expect(await queued(client, 't')).toEqual([]);
});

test('detaching leaves the other table as it was', async () => {
  await attach();
  await client.query(`SELECT pgscore.detach('pair', 't'); INSERT INTO readings VALUES (1, 1)`);
  expect(await rows(`SELECT count(*)::int FROM pg_trigger WHERE tgrelid = 'readings'::regclass`)).toEqual([
    [0],
  ]);
});
