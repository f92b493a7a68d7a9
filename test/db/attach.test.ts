import { describe, expect, inject, test } from 'vitest';
import { client, database, fails, firings, prepareAttachTests, rows, schema } from '../harness/attach.ts';

prepareAttachTests();

describe('what feeds a feature', () => {
  test('columns of the same name', async () => {
    await client.query(
      `CREATE TABLE t (a int, b numeric, c varchar(20)); SELECT pgscore.attach('score', 't')`,
    );
    await client.query(`INSERT INTO t VALUES (1, 2.5, 'z'), (NULL, NULL, NULL), (1, 1, 'unheard of')`);
    expect(await rows('SELECT score_score FROM t')).toEqual([[1 + 5 + 6], [-3], [1 + 2 - 6]]);
  });

  test.each([
    ['smallint', '7', 7],
    ['integer', '7', 7],
    ['bigint', '9007199254740993', 9007199254740992],
    ['real', '0.1', Math.fround(0.1)],
    ['double precision', `'-Infinity'`, -Infinity],
    ['numeric', `'NaN'`, 0],
    ['numeric(20, 10)', '0.1', 0.1],
    ['boolean', 'true', 1],
    ['positive', '3', 3],
  ])('a number from %s', async (type, literal, expected) => {
    await client.query(`
      CREATE DOMAIN positive AS int CHECK (VALUE > 0);
      CREATE TABLE t (a ${type}, b int);
      SELECT pgscore.attach('pair', 't');
      INSERT INTO t (a) VALUES (${literal})`);
    expect(await rows('SELECT pair_score FROM t')).toEqual([[expected]]);
  });

  test.each([
    ['text', 2],
    ['varchar', 2],
    ['char(5)', 2],
    ['name', 2],
    ['letter', 2],
    ['letter_domain', 2],
    ['text COLLATE ignoring_case', 2],
  ])('a text from %s', async (type, code) => {
    await client.query(`
      CREATE TYPE letter AS ENUM ('x', 'y', 'z');
      CREATE DOMAIN letter_domain AS letter;
      CREATE COLLATION ignoring_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      CREATE TABLE t (a int, b int, c ${type});
      SELECT pgscore.attach('score', 't');
      INSERT INTO t (c) VALUES ('z')`);
    expect(await rows('SELECT score_score FROM t')).toEqual([[3 * code]]);
  });

  test('a collation that takes different texts for equal does not reach the model', async () => {
    await client.query(`
      CREATE COLLATION ignoring_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      CREATE TABLE t (a int, b int, c text COLLATE ignoring_case);
      SELECT pgscore.attach('score', 't');
      INSERT INTO t (c) VALUES ('z'), ('Z');
      UPDATE t SET c = upper(c)`);
    expect(await rows('SELECT score_score FROM t')).toEqual([[-6], [-6]]);
  });

  test('other columns, by a map', async () => {
    await client.query(`
      CREATE TABLE t ("A b" int, "B%s" int, c text);
      SELECT pgscore.attach('score', 't', features => '{"a": "A b", "b": {"column": "B%s"}}');
      INSERT INTO t VALUES (1, 10, 'x')`);
    expect(await rows('SELECT score_score FROM t')).toEqual([[21]]);
  });

  test('expressions over the row, with a lookup in another table and functions that the caller sees', async () => {
    await client.query(`
      CREATE TABLE rates (country text PRIMARY KEY, rate float8);
      INSERT INTO rates VALUES ('de', 0.5), ('fr', 2);
      CREATE FUNCTION twice(x float8) RETURNS float8 LANGUAGE sql AS 'SELECT 2 * x';
      CREATE TABLE t (id int, amount int, country text, unrelated int);
      SELECT pgscore.attach('score', 't', features => '{
        "a": {"sql": "twice(t.amount) -- doubled"},
        "b": {"sql": "(SELECT rate FROM rates WHERE rates.country = t.country)"},
        "c": {"sql": "CASE WHEN amount % 2 = 0 THEN ''y'' ELSE ''%I'' END"}}');
      SET search_path = '';
    `);
    await client.query(`INSERT INTO ${schema}.t VALUES (1, 10, 'de'), (2, 11, 'fr'), (3, NULL, NULL)`);
    expect(await rows(`SELECT score_score FROM ${schema}.t`)).toEqual([[20 + 1 + 3], [22 + 4 - 6], [-6]]);
    await client.query(`UPDATE ${schema}.t SET country = 'fr' WHERE id = 1`);
    expect(await rows(`SELECT score_score FROM ${schema}.t WHERE id = 1`)).toEqual([[20 + 4 + 3]]);
    await client.query(`SET search_path = ${schema}`);
    expect(await firings('t', () => client.query('UPDATE t SET unrelated = 1'))).toBe(0);
  });

  test('generated columns, computed as they will be', async () => {
    const kinds = inject('pgscore').serverMajor >= 18 ? ['STORED', 'VIRTUAL'] : ['STORED'];
    for (const kind of kinds) {
      await client.query(`
        DROP TABLE IF EXISTS t;
        CREATE TABLE t (
          id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, x int, "a" int GENERATED ALWAYS AS ("x" * 10) ${kind}, b int,
          cc text GENERATED ALWAYS AS (CASE x WHEN 1 THEN 'y' ELSE 'z' END) ${kind}, other int);
        SELECT pgscore.attach('score', 't', features => '{"c": {"sql": "lower(cc)"}}');
        INSERT INTO t (x, b) VALUES (1, 1), (2, 2);
        UPDATE t SET x = 3 WHERE x = 2;
      `);
      expect(await rows('SELECT score_score FROM t ORDER BY id')).toEqual([[10 + 2 + 3], [30 + 4 + 6]]);
      expect(await firings('t', () => client.query('UPDATE t SET other = 1'))).toBe(0);
    }
  });

  test('identity columns', async () => {
    await client.query(`
      CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY, b int GENERATED BY DEFAULT AS IDENTITY (START 100), more int);
      SELECT pgscore.attach('pair', 't'); INSERT INTO t (more) VALUES (1), (2)`);
    expect(await rows('SELECT pair_score FROM t')).toEqual([[201], [204]]);
  });
});

describe('attach refuses', () => {
  test('features that cannot be fed, all in one error', async () => {
    await client.query('CREATE TABLE t (a timestamptz, "B" int, c int)');
    await fails(`SELECT pgscore.attach('score', 't')`, {
      code: '42804',
      message: `model score cannot be attached to ${schema}.t: 3 of its features cannot be fed`,
      detail: [
        'a: column a is of type timestamp with time zone, and the feature is a number: smallint, integer, bigint, real, double precision, numeric or boolean can feed it',
        `b: ${schema}.t has no column b`,
        'c: column c is of type integer, and the feature is a text: text, varchar, char, an enum, date, time, timestamp or timestamptz can feed it',
      ].join('\n'),
      hint: expect.stringContaining('Name another column or an expression'),
    });
    expect(
      await rows("SELECT count(*)::int FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0"),
    ).toEqual([[3]]);
  });

  test.each([
    ['a column that is not there', '{"b": "bb"}', '.t has no column bb'],
    [
      'an expression that is none',
      '{"b": {"sql": "a +"}}',
      'b: the expression a + fails: syntax error at or near ")"',
    ],
    [
      'an expression of another type',
      '{"b": {"sql": "now()"}}',
      'b: the expression now() is of type timestamp with time zone',
    ],
    [
      'an unknown column in an expression',
      '{"b": {"sql": "zz * 2"}}',
      'b: the expression zz * 2 fails: column "zz" does not exist',
    ],
    [
      'what is neither',
      '{"b": {"sqll": "a"}}',
      'b: {"sqll": "a"} is no column name and no {"sql": expression}',
    ],
    ['what is neither', '{"b": 3}', 'b: 3 is no column name and no {"sql": expression}'],
    [
      'the row as a whole',
      '{"b": {"sql": "(to_jsonb(t) ->> \'a\')::int + a"}}',
      'reads the row as a whole: name the columns that it needs',
    ],
    ['a system column', '{"b": {"sql": "t.tableoid::int8"}}', 'reads a system column'],
    ['money', '{"b": "m"}', 'b: column m is of type money'],
    ['a type of its own', '{"b": "own"}', '.int4, and the feature is a number'],
  ])('%s', async (_, map, detail) => {
    await client.query(
      `CREATE TYPE ${schema}.int4 AS ENUM ('1'); CREATE TABLE t (a int, m money, own ${schema}.int4)`,
    );
    await client.query('SELECT 1');
    await expect(
      client.query(`SELECT pgscore.attach('pair', 't', features => $1)`, [map]),
    ).rejects.toMatchObject({
      detail: expect.stringContaining(detail),
    });
  });

  test.each([
    ['an unknown model', `'scoer', 't'`, /there is no model 'scoer'/],
    ['NULL for a model', `NULL, 't'`, /there is no model NULL/],
    ['a view', `'pair', 'v'`, /^test_\d+\.v is no table$/],
    ['a materialized view', `'pair', 'm'`, /^test_\d+\.m is no table$/],
    ['a foreign table', `'pair', 'f'`, /^test_\d+\.f is no table$/],
    ['NULL for a table', `'pair', NULL`, /NULL is no table/],
    ['a partition', `'pair', 'p1'`, /^test_\d+\.p1 is a partition$/],
    [
      'features that the model does not have',
      `'pair', 't', features => '{"zz": "a", "Y": "a"}'`,
      /has no features named "Y", zz/,
    ],
    ['a map that is none', `'pair', 't', features => '["a"]'`, /features is a JSON array/],
    ['another on_error', `'pair', 't', on_error => 'ignore'`, /on_error is 'ignore', expected raise or null/],
    ['another mode', `'pair', 't', mode => 'queue'`, /mode is 'queue'/],
    [
      'a feature as its prediction',
      `'pair', 't', 'b'`,
      /column b of \S+t would feed model pair and take its prediction/,
    ],
    [
      'a column of another type',
      `'pair', 't', 'c'`,
      /column c of test_\d+\.t cannot take predictions: it is of type text/,
    ],
    [
      'an identity column',
      `'pair', 't', 'b2', version_column => 'id'`,
      /column id of test_\d+\.t cannot take predictions: it is an identity column/,
    ],
    [
      'a generated column',
      `'pair', 't', 'g'`,
      /column g of test_\d+\.t cannot take predictions: it is generated/,
    ],
    [
      'a system column',
      `'pair', 't', 'xmin'`,
      /column xmin of test_\d+\.t cannot take predictions: it is a system column/,
    ],
    [
      'one column for two things',
      `'pair', 't', 'p', label_column => 'p'`,
      /column p of test_\d+\.t cannot take predictions: it is of type double precision/,
    ],
  ])('%s', async (_, call, message) => {
    await client.query(`
      CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, a int, b float8, c text, g float8 GENERATED ALWAYS AS (a) STORED);
      CREATE VIEW v AS SELECT * FROM t; CREATE MATERIALIZED VIEW m AS SELECT * FROM t;
      CREATE EXTENSION IF NOT EXISTS file_fdw SCHEMA public;
      CREATE SERVER IF NOT EXISTS files FOREIGN DATA WRAPPER file_fdw;
      CREATE FOREIGN TABLE f (a int, b int) SERVER files OPTIONS (filename '/dev/null');
      CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p DEFAULT`);
    await fails(`SELECT pgscore.attach(${call})`, message);
    expect(await rows(`SELECT count(*)::int FROM pgscore.bindings WHERE relation = 't'::regclass`)).toEqual([
      [0],
    ]);
  });
});

describe('bindings come and go', () => {
  test('the same column twice is refused, another column is another binding', async () => {
    await client.query(`CREATE TABLE t (a int, b int); SELECT pgscore.attach('pair', 't')`);
    await fails(
      `SELECT pgscore.attach('pair', 't')`,
      /^test_\d+\.t\.pair_score takes the predictions of model pair already$/,
    );
    await fails(`SELECT pgscore.attach('kinds', 't', 'pair_score')`, {
      hint: expect.stringContaining(`SELECT pgscore.detach('pair', '${schema}.t', 'pair_score')`),
    });
    await client.query(`SELECT pgscore.attach('pair', 't', 'second'); INSERT INTO t VALUES (1, 1)`);
    expect(await rows('SELECT pair_score, second FROM t')).toEqual([[3, 3]]);
    await client.query(`SELECT pgscore.detach('pair', 't', 'second'); UPDATE t SET a = 2`);
    expect(await rows('SELECT pair_score, second FROM t')).toEqual([[4, 3]]);
  });

  test('detach leaves the column, says what is not attached, and allows a new attach', async () => {
    await client.query(
      `CREATE TABLE t (a int, b int); SELECT pgscore.attach('pair', 't'); INSERT INTO t VALUES (1, 1); SELECT pgscore.detach('pair', 't')`,
    );
    expect(await rows('SELECT pair_score FROM t')).toEqual([[3]]);
    await fails(`SELECT pgscore.detach('pair', 't')`, /^model pair is not attached to test_\d+\.t$/);
    expect(await rows(`SELECT count(*)::int FROM pg_trigger WHERE tgrelid = 't'::regclass`)).toEqual([[0]]);
    await client.query(`SELECT pgscore.attach('pair', 't'); UPDATE t SET a = 2`);
    expect(await rows('SELECT pair_score FROM t')).toEqual([[4]]);
  });

  test('a transaction that is rolled back leaves nothing', async () => {
    await client.query('CREATE TABLE t (a int, b int)');
    const before = await rows(
      `SELECT count(*) FROM pg_proc WHERE pronamespace = 'pgscore_internal'::regnamespace`,
    );
    await client.query(`BEGIN; SELECT pgscore.attach('pair', 't'); INSERT INTO t VALUES (1, 1); ROLLBACK`);
    expect(await rows('SELECT * FROM t')).toEqual([]);
    expect(await rows(`SELECT count(*)::int FROM pgscore.bindings WHERE relation = 't'::regclass`)).toEqual([
      [0],
    ]);
    expect(
      await rows(`SELECT count(*) FROM pg_proc WHERE pronamespace = 'pgscore_internal'::regnamespace`),
    ).toEqual(before);
    await client.query('INSERT INTO t VALUES (1, 1)');
  });

  test('the view says what is bound and how', async () => {
    await client.query(
      `CREATE TABLE t (a int, bb int); SELECT pgscore.attach('pair', 't', features => '{"b": "bb"}')`,
    );
    expect(
      await rows(`SELECT model, relation::text, value_column, features, on_error, mode, problem, attached_by
                         FROM pgscore.bindings WHERE relation = 't'::regclass`),
    ).toEqual([
      [
        'pair',
        't',
        'pair_score',
        { a: { column: 'a' }, b: { column: 'bb' } },
        'raise',
        'sync',
        null,
        'postgres',
      ],
    ]);
  });

  test('two sessions that attach at once', async () => {
    await client.query('CREATE TABLE t (a int, b int); CREATE TABLE u (a int, b int)');
    const second = await database.client();
    await second.query(`SET search_path = ${schema}`);
    await client.query(`BEGIN; SELECT pgscore.attach('pair', 't', features => '{"b": {"sql": "b + 1"}}')`);
    const attached = second.query(
      `SELECT pgscore.attach('kinds', 'u', features => '{"b": {"sql": "b + 1"}}')`,
    );
    await client.query('COMMIT');
    await attached;
    await client.query('INSERT INTO t VALUES (1, 1); INSERT INTO u VALUES (1, 1)');
    expect(await rows('SELECT pair_score FROM t UNION ALL SELECT round(kinds_score) FROM u')).toEqual([
      [5],
      [1],
    ]);
  });
});
