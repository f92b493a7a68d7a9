import { beforeEach, describe, expect, test } from 'vitest';
import { client, database, fails, prepareAttachTests, rows } from '../harness/attach.ts';
import { bindingOf, claim, jobs, queued, score } from '../harness/queue.ts';

prepareAttachTests();

beforeEach(async () => {
  await client.query(`CREATE TABLE t (id bigint PRIMARY KEY, a int, b int, other text);
    SELECT pgscore.attach('pair', 't', mode => 'async', version_column => 'v')`);
});

describe('queued', () => {
  test('is each row that INSERT makes, once', async () => {
    await client.query('INSERT INTO t VALUES (1, 1, 1), (2, 2, 2)');
    expect(await queued(client, 't')).toEqual(['1', '2']);
    expect(await rows('SELECT pair_score, v FROM t')).toEqual([
      [null, null],
      [null, null],
    ]);
  });

  test('is a row whose features change, unless it waits already', async () => {
    await client.query('INSERT INTO t VALUES (1, 1, 1), (2, 2, 2)');
    await client.query('UPDATE t SET a = 7; UPDATE t SET a = 8 WHERE id = 1');
    expect(await queued(client, 't')).toEqual(['1', '2']);
    await score(client, 't');
    await client.query('UPDATE t SET b = 9 WHERE id = 2');
    expect(await queued(client, 't')).toEqual(['2']);
  });

  test('is nothing by a change of other columns, or of none', async () => {
    await client.query('INSERT INTO t VALUES (1, 1, 1), (2, 2, 2)');
    await score(client, 't');
    await client.query(`UPDATE t SET other = 'x'; UPDATE t SET a = a; UPDATE t SET a = 5 WHERE false`);
    await client.query('INSERT INTO t SELECT * FROM t WHERE false; DELETE FROM t WHERE false');
    expect(await queued(client, 't')).toEqual([]);
  });

  test('is nothing by the prediction, and the row carries it', async () => {
    await client.query('INSERT INTO t SELECT i, i, i FROM generate_series(1, 200) AS s (i)');
    await score(client, 't');
    expect(await queued(client, 't')).toEqual([]);
    expect(await rows('SELECT count(*)::int FROM t WHERE pair_score = 3 * id AND v = 1')).toEqual([[200]]);
  });

  test('are many rows of a statement as pages', async () => {
    await client.query('INSERT INTO t SELECT i, i, i FROM generate_series(1, 1234) AS s (i)');
    expect((await jobs(client, 't')).map(({ row_count }) => row_count).sort()).toEqual([234, 500, 500]);
    expect(new Set(await queued(client, 't')).size).toBe(1234);
  });

  test('is nothing of a statement that is rolled back', async () => {
    await client.query('BEGIN; INSERT INTO t VALUES (1, 1, 1); SAVEPOINT s; INSERT INTO t VALUES (2, 2, 2)');
    await client.query('ROLLBACK TO s; COMMIT');
    expect(await queued(client, 't')).toEqual(['1']);
    await client.query('BEGIN; UPDATE t SET a = 5; INSERT INTO t VALUES (3, 3, 3); ROLLBACK');
    expect(await queued(client, 't')).toEqual(['1']);
  });

  test('is no more a row that is deleted', async () => {
    await client.query('INSERT INTO t VALUES (1, 1, 1), (2, 2, 2), (3, 3, 3); DELETE FROM t WHERE id > 1');
    expect(await queued(client, 't')).toEqual(['1']);
    await client.query('TRUNCATE t');
    expect(await queued(client, 't')).toEqual([]);
  });

  test('is a row under its new key', async () => {
    await client.query('INSERT INTO t VALUES (1, 1, 1)');
    await score(client, 't');
    await client.query('UPDATE t SET id = 2');
    expect(await queued(client, 't')).toEqual(['2']);
  });
});

test('detaching removes triggers, functions and jobs', async () => {
  await client.query('INSERT INTO t VALUES (1, 1, 1)');
  const id = await bindingOf(client, 't');
  await client.query(`SELECT pgscore.detach('pair', 't')`);
  expect(await rows(`SELECT count(*)::int FROM pgscore_internal.jobs WHERE binding = ${id}`)).toEqual([[0]]);
  expect(await rows(`SELECT proname FROM pg_proc WHERE proname ~ '^binding_${id}(_|$)'`)).toEqual([]);
  await client.query('INSERT INTO t VALUES (2, 1, 1)');
});

test('a dropped table takes its jobs along', async () => {
  await client.query('INSERT INTO t VALUES (1, 1, 1)');
  const id = await bindingOf(client, 't');
  await client.query('DROP TABLE t');
  expect(await rows(`SELECT count(*)::int FROM pgscore_internal.jobs WHERE binding = ${id}`)).toEqual([[0]]);
  expect(await rows(`SELECT proname FROM pg_proc WHERE proname ~ '^binding_${id}(_|$)'`)).toEqual([]);
});

test('a table without a key is refused, a unique index over NOT NULL columns serves', async () => {
  await client.query('CREATE TABLE u (id int, a int, b int)');
  await fails(`SELECT pgscore.attach('pair', 'u', mode => 'async')`, {
    message: expect.stringContaining('u has no primary key'),
    hint: expect.stringContaining('ADD PRIMARY KEY'),
  });
  await client.query(`CREATE UNIQUE INDEX ON u (id); ALTER TABLE u ALTER id SET NOT NULL;
    SELECT pgscore.attach('pair', 'u', mode => 'async'); INSERT INTO u VALUES (4, 1, 1)`);
  expect(await queued(client, 'u')).toEqual(['4']);
  await score(client, 'u');
  expect(await rows('SELECT pair_score FROM u')).toEqual([[3]]);
});

test.each([
  ['another mode', `mode => 'batch'`, /mode is 'batch', expected sync or async/],
  ['a lag of a sync binding', `max_lag => '1 s'`, /a sync binding never lags/],
  ['a lag of nothing', `mode => 'async', max_lag => '0'`, /expected more than nothing/],
])('attach refuses %s', async (_, argument, message) => {
  await client.query('CREATE TABLE u (id int PRIMARY KEY, a int, b int)');
  await fails(`SELECT pgscore.attach('pair', 'u', ${argument})`, message);
});

test('claims come in order, live ones first, and are not given to two', async () => {
  await client.query('INSERT INTO t SELECT i, i, i FROM generate_series(1, 4) AS s (i)');
  const id = await bindingOf(client, 't');
  await client.query(`SELECT pgscore_internal.add_pages(${id}, 1, '{4,5}')`);
  await client.query('INSERT INTO t VALUES (9, 9, 9)');
  const second = await database.client();
  await second.query('BEGIN');
  await client.query('BEGIN');
  expect((await claim(client, id, 2)).map(({ keys }) => keys)).toEqual([['1'], ['2']]);
  expect((await claim(second, id, 100)).map(({ keys }) => keys)).toEqual([['3'], ['4'], ['9'], ['4', '5']]);
  await second.query('ROLLBACK');
  await client.query('ROLLBACK');
});
