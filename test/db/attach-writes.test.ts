import { beforeEach, describe, expect, inject, test } from 'vitest';
import { client, fails, firings, prepareAttachTests, rows } from '../harness/attach.ts';

prepareAttachTests();

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
    // Bindings fire in the order of their numbers, also from 999 to 1000.
    await client.query(`SELECT pgscore.detach('pair', 't'); ALTER TABLE t DROP p;
      SELECT setval(pg_get_serial_sequence('pgscore_internal.bindings', 'id'), 998); SELECT pgscore.attach('pair', 't', 'p')`);
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
