import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeLocalServer } from '../../src/db/local/server.ts';
import { type CliResult, runCli } from '../harness/cli.ts';
import { hasLocalServer, needLocalServer } from '../harness/platform.ts';

needLocalServer();

let project: string;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'pgscore-local-cli-'));
});

afterAll(async () => {
  if (hasLocalServer) await removeLocalServer({ home: join(project, '.pgscore/local') });
  await rm(project, { recursive: true, force: true });
});

function db(...args: string[]): Promise<CliResult> {
  return runCli(['db', ...args], { cwd: project });
}

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const result = await db(...args, '--json');
  expect(result).toMatchObject({ code: 0 });
  return JSON.parse(result.stdout) as Record<string, unknown>;
}

async function query(url: unknown, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: String(url) });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

test('start, status, url, stop and reset tell the same story', async () => {
  expect(await json('status')).toEqual({ running: false });
  expect(await json('stop')).toEqual({ running: false, stopped: false });

  const started = await json('start');
  expect(started).toMatchObject({ running: true, started: true });
  expect(started.url).toMatch(/^postgresql:\/\/postgres:[\w-]{24}@127\.0\.0\.1:\d+\/pgscore$/);
  expect(await json('start')).toEqual({ ...started, started: false });
  expect(await json('url')).toEqual({ url: started.url });
  expect((await db('url')).stdout).toBe(`${started.url}\n`);
  const { started: _, ...facts } = started;
  expect(await json('status')).toEqual(facts);

  await query(started.url, 'CREATE TABLE kept AS SELECT 1 AS n');
  expect(await json('stop')).toEqual({ running: false, stopped: true });
  await expect(query(started.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');

  const again = await json('url');
  expect(again).toEqual({ url: started.url });
  expect(await query(again.url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);

  const anew = await json('reset');
  expect(await query(anew.url, `SELECT to_regclass('kept') AS found`)).toEqual([{ found: null }]);
});

test('the database has PLJS, safe settings, and listens on loopback alone with a password', async () => {
  const { url } = await json('url');
  await query(url, `CREATE FUNCTION answer() RETURNS float8 LANGUAGE pljs AS 'return 41 + 1;'`);
  expect(await query(url, 'SELECT answer()')).toEqual([{ answer: 42 }]);
  const settings = await query(
    url,
    `SELECT name, setting FROM pg_settings WHERE name IN
       ('fsync', 'full_page_writes', 'synchronous_commit', 'listen_addresses', 'server_encoding',
        'unix_socket_directories') ORDER BY name`,
  );
  expect(Object.fromEntries(settings.map((row) => [row.name, row.setting]))).toEqual({
    fsync: 'on',
    full_page_writes: 'on',
    listen_addresses: '127.0.0.1',
    server_encoding: 'UTF8',
    synchronous_commit: 'on',
    unix_socket_directories: '',
  });
  const wrong = new URL(String(url));
  wrong.password = 'wrong';
  await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
});

test('an unknown subcommand is a usage error', async () => {
  const result = await db('restart');
  expect(result.code).toBe(2);
  expect(result.stderr).toContain("unknown command 'restart'");
});
