import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { deployMade, sumModel, text } from '../harness/models.ts';

/** The right to execute models is the model's plain function; roles belong to the server, so each run has its own. */
let database: TestDatabase;
let admin: pg.Client;
let caller: string;
let owner: string;
let churnV1: string;

beforeAll(async () => {
  database = await createTestDatabase();
  admin = await database.client();
  const model = sumModel(['a', text('b', 'x', 'y')], { labels: ['no', 'yes'] });
  const { migration } = await deployMade(admin, 'churn', model);
  churnV1 = migration!.functionName;
  await deployMade(admin, 'secret', model);
  caller = `${database.name}_caller`;
  owner = `${database.name}_owner`;
  await admin.query(`
    CREATE ROLE ${caller}; CREATE ROLE ${owner};
    GRANT EXECUTE ON FUNCTION pgscore_models.churn TO ${caller};
    GRANT CREATE ON DATABASE ${database.name} TO ${caller}, ${owner};
    CREATE TABLE customers (id int PRIMARY KEY, a int, b text, bad int);
    SELECT pgscore.attach('secret', 'customers', 's', label_column => 'l', on_error => 'null',
      features => '{"a": {"sql": "a / coalesce(bad, 1)"}}');
    INSERT INTO customers VALUES (0, 1, 'x', 1);
    GRANT SELECT, INSERT, UPDATE ON customers TO ${caller}`);
});

afterAll(async () => {
  await admin.query(
    `RESET SESSION AUTHORIZATION; DROP OWNED BY ${caller}, ${owner} CASCADE; DROP ROLE ${caller}, ${owner}`,
  );
});

beforeEach(async () => {
  await admin.query('ROLLBACK; RESET SESSION AUTHORIZATION; RESET search_path');
});

/** What a statement gives when that role runs it, in a transaction that is rolled back; or its SQLSTATE. */
async function as(role: string, sql: string): Promise<unknown> {
  await admin.query(`BEGIN; SET LOCAL SESSION AUTHORIZATION ${role}`);
  try {
    const result = await admin.query({ text: sql, rowMode: 'array' });
    return result.rows[0]?.[0] ?? null;
  } catch (error) {
    return (error as pg.DatabaseError).code;
  } finally {
    await admin.query('ROLLBACK');
  }
}

const FORMS = [
  `'{"a": 1, "b": "y"}'`,
  `'{"a": 1, "b": "y"}'::json`,
  `'{"a": 1, "b": "y"}'::jsonb`,
  `(SELECT c FROM (SELECT 1 AS a, 'y'::text AS b) AS c)`,
];
const CALLS = ['predict', 'predict_label', 'predict_proba', 'predict_raw'];

describe('a role that may execute one model', () => {
  test.each(CALLS.flatMap((call) => FORMS.map((form) => [call, form])))(
    'calls %s with %s',
    async (call, form) => {
      const result = await as(caller, `SELECT pgscore.${call}('churn', ${form})`);
      expect(result).not.toBeNull();
      expect(result).toEqual(await as('postgres', `SELECT pgscore.${call}('churn', ${form})`));
      expect(await as(caller, `SELECT pgscore.${call}('secret', ${form})`)).toBe('42501');
    },
  );

  test('calls the model itself', async () => {
    expect(await as(caller, `SELECT pgscore_models.churn(1, 'y')`)).toBeCloseTo(1 / (1 + Math.exp(-3)), 12);
  });

  test('calls nothing else, whatever the arguments', async () => {
    const { rows } = await admin.query<{
      name: string;
      constants: string;
      variables: string;
      nulls: string;
    }>(`
      SELECT format('%I.%I', n.nspname, p.proname) AS name, a.nulls, a.constants, a.variables
      FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace,
      LATERAL (
        SELECT coalesce(string_agg(format('NULL::%s', t.type), ', ' ORDER BY t.position), '') AS nulls,
               coalesce(string_agg(format('%s::%s', t.value, t.type), ', ' ORDER BY t.position), '') AS constants,
               coalesce(string_agg(format('(SELECT %s::%s FROM customers LIMIT 1)', t.value, t.type), ', ' ORDER BY t.position), '') AS variables
        FROM (
          SELECT format_type(u.type, NULL) AS type, u.position,
                 CASE format_type(u.type, NULL)
                   WHEN 'json' THEN $$'{"a": 1, "b": "y"}'$$ WHEN 'jsonb' THEN $$'{"a": 1, "b": "y"}'$$ WHEN 'text' THEN $$'y'$$ WHEN 'double precision' THEN '1'
                   WHEN 'double precision[]' THEN 'ARRAY[0.5, 1, 1, 2, 0.5, 0.5]' ELSE 'NULL' END AS value
          FROM unnest(p.proargtypes) WITH ORDINALITY AS u (type, position)
        ) AS t
      ) AS a
      WHERE n.nspname IN ('pgscore', 'pgscore_models', 'pgscore_internal')
      ORDER BY 1`);
    expect(rows.length).toBeGreaterThan(60);
    const allowed = new Set<string>();
    for (const { name, nulls, constants, variables } of rows) {
      for (const values of [nulls, constants, variables]) {
        if ((await as(caller, `SELECT ${name}(${values})`)) !== '42501') allowed.add(name);
      }
    }
    expect([...allowed].sort()).toEqual(
      [
        'pgscore.exact_features',
        'pgscore.features',
        'pgscore.features_as_json',
        'pgscore.predict',
        'pgscore.predict_label',
        'pgscore.predict_proba',
        'pgscore.predict_raw',
        'pgscore_models.churn',
        'pgscore_models.churn__from_json',
        'pgscore_models.churn__from_jsonb',
        'pgscore_models.churn__label',
        'pgscore_models.churn__outputs',
        'pgscore_models.churn__outputs_from_json',
        'pgscore_models.churn__outputs_from_jsonb',
        'pgscore_models.churn__proba',
        'pgscore_models.churn__raw',
        'pgscore_models.churn__version',
      ].sort(),
    );
  });

  test.each([
    ['constants', `SELECT pgscore_models.secret__from_jsonb('{"a": 1, "b": "y"}')`],
    [
      'constants behind a subquery',
      `SELECT pgscore_models.secret__from_jsonb(x) FROM (VALUES ('{"a": 1, "b": "y"}'::jsonb)) AS v (x)`,
    ],
    ['json', `SELECT pgscore_models.secret__from_json('{"a": 1, "b": "y"}')`],
    ['all outputs', `SELECT pgscore_models.secret__outputs(1, 'y')`],
    ['all outputs from json', `SELECT pgscore_models.secret__outputs_from_json('{"a": 1, "b": "y"}')`],
    ['all outputs from jsonb', `SELECT pgscore_models.secret__outputs_from_jsonb('{"a": 1, "b": "y"}')`],
    [
      'a plan for a parameter',
      `DO $$ BEGIN PERFORM pgscore.predict('secret', '{"a": 1, "b": "y"}'::jsonb); END $$`,
    ],
    [
      'a view of its own',
      `CREATE SCHEMA own CREATE VIEW v AS SELECT pgscore.predict('secret', '{"a": 1, "b": "y"}') AS p; SELECT p FROM own.v`,
    ],
    [
      'an index',
      `CREATE SCHEMA own CREATE TABLE t (a float8); INSERT INTO own.t VALUES (1); CREATE INDEX ON own.t (pgscore_models.secret_v1_x(a, 'y'))`,
    ],
    [
      'an aggregate',
      `CREATE SCHEMA own; CREATE AGGREGATE own.score(text) (sfunc = pgscore_models.secret, stype = float8, initcond = '1'); SELECT own.score('y')`,
    ],
  ])('cannot reach another model by %s', async (_, sql) => {
    const name = (await admin.query(`SELECT proname FROM pg_proc WHERE proname ~ '^secret_v1_[0-9a-f]{8}$'`))
      .rows[0].proname;
    for (const statement of [sql.replace('secret_v1_x', name)])
      expect(await as(caller, statement)).toBe('42501');
  });

  test('may prepare a call that it may not execute', async () => {
    await admin.query(`BEGIN; SET LOCAL SESSION AUTHORIZATION ${caller}; SET LOCAL plan_cache_mode = force_custom_plan;
      PREPARE p AS SELECT pgscore_models.secret__from_jsonb($1)`);
    await expect(admin.query(`EXECUTE p('{"a": 1, "b": "y"}')`)).rejects.toMatchObject({ code: '42501' });
    await admin.query('ROLLBACK; DEALLOCATE ALL');
  });

  test('reads none of the tables and views, and names nothing internal', async () => {
    const { rows } = await admin.query<{ name: string }>(
      `SELECT oid::regclass::text AS name FROM pg_class WHERE relkind IN ('r', 'v', 'S')
          AND relnamespace IN ('pgscore'::regnamespace, 'pgscore_internal'::regnamespace)`,
    );
    expect(rows.length).toBeGreaterThan(10);
    for (const { name } of rows) expect(await as(caller, `SELECT * FROM ${name}`)).toBe('42501');
    expect(await as(caller, `SELECT pgscore_internal.${churnV1}_value(NULL, 1, 1)`)).toBe('42501');
    expect(
      await as(caller, `CREATE FUNCTION pgscore_models.churn(x text) RETURNS int LANGUAGE sql RETURN 1`),
    ).toBe('42501');
    expect(
      await as(caller, `CREATE FUNCTION pgscore.predict(x text) RETURNS int LANGUAGE sql RETURN 1`),
    ).toBe('42501');
  });
});

test('PUBLIC calls no model', async () => {
  const { rows } = await admin.query<{ open: string }>(
    `SELECT p.oid::regprocedure::text AS open FROM pg_proc AS p
      WHERE pronamespace = 'pgscore_models'::regnamespace AND proname !~ '__(outputs|from_jsonb?|outputs_from_jsonb?|label|proba|raw|version)$'
        AND (proacl IS NULL OR EXISTS (SELECT FROM aclexplode(proacl) AS a WHERE a.grantee = 0))`,
  );
  expect(rows).toEqual([]);
  for (const form of FORMS) {
    for (const call of CALLS)
      expect(await as(owner, `SELECT pgscore.${call}('churn', ${form})`)).toBe('42501');
  }
  expect(await as(owner, `SELECT pgscore_models.churn(1, 'y')`)).toBe('42501');
});

test('views that are granted can be read', async () => {
  await admin.query(`GRANT SELECT ON ALL TABLES IN SCHEMA pgscore TO ${owner}`);
  expect(await as(owner, 'SELECT count(*)::int FROM pgscore.models')).toBe(2);
  expect(await as(owner, 'SELECT count(*)::int FROM pgscore.versions')).toBe(2);
  expect(await as(owner, 'SELECT problem IS NULL FROM pgscore.bindings')).toBe(true);
  expect(await as(owner, 'SELECT count(*)::int FROM pgscore.errors')).toBe(0);
  await admin.query(`REVOKE SELECT ON ALL TABLES IN SCHEMA pgscore FROM ${owner}`);
});

describe('an attached table', () => {
  test('is written by a role that may not execute the model, errors included', async () => {
    await admin.query(`SET SESSION AUTHORIZATION ${caller};
      INSERT INTO customers (id, a, b) VALUES (1, 1, 'y'); INSERT INTO customers VALUES (2, 1, 'y', 0);
      UPDATE customers SET a = 2 WHERE id = 1; RESET SESSION AUTHORIZATION`);
    const { rows } = await admin.query(
      'SELECT id, s > 0.9 AS high, l FROM customers WHERE id > 0 ORDER BY id',
    );
    expect(rows).toEqual([
      { id: 1, high: true, l: 'yes' },
      { id: 2, high: null, l: null },
    ]);
    expect((await admin.query('SELECT sqlstate FROM pgscore.errors')).rows).toEqual([{ sqlstate: '22012' }]);
  });

  test('does not lend its trigger function', async () => {
    const { rows } = await admin.query<{ name: string }>(
      `SELECT tgfoid::regproc::text AS name FROM pg_trigger WHERE tgrelid = 'customers'::regclass LIMIT 1`,
    );
    const use = `CREATE SCHEMA own CREATE TABLE t (a int, b text, bad int, s float8, l text)
      CREATE TRIGGER steal BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION ${rows[0]!.name}()`;
    expect(await as(caller, use)).toBe('42501');
    await admin.query(`GRANT USAGE ON SCHEMA pgscore_internal TO ${caller}`);
    expect(await as(caller, use)).toBe('42501');
    expect(await as(caller, `SELECT ${rows[0]!.name}()`)).not.toBeNull();
    await admin.query(`REVOKE USAGE ON SCHEMA pgscore_internal FROM ${caller}`);
    await expect(admin.query(`SELECT ${rows[0]!.name}()`)).rejects.toThrow('can only be called as triggers');
  });
});

/** Functions, operators and casts that raise when anything of pgscore runs them. */
const TRAPS = `
  CREATE SCHEMA trap;
  CREATE FUNCTION trap.spring() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trap sprung as %', current_user; END $$;
  CREATE FUNCTION trap.equal(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT trap.spring()';
  CREATE FUNCTION trap.equal(timestamptz, timestamptz) RETURNS boolean LANGUAGE sql AS 'SELECT trap.spring()';
  CREATE FUNCTION trap.divide(int, int) RETURNS int LANGUAGE sql AS 'SELECT trap.spring()::int';
  CREATE OPERATOR trap.= (leftarg = text, rightarg = text, function = trap.equal);
  CREATE OPERATOR trap.= (leftarg = timestamptz, rightarg = timestamptz, function = trap.equal);
  CREATE OPERATOR trap./ (leftarg = int, rightarg = int, function = trap.divide);
  CREATE FUNCTION trap.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT trap.spring()::text::timestamptz';
  CREATE FUNCTION trap.to_jsonb(anyelement) RETURNS jsonb LANGUAGE sql AS 'SELECT trap.spring()::text::jsonb';
  CREATE FUNCTION trap.to_jsonb(record) RETURNS jsonb LANGUAGE plpgsql AS 'BEGIN RETURN trap.spring()::text; END';
  CREATE FUNCTION trap.jsonb_typeof(jsonb) RETURNS text LANGUAGE sql AS 'SELECT trap.spring()::text';
  CREATE FUNCTION trap.length(text) RETURNS int LANGUAGE sql AS 'SELECT trap.spring()::int';
  CREATE FUNCTION trap.length(name) RETURNS int LANGUAGE sql AS 'SELECT trap.spring()::int';
  CREATE FUNCTION trap.quote_literal(text) RETURNS text LANGUAGE sql AS 'SELECT trap.spring()::text';
  CREATE FUNCTION trap.coalesce(text, text) RETURNS text LANGUAGE sql AS 'SELECT trap.spring()::text';
  SET search_path = trap, pg_catalog, public`;

describe('objects of the caller', () => {
  test('run in nothing that pgscore defines', async () => {
    for (const call of CALLS) {
      for (const form of FORMS) {
        const sql = `${TRAPS}; SELECT pgscore.${call}('churn', ${form})`;
        await admin.query(`BEGIN; SET LOCAL SESSION AUTHORIZATION ${caller}`);
        await admin.query(sql);
        await admin.query('ROLLBACK; RESET search_path');
      }
    }
    for (const [statement, code] of [
      [`SELECT pgscore.predict('churn', '{"a": "many"}')`, '22023'],
      [`SELECT pgscore.predict('nobody', '{"a": "many"}')`, '42704'],
    ] as const) {
      await admin.query(`BEGIN; SET LOCAL SESSION AUTHORIZATION ${caller}; ${TRAPS}`);
      await expect(admin.query(statement)).rejects.toMatchObject({ code });
      await admin.query('ROLLBACK; RESET search_path');
    }
    await admin.query(`BEGIN; SET LOCAL SESSION AUTHORIZATION ${caller}; ${TRAPS}`);
    await admin.query(`INSERT INTO public.customers VALUES (7, 1, 'y', 1), (8, 1, 'y', 0)`);
    await admin.query('ROLLBACK; RESET search_path');
  });

  test('of a table, neither casts nor functions, run with the rights of whoever attaches', async () => {
    await admin.query(`
      SET SESSION AUTHORIZATION ${owner};
      CREATE SCHEMA shop;
      CREATE TYPE shop.letter AS ENUM ('x', 'y');
      CREATE FUNCTION shop.spy(shop.letter) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
        BEGIN RAISE EXCEPTION 'spy runs as %', current_user; END $$;
      CREATE FUNCTION shop.spy_json(shop.letter) RETURNS json LANGUAGE plpgsql IMMUTABLE AS $$
        BEGIN RAISE EXCEPTION 'spy runs as %', current_user; END $$;
      CREATE TABLE shop.orders (id shop.letter PRIMARY KEY, a int, b shop.letter);
      RESET SESSION AUTHORIZATION;
      SELECT pgscore.attach('churn', 'shop.orders', features => '{"a": {"sql": "1 / a"}}', on_error => 'null');
      SET SESSION AUTHORIZATION ${owner};
      CREATE CAST (shop.letter AS text) WITH FUNCTION shop.spy(shop.letter) AS IMPLICIT;
      CREATE CAST (shop.letter AS json) WITH FUNCTION shop.spy_json(shop.letter);
      INSERT INTO shop.orders VALUES ('x', 1, 'y'), ('y', 0, 'y');
      ALTER TABLE shop.orders ALTER churn_score DROP DEFAULT;
      RESET SESSION AUTHORIZATION`);
    const { rows: scores } = await admin.query(
      'SELECT churn_score > 0.9 AS high FROM shop.orders ORDER BY id',
    );
    expect(scores).toEqual([{ high: true }, { high: null }]);
    const { rows: errors } = await admin.query(
      `SELECT row_key, sqlstate FROM pgscore.errors WHERE model = 'churn'`,
    );
    expect(errors).toEqual([{ row_key: { id: 'y' }, sqlstate: '22012' }]);
  });

  test.each([
    ['a function', 'shop2.twice(x)'],
    ['a type', `(CASE kind WHEN 'x' THEN 1 ELSE 2 END)`],
  ])('of a table, %s that generates a feature, is refused with the remedy', async (_, expression) => {
    await admin.query(`
      SET SESSION AUTHORIZATION ${owner};
      DROP SCHEMA IF EXISTS shop2 CASCADE; CREATE SCHEMA shop2;
      CREATE TYPE shop2.letter AS ENUM ('x', 'y');
      CREATE FUNCTION shop2.twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
      CREATE TABLE shop2.orders (x int, kind shop2.letter, a int GENERATED ALWAYS AS (${expression}) STORED,
        fine int GENERATED ALWAYS AS (x * 2) STORED, b text);
      RESET SESSION AUTHORIZATION`);
    await expect(admin.query(`SELECT pgscore.attach('churn', 'shop2.orders')`)).rejects.toMatchObject({
      detail: expect.stringContaining(`let ${owner}, who owns the table, attach the model`),
    });
    await admin.query(
      `SELECT pgscore.attach('churn', 'shop2.orders', features => '{"a": "fine"}'); INSERT INTO shop2.orders VALUES (1)`,
    );
    await admin.query(`CREATE TABLE shop2.mine AS TABLE shop2.orders WITH NO DATA; ALTER TABLE shop2.mine DROP a, ADD a int GENERATED ALWAYS AS (${expression}) STORED;
      SELECT pgscore.attach('churn', 'shop2.mine')`);
  });
});

test('what changes models is the owner’s, and can be granted', async () => {
  for (const call of [
    `attach('churn', 'customers')`,
    `detach('secret', 'customers')`,
    `promote('churn', 1)`,
    `rollback('churn')`,
    `drop_version('churn', 1)`,
  ]) {
    expect(await as(caller, `SELECT pgscore.${call}`)).toBe('42501');
  }
});
