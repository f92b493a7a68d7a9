import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate } from '../../src/deploy/migrate.ts';
import { runProgram } from '../harness/cli.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { deployModel } from '../harness/deploy.ts';
import { deployMade, sumModel, text } from '../harness/models.ts';
import { pgTools } from '../harness/pg-tools.ts';

let source: TestDatabase;
let client: pg.Client;
let role: string;

beforeAll(async () => {
  source = await createTestDatabase();
  client = await source.client();
  await deployModel(client, 'telco/lightgbm-churn.txt', 'churn');
  await deployMade(client, 'sum', sumModel(['a', text('b', 'x', `y'"\\`)]));
  await deployMade(client, 'sum', sumModel(['a', text('b', 'x', `y'"\\`)], { bias: 10 }));
  const version = `pgscore_models.${(await deployMade(client, 'kinds', sumModel(['a'], { labels: ['no', 'yes'] }))).migration!.functionName}`;
  await client.query(`
    SELECT pgscore.promote('sum', 2);
    CREATE SCHEMA "Sh op"; CREATE TABLE "Sh op".rates (a int PRIMARY KEY, rate float8); INSERT INTO "Sh op".rates VALUES (1, 5);
    SET search_path = "Sh op", public;
    CREATE TABLE "Or ders" (id int PRIMARY KEY, a int, b text, twice int GENERATED ALWAYS AS (a * 2) STORED,
      g float8 GENERATED ALWAYS AS (${version}(a)) STORED);
    CREATE INDEX orders_score ON "Or ders" (${version}(a));
    SELECT pgscore.attach('sum', '"Or ders"', 's', features => '{"a": {"sql": "(SELECT rate FROM rates WHERE rates.a = twice / 2)"}}', on_error => 'null');
    SELECT pgscore.attach('kinds', '"Or ders"', features => '{"a": "twice"}', label_column => 'l', version_column => 'v');
    CREATE TABLE parts (id int, a int) PARTITION BY LIST (id); CREATE TABLE part1 PARTITION OF parts FOR VALUES IN (1);
    CREATE TABLE rest PARTITION OF parts DEFAULT;
    SELECT pgscore.attach('kinds', 'parts');
    CREATE TABLE "Wa it" ("I d" int, part text, x int, PRIMARY KEY (part, "I d")) PARTITION BY LIST (part);
    CREATE TABLE wait1 PARTITION OF "Wa it" DEFAULT;
    SELECT pgscore.attach('kinds', '"Wa it"', 'k', features => '{"a": "x"}', mode => 'async', max_lag => '5 s');
    CREATE TABLE totals (id int PRIMARY KEY);
    SELECT pgscore.attach('kinds', 'totals', 'k', mode => 'async', features =>
      '{"a": {"sql": "(SELECT sum(rate) FROM rates AS r WHERE r.a = id)", "reads": {"rates": "a"}}}');
    INSERT INTO "Wa it" VALUES (1, 'x', 1); INSERT INTO wait1 SELECT i, 'y', i FROM generate_series(2, 60) AS s (i);
    INSERT INTO totals VALUES (1); INSERT INTO rates VALUES (2, 7);
    INSERT INTO "Or ders" (id, a, b) VALUES (1, 1, 'x'), (2, NULL, 'y''"\\'), (3, -1, NULL);
    INSERT INTO parts VALUES (1, 1), (2, -1);
    CREATE VIEW scored AS SELECT id, pgscore_models.kinds(a) AS k, pgscore.predict('sum', o) AS p FROM "Or ders" AS o;
    CREATE MATERIALIZED VIEW kept AS SELECT * FROM scored`);
  role = `${source.name}_reader`;
  await client.query(`CREATE ROLE ${role}; GRANT EXECUTE ON FUNCTION pgscore_models.sum TO ${role}`);
});

afterAll(async () => {
  await client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
});

/** What people see: scores, state, privileges. */
async function picture(on: pg.Client): Promise<unknown> {
  await on.query('SET search_path = "Sh op", public');
  const query = async (sql: string) => (await on.query({ text: sql, rowMode: 'array' })).rows;
  return {
    orders: await query('SELECT * FROM "Or ders" ORDER BY id'),
    parts: await query('SELECT tableoid::regclass::text, * FROM parts ORDER BY id'),
    views: [await query('SELECT * FROM scored ORDER BY id'), await query('SELECT * FROM kept ORDER BY id')],
    models: await query('SELECT * FROM pgscore.models ORDER BY name'),
    versions: await query('SELECT * FROM pgscore.versions ORDER BY model, version'),
    bindings: await query(
      'SELECT model, relation::text, features, problem, on_error FROM pgscore.bindings ORDER BY id',
    ),
    jobs: await query(
      'SELECT binding, priority, key, keys, row_count FROM pgscore_internal.jobs ORDER BY id',
    ),
    queue: await query('SELECT binding, depth, max_lag, within_target FROM pgscore.queue ORDER BY binding'),
    features: [
      await query(`SELECT key, f0 FROM pgscore_internal.binding_4_read('{"[\\"x\\", \\"1\\"]"}')`),
      await query(`SELECT key, f0 FROM pgscore_internal.binding_5_read('{1}')`),
    ],
    rights: await query(
      `SELECT has_function_privilege('${role}', 'pgscore_models.sum(float8, text)', 'EXECUTE'), has_schema_privilege('${role}', 'pgscore_internal', 'USAGE')`,
    ),
    open: await query(`SELECT p.oid::regprocedure::text FROM pg_proc AS p WHERE pronamespace::regnamespace::text LIKE 'pgscore%'
      AND (proacl IS NULL OR EXISTS (SELECT FROM aclexplode(proacl) AS a WHERE a.grantee = 0)) ORDER BY 1`),
    events: await query('SELECT evtname, evtenabled FROM pg_event_trigger ORDER BY 1'),
    index: await query(
      `SELECT pg_get_indexdef('orders_score'::regclass), (SELECT indisvalid FROM pg_index WHERE indexrelid = 'orders_score'::regclass)`,
    ),
  };
}

async function emptyDatabase(): Promise<TestDatabase> {
  const target = await createTestDatabase();
  const admin = await target.client();
  await admin.query(
    `DROP SCHEMA pgscore, pgscore_models, pgscore_internal CASCADE; DROP EXTENSION ${target.engine} CASCADE`,
  );
  return target;
}

test.each(['plain SQL', 'custom format', 'directory, in parallel', 'schema and data apart'])(
  '%s',
  async (format) => {
    const tools = await pgTools();
    const target = await emptyDatabase();
    const file = join(await mkdtemp(join(tmpdir(), 'pgscore-dump-')), 'dump');
    const run = async (program: string, ...args: string[]) => {
      const result = await runProgram(program, args);
      expect(result, `${args.join(' ')}\n${result.stderr}`).toMatchObject({ code: 0 });
      expect(result.stderr).not.toMatch(/error|ERROR/);
    };
    const load = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', target.url, '-f'];
    if (format === 'plain SQL') {
      await run(tools.pg_dump, '-f', file, source.url);
      await run(tools.psql, ...load, file);
    } else if (format === 'custom format') {
      await run(tools.pg_dump, '-Fc', '-f', file, source.url);
      await run(tools.pg_restore, '--exit-on-error', '-d', target.url, file);
    } else if (format.startsWith('directory')) {
      await run(tools.pg_dump, '-Fd', '-j2', '-f', file, source.url);
      await run(tools.pg_restore, '--exit-on-error', '-j2', '-d', target.url, file);
    } else {
      await run(tools.pg_dump, '-Fc', '-f', file, source.url);
      await run(tools.pg_restore, '--exit-on-error', '--schema-only', '-d', target.url, file);
      await run(
        tools.pg_restore,
        '--exit-on-error',
        '--data-only',
        '--disable-triggers',
        '-d',
        target.url,
        file,
      );
      // To pg_restore, a materialized view's rows are part of the schema.
      await (await target.client()).query('REFRESH MATERIALIZED VIEW "Sh op".kept');
    }
    const restored = await target.client();
    expect(await picture(restored)).toEqual(await picture(client));
    expect(await migrate(target.url)).toMatchObject({ migrations: [], functions: false });

    for (const on of [client, restored]) {
      await on.query(
        `BEGIN; INSERT INTO "Or ders" (id, a, b) VALUES (10, 1, 'x'); UPDATE "Or ders" SET b = 'x', a = 2 WHERE id = 3; INSERT INTO parts VALUES (3, 3);
         INSERT INTO wait1 VALUES (100, 'z', 1); UPDATE "Wa it" SET x = 5 WHERE "I d" = 1; INSERT INTO rates VALUES (3, 8)`,
      );
    }
    expect(await picture(restored)).toEqual(await picture(client));
    await client.query('ROLLBACK');
    await restored.query('COMMIT');
    await expect(restored.query('ALTER TABLE "Or ders" RENAME a TO c')).rejects.toThrow(
      'would break the binding of model',
    );
    await restored.query(
      `SELECT pgscore.promote('sum', 1); SELECT pgscore.detach('kinds', 'parts'); SELECT pgscore.attach('kinds', 'parts')`,
    );
    await restored.query(`INSERT INTO parts VALUES (4, 0)`);
    expect((await restored.query('SELECT kinds_score AS k FROM parts WHERE id = 4')).rows).toEqual([
      { k: 0.5 },
    ]);
    expect(await deployMade(restored, 'kinds', sumModel(['a'], { labels: ['no', 'yes'] }))).toMatchObject({
      version: 1,
      exists: true,
    });
    expect(await deployMade(restored, 'kinds', sumModel(['a', 'b']))).toMatchObject({
      version: 2,
      exists: false,
    });
    await target.drop();
  },
);
