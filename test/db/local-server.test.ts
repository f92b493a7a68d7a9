import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type LocalServer,
  localServerStatus,
  removeLocalServer,
  startLocalServer,
  stopLocalServer,
} from '../../src/db/local/server.ts';
import { type CliResult, ensureBuilt, runCli, runProgram } from '../harness/cli.ts';
import { needLocalServer } from '../harness/platform.ts';

needLocalServer();

const asRoot = process.getuid?.() === 0;
const homes: string[] = [];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pgscore-local-'));
  await chmod(folder, 0o755);
});

afterAll(async () => {
  for (const home of homes) await removeLocalServer({ home });
  await rm(folder, { recursive: true, force: true });
});

/** A project of its own, with nothing in it. */
async function project(name: string): Promise<{ path: string; home: string }> {
  const path = join(folder, name);
  const home = join(path, '.pgscore/local');
  await mkdir(path);
  homes.push(home);
  return { path, home };
}

async function query(server: Pick<LocalServer, 'url'>, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

function started(result: CliResult): LocalServer {
  expect(result).toMatchObject({ code: 0 });
  return JSON.parse(result.stdout) as LocalServer;
}

test('processes that start it at once get one server', async () => {
  const { path } = await project('at-once');
  const start = () => runCli(['db', 'start', '--json'], { cwd: path });
  const servers = (await Promise.all([start(), start(), start(), start()])).map(started);
  expect(new Set(servers.map((server) => server.pid)).size).toBe(1);
  expect(servers.filter((server) => server.started)).toHaveLength(1);
  expect(await query(servers[0]!, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
});

test('calls in one process are one after the other, too', async () => {
  const { home } = await project('in-process');
  const [first, second] = await Promise.all([startLocalServer({ home }), startLocalServer({ home })]);
  expect([first.started, second.started].sort()).toEqual([false, true]);
  expect(second.url).toBe(first.url);
});

test('a server that was killed starts again with its data, beside another process with its number', async () => {
  const { home } = await project('killed');
  const before = await startLocalServer({ home });
  await query(before, 'CREATE TABLE kept AS SELECT 7 AS n');
  const pidFile = join(before.dataDirectory, 'postmaster.pid');
  const lines = (await readFile(pidFile, 'utf8')).split('\n');
  process.kill(before.pid, 'SIGKILL');
  await gone(before.pid);
  // As after a restart of the machine, where the number of the dead server is some other program's.
  await writeFile(pidFile, [String(process.pid), ...lines.slice(1)].join('\n'));
  expect(await localServerStatus({ home })).toBeUndefined();

  const after = await startLocalServer({ home });
  expect(after).toMatchObject({ started: true, port: before.port });
  expect(await query(after, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
});

test('what a killed initdb left is removed, and the start succeeds', async () => {
  const { home } = await project('half-done');
  const server = await startLocalServer({ home });
  await removeLocalServer({ home });
  const serverFolder = join(server.dataDirectory, '..');
  await mkdir(join(serverFolder, 'data.building-0badcafe/base'), { recursive: true });
  await writeFile(join(serverFolder, 'data.building-0badcafe.password'), 'x');
  const again = await startLocalServer({ home });
  expect(await query(again, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  expect((await readdir(serverFolder)).sort()).toEqual(['data', 'server.log']);
});

test('a start that is killed at any point leaves nothing that the next cannot handle', async () => {
  const { path, home } = await project('cut-off');
  const url = new URL('../../bin/pgscore.js', import.meta.url).pathname;
  for (const marker of ['server.json', 'server', 'server/data', 'server/data/postmaster.pid']) {
    const child = spawn(process.execPath, [url, 'db', 'start'], { cwd: path, env: environment() });
    const ended = once(child, 'exit');
    await Promise.race([appears(join(home, marker)), ended]);
    child.kill('SIGKILL');
    await ended;
  }
  const server = await startLocalServer({ home });
  expect(await query(server, `SELECT extname FROM pg_extension WHERE extname = 'pljs'`)).toHaveLength(1);
  expect((await localServerStatus({ home }))?.url).toBe(server.url);
});

test('a port that another program took is given up for a free one', async () => {
  const { home } = await project('port-taken');
  const before = await startLocalServer({ home });
  await stopLocalServer({ home });
  const thief = await listen(before.port);
  try {
    const after = await startLocalServer({ home });
    expect(after.port).not.toBe(before.port);
    expect(await query(after, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  } finally {
    thief.close();
  }
});

test('data whose password is lost is never dropped silently', async () => {
  const { home } = await project('no-password');
  const server = await startLocalServer({ home });
  await stopLocalServer({ home });
  await rm(join(home, 'server.json'));
  await expect(startLocalServer({ home })).rejects.toMatchObject({
    code: 'PGS_LOCAL_SERVER',
    hint: expect.stringContaining('pgscore db reset'),
  });
  expect((await stat(server.dataDirectory)).isDirectory()).toBe(true);
  await writeFile(join(home, 'server.json'), '{"port":');
  await expect(startLocalServer({ home })).rejects.toThrow('server.json is damaged');
});

test.skipIf(!asRoot)('a project that the server’s user cannot enter keeps its data elsewhere', async () => {
  const { path, home } = await project('closed');
  await chmod(path, 0o700);
  const server = await startLocalServer({ home });
  expect(server.dataDirectory).toMatch(/^\/var\/lib\/pgscore\/closed-local-[0-9a-f]{12}\/data$/);
  expect(await query(server, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  await removeLocalServer({ home });
  await expect(stat(join(server.dataDirectory, '..'))).rejects.toThrow('ENOENT');
});

test.skipIf(!asRoot)('data stays with the user that it belongs to', async () => {
  const { home } = await project('other-owner');
  const before = await startLocalServer({ home });
  await query(before, 'CREATE TABLE kept AS SELECT 7 AS n');
  await stopLocalServer({ home });
  const nobody = 65534;
  await runProgram('chown', ['-R', `${nobody}:${nobody}`, join(before.dataDirectory, '..')]);
  const after = await startLocalServer({ home });
  expect(await query(after, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  expect((await stat(after.dataDirectory)).uid).toBe(nobody);
});

test('a cache that cannot be written is named', async () => {
  const { path } = await project('no-cache');
  const result = await runCli(['db', 'start', '--json'], {
    cwd: path,
    env: { PGSCORE_CACHE: '/dev/null/cache' },
  });
  expect(result.code).toBe(1);
  expect(JSON.parse(result.stderr)).toMatchObject({
    error: {
      code: 'PGS_LOCAL_SERVER',
      message: expect.stringContaining('the cache directory /dev/null/cache cannot be made'),
      hint: expect.stringContaining('PGSCORE_CACHE'),
    },
  });
});

test('another platform gets the two other ways', async () => {
  const { path } = await project('mac');
  const pretend = 'Object.defineProperty(process,"platform",{value:"darwin"})';
  for (const command of ['start', 'stop', 'status', 'url', 'reset']) {
    const result = await runCli(['db', command, '--json'], {
      cwd: path,
      env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(pretend)}` },
    });
    expect(result.code).toBe(1);
    expect(JSON.parse(result.stderr)).toMatchObject({
      error: {
        code: 'PGS_LOCAL_SERVER',
        message: expect.stringContaining('and this is darwin-'),
        hint: expect.stringMatching(/DATABASE_URL.*docker\/compose\.yaml/s),
      },
    });
  }
});

test('a command with neither DATABASE_URL nor PG* set uses it, and says so in one line', async () => {
  const { path } = await project('fallback');
  const first = await runCli(['migrate'], { cwd: path });
  expect(first).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(
      /^pgscore: using the local server on port \d+, now started \(neither DATABASE_URL nor PG\* is set\)$/m,
    ),
  });
  const second = await runCli(['migrate'], { cwd: path });
  expect(second.stderr).toMatch(/^pgscore: using the local server on port \d+ \(neither .*\)\n$/);
});

/** In a container root may not look into other users' processes; docker's default rights are these. */
const containerRights = '-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap';

test.skipIf(!asRoot)('root with the rights of a container starts, finds, stops and recovers it', async () => {
  const { path, home } = await project('container');
  await ensureBuilt();
  const bin = new URL('../../bin/pgscore.js', import.meta.url).pathname;
  const inContainer = (...args: string[]) =>
    runProgram(
      'setpriv',
      [`--bounding-set=${containerRights}`, process.execPath, bin, 'db', ...args, '--json'],
      {
        cwd: path,
      },
    );
  const first = started(await inContainer('start'));
  expect(started(await inContainer('start'))).toEqual({ ...first, started: false });
  process.kill(first.pid, 'SIGKILL');
  await gone(first.pid);
  const second = started(await inContainer('start'));
  expect(second).toMatchObject({ started: true, port: first.port });
  expect((await inContainer('stop')).stdout).toBe('{"running":false,"stopped":true}\n');
  expect(await localServerStatus({ home })).toBeUndefined();
});

test('sessions that outlive a killed server are waited for, and named when they stay', async () => {
  const { home } = await project('survivor');
  const server = await startLocalServer({ home });
  const client = new pg.Client({ connectionString: server.url });
  client.on('error', () => undefined);
  await client.connect();
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
  const session = rows[0].pid as number;
  // A stopped session cannot notice that its server is gone, as one inside endless JavaScript cannot.
  process.kill(session, 'SIGSTOP');
  process.kill(server.pid, 'SIGKILL');
  await gone(server.pid);
  try {
    await expect(startLocalServer({ home })).rejects.toMatchObject({
      code: 'PGS_LOCAL_SERVER',
      message: expect.stringMatching(new RegExp(`still use .*: .*\\b${session}\\b`)),
    });
  } finally {
    process.kill(session, 'SIGKILL');
  }
  await gone(session);
  const again = await startLocalServer({ home });
  expect(await query(again, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
});

function environment(): NodeJS.ProcessEnv {
  const { DATABASE_URL: _, ...rest } = process.env;
  return rest;
}

/** Looks again at once, since no event tells of another process's file in a folder that is not there yet. */
async function appears(path: string): Promise<void> {
  while (
    await stat(path).then(
      () => false,
      () => true,
    )
  )
    await new Promise(setImmediate);
}

async function gone(pid: number): Promise<void> {
  while (
    await stat(`/proc/${pid}/cwd`).then(
      () => true,
      () => false,
    )
  )
    await new Promise(setImmediate);
}

async function listen(port: number): Promise<Server> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
