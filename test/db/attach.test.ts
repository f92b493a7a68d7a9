import type pg from 'pg';
import { beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { deployMade, sumModel, text } from '../harness/models.ts';

let database: TestDatabase;
let client: pg.Client;

// Each test attaches to tables of its own schema, which the search_path names first.
beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.client();
  // a + 2 b + 3 * code of c
  await deployMade(client, 'score', sumModel(['a', 'b', text('c', 'x', 'y', 'z')]));
  await deployMade(client, 'pair', sumModel(['a', 'b']));
  await deployMade(client, 'kinds', sumModel(['a', 'b'], { labels: ['low', 'high'] }));
});

let schemas = 0;
beforeEach(async () => {
  const schema = `test_${++schemas}`;
  await client.query(`ROLLBACK; CREATE SCHEMA ${schema}; SET search_path = ${schema}`);
});

async function rows(sql: string, on = client): Promise<unknown[][]> {
  return (await on.query<unknown[]>({ text: sql, rowMode: 'array' })).rows;
}

async function fails(sql: string, expected: object | RegExp): Promise<void> {
  const matcher = expected instanceof RegExp ? { message: expect.stringMatching(expected) } : expected;
  await expect(client.query(sql)).rejects.toMatchObject(matcher);
}

/** Rows written from here on are marked when a trigger of pgscore fires. */
async function firings(table: string, work: () => Promise<unknown>): Promise<number> {
  await client.query(`SET pgscore_test.fired = '0'`);
  const { rows: found } = await client.query<{ name: string; source: string }>(
    `SELECT p.proname AS name, p.prosrc AS source FROM pg_proc p JOIN pg_trigger t ON t.tgfoid = p.oid
      WHERE t.tgrelid = '${table}'::regclass AND p.proname LIKE 'binding%' LIMIT 1`,
  );
  const { name, source } = found[0]!;
  const count = `BEGIN\n  PERFORM set_config('pgscore_test.fired', (current_setting('pgscore_test.fired')::int + 1)::text, false);`;
  const replace = (body: string) =>
    client.query(
      `CREATE OR REPLACE FUNCTION pgscore_internal.${name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $_$${body}$_$`,
    );
  await replace(source.replace('BEGIN', count));
  await work();
  await replace(source);
  return Number((await rows(`SELECT current_setting('pgscore_test.fired')`))[0]![0]);
}

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
    const schema = `test_${schemas}`;
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
      message: `model score cannot be attached to test_${schemas}.t: 3 of its features cannot be fed`,
      detail: [
        'a: column a is of type timestamp with time zone, and the feature is a number: smallint, integer, bigint, real, double precision, numeric or boolean can feed it',
        `b: test_${schemas}.t has no column b`,
        'c: column c is of type integer, and the feature is a text: text, varchar, char or an enum can feed it',
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
      `CREATE TYPE test_${schemas}.int4 AS ENUM ('1'); CREATE TABLE t (a int, m money, own test_${schemas}.int4)`,
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

describe('writes', () => {
  beforeEach(async () => {
    await client.query(
      `CREATE TABLE t (id int PRIMARY KEY, a int, b int, other int); SELECT pgscore.attach('pair', 't', 'p')`,
    );
  });

  test('an UPDATE scores anew when a feature changes, and only then', async () => {
    await client.query('INSERT INTO t VALUES (1, 1, 1), (2, 2, 2)');
    expect(await firings('t', () => client.query('UPDATE t SET other = 5'))).toBe(0);
    expect(await firings('t', () => client.query('UPDATE t SET a = a, b = b'))).toBe(0);
    expect(await firings('t', () => client.query('UPDATE t SET b = 10 WHERE id = 1'))).toBe(1);
    expect(await rows('SELECT p FROM t ORDER BY id')).toEqual([[21], [6]]);
  });

  test('a prediction cannot be made untrue', async () => {
    await client.query('INSERT INTO t (id, a, b, p) VALUES (1, 1, 1, 99)');
    expect(await rows('SELECT p FROM t')).toEqual([[3]]);
    await client.query('UPDATE t SET p = 99');
    expect(await rows('SELECT p FROM t')).toEqual([[3]]);
    await client.query('UPDATE t SET p = 99, a = 2');
    expect(await rows('SELECT p FROM t')).toEqual([[4]]);
    await client.query('UPDATE t SET p = DEFAULT, other = 1');
    expect(await rows('SELECT p FROM t')).toEqual([[4]]);
    expect(await firings('t', () => client.query('UPDATE t SET p = NULL, a = 3'))).toBe(1);
  });

  test('upsert, MERGE, COPY, INSERT … SELECT, writable views', async () => {
    await client.query('INSERT INTO t VALUES (1, 1, 1)');
    await client.query(
      'INSERT INTO t VALUES (1, 5, 5), (2, 6, 6) ON CONFLICT (id) DO UPDATE SET a = excluded.a',
    );
    expect(await rows('SELECT id, p FROM t ORDER BY id')).toEqual([
      [1, 7],
      [2, 18],
    ]);
    if (inject('pgscore').serverMajor >= 15) {
      await client.query(`
        MERGE INTO t USING (VALUES (1, 0), (3, 7)) AS s (id, a) ON s.id = t.id
        WHEN MATCHED THEN UPDATE SET a = s.a
        WHEN NOT MATCHED THEN INSERT (id, a, b) VALUES (s.id, s.a, 0)`);
      expect(await rows('SELECT id, p FROM t ORDER BY id')).toEqual([
        [1, 2],
        [2, 18],
        [3, 7],
      ]);
    }
    await client.query(
      `CREATE VIEW v AS SELECT id, a, b FROM t; INSERT INTO v SELECT 9, 1, 1; UPDATE v SET b = 2 WHERE id = 9`,
    );
    expect(await rows('SELECT p FROM t WHERE id = 9')).toEqual([[5]]);
    await client.query(`COPY t (id, a, b) FROM PROGRAM 'printf "20\\t1\\t2\\n21\\t\\\\N\\t4\\n"'`);
    expect(await rows('SELECT p FROM t WHERE id >= 20 ORDER BY id')).toEqual([[5], [8]]);
  });

  test('a replica takes the rows as they come', async () => {
    await client.query(`
      SET session_replication_role = replica; INSERT INTO t VALUES (1, 1, 1, 1, 42); RESET session_replication_role`);
    expect(await rows('SELECT p FROM t')).toEqual([[42]]);
  });

  test('other BEFORE triggers are heard, whatever statement fires them', async () => {
    await client.query(`
      CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.a := NEW.other * 100; RETURN NEW; END';
      CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION fill();
      CREATE TRIGGER z BEFORE UPDATE OF other ON t FOR EACH ROW EXECUTE FUNCTION fill();
      INSERT INTO t VALUES (1, 1, 1, 2)`);
    expect(await rows('SELECT p FROM t')).toEqual([[202]]);
    await client.query('UPDATE t SET other = 3');
    expect(await rows('SELECT p FROM t')).toEqual([[302]]);
  });

  test('two models on one table, one that feeds on the other', async () => {
    await client.query(`
      SELECT pgscore.attach('pair', 't', 'q', features => '{"a": "p", "b": {"sql": "id * 1000"}}');
      SELECT pgscore.attach('kinds', 't', 'k', label_column => 'l');
      INSERT INTO t (id, a, b) VALUES (1, 1, 1), (2, -1, -1)`);
    expect(await rows('SELECT p, q, k > 0.5, l FROM t ORDER BY id')).toEqual([
      [3, 2003, true, 'high'],
      [-3, 3997, false, 'low'],
    ]);
    await client.query('UPDATE t SET b = 2 WHERE id = 1');
    expect(await rows('SELECT p, q FROM t WHERE id = 1')).toEqual([[5, 2005]]);
    await client.query('UPDATE t SET p = 0, q = 0 WHERE id = 1');
    expect(await rows('SELECT p, q FROM t WHERE id = 1')).toEqual([[5, 2005]]);
  });
});

test('label, version and time', async () => {
  await client.query(`
    CREATE TABLE t (a int, b int, l varchar(4), v bigint);
    SELECT pgscore.attach('kinds', 't', label_column => 'l', version_column => 'v', time_column => 'scored_at');
    INSERT INTO t VALUES (1, 1), (-1, NULL)`);
  expect(await rows('SELECT kinds_score > 0.5, l, v, scored_at = now() FROM t')).toEqual([
    [true, 'high', '1', false],
    [false, 'low', '1', false],
  ]);
  expect(await rows(`SELECT count(*)::int FROM t WHERE scored_at > now() - interval '1 minute'`)).toEqual([
    [2],
  ]);
  await client.query(`UPDATE t SET l = 'x', v = 0, scored_at = 'epoch'`);
  expect(await rows(`SELECT l, v, scored_at > 'epoch' FROM t`)).toEqual([
    ['high', '1', true],
    ['low', '1', true],
  ]);
});

test('prediction columns that are there already', async () => {
  await client.query(`CREATE TABLE t (a int, b int, p real, n numeric(6, 2));
    SELECT pgscore.attach('pair', 't', 'p'); SELECT pgscore.attach('pair', 't', 'n');
    INSERT INTO t VALUES (1, 2)`);
  expect(await rows('SELECT p, n FROM t')).toEqual([[5, '5.00']]);
});

test.each([
  ['reserved words and mixed case', 'Select Table', ['order', 'Mixed Case']],
  ['quotes and percent signs', `it's %s "the" $$table$$ %`, [`a"b'c`, '%1$s %%']],
  ['letters beyond ASCII', 'Überschuß', ['größe', '列']],
  ['backslashes and line ends', 'back\\slash', ['new\nline', 'tab\t\\']],
])('names with %s', async (_, table, columns) => {
  const [x, y] = columns as [string, string];
  const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;
  await client.query(
    `CREATE TABLE ${quote(table)} (${quote(x)} int, ${quote(y)} int, ${quote(`${x} twice`)} int GENERATED ALWAYS AS (2 * ${quote(x)}) STORED)`,
  );
  for (const [prediction, map] of [
    ['p "1"', { a: x, b: y }],
    ['%s', { a: `${x} twice`, b: { sql: `${quote(table)}.${quote(y)} + 0` } }],
  ] as const) {
    await client.query(
      `SELECT pgscore.attach('pair', $1::text::regclass, $2, $3, on_error => 'null', time_column => $4)`,
      [quote(table), prediction, map, `${prediction} at`],
    );
  }
  await client.query(`INSERT INTO ${quote(table)} VALUES (1, 1)`);
  expect(await rows(`SELECT "p ""1""", "%s" FROM ${quote(table)}`)).toEqual([[3, 4]]);
  await client.query(`UPDATE ${quote(table)} SET ${quote(x)} = 5`);
  expect(await rows(`SELECT "p ""1""", "%s" FROM ${quote(table)}`)).toEqual([[7, 12]]);
  await fails(
    `ALTER TABLE ${quote(table)} RENAME ${quote(x)} TO gone`,
    /this would break the binding of model pair/,
  );
  await client.query(
    `SELECT pgscore.detach('pair', '${quote(table).replaceAll("'", "''").replaceAll('\\', '\\')}')`,
  );
});

describe('partitioned tables', () => {
  beforeEach(async () => {
    await client.query(`
      CREATE TABLE t (id int, a int, b int, at int) PARTITION BY RANGE (at);
      CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10);
      -- Another column order, and a column that is no more.
      CREATE TABLE t2 (at int, gone text, b int, a int, id int);
      ALTER TABLE t2 DROP COLUMN gone;
      ALTER TABLE t ATTACH PARTITION t2 FOR VALUES FROM (10) TO (20) ;
      SELECT pgscore.attach('pair', 't', 'p', features => '{"b": {"sql": "b + at * 100"}}')`);
  });

  test('each partition scores, also one that comes later', async () => {
    await client.query(`
      CREATE TABLE t3 PARTITION OF t FOR VALUES FROM (20) TO (30) PARTITION BY LIST (id);
      CREATE TABLE t3_rest PARTITION OF t3 DEFAULT;
      CREATE TABLE t4 (p float8, at int, a int, b int, id int);
      ALTER TABLE t ATTACH PARTITION t4 FOR VALUES FROM (30) TO (40);
      INSERT INTO t VALUES (1, 1, 1, 1), (2, 2, 2, 12), (3, 3, 3, 23), (4, 4, 4, 34);
      INSERT INTO t2 (id, a, b, at) VALUES (5, 5, 5, 15)`);
    const truth = 'SELECT count(*)::int FROM t WHERE p = a + 2 * (b + at * 100)';
    expect(await rows(truth)).toEqual([[5]]);
    await client.query('UPDATE t SET a = a + 1');
    expect(await rows(truth)).toEqual([[5]]);
  });

  test('a row that moves between partitions takes its prediction along, or a new one', async () => {
    await client.query('INSERT INTO t VALUES (1, 1, 1, 1)');
    await client.query('UPDATE t SET at = 11, p = 0');
    expect(await rows('SELECT tableoid::regclass::text, p FROM t')).toEqual([['t2', 1 + 2 * 1101]]);
    await client.query('UPDATE t SET at = 2, a = 4');
    expect(await rows('SELECT tableoid::regclass::text, p FROM t')).toEqual([['t1', 4 + 2 * 201]]);
  });

  test('a partition that leaves, and detaching', async () => {
    await client.query(
      'ALTER TABLE t DETACH PARTITION t2; INSERT INTO t2 (id, a, b, at) VALUES (1, 1, 1, 1)',
    );
    expect(await rows('SELECT p FROM t2')).toEqual([[null]]);
    await client.query(`SELECT pgscore.detach('pair', 't'); INSERT INTO t VALUES (1, 1, 1, 1)`);
    expect(await rows('SELECT p FROM t')).toEqual([[null]]);
    expect(
      await rows(`SELECT count(*)::int FROM pg_trigger WHERE tgrelid IN ('t'::regclass, 't1'::regclass)`),
    ).toEqual([[0]]);
  });
});

describe('on_error', () => {
  const FAILING = `features => '{"b": {"sql": "100 / b"}}'`;

  test('raise: the statement fails, with the table in the context', async () => {
    await client.query(
      `CREATE TABLE t (id int PRIMARY KEY, a int, b int); SELECT pgscore.attach('pair', 't', ${FAILING})`,
    );
    await fails('INSERT INTO t VALUES (1, 1, 0)', {
      code: '22012',
      where: expect.stringContaining('pgscore_internal.binding_'),
    });
    expect(await rows('SELECT count(*)::int FROM t')).toEqual([[0]]);
  });

  test('null: the row is kept without a prediction, and the error with its key', async () => {
    await client.query(`
      CREATE TYPE size AS ENUM ('small', 'large');
      CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, "B" size, day date, a int, b int, PRIMARY KEY (id, "B", day));
      SELECT pgscore.attach('pair', 't', ${FAILING}, label_column => 'l', version_column => 'v', time_column => 'at', on_error => 'null');
      INSERT INTO t ("B", day, a, b) VALUES ('large', '2026-01-02', 1, 0), ('small', '2026-01-02', 1, 50)`);
    expect(await rows('SELECT pair_score, l, v, at IS NULL FROM t ORDER BY id')).toEqual([
      [null, null, null, true],
      [5, null, 1, false],
    ]);
    await client.query('UPDATE t SET b = 0 WHERE id = 2');
    expect(await rows('SELECT pair_score, v FROM t WHERE id = 2')).toEqual([[null, null]]);
    expect(
      await rows(`SELECT model, version, relation::text, value_column, row_key, operation, sqlstate, message
                    FROM pgscore.errors WHERE relation = 't'::regclass ORDER BY id`),
    ).toEqual([
      [
        'pair',
        1,
        't',
        'pair_score',
        { id: 1, B: 'large', day: '2026-01-02' },
        'INSERT',
        '22012',
        'division by zero',
      ],
      [
        'pair',
        1,
        't',
        'pair_score',
        { id: 2, B: 'small', day: '2026-01-02' },
        'UPDATE',
        '22012',
        'division by zero',
      ],
    ]);
    await client.query(`SELECT pgscore.detach('pair', 't')`);
    expect(await rows(`SELECT count(*)::int FROM pgscore.errors`)).toEqual([[0]]);
  });

  test('null: a table without a primary key', async () => {
    await client.query(
      `CREATE TABLE t (a int, b int); SELECT pgscore.attach('pair', 't', ${FAILING}, on_error => 'null'); INSERT INTO t VALUES (1, 0)`,
    );
    expect(await rows(`SELECT row_key, sqlstate FROM pgscore.errors WHERE relation = 't'::regclass`)).toEqual(
      [[null, '22012']],
    );
  });

  test('null: a cancelled statement stops all the same', async () => {
    // As a cancel arrives, which a session that runs PLJS no longer hears.
    await client.query(`
      CREATE TABLE t (a int, b int);
      CREATE FUNCTION cancelled(x int) RETURNS int LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'cancelled' USING ERRCODE = 'query_canceled'; END $$;
      SELECT pgscore.attach('pair', 't', features => '{"b": {"sql": "cancelled(b)"}}', on_error => 'null')`);
    await fails('INSERT INTO t VALUES (1, 1)', { code: '57014' });
    expect(await rows('SELECT count(*)::int FROM t')).toEqual([[0]]);
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
      hint: expect.stringContaining(`SELECT pgscore.detach('pair', 'test_${schemas}.t', 'pair_score')`),
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
    await second.query(`SET search_path = test_${schemas}`);
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
