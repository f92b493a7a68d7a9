import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import { describe, expect, inject, test } from 'vitest';
import { client, fails, prepareAttachTests, rows, schema } from '../harness/attach.ts';
import { bindingOf, jobs, queued, score } from '../harness/queue.ts';

prepareAttachTests();

const SUMS = 'SELECT count(*)::int, count(*) FILTER (WHERE pair_score = a + 2 * b)::int FROM';

async function attachTo(definition: string, name = 't'): Promise<void> {
  await client.query(
    `CREATE TABLE ${name} ${definition}; SELECT pgscore.attach('pair', '${name}', mode => 'async')`,
  );
}

async function copy(table: string, lines: readonly string[]): Promise<void> {
  await pipeline(
    Readable.from(lines.map((line) => `${line}\n`)),
    client.query(copyFrom(`COPY ${table} FROM STDIN`)),
  );
}

test('triggers of the table find what they name when a prediction is written', async () => {
  await attachTo('(id int PRIMARY KEY, a int, b int)');
  await client.query(`
    CREATE TABLE log (id int);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO log VALUES (NEW.id); RETURN NULL; END $$;
    CREATE TRIGGER note AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION note();
    INSERT INTO t VALUES (1, 1, 1)`);
  await score(client, 't');
  expect(await rows('SELECT t.pair_score, log.id FROM t JOIN log USING (id)')).toEqual([[3, 1]]);
});

describe('statements', () => {
  test('COPY, of few rows and of many', async () => {
    await attachTo('(id int PRIMARY KEY, a int, b int)');
    await copy('t (id, a, b)', ['1\t1\t1', '2\t2\t2']);
    expect(await queued(client, 't')).toEqual(['1', '2']);
    await copy(
      't (id, a, b)',
      Array.from({ length: 700 }, (_, i) => `${i + 10}\t1\t1`),
    );
    expect(new Set(await queued(client, 't')).size).toBe(702);
    await score(client, 't');
    expect(await rows(`${SUMS} t`)).toEqual([[702, 702]]);
  });

  test('INSERT … ON CONFLICT DO UPDATE: the rows that it makes and those that it changes', async () => {
    await attachTo('(id int PRIMARY KEY, a int, b int)');
    await client.query('INSERT INTO t VALUES (1, 1, 1), (2, 2, 2)');
    await score(client, 't');
    const upsert = (values: string) =>
      client.query(
        `INSERT INTO t (id, a, b) VALUES ${values} ON CONFLICT (id) DO UPDATE SET a = excluded.a, b = excluded.b`,
      );
    await upsert('(1, 1, 1), (2, 5, 5), (3, 3, 3)');
    expect((await queued(client, 't')).sort()).toEqual(['2', '3']);
    await client.query('INSERT INTO t (id, a) VALUES (1, 9) ON CONFLICT DO NOTHING');
    await score(client, 't');
    expect(await queued(client, 't')).toEqual([]);
    await client.query('INSERT INTO t (id, a, b) VALUES (1, 7, 7) ON CONFLICT (id) DO UPDATE SET id = 100');
    expect(await queued(client, 't')).toEqual(['100']);
  });

  test('MERGE: what it inserts, changes and deletes', async () => {
    if (inject('pgscore').serverMajor < 15) return;
    await attachTo('(id int PRIMARY KEY, a int, b int)');
    await client.query('INSERT INTO t VALUES (1, 1, 1), (2, 2, 2), (3, 3, 3)');
    await score(client, 't');
    await client.query('UPDATE t SET a = 9 WHERE id = 3');
    await client.query(`MERGE INTO t USING (VALUES (1, 1), (2, 5), (3, 3), (4, 4)) AS s (id, a) ON t.id = s.id
      WHEN MATCHED AND t.id = 3 THEN DELETE WHEN MATCHED THEN UPDATE SET a = s.a
      WHEN NOT MATCHED THEN INSERT (id, a, b) VALUES (s.id, s.a, 1)`);
    expect((await queued(client, 't')).sort()).toEqual(['2', '4']);
    await score(client, 't');
    expect(await rows(`${SUMS} t`)).toEqual([[3, 3]]);
  });

  test('several in one WITH', async () => {
    await attachTo('(id int PRIMARY KEY, a int, b int)');
    await client.query('INSERT INTO t VALUES (1, 1, 1), (2, 2, 2)');
    await score(client, 't');
    await client.query(`WITH i AS (INSERT INTO t VALUES (3, 3, 3)), d AS (DELETE FROM t WHERE id = 2)
      UPDATE t SET a = 8 WHERE id = 1`);
    expect((await queued(client, 't')).sort()).toEqual(['1', '3']);
  });

  test('the cascade of a foreign key', async () => {
    await client.query('CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1), (2)');
    await attachTo(
      '(id int PRIMARY KEY, a int REFERENCES parent ON UPDATE CASCADE ON DELETE CASCADE, b int)',
    );
    await client.query('INSERT INTO t VALUES (1, 1, 1), (2, 2, 2)');
    await score(client, 't');
    await client.query('UPDATE parent SET id = 3 WHERE id = 1');
    expect(await queued(client, 't')).toEqual(['1']);
    await client.query('DELETE FROM parent');
    expect(await queued(client, 't')).toEqual([]);
  });

  test('an UPDATE of many rows queues those that change, each once', async () => {
    await attachTo('(id int PRIMARY KEY, a int, b int)');
    await client.query('INSERT INTO t SELECT i, i, i FROM generate_series(1, 3000) AS s (i)');
    await score(client, 't');
    await client.query('UPDATE t SET a = CASE WHEN id % 2 = 0 THEN a + 1 ELSE a END');
    const keys = await queued(client, 't');
    expect([keys.length, new Set(keys).size]).toEqual([1500, 1500]);
    await score(client, 't');
    expect(await rows(`${SUMS} t`)).toEqual([[3000, 3000]]);
  });

  test('an UPDATE of many rows that wait already, in pages or by themselves, queues none twice', async () => {
    await attachTo('(id int PRIMARY KEY, a int, b int)');
    await client.query('INSERT INTO t SELECT i, i, i FROM generate_series(1, 2000) AS s (i)');
    await client.query(
      'UPDATE t SET a = a + 1; UPDATE t SET id = id + 1000 WHERE id > 1500; UPDATE t SET a = 0',
    );
    const keys = await queued(client, 't');
    expect(keys.filter((key) => Number(key) <= 1500).length).toBe(1500);
    expect(new Set(keys).size).toBe(keys.length);
    await score(client, 't');
    expect(await rows(`${SUMS} t`)).toEqual([[2000, 2000]]);
  });

  test('of rows that a page holds, a job of their own ends with the page', async () => {
    await attachTo('(id int PRIMARY KEY, a int, b int)');
    await client.query('INSERT INTO t SELECT i, i, i FROM generate_series(1, 100) AS s (i)');
    await client.query('UPDATE t SET a = 0 WHERE id <= 3');
    expect((await jobs(client, 't')).length).toBe(4);
    const { Sidecar } = await import('../harness/queue.ts');
    const sidecar = new Sidecar(client, await bindingOf(client, 't'));
    expect((await sidecar.claim(1)).length).toBe(100);
    await sidecar.read();
    await sidecar.lock();
    await sidecar.fence();
    await sidecar.write();
    await sidecar.finish();
    await sidecar.commit();
    expect(await jobs(client, 't')).toEqual([]);
    expect(await rows(`${SUMS} t`)).toEqual([[100, 100]]);
  });
});

describe('keys', () => {
  test.each([
    ['text', 'text', `E'it''s {a,"b"}\\\\ \\n'`, `'NULL'`],
    ['char(n)', 'char(6)', `'ab'`, `'cd'`],
    ['uuid', 'uuid', `'00000000-0000-0000-0000-000000000001'`, `'ffffffff-ffff-ffff-ffff-ffffffffffff'`],
    ['timestamptz', 'timestamptz', `'2024-02-29 12:00:00.123456+02'`, `'infinity'`],
    ['date', 'date', `'2024-02-29'`, `'4000-01-02 BC'`],
    ['interval', 'interval', `'1 month -3 days 04:05:06.7'`, `'-1 year'`],
    ['float8', 'float8', '0.1::float8 + 0.2', `'NaN'`],
    ['numeric', 'numeric', '1.50', '-0.0001'],
    ['bytea', 'bytea', `'\\x00ff'`, `''`],
    ['boolean', 'boolean', 'true', 'false'],
    ['an array', 'text[]', `'{a,NULL,"b c"}'`, `'{}'`],
    ['jsonb', 'jsonb', `'{"a": 1}'`, `'"x"'`],
    ['an enum', 'mood', `'sad,'`, `'o"k'`],
    ['a domain', 'code', `'x1'`, `'x2'`],
    ['two columns', 'int, k2 text', `7, 'a,"b'`, `7, 'NULL'`],
    [
      'three columns',
      'date, k2 mood, k3 float8',
      `'2024-01-01', 'sad,', 1e-300`,
      `'infinity', 'o"k', 'Infinity'`,
    ],
  ])('of %s', async (_, type, one, two) => {
    await client.query(
      `CREATE TYPE mood AS ENUM ('sad,', 'o"k'); CREATE DOMAIN code AS varchar(4) CHECK (value LIKE 'x%')`,
    );
    const columns = ['"K 1"', ...[...type.matchAll(/k\d/g)].map(String)].join(', ');
    await attachTo(`("K 1" ${type}, a int, b int, PRIMARY KEY (${columns}))`);
    await client.query(`SET datestyle = 'SQL, DMY'; SET intervalstyle = 'sql_standard'; SET timezone = 'Asia/Tokyo';
      SET extra_float_digits = -3; SET bytea_output = 'escape'`);
    await client.query(`INSERT INTO t VALUES (${one}, 1, 1), (${two}, 2, 2)`);
    await client.query(
      `RESET datestyle; RESET intervalstyle; RESET timezone; RESET extra_float_digits; RESET bytea_output`,
    );
    await client.query('UPDATE t SET a = 5');
    expect((await jobs(client, 't')).length).toBe(2);
    await score(client, 't');
    expect(await rows(`${SUMS} t`)).toEqual([[2, 2]]);
    expect(await jobs(client, 't')).toEqual([]);
  });

  test.each([
    ['bigint', 'i'],
    ['uuid', `md5(i::text)::uuid`],
    ['text', `i || ',"\\'`],
    ['date', `'2000-01-01'::date + i`],
  ])('of %s in pages', async (type, value) => {
    await attachTo(`(id ${type} PRIMARY KEY, a int, b int)`);
    await client.query(`INSERT INTO t SELECT ${value}, i, i FROM generate_series(1, 1100) AS s (i)`);
    await score(client, 't');
    expect(await rows(`${SUMS} t`)).toEqual([[1100, 1100]]);
  });

  test('two columns in pages', async () => {
    await attachTo('(x int, y text, a int, b int, PRIMARY KEY (y, x))');
    await client.query(`INSERT INTO t SELECT i, 'y' || i % 7, i, i FROM generate_series(1, 1100) AS s (i)`);
    await score(client, 't');
    expect(await rows(`${SUMS} t`)).toEqual([[1100, 1100]]);
  });

  test('of a type with a cast that a user made are refused', async () => {
    await client.query(`CREATE TYPE mood AS ENUM ('a');
      CREATE FUNCTION spy(text) RETURNS mood LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
      CREATE CAST (text AS mood) WITH FUNCTION spy(text); CREATE TABLE t (id mood PRIMARY KEY, a int, b int)`);
    await fails(
      `SELECT pgscore.attach('pair', 't', mode => 'async')`,
      /text is cast to by a function that a user made/,
    );
  });
});

describe('a partitioned table', () => {
  const PARTS = `(region text, id int, a int, b int, PRIMARY KEY (region, id)) PARTITION BY LIST (region);
    CREATE TABLE north PARTITION OF t FOR VALUES IN ('n');
    CREATE TABLE south PARTITION OF t FOR VALUES IN ('s') PARTITION BY RANGE (id);
    CREATE TABLE south1 PARTITION OF south DEFAULT`;

  test.each([
    ['the root', 't'],
    ['a partition', 'north'],
    ['a partition that is partitioned', 'south'],
    ['a leaf', 'south1'],
  ])('written through %s', async (_, target) => {
    await attachTo(PARTS);
    const region = target === 'north' || target === 't' ? 'n' : 's';
    await client.query(
      `INSERT INTO ${target} (region, id, a, b) VALUES ('${region}', 1, 1, 1), ('${region}', 2, 2, 2)`,
    );
    expect(await queued(client, 't')).toEqual([`["${region}", "1"]`, `["${region}", "2"]`]);
    await score(client, 't');
    await client.query(`UPDATE ${target} SET a = 4 WHERE id = 2`);
    expect(await queued(client, 't')).toEqual([`["${region}", "2"]`]);
    await client.query(`DELETE FROM ${target} WHERE id = 2`);
    expect(await queued(client, 't')).toEqual([]);
    expect(await rows(`${SUMS} t`)).toEqual([[1, 1]]);
  });

  test('a row that moves to another partition is queued under its new key', async () => {
    await attachTo(PARTS);
    await client.query(`INSERT INTO t VALUES ('n', 1, 1, 1)`);
    await score(client, 't');
    await client.query(`UPDATE t SET region = 's'`);
    expect(await queued(client, 't')).toEqual(['["s", "1"]']);
    await score(client, 't');
    expect(await rows(`${SUMS} south1`)).toEqual([[1, 1]]);
  });

  test('new, attached and detached partitions', async () => {
    await attachTo(PARTS);
    await client.query(`CREATE TABLE east PARTITION OF t FOR VALUES IN ('e');
      CREATE TABLE west (id int NOT NULL, b int, pair_score float8, region text NOT NULL, a int);
      ALTER TABLE t ATTACH PARTITION west FOR VALUES IN ('w');
      INSERT INTO east VALUES ('e', 1, 1, 1); INSERT INTO west (region, id, a, b) VALUES ('w', 1, 1, 1)`);
    expect(await queued(client, 't')).toEqual(['["e", "1"]', '["w", "1"]']);
    await score(client, 't');
    expect(await rows(`${SUMS} t`)).toEqual([[2, 2]]);
    await client.query(`ALTER TABLE t DETACH PARTITION north; INSERT INTO north VALUES ('n', 9, 9, 9)`);
    expect(await queued(client, 't')).toEqual([]);
  });

  test('one that was made without the event trigger shows as a problem, and attaching anew helps', async () => {
    await attachTo(PARTS);
    await client.query(`ALTER EVENT TRIGGER pgscore_guard_bindings DISABLE;
      CREATE TABLE east PARTITION OF t FOR VALUES IN ('e');
      ALTER EVENT TRIGGER pgscore_guard_bindings ENABLE`);
    const problem = `SELECT problem FROM pgscore.bindings WHERE relation = 't'::regclass`;
    expect(await rows(problem)).toEqual([[`partition ${schema}.east is not watched: attach the model anew`]]);
    await client.query(`ALTER TABLE t ADD more int`);
    await client.query(
      `SELECT pgscore.detach('pair', 't'); SELECT pgscore.attach('pair', 't', mode => 'async')`,
    );
    expect(await rows(problem)).toEqual([[null]]);
  });
});

describe('beside others', () => {
  test('a sync binding’s prediction feeds an async one', async () => {
    await client.query(`CREATE TABLE t (id int PRIMARY KEY, a int, b int);
      SELECT pgscore.attach('pair', 't', 'fast');
      SELECT pgscore.attach('pair', 't', 'deep', features => '{"a": "fast"}', mode => 'async');
      INSERT INTO t VALUES (1, 1, 1)`);
    await score(client, 't');
    expect(await rows('SELECT fast, deep FROM t')).toEqual([[3, 5]]);
    await client.query('UPDATE t SET a = 2');
    expect(await queued(client, 't')).toEqual(['1']);
    await score(client, 't');
    expect(await rows('SELECT fast, deep FROM t')).toEqual([[4, 6]]);
  });

  test('one async binding feeds another', async () => {
    await client.query(`CREATE TABLE t (id int PRIMARY KEY, a int, b int);
      SELECT pgscore.attach('pair', 't', 'one', mode => 'async')`);
    const one = await bindingOf(client, 't');
    await client.query(`SELECT pgscore.attach('pair', 't', 'two', features => '{"a": "one"}', mode => 'async');
      INSERT INTO t VALUES (1, 1, 1)`);
    await score(client, 't', false);
    await score(client, 't', false, one);
    expect(await queued(client, 't')).toEqual(['1']);
    await score(client, 't');
    expect(await rows('SELECT one, two FROM t')).toEqual([[3, 5]]);
    expect(await queued(client, 't')).toEqual([]);
  });

  test('triggers of users that change what feeds it', async () => {
    await attachTo('(id int PRIMARY KEY, a int, b int)');
    await client.query(`CREATE FUNCTION double() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.b := NEW.a * 2; RETURN NEW; END';
      CREATE TRIGGER zzz BEFORE INSERT OR UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION double();
      INSERT INTO t VALUES (1, 1, 1)`);
    await score(client, 't');
    expect(await rows('SELECT pair_score FROM t')).toEqual([[5]]);
  });
});

test('quoted names, hostile search_path, expressions, generated columns, a rename and a move', async () => {
  await client.query(`CREATE SCHEMA "S ""x"; CREATE TABLE "S ""x"."T 'y" (key int PRIMARY KEY, "A %" int, keys int GENERATED ALWAYS AS (key + 1) STORED);
    CREATE FUNCTION extra(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 10';
    SELECT pgscore.attach('pair', '"S ""x"."T ''y"', 'P "q"', features => '{"a": {"sql": "extra(\\"A %\\") + \\"T ''y\\".key"}, "b": "keys"}', mode => 'async')`);
  await client.query(`CREATE SCHEMA evil;
    CREATE FUNCTION evil.unnest(text[]) RETURNS SETOF text LANGUAGE sql AS 'SELECT (1 / 0)::text';
    CREATE FUNCTION evil.same(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT 1 / 0 > 1';
    CREATE OPERATOR evil.= (leftarg = int, rightarg = int, function = evil.same)`);
  await client.query(`SET search_path = evil, pg_catalog`);
  await client.query(`INSERT INTO "S ""x"."T 'y" VALUES (1, 2)`);
  await score(client, `"S ""x"."T 'y"`);
  expect(await rows(`SELECT "P ""q""" FROM "S ""x"."T 'y"`)).toEqual([[20 + 1 + 2 * 2]]);
  await client.query(`ALTER TABLE "S ""x"."T 'y" RENAME TO other; CREATE SCHEMA elsewhere; ALTER TABLE "S ""x".other SET SCHEMA elsewhere;
    UPDATE elsewhere.other SET "A %" = 3`);
  await score(client, 'elsewhere.other');
  expect(await rows(`SELECT "P ""q""" FROM elsewhere.other`)).toEqual([[30 + 1 + 2 * 2]]);
});
