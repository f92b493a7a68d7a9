import { readFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import { runCli, runProgram } from '../harness/cli.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { pgTools } from '../harness/pg-tools.ts';

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

test('the client programs fit the server', async () => {
  const tools = await pgTools();
  const dump = await runProgram(tools.pg_dump, ['--schema-only', database.url]);
  expect(dump).toMatchObject({ code: 0, stderr: '' });
  expect(dump.stdout).toContain('PostgreSQL database dump complete');
  const answer = await runProgram(tools.psql, ['-XAtq', '-d', database.url], { input: 'SELECT 6 * 7;' });
  expect(answer).toEqual({ code: 0, stdout: '42\n', stderr: '' });
  const version = await runProgram(tools.pg_restore, ['--version']);
  expect(version.stdout).toMatch(/^pg_restore \(PostgreSQL\) \d+/);
});

test('the command line runs from the build of the present sources', async () => {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect(await runCli(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});
