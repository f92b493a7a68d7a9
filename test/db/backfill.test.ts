import type pg from 'pg';
import { beforeEach, describe, expect, test } from 'vitest';
import { type BackfillOptions, type BackfillProgress, backfill } from '../../src/deploy/backfill.ts';
import {
  createTable,
  deployChurn,
  expectScored,
  expectUpdatedOnce,
  insertRows,
  watchUpdates,
} from '../harness/backfill.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';

let database: TestDatabase;
let client: pg.Client;
let events: BackfillProgress[];

beforeEach(async () => {
  database = await createTestDatabase();
  client = await database.client();
  events = [];
  await deployChurn(client);
});

function run(options: Omit<BackfillOptions, 'model'> = {}) {
  return backfill(database.url, { model: 'churn', ...options }, (event) => events.push(event));
}

async function attach(table = 'customers', more = ''): Promise<void> {
  await client.query(`SELECT pgscore.attach('churn', '${table}'${more})`);
}

test('scores the rows that were there, each once, with label, version and time', async () => {
  await createTable(client, 'customers');
  await attach('customers', `, label_column => 'label', version_column => 'by', time_column => 'at'`);
  await watchUpdates(client, 'customers');
  const { model, bindings } = await run({ chunkRows: 300 });
  expect(model).toBe('churn');
  expect(bindings).toEqual([
    {
      table: 'public.customers',
      column: 'churn_score',
      version: 1,
      rows: 1000,
      errors: 0,
      resumed: false,
      restarts: 0,
      seconds: expect.any(Number),
      rowsPerSecond: expect.any(Number),
    },
  ]);
  await expectScored(client, 'customers', 1000);
  await expectUpdatedOnce(client, 1000);
  const { rows } = await client.query(
    'SELECT count(*)::integer FROM customers WHERE label IS NOT NULL AND by = 1 AND at IS NOT NULL',
  );
  expect(rows).toEqual([{ count: 1000 }]);
});

test('reports rows done, rows in all, rate and time left', async () => {
  await createTable(client, 'customers');
  await client.query('ANALYZE customers');
  await attach();
  await run({ chunkRows: 300 });
  const place = { table: 'public.customers', column: 'churn_score' };
  expect(events[0]).toEqual({ ...place, kind: 'started', version: 1, resumed: false, rows: 0 });
  const rows = events.filter((event) => event.kind === 'rows');
  expect(rows.map((event) => [event.rows, event.total])).toEqual([
    [300, 1000],
    [600, 1000],
    [900, 1000],
    [1000, 1000],
  ]);
  expect(rows[0]!.rowsPerSecond).toBeGreaterThan(0);
  expect(rows[0]!.secondsLeft).toBeGreaterThan(0);
  expect(rows[3]!.secondsLeft).toBe(0);
});

test('100,000 rows, with chunks that find their own size', async () => {
  await createTable(client, 'customers', { rows: 100_000 });
  await attach();
  const { bindings } = await run({ workers: 2 });
  expect(bindings[0]).toMatchObject({ rows: 100_000 });
  const sizes = events.filter((event) => event.kind === 'rows').length;
  expect(sizes).toBeLessThan(100);
  await expectScored(client, 'customers', 100_000);
});

test('an empty table is done at once', async () => {
  await createTable(client, 'customers', { rows: 0 });
  await attach();
  expect((await run()).bindings).toMatchObject([{ rows: 0, version: 1 }]);
});

test('a finished backfill leaves nothing to resume: the next one scores all rows again', async () => {
  await createTable(client, 'customers', { rows: 20 });
  await attach();
  await run();
  await watchUpdates(client, 'customers');
  expect((await run()).bindings).toMatchObject([{ rows: 20, resumed: false }]);
  await expectUpdatedOnce(client, 20);
});

test('--only-missing scores rows without a prediction alone', async () => {
  await createTable(client, 'customers', { rows: 100 });
  await attach();
  await insertRows(client, 'customers', 'id', '100 + i', 50);
  await watchUpdates(client, 'customers');
  expect((await run({ onlyMissing: true, chunkRows: 40 })).bindings).toMatchObject([{ rows: 100 }]);
  await expectUpdatedOnce(client, 100);
  await expectScored(client, 'customers', 150);
  expect(events.filter((event) => event.kind === 'rows').at(-1)).toMatchObject({ rows: 150 });
});

test('every binding of the model, or the one that is asked for', async () => {
  await client.query('CREATE SCHEMA "Sales 1"');
  await createTable(client, '"Sales 1"."Order"', { rows: 30 });
  await createTable(client, 'customers', { rows: 20 });
  await attach('customers');
  await attach('customers', `, 'second " score'`);
  await attach('"Sales 1"."Order"');
  const one = await run({ table: 'customers', column: 'second " score' });
  expect(one.bindings).toMatchObject([{ table: 'public.customers', column: 'second " score', rows: 20 }]);
  await expectScored(client, 'customers', 20, '"second "" score"');
  const missing = await client.query('SELECT count(*)::integer FROM customers WHERE churn_score IS NULL');
  expect(missing.rows).toEqual([{ count: 20 }]);
  expect((await run()).bindings.map(({ table, column }) => [table, column])).toEqual([
    ['public.customers', 'churn_score'],
    ['public.customers', 'second " score'],
    ['"Sales 1"."Order"', 'churn_score'],
  ]);
  await expectScored(client, 'customers', 20);
  await expectScored(client, '"Sales 1"."Order"', 30);
});

test('a partitioned table, through all its partitions', async () => {
  await createTable(client, 'customers', {
    key: 'region text, id integer, PRIMARY KEY (region, id)',
    columns: 'region, id',
    values: `(ARRAY['north', 'south', 'west'])[1 + i % 3], i`,
    suffix: 'PARTITION BY LIST (region)',
    rows: 0,
  });
  await client.query(`
    CREATE TABLE north PARTITION OF customers FOR VALUES IN ('north');
    CREATE TABLE south PARTITION OF customers FOR VALUES IN ('south') PARTITION BY HASH (id);
    CREATE TABLE south_0 PARTITION OF south FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE south_1 PARTITION OF south FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    CREATE TABLE others PARTITION OF customers DEFAULT;
  `);
  await insertRows(client, 'customers', 'region, id', `(ARRAY['north', 'south', 'west'])[1 + i % 3], i`, 300);
  await attach();
  await watchUpdates(client, 'customers', 'region, id');
  expect((await run({ chunkRows: 70 })).bindings).toMatchObject([{ rows: 300 }]);
  await expectUpdatedOnce(client, 300);
  await expectScored(client, 'customers', 300);
});

test('tables that inherit from the table have no trigger, and are left alone', async () => {
  await createTable(client, 'customers', { rows: 30 });
  await client.query('CREATE TABLE vip () INHERITS (customers)');
  await insertRows(client, 'vip', 'id', '15 + i', 30);
  await attach();
  expect((await run({ chunkRows: 10 })).bindings).toMatchObject([{ rows: 30 }]);
  await expectScored(client, 'ONLY customers', 30);
});

test('holds to --max-rows-per-second, across workers', async () => {
  await createTable(client, 'customers', { rows: 400 });
  await attach();
  const start = performance.now();
  await run({ chunkRows: 50, maxRowsPerSecond: 1000, workers: 2 });
  // The last chunk of either worker is paid for by nobody. Timers may be a millisecond early.
  expect(performance.now() - start).toBeGreaterThan(290);
  await expectScored(client, 'customers', 400);
});

describe('a row that fails', () => {
  beforeEach(async () => {
    await createTable(client, 'customers', { rows: 200 });
    await client.query(`ALTER TABLE customers ADD note text NOT NULL DEFAULT '1.5'`);
    await client.query(`UPDATE customers SET note = 'one and a half' WHERE id = 77`);
  });
  const features = `, features => '{"a": {"sql": "note::double precision"}}'`;

  test('ends the run, which names the row and goes on when the row is corrected', async () => {
    await attach('customers', features);
    await expect(run({ chunkRows: 50 })).rejects.toMatchObject({
      code: 'PGS_INPUT',
      message:
        'the row of public.customers with id = 77 cannot be scored into "churn_score": ' +
        'invalid input syntax for type double precision: "one and a half"',
      hint: expect.stringContaining('run the same command again'),
    });
    const scored = await client.query(
      'SELECT count(*)::integer FROM customers WHERE churn_score IS NOT NULL',
    );
    expect(scored.rows[0].count).toBeGreaterThanOrEqual(50);
    await expect(run({ workers: 3 })).rejects.toMatchObject({ code: 'PGS_INPUT' });
    await client.query(`UPDATE customers SET note = '1.5' WHERE id = 77`);
    expect((await run()).bindings).toMatchObject([{ rows: 200, resumed: true }]);
    const missing = await client.query('SELECT count(*)::integer FROM customers WHERE churn_score IS NULL');
    expect(missing.rows).toEqual([{ count: 0 }]);
  });

  test(`gets NULL with on_error => 'null', and is counted`, async () => {
    await attach('customers', `${features}, on_error => 'null'`);
    expect((await run()).bindings).toMatchObject([{ rows: 200, errors: 1 }]);
    const missing = await client.query('SELECT id FROM customers WHERE churn_score IS NULL');
    expect(missing.rows).toEqual([{ id: 77 }]);
    expect((await run({ onlyMissing: true })).bindings).toMatchObject([{ rows: 1, errors: 1 }]);
  });
});

describe('refuses', () => {
  test('a table without a key, naming the remedy, which then works', async () => {
    await createTable(client, 'customers', { key: 'id integer', rows: 50 });
    await client.query(`
      CREATE UNIQUE INDEX partial ON customers (id) WHERE id > 10;
      CREATE UNIQUE INDEX nullable ON customers (id);
      CREATE UNIQUE INDEX expression ON customers ((id + 1));
    `);
    await attach();
    await expect(run()).rejects.toMatchObject({
      code: 'PGS_DATABASE',
      message: 'public.customers has no primary key, and no other key to walk its rows by',
      hint: expect.stringContaining('unique index over columns that are NOT NULL'),
    });
    await client.query('ALTER TABLE customers ALTER id SET NOT NULL');
    expect((await run({ chunkRows: 20 })).bindings).toMatchObject([{ rows: 50 }]);
    await expectScored(client, 'customers', 50);
  });

  test.each([
    ['all triggers', 'ALTER TABLE customers DISABLE TRIGGER ALL', 'its triggers are disabled'],
    [
      'a trigger of a partition',
      `DO $$ BEGIN EXECUTE format('ALTER TABLE customers_1 DISABLE TRIGGER %I', (
         SELECT tgname FROM pg_trigger WHERE tgrelid = 'customers_1'::regclass AND tgname LIKE '%rewrite%')); END $$`,
      /trigger zz_pgscore_000001_rewrite_churn of (public\.)?customers_1 is disabled/,
    ],
    [
      'a trigger that leaves out such updates',
      `CREATE TRIGGER z_min_update BEFORE UPDATE ON customers FOR EACH ROW
         EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
      'trigger z_min_update leaves out updates that change nothing',
    ],
  ])('a binding that does not work: %s', async (_, sql, problem) => {
    await createTable(client, 'customers', { suffix: 'PARTITION BY RANGE (id)', rows: 0 });
    await client.query('CREATE TABLE customers_1 PARTITION OF customers DEFAULT');
    await attach();
    // As where the role may not have event triggers, which would refuse this.
    await client.query('ALTER EVENT TRIGGER pgscore_guard_bindings DISABLE');
    await client.query(sql);
    await expect(run()).rejects.toMatchObject({
      code: 'PGS_DATABASE',
      message: expect.stringMatching(problem),
      hint: expect.stringContaining('ENABLE TRIGGER'),
    });
  });

  test('what is not there, naming what is', async () => {
    await createTable(client, 'customers', { rows: 1 });
    await expect(run()).rejects.toMatchObject({
      message: 'model churn is not attached to any table',
      hint: `Attach it first: SELECT pgscore.attach('churn', 'table').`,
    });
    await attach();
    await expect(run({ table: 'nothing' })).rejects.toMatchObject({ message: 'there is no table nothing' });
    await expect(run({ table: 'customers', column: 'x' })).rejects.toMatchObject({
      message: 'model churn is not attached to customers."x"',
      hint: 'It is attached to public.customers."churn_score".',
    });
    await expect(backfill(database.url, { model: 'chrun' })).rejects.toMatchObject({
      code: 'PGS_DATABASE',
      message: `there is no model 'chrun'`,
      hint: 'The models: churn.',
    });
    await expect(run({ workers: 0 })).rejects.toMatchObject({ code: 'PGS_USAGE' });
  });
});
