import { readFileSync } from 'node:fs';
import type pg from 'pg';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { migrate } from '../../src/deploy/migrate.ts';
import { migrationScript } from '../../src/deploy/migration-script.ts';
import { quoteIdent } from '../../src/quote.ts';
import { runProgram } from '../harness/cli.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { deployMade, sumModel } from '../harness/models.ts';
import { pgTools } from '../harness/pg-tools.ts';

let database: TestDatabase;
let client: pg.Client;
const roles: string[] = [];

/** A database with a JavaScript language and nothing else: what users begin with. */
beforeEach(async () => {
  database = await createTestDatabase();
  client = await database.client();
  await client.query('DROP SCHEMA pgscore, pgscore_models, pgscore_internal CASCADE');
});

afterAll(async () => {
  for (const role of roles) await client.query(`DROP OWNED BY ${role} CASCADE`).catch(() => undefined);
});

const NOTHING = { migrations: [], functions: false };
const ALL = {
  migrations: ['001_registry', '002_version_content', '003_queue', '004_lean_jobs'],
  functions: true,
};

async function psql(url: string, input: string) {
  return runProgram((await pgTools()).psql, ['-XqAt', '-d', url], { input });
}

/** Everything that an installation is made of, without what differs by time. */
async function fingerprint(): Promise<unknown[]> {
  const { rows } = await client.query(`
    SELECT p.oid::regprocedure::text AS name, md5(pg_get_functiondef(p.oid)) AS text, p.proacl::text AS rights, obj_description(p.oid) AS comment
      FROM pg_proc AS p WHERE p.pronamespace::regnamespace::text LIKE 'pgscore%'
    UNION ALL
    SELECT c.oid::regclass::text, CASE c.relkind WHEN 'v' THEN md5(pg_get_viewdef(c.oid)) ELSE c.relkind::text END, c.relacl::text, obj_description(c.oid)
      FROM pg_class AS c WHERE c.relnamespace::regnamespace::text LIKE 'pgscore%'
    UNION ALL
    SELECT conname, pg_get_constraintdef(oid), NULL, NULL FROM pg_constraint WHERE connamespace::regnamespace::text LIKE 'pgscore%'
    UNION ALL
    SELECT evtname, evtevent, NULL, NULL FROM pg_event_trigger
    UNION ALL
    SELECT nspname, NULL, nspacl::text, obj_description(oid) FROM pg_namespace WHERE nspname LIKE 'pgscore%'
    ORDER BY 1, 2`);
  return rows;
}

async function works(on = client): Promise<void> {
  await deployMade(on, 'sum', sumModel(['a', 'b']));
  await on.query(
    `CREATE TABLE t (a int, b int); SELECT pgscore.attach('sum', 't'); INSERT INTO t VALUES (1, 2)`,
  );
  const { rows } = await on.query(`SELECT sum_score, pgscore.predict('sum', t) AS p FROM t`);
  expect(rows).toEqual([{ sum_score: 5, p: 5 }]);
}

test('installs, and finds nothing to do the second time', async () => {
  expect(await migrate(database.url)).toMatchObject(ALL);
  const first = await fingerprint();
  expect(await migrate(database.url)).toMatchObject(NOTHING);
  expect(await fingerprint()).toEqual(first);
  await works();
});

test('twenty at once', async () => {
  const results = await Promise.all(Array.from({ length: 20 }, () => migrate(database.url)));
  expect(results.filter((result) => result.functions)).toHaveLength(1);
  expect(results.filter((result) => result.migrations.length > 0)).toHaveLength(1);
  await works();
});

test('the script for psql gives the same, any number of times, and either goes on from the other', async () => {
  await migrate(database.url);
  const byProgram = await fingerprint();
  expect(await psql(database.url, migrationScript())).toMatchObject({
    code: 0,
    stderr: expect.not.stringContaining('ERROR'),
  });
  expect(await fingerprint()).toEqual(byProgram);
  await client.query('DROP SCHEMA pgscore, pgscore_models, pgscore_internal CASCADE');
  for (let i = 0; i < 2; i++)
    expect(await psql(database.url, migrationScript())).toMatchObject({
      code: 0,
      stdout: expect.any(String),
    });
  expect(await fingerprint()).toEqual(byProgram);
  expect(await migrate(database.url)).toMatchObject(NOTHING);
  await works();
});

test('the script and the program at once', async () => {
  const [result, script] = await Promise.all([migrate(database.url), psql(database.url, migrationScript())]);
  expect(script.code).toBe(0);
  expect([ALL, NOTHING]).toContainEqual({ migrations: result.migrations, functions: result.functions });
  await works();
});

test('whatever the role has set: search_path, isolation, quoting', async () => {
  await client.query(`
    CREATE SCHEMA mine; CREATE FUNCTION mine.now() RETURNS timestamptz LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''mine''; END';
    ALTER DATABASE ${quoteIdent(database.name)} SET search_path = mine, pg_catalog;
    ALTER DATABASE ${quoteIdent(database.name)} SET default_transaction_isolation = 'serializable';
    ALTER DATABASE ${quoteIdent(database.name)} SET standard_conforming_strings = off;
    ALTER DATABASE ${quoteIdent(database.name)} SET backslash_quote = off`);
  expect(await migrate(database.url)).toMatchObject(ALL);
  await client.query('DROP SCHEMA pgscore, pgscore_models, pgscore_internal CASCADE');
  expect(await psql(database.url, migrationScript())).toMatchObject({ code: 0 });
  await works(await database.client());
});

test('puts back what differs from this version, and keeps models and bindings', async () => {
  await migrate(database.url);
  await works();
  const before = await fingerprint();
  await client.query(
    `DROP FUNCTION pgscore.predict_raw(text, text); UPDATE pgscore_internal.installation SET sql_hash = 'older'`,
  );
  expect(await migrate(database.url)).toMatchObject({ migrations: [], functions: true });
  expect(await fingerprint()).toEqual(before);
  await client.query('INSERT INTO t VALUES (2, 2)');
  const { rows } = await client.query(`SELECT sum_score, pgscore.predict('sum', t) AS p FROM t ORDER BY a`);
  expect(rows).toEqual([
    { sum_score: 5, p: 5 },
    { sum_score: 6, p: 6 },
  ]);
});

describe('after an upgrade, bindings', () => {
  /** A sync and an async binding, whose functions an older version wrote otherwise, and belong to another role. */
  async function olderBindings(): Promise<{ owner: string; functions: string[]; before: unknown[] }> {
    await migrate(database.url);
    await deployMade(client, 'sum', sumModel(['a', 'b']));
    await client.query(
      `CREATE TABLE t (id int PRIMARY KEY, a int, b int); SELECT pgscore.attach('sum', 't', 'now'), pgscore.attach('sum', 't', 'later', mode => 'async')`,
    );
    const before = await fingerprint();
    const owner = `${database.name}_attacher`;
    roles.push(owner);
    await client.query(
      `CREATE ROLE ${owner}; DO $$ BEGIN EXECUTE format('GRANT %I TO ${owner}', current_user); END $$`,
    );
    const { rows } = await client.query<{ name: string }>(
      `SELECT p.oid::regprocedure::text AS name FROM pg_proc AS p WHERE p.proname ~ '^binding_[0-9]+' ORDER BY 1`,
    );
    const functions = rows.map(({ name }) => name);
    for (const name of functions) await client.query(`ALTER FUNCTION ${name} OWNER TO ${owner}`);
    await client.query(`
      CREATE OR REPLACE FUNCTION pgscore_internal.binding_1() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE OR REPLACE FUNCTION pgscore_internal.binding_2() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
      UPDATE pgscore_internal.installation SET sql_hash = 'older'`);
    return { owner, functions, before };
  }

  const withoutRights = (print: unknown[]) =>
    (print as Record<string, unknown>[]).map(({ name, text }) => [name, text]);

  test('get the functions of this version, which belong to whom they did', async () => {
    const { owner, functions, before } = await olderBindings();
    expect(functions.length).toBeGreaterThan(5);
    expect(await migrate(database.url)).toMatchObject({ functions: true, warnings: [] });
    expect(withoutRights(await fingerprint())).toEqual(withoutRights(before));
    const { rows } = await client.query(
      `SELECT DISTINCT pg_get_userbyid(proowner) AS owner FROM pg_proc WHERE proname ~ '^binding_[0-9]+'`,
    );
    expect(rows).toEqual([{ owner }]);
    await client.query('INSERT INTO t VALUES (1, 1, 2)');
    expect((await client.query('SELECT now FROM t')).rows).toEqual([{ now: 5 }]);
    expect((await client.query('SELECT key FROM pgscore_internal.jobs')).rows).toEqual([{ key: '1' }]);
  });

  test('that cannot get them work as they did, and are named', async () => {
    await olderBindings();
    await client.query(
      `UPDATE pgscore_internal.bindings SET features = '{"a": {"column": "gone"}}' WHERE value_column = 'now'`,
    );
    const { warnings } = await migrate(database.url);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^public\.t\.now keeps the functions of the pgscore that made it: .*no column gone.*refresh_bindings\(\)$/s,
      ),
    ]);
    await client.query('INSERT INTO t VALUES (1, 1, 2)');
    expect((await client.query('SELECT key FROM pgscore_internal.jobs')).rows).toEqual([{ key: '1' }]);
  });
});

test('a model from before predict() read json goes on', async () => {
  await migrate(database.url);
  await works();
  await client.query(`DROP FUNCTION pgscore_models.sum__from_json, pgscore_models.sum__outputs_from_json;
    UPDATE pgscore_internal.installation SET sql_hash = 'older'`);
  await migrate(database.url);
  const features = `'{"a": 1, "b": 2}'`;
  const { rows } = await client.query(
    `SELECT pgscore.predict('sum', ${features}) AS p, pgscore.predict_raw('sum', ${features}::json) AS raw`,
  );
  expect(rows).toEqual([{ p: 5, raw: [5] }]);
});

test('refuses an installation by a newer pgscore', async () => {
  await migrate(database.url);
  await client.query(`INSERT INTO pgscore_internal.migrations (name, run_on) VALUES ('999_future', now())`);
  await expect(migrate(database.url)).rejects.toMatchObject({
    code: 'PGS_DATABASE',
    message: expect.stringMatching(/is newer than this pgscore .* 999_future$/),
    hint: expect.stringContaining('Upgrade'),
  });
  const script = await psql(database.url, migrationScript());
  expect(script).toMatchObject({ code: 3, stderr: expect.stringContaining('newer than this pgscore') });
});

test('a failure leaves nothing half done, and the next call goes on', async () => {
  // A function of that name with another result cannot be replaced.
  await client.query(
    `CREATE SCHEMA pgscore; CREATE FUNCTION pgscore.predict(model text, features jsonb) RETURNS text LANGUAGE sql RETURN 'mine'`,
  );
  const before = await fingerprint();
  await expect(migrate(database.url)).rejects.toMatchObject({
    code: 'PGS_DATABASE',
    message: expect.stringContaining('return type'),
  });
  expect(await fingerprint()).toEqual(before);
  expect(await psql(database.url, migrationScript())).toMatchObject({ code: 3 });
  expect(await fingerprint()).toEqual(before);
  await client.query('DROP SCHEMA pgscore CASCADE');
  expect(await migrate(database.url)).toMatchObject(ALL);
  await works();
});

test('by the owner of a database who is no superuser: all but event triggers, and a notice that says so', async () => {
  const role = `${database.name}_owner`;
  roles.push(role);
  await client.query(`
    CREATE ROLE ${role} LOGIN PASSWORD 'of no use elsewhere';
    ALTER DATABASE ${quoteIdent(database.name)} OWNER TO ${role};
    ALTER SCHEMA public OWNER TO ${role}`);
  const url = new URL(database.url);
  url.username = role;
  url.password = 'of no use elsewhere';
  expect(await migrate(url.href)).toMatchObject(ALL);
  const script = await psql(url.href, migrationScript());
  expect(script).toMatchObject({ code: 0, stderr: expect.stringContaining('may not create event triggers') });
  expect((await client.query('SELECT FROM pg_event_trigger')).rowCount).toBe(0);

  await client.query(`SET SESSION AUTHORIZATION ${role}`);
  await works();
  await expect(client.query('ALTER TABLE t DROP a')).rejects.toMatchObject({
    detail: expect.stringMatching(/zz_pgscore_\d+_\w+_sum/),
  });
  await expect(client.query('ALTER TABLE t ALTER b TYPE float8')).rejects.toMatchObject({
    detail: expect.stringMatching(/zz_pgscore_\d+_\w+_sum/),
  });
  await client.query(`DROP TABLE t`);
  expect((await client.query('SELECT problem FROM pgscore.bindings')).rows).toEqual([
    { problem: 'the table is gone' },
  ]);
  await client.query(
    `CREATE TABLE t (a int, b int); SELECT pgscore.attach('sum', 't'); INSERT INTO t VALUES (1, 1)`,
  );
  expect((await client.query('SELECT problem FROM pgscore.bindings')).rows).toEqual([{ problem: null }]);
  await client.query(
    `SELECT pgscore.detach('sum', 't'); SELECT pgscore.drop_version('sum', 1); RESET SESSION AUTHORIZATION`,
  );
  await client.query(`ALTER DATABASE ${quoteIdent(database.name)} OWNER TO CURRENT_USER`);
  await client.query(`REASSIGN OWNED BY ${role} TO CURRENT_USER; DROP OWNED BY ${role}; DROP ROLE ${role}`);
});

test('the down part takes everything away, also from attached tables', async () => {
  await migrate(database.url);
  await works();
  for (const name of ALL.migrations.toReversed()) {
    const migration = readFileSync(new URL(`../../migrations/${name}.sql`, import.meta.url), 'utf8');
    await client.query(migration.split('-- Down Migration')[1]!);
  }
  await client.query(`DELETE FROM pgscore_internal.migrations`);
  await client.query('INSERT INTO t VALUES (9, 9); ALTER TABLE t DROP a');
  const { rows } = await client.query(
    `SELECT proname FROM pg_proc WHERE pronamespace::regnamespace::text LIKE 'pgscore%' ORDER BY 1`,
  );
  expect(rows).toEqual([]);
  expect(await migrate(database.url)).toMatchObject(ALL);
});
