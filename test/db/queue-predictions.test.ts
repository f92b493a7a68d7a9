import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { client, prepareAttachTests, rows } from '../harness/attach.ts';
import { bindingOf, registerGraph, score } from '../harness/queue.ts';

prepareAttachTests();

beforeAll(() => registerGraph(client, 'embed', [{ kind: 'number', name: 'a' }], { values: 'e' }));

/** Writes the same prediction as before into row 1; whether the row has another version now. */
async function writesAgain(
  value: string,
  array: string | null,
  label: string,
  version = 1,
): Promise<boolean> {
  const write = () =>
    client.query(
      `SELECT pgscore_internal.binding_${binding}_write('{1}', ARRAY[$1::float8], CASE WHEN $2::text IS NOT NULL THEN ARRAY[$2] END, ARRAY[$3], $4)`,
      [value, array, label, version],
    );
  const row = () => rows('SELECT xmin::text FROM t');
  const binding = await bindingOf(client, 't');
  await write();
  const before = await row();
  await write();
  return JSON.stringify(await row()) !== JSON.stringify(before);
}

describe('a prediction that is there already is not written again', () => {
  test.each([
    ['double precision', '0.1'],
    ['double precision', 'NaN'],
    ['real', '0.1'],
    ['numeric', '0.1'],
    ['numeric(6,2)', '0.123'],
  ])('%s %s', async (type, value) => {
    await client.query(`CREATE TABLE t (id int PRIMARY KEY, a int, b int, p ${type}, l varchar(8));
      SELECT pgscore.attach('pair', 't', 'p', mode => 'async', version_column => 'v'); INSERT INTO t VALUES (1)`);
    expect(await writesAgain(value, null, 'yes')).toBe(false);
  });

  test.each([['double precision[]'], ['real[]']])('%s', async (type) => {
    await client.query(`CREATE TABLE t (id int PRIMARY KEY, a int, p ${type}, l text);
      SELECT pgscore.attach('embed', 't', 'p', mode => 'async', label_column => 'l'); INSERT INTO t VALUES (1)`);
    expect(await writesAgain('1', '{0.1,2,NULL}', 'yes')).toBe(false);
    expect(await rows('SELECT l FROM t')).toEqual([['yes']]);
  });

  test('by two jobs that name the row', async () => {
    await client.query(`CREATE TABLE t (id int PRIMARY KEY, a int, b int);
      SELECT pgscore.attach('pair', 't', mode => 'async');
      INSERT INTO t SELECT i, i, i FROM generate_series(1, 100) AS s (i)`);
    await score(client, 't');
    const before = await rows('SELECT id, xmin::text FROM t ORDER BY id');
    await client.query(
      `SELECT pgscore_internal.add_pages(${await bindingOf(client, 't')}, 0, ARRAY(SELECT id::text FROM t))`,
    );
    await client.query('UPDATE t SET a = 0 WHERE id = 7');
    await score(client, 't');
    const after = await rows('SELECT id, xmin::text FROM t ORDER BY id');
    expect(after.filter(([, xmin], i) => xmin !== before[i]![1]).map(([id]) => id)).toEqual([7]);
    expect(await rows('SELECT count(*)::int FROM t WHERE pair_score = a + 2 * b')).toEqual([[100]]);
  });
});

describe('a prediction is written that differs', () => {
  beforeEach(async () => {
    await client.query(`CREATE TABLE t (id int PRIMARY KEY, a int, b int, l varchar(3));
      SELECT pgscore.attach('pair', 't', 'p', mode => 'async', label_column => 'l', version_column => 'v');
      INSERT INTO t VALUES (1)`);
  });

  test.each([
    ['value', '1', 'yes', 2, [1, 'yes', 2]],
    ['sign of zero', '-0', 'no', 1, [-0, 'no', 1]],
    ['label', '0', 'yes', 1, [0, 'yes', 1]],
    ['version', '0', 'no', 2, [0, 'no', 2]],
  ])('by its %s', async (_, value, label, version, expected) => {
    const binding = await bindingOf(client, 't');
    const write = (...values: unknown[]) =>
      client.query(
        `SELECT pgscore_internal.binding_${binding}_write('{1}', ARRAY[$1::float8], NULL, ARRAY[$2], $3)`,
        values,
      );
    await write('0', 'no', 1);
    await write(value, label, version);
    expect(await rows('SELECT p, l, v FROM t')).toEqual([expected]);
  });

  test('and one that the column has no room for is an error, not the same', async () => {
    const binding = await bindingOf(client, 't');
    await client.query(`UPDATE t SET l = 'yes', p = 1, v = 1`);
    await expect(
      client.query(`SELECT pgscore_internal.binding_${binding}_write('{1}', '{1}', NULL, '{yessir}', 1)`),
    ).rejects.toThrow('value too long');
  });
});

test('the time column is written each time, and is not before the change that the prediction is of', async () => {
  await client.query(`CREATE TABLE t (id int PRIMARY KEY, a int, b int, changed_at timestamptz);
    SELECT pgscore.attach('pair', 't', 'p', mode => 'async', time_column => 'at');
    INSERT INTO t VALUES (1)`);
  const binding = await bindingOf(client, 't');
  await client.query('BEGIN; SELECT');
  await client.query(`UPDATE t SET changed_at = clock_timestamp()`);
  await client.query(`SELECT pgscore_internal.binding_${binding}_write('{1}', '{1}', NULL, NULL, 1)`);
  expect(await rows('SELECT at >= changed_at FROM t')).toEqual([[true]]);
  await client.query('COMMIT');
  const [[before]] = (await rows('SELECT at FROM t')) as [[Date]];
  await client.query(`SELECT pgscore_internal.binding_${binding}_write('{1}', '{1}', NULL, NULL, 1)`);
  expect(await rows('SELECT at > $1::timestamptz FROM t'.replace('$1', `'${before.toISOString()}'`))).toEqual(
    [[true]],
  );
});
