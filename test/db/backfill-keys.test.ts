import type pg from 'pg';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { backfill } from '../../src/deploy/backfill.ts';
import {
  createTable,
  deployChurn,
  expectChunks,
  expectScored,
  expectUpdatedOnce,
  type TableOptions,
  watchUpdates,
} from '../harness/backfill.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.client();
  await deployChurn(client);
  // Settings of sessions under which texts of values are not what they are by default.
  await client.query(`
    ALTER DATABASE ${database.name} SET datestyle = 'SQL, DMY';
    ALTER DATABASE ${database.name} SET intervalstyle = 'sql_standard';
    ALTER DATABASE ${database.name} SET extra_float_digits = -10;
    ALTER DATABASE ${database.name} SET bytea_output = 'escape';
    CREATE TYPE mood AS ENUM ('sad', 'so-so', 'happy');
    CREATE TYPE place AS (x integer, y text);
    CREATE DOMAIN code AS text COLLATE "C" CHECK (value <> '');
    CREATE COLLATION ignoring_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE SCHEMA "other schema";
    CREATE TYPE "other schema"."a type" AS ENUM ('b', 'a');
  `);
});

beforeEach(async () => {
  await client.query('DROP TABLE IF EXISTS customers, updates; DROP FUNCTION IF EXISTS log_update()');
});

const TEXTS = `(ARRAY['a', 'A', 'ä', 'Z', 'ß', 'ss', ' ', '', 'a b', 'a''b', 'a"b', 'a\\b', '{a,b}', 'NULL', '日本', '😀'])`;

const cases: Record<string, TableOptions & { watch?: string }> = {
  'bigint beyond what a JavaScript number holds': {
    key: 'id bigint PRIMARY KEY',
    values: '9007199254740992 + i',
  },
  'negative and positive integers': { values: 'i - 50' },
  uuid: { key: 'id uuid PRIMARY KEY', values: `md5(i::text)::uuid` },
  'text of the database’s collation': {
    key: 'id text PRIMARY KEY',
    values: `${TEXTS}[1 + i % 16] || i / 16`,
  },
  'text of another collation': {
    key: 'id text COLLATE "en-x-icu" PRIMARY KEY',
    values: `${TEXTS}[1 + i % 16] || i / 16`,
  },
  'text whose collation holds different texts equal': {
    key: 'id text COLLATE ignoring_case PRIMARY KEY',
    values: `CASE WHEN i % 2 = 0 THEN 'Name' ELSE 'nAME' END || i`,
  },
  'a domain over text': { key: 'id code PRIMARY KEY', values: `${TEXTS}[1 + i % 16] || i / 16` },
  'char(n)': { key: 'id char(6) PRIMARY KEY', values: `to_hex(i * 7919)` },
  '"char"': { key: 'id "char" PRIMARY KEY', values: `(i - 60)::integer::"char"`, rows: 120 },
  'timestamptz with microseconds': {
    key: 'id timestamptz PRIMARY KEY',
    values: `CASE i WHEN 1 THEN '-infinity' WHEN 2 THEN 'infinity' WHEN 3 THEN '0044-03-15 00:00:00.000001 BC'
             ELSE timestamptz '2024-03-31 00:59:59.999998 Europe/Berlin' + i * interval '1 microsecond' END`,
  },
  date: { key: 'id date PRIMARY KEY', values: `date '2024-01-01' + i` },
  interval: {
    key: 'id interval PRIMARY KEY',
    values: `make_interval(months => i - 50, days => 40 - i, secs => -i / 7.0)`,
  },
  numeric: {
    key: 'id numeric PRIMARY KEY',
    values: `CASE i WHEN 1 THEN 'NaN' WHEN 2 THEN 'Infinity' WHEN 3 THEN '-Infinity' ELSE i / 7.0 + 1e-30 * i END`,
  },
  'double precision with NaN, infinities, -0 and neighbours': {
    key: 'id double precision PRIMARY KEY',
    values: `CASE i WHEN 1 THEN 'NaN' WHEN 2 THEN 'Infinity' WHEN 3 THEN '-Infinity' WHEN 4 THEN '-0' WHEN 5 THEN '5e-324'
             ELSE 0.1::float8 + i * 1.3877787807814457e-17::float8 END`,
    rows: 100,
  },
  real: { key: 'id real PRIMARY KEY', values: `1e20::real * (1 + i * 1.1920929e-7::real)` },
  bytea: { key: 'id bytea PRIMARY KEY', values: `decode(md5(i::text), 'hex')` },
  boolean: { key: 'id boolean PRIMARY KEY', values: 'i = 1', rows: 2 },
  enum: { key: 'id mood PRIMARY KEY', values: `(enum_range(NULL::mood))[i]`, rows: 3 },
  'a type in a schema of its own': {
    key: 'id "other schema"."a type" PRIMARY KEY',
    values: `(enum_range(NULL::"other schema"."a type"))[i]`,
    rows: 2,
  },
  'a composite type': { key: 'id place PRIMARY KEY', values: `ROW(i % 3, ${TEXTS}[1 + i % 16] || i)::place` },
  'an array': { key: 'id text[] PRIMARY KEY', values: `ARRAY[${TEXTS}[1 + i % 16], NULL, i::text]` },
  'inet and macaddr': {
    key: 'id inet, mac macaddr, PRIMARY KEY (id, mac)',
    columns: 'id, mac',
    values: `inet '10.0.0.0/8' + i % 5, ('00:00:00:00:00:' || to_hex(16 + i))::macaddr`,
    watch: 'id, mac',
  },
  'several columns of several types': {
    key: 'tenant text, day date, n bigint, PRIMARY KEY (tenant, day, n)',
    columns: 'tenant, day, n',
    values: `${TEXTS}[1 + i % 3], date '2024-01-30' + i % 4, -i`,
    watch: 'tenant, day, n',
  },
  'names that need quotes': {
    key: `"select" integer, "a""b" text, "é $1 {table}" integer, PRIMARY KEY ("a""b", "select", "é $1 {table}")`,
    columns: `"select", "a""b", "é $1 {table}"`,
    values: `i % 4, 'x' || i % 3, i`,
    watch: `"select", "a""b", "é $1 {table}"`,
  },
  'a descending unique index with more columns included': {
    key: 'id integer NOT NULL, day date NOT NULL',
    columns: 'id, day',
    values: `i, date '2024-01-01' + i % 3`,
    watch: 'day, id',
  },
};

test.each(Object.entries(cases))('%s', async (name, { watch = 'id', rows = 150, ...options }) => {
  await createTable(client, 'customers', { ...options, rows });
  if (name.startsWith('a descending'))
    await client.query('CREATE UNIQUE INDEX ON customers (day DESC, id DESC) INCLUDE (a, b)');
  await client.query(`SELECT pgscore.attach('churn', 'customers')`);
  await watchUpdates(client, 'customers', watch);
  const { bindings } = await backfill(database.url, { model: 'churn', chunkRows: 7, workers: 2 });
  expect(bindings).toMatchObject([{ rows }]);
  await expectUpdatedOnce(client, rows);
  await expectChunks(client, 7);
  await expectScored(client, 'customers', rows);
});

test('a type whose comparison lies in a schema off the search_path', async () => {
  const { rows } = await client.query(`SELECT FROM pg_available_extensions WHERE name = 'citext'`);
  if (rows.length === 0) return;
  await client.query('CREATE EXTENSION citext SCHEMA "other schema"');
  const values = `CASE WHEN i % 2 = 0 THEN 'Name' ELSE 'name' END || i`;
  await createTable(client, 'customers', {
    key: 'id "other schema".citext COLLATE "C" PRIMARY KEY',
    values,
    rows: 150,
  });
  await client.query(`SELECT pgscore.attach('churn', 'customers')`);
  await watchUpdates(client, 'customers');
  await backfill(database.url, { model: 'churn', chunkRows: 7 });
  await expectUpdatedOnce(client, 150);
  await expectChunks(client, 7);
});

test('one tenant of many rows is walked by index, wherever a chunk begins', async () => {
  await createTable(client, 'customers', {
    key: 'tenant integer, id integer, PRIMARY KEY (tenant, id)',
    columns: 'tenant, id',
    // Not in the order of the key: an index scan looks dear.
    values: '1, (i * 7919) % 40009',
    rows: 40_000,
  });
  await client.query('VACUUM ANALYZE customers');
  await client.query(`SELECT pgscore.attach('churn', 'customers')`);
  await client.query('SELECT pg_stat_reset()');
  await backfill(database.url, { model: 'churn', chunkRows: 1000 });
  const { rows } = await client.query(
    `SELECT seq_scan::integer, idx_tup_read::integer AS read
       FROM pg_stat_user_tables JOIN pg_stat_user_indexes USING (relid, relname) WHERE relname = 'customers'`,
  );
  expect(rows[0].seq_scan).toBe(0);
  // To cut, to lock, to score; scans from the tenant's first row on would read 800,000 each.
  expect(rows[0].read).toBeLessThan(150_000);
});
