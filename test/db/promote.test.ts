import type pg from 'pg';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { deployMade, sumModel, text } from '../harness/models.ts';

let database: TestDatabase;
let client: pg.Client;
const roles: string[] = [];

/** Versions 1 to 3 take a and b, 4 takes a, c and a text d. */
beforeEach(async () => {
  database = await createTestDatabase();
  client = await database.client();
  for (const bias of [0, 100, 200]) await deployMade(client, 'sum', sumModel(['a', 'b'], { bias }));
  await deployMade(client, 'sum', sumModel(['a', 'c', text('d', 'x', 'y')]));
});

afterAll(async () => {
  for (const role of roles) await client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
});

async function rows(sql: string, on = client): Promise<unknown[][]> {
  return (await on.query<unknown[]>({ text: sql, rowMode: 'array' })).rows;
}

async function notices(work: () => Promise<unknown>): Promise<string[]> {
  const found: string[] = [];
  const note = (notice: { message?: string | undefined }) => found.push(notice.message ?? '');
  client.on('notice', note);
  await work();
  client.off('notice', note);
  return found;
}

const call = `SELECT pgscore.predict('sum', '{"a": 1, "b": 1}')`;
const champion = 'SELECT champion_version FROM pgscore.models';

describe('the same features', () => {
  test('promote, promote again, roll back twice, and no further', async () => {
    await client.query(`SELECT pgscore.promote('sum', 2); SELECT pgscore.promote('sum', 3)`);
    expect(await rows(`${call}`)).toEqual([[203]]);
    expect(
      await rows(
        'SELECT pgscore_models.sum(1, 1), (pgscore_models.sum__outputs(1, 1))[1], pgscore_models.sum__version()',
      ),
    ).toEqual([[203, 203, 3]]);
    expect(await notices(() => client.query(`SELECT pgscore.promote('sum', 3)`))).toEqual([
      'sum version 3 is the champion already',
    ]);
    expect(await rows(`SELECT pgscore.rollback('sum')`)).toEqual([[2]]);
    expect(await rows(call)).toEqual([[103]]);
    expect(await rows(`SELECT pgscore.rollback('sum')`)).toEqual([[1]]);
    expect(await rows(call)).toEqual([[3]]);
    await expect(client.query(`SELECT pgscore.rollback('sum')`)).rejects.toMatchObject({
      code: '55000',
      message: 'model sum has no promotion to take back',
    });
    await client.query(`SELECT pgscore.promote('sum', 2)`);
    expect(await rows(`SELECT pgscore.rollback('sum')`)).toEqual([[1]]);
    expect(await rows(champion)).toEqual([[1]]);
  });

  test('an unknown version or model is refused, naming those there are', async () => {
    await expect(client.query(`SELECT pgscore.promote('sum', 9)`)).rejects.toMatchObject({
      message: 'model sum has no version 9',
      hint: 'Its versions: 1, 2, 3, 4.',
    });
    await expect(client.query(`SELECT pgscore.promote('sum', NULL)`)).rejects.toMatchObject({
      code: '42704',
    });
    await expect(client.query(`SELECT pgscore.promote('summ', 1)`)).rejects.toMatchObject({
      hint: 'The models: sum.',
    });
    await expect(client.query(`SELECT pgscore.rollback('summ')`)).rejects.toMatchObject({ code: '42704' });
    await expect(client.query(`SELECT pgscore.drop_version('sum', 9)`)).rejects.toMatchObject({
      code: '42704',
    });
  });

  test('bindings, views and privileges go on', async () => {
    const role = `${database.name}_reader`;
    roles.push(role);
    await client.query(`
      CREATE ROLE ${role}; GRANT EXECUTE ON FUNCTION pgscore_models.sum TO ${role};
      CREATE VIEW v AS SELECT pgscore_models.sum(1, 1) AS p;
      CREATE TABLE t (a int, b int); SELECT pgscore.attach('sum', 't', version_column => 'v'); INSERT INTO t VALUES (1, 1);
      SELECT pgscore.promote('sum', 2); INSERT INTO t VALUES (1, 1)`);
    expect(await rows('SELECT sum_score, v FROM t ORDER BY v')).toEqual([
      [3, 1],
      [103, 2],
    ]);
    expect(await rows('SELECT p FROM v')).toEqual([[103]]);
    await client.query(`SET ROLE ${role}`);
    expect(await rows(call)).toEqual([[103]]);
    await client.query('RESET ROLE; DROP VIEW v');
    await client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    roles.pop();
  });

  test('with a version from before predict() read json, there and back', async () => {
    // What such a version's activation did not have.
    await client.query(String.raw`
      UPDATE pgscore_internal.versions SET activation = regexp_replace(activation,
        'CREATE OR REPLACE FUNCTION pgscore_models\."sum__(outputs_)?from_json"[^;]*;\nCOMMENT[^;]*;\n', '', 'g')
      WHERE version = 2`);
    const all = () =>
      rows(`SELECT pgscore.predict('sum', f), pgscore.predict('sum', f::json), pgscore.predict('sum', f::jsonb), pgscore.predict_raw('sum', f)
              FROM (SELECT '{"a": 1, "b": 1}'::text AS f) AS _`);
    await client.query(`SELECT pgscore.promote('sum', 2)`);
    expect(await all()).toEqual([[103, 103, 103, [103]]]);
    await client.query(`SELECT pgscore.promote('sum', 3)`);
    expect(await all()).toEqual([[203, 203, 203, [203]]]);
    await client.query(`SELECT pgscore.promote('sum', 4, rebind => true)`);
    await client.query(`SELECT pgscore.promote('sum', 2, rebind => true)`);
    expect(await all()).toEqual([[103, 103, 103, [103]]]);
    await expect(client.query(`SELECT pgscore.predict('sum', '{"a": 1}')`)).rejects.toMatchObject({
      message: 'model sum: absent: b',
    });
  });

  test('sessions with plans of their own see it at once', async () => {
    await client.query(`CREATE TABLE t (a int, b int); SELECT pgscore.attach('sum', 't')`);
    const other = await database.client();
    await other.query(`PREPARE scalar AS SELECT pgscore_models.sum($1, $2); PREPARE row AS SELECT pgscore.predict('sum', $1);
      PREPARE write AS INSERT INTO t VALUES (1, 1) RETURNING sum_score; SET plan_cache_mode = force_generic_plan`);
    const all = async () => [
      (await rows('EXECUTE scalar(1, 1)', other))[0]![0],
      (await rows(`EXECUTE row('{"a": 1, "b": 1}')`, other))[0]![0],
      (await rows('EXECUTE write', other))[0]![0],
    ];
    for (const [version, expected] of [
      [1, 3],
      [2, 103],
      [3, 203],
      [1, 3],
    ]) {
      await client.query(`SELECT pgscore.promote('sum', ${version})`);
      expect(await all()).toEqual([expected, expected, expected]);
      expect(await all()).toEqual([expected, expected, expected]);
    }
  });

  test('a promotion that is rolled back was none', async () => {
    await client.query(`BEGIN; SELECT pgscore.promote('sum', 2)`);
    expect(await rows(call)).toEqual([[103]]);
    await client.query('ROLLBACK');
    expect(await rows(call)).toEqual([[3]]);
    expect(await rows(champion)).toEqual([[1]]);
  });

  test('two at once: one after the other', async () => {
    const other = await database.client();
    await client.query(`BEGIN; SELECT pgscore.promote('sum', 2)`);
    const second = other.query(`SELECT pgscore.promote('sum', 3)`);
    await client.query('COMMIT');
    await second;
    expect(await rows(`SELECT pgscore.rollback('sum')`)).toEqual([[2]]);
  });
});

describe('other features', () => {
  test('are refused with the reason', async () => {
    await client.query(`CREATE TABLE t (a int, b int); SELECT pgscore.attach('sum', 't')`);
    await expect(client.query(`SELECT pgscore.promote('sum', 4)`)).rejects.toMatchObject({
      code: '55006',
      message: 'version 4 of sum takes other features than the champion',
      detail:
        'Champion: a number, b number.\nVersion 4: a number, c number, d text.\nBindings that use it: public.t.sum_score.',
      hint: expect.stringContaining(`pgscore.promote('sum', 4, rebind => true)`),
    });
    expect(await rows(call)).toEqual([[3]]);
  });

  test('with rebind: triggers are rebuilt in the same transaction, there and back', async () => {
    await client.query(`
      CREATE TABLE t (a int, b int, bb int, c int, d text, free int);
      SELECT pgscore.attach('sum', 't', features => '{"b": {"sql": "bb * 2"}}');
      CREATE TABLE u (a int, b int, c int, d text);
      SELECT pgscore.attach('sum', 'u');
      INSERT INTO t VALUES (1, 0, 1, 2, 'y');
      SELECT pgscore.promote('sum', 4, rebind => true);
      INSERT INTO t VALUES (1, 0, 1, 2, 'y'); INSERT INTO u VALUES (1, 0, 2, 'y')`);
    expect(await rows('SELECT sum_score FROM t ORDER BY 1')).toEqual([[5], [8]]);
    expect(await rows('SELECT sum_score FROM u')).toEqual([[8]]);
    expect(await rows(`SELECT features FROM pgscore.bindings WHERE relation = 't'::regclass`)).toEqual([
      [{ a: { column: 'a' }, c: { column: 'c' }, d: { column: 'd' } }],
    ]);
    await client.query(`UPDATE t SET d = 'x'; ALTER TABLE t DROP free`);
    expect(await rows('SELECT sum_score FROM t')).toEqual([[5], [5]]);
    expect(await rows(`SELECT pgscore.rollback('sum', rebind => true)`)).toEqual([[1]]);
    await client.query('UPDATE t SET bb = 10; UPDATE u SET b = 1');
    expect(await rows('SELECT sum_score FROM t')).toEqual([[41], [41]]);
    expect(await rows('SELECT sum_score FROM u')).toEqual([[3]]);
    expect(await rows('SELECT problem FROM pgscore.bindings')).toEqual([[null], [null]]);
  });

  test('with rebind, as a whole or not at all', async () => {
    await client.query(`
      CREATE TABLE good (a int, b int, c int, d text); SELECT pgscore.attach('sum', 'good');
      CREATE TABLE bad (a int, b int, c int, d int); SELECT pgscore.attach('sum', 'bad')`);
    await expect(client.query(`SELECT pgscore.promote('sum', 4, rebind => true)`)).rejects.toMatchObject({
      message: 'model sum cannot be attached to public.bad: 1 of its features cannot be fed',
      detail: expect.stringContaining('d: column d is of type integer'),
    });
    await client.query('INSERT INTO good VALUES (1, 1); INSERT INTO bad VALUES (1, 1)');
    expect(await rows('SELECT sum_score FROM good UNION ALL SELECT sum_score FROM bad')).toEqual([[3], [3]]);
    expect(await rows(champion)).toEqual([[1]]);
  });

  test('with rebind: privileges on the model’s function are kept, and none are added', async () => {
    const [reader, grantor] = [`${database.name}_reader`, `${database.name}_grantor`];
    roles.push(reader, grantor);
    await client.query(`
      CREATE ROLE ${reader}; CREATE ROLE ${grantor};
      GRANT EXECUTE ON FUNCTION pgscore_models.sum TO ${reader};
      GRANT EXECUTE ON FUNCTION pgscore_models.sum TO ${grantor} WITH GRANT OPTION;
      SELECT pgscore.promote('sum', 4, rebind => true)`);
    const granted = `SELECT a.grantee::regrole::text, a.is_grantable FROM pg_proc AS p, aclexplode(p.proacl) AS a
       WHERE p.oid = 'pgscore_models.sum'::regproc AND a.grantee <> p.proowner ORDER BY 1`;
    expect(await rows(granted)).toEqual([
      [grantor, true],
      [reader, false],
    ]);
    await client.query(`SET ROLE ${reader}`);
    expect(await rows(`SELECT pgscore.predict('sum', '{"a": 1, "c": 1, "d": "x"}')`)).toEqual([[3]]);
    await client.query(`RESET ROLE`);
    await client.query(
      `GRANT EXECUTE ON FUNCTION pgscore_models.sum TO PUBLIC; SELECT pgscore.rollback('sum', true)`,
    );
    expect(
      await rows(`SELECT has_function_privilege('${reader}', 'pgscore_models.sum(float8, float8)', 'EXECUTE'), EXISTS (
      SELECT FROM pg_proc AS p, aclexplode(p.proacl) AS a WHERE p.oid = 'pgscore_models.sum'::regproc AND a.grantee = 0)`),
    ).toEqual([[true, true]]);
    await client.query(`DROP OWNED BY ${reader}, ${grantor}; DROP ROLE ${reader}, ${grantor}`);
    roles.length = 0;
  });

  test('are refused by PostgreSQL where a view calls the function', async () => {
    await client.query('CREATE VIEW v AS SELECT pgscore_models.sum(1, 1)');
    await expect(client.query(`SELECT pgscore.promote('sum', 4, rebind => true)`)).rejects.toMatchObject({
      code: '2BP01',
      message: expect.stringContaining('cannot drop function pgscore_models.sum'),
      detail: expect.stringContaining('view public.v depends on function pgscore_models.sum'),
    });
    expect(await rows(call)).toEqual([[3]]);
  });

  test('a table that was dropped where no event trigger saw it is no hindrance', async () => {
    await client.query(`
      CREATE TABLE t (a int, b int); SELECT pgscore.attach('sum', 't');
      ALTER EVENT TRIGGER pgscore_guard_drops DISABLE; DROP TABLE t;
      SELECT pgscore.promote('sum', 4, rebind => true)`);
    expect(await rows('SELECT count(*)::int FROM pgscore.bindings')).toEqual([[0]]);
    expect(
      await rows(
        `SELECT count(*)::int FROM pg_proc WHERE proname LIKE 'binding\\_%' AND prorettype = 'trigger'::regtype`,
      ),
    ).toEqual([[0]]);
  });
});

test('a version is dropped: its functions and its place in the history go, the rest stays', async () => {
  await client.query(
    `SELECT pgscore.promote('sum', 2); SELECT pgscore.promote('sum', 3); SELECT pgscore.drop_version('sum', 2)`,
  );
  expect(await rows('SELECT version FROM pgscore.versions ORDER BY 1')).toEqual([[1], [3], [4]]);
  expect(await rows(`SELECT count(*)::int FROM pg_proc WHERE proname LIKE 'sum\\_v2\\_%'`)).toEqual([[0]]);
  expect(await rows(call)).toEqual([[203]]);
  await expect(client.query(`SELECT pgscore.drop_version('sum', 3)`)).rejects.toMatchObject({
    code: '55006',
  });
  await client.query(`SELECT pgscore.promote('sum', 1)`);
  const { version } = await deployMade(client, 'sum', sumModel(['a', 'b'], { bias: 7 }));
  expect(version).toBe(5);
});
