import { beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

test('a test database runs JavaScript', async () => {
  const client = await database.client();
  await client.query(
    `CREATE FUNCTION twice(x float8) RETURNS float8 LANGUAGE ${database.engine} AS 'return 2 * x;'`,
  );
  const { rows } = await client.query('SELECT twice(21) AS answer');
  expect(rows).toEqual([{ answer: 42 }]);
});

test('two test databases share nothing', async () => {
  const second = await createTestDatabase();
  const here = await database.client();
  const there = await second.client();
  await here.query('CREATE TABLE only_here ()');
  const found = await there.query(`SELECT to_regclass('only_here') AS found`);
  expect(found.rows).toEqual([{ found: null }]);
  await second.drop();
  const left = await here.query('SELECT FROM pg_database WHERE datname = $1', [second.name]);
  expect(left.rowCount).toBe(0);
});
