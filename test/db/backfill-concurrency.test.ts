import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { beforeEach, expect, test } from 'vitest';
import { type BackfillOptions, type BackfillProgress, backfill } from '../../src/deploy/backfill.ts';
import {
  createTable,
  deployChurn,
  expectChunks,
  expectScored,
  expectUpdatedOnce,
  insertRows,
  watchUpdates,
} from '../harness/backfill.ts';
import { ensureBuilt, runCli } from '../harness/cli.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';

const ROWS = 400;
/** In the last of the chunks of 50 rows that most tests take. */
const LAST = 380;

let database: TestDatabase;
let client: pg.Client;
/** Another application, which writes. */
let writer: pg.Client;

beforeEach(async () => {
  database = await createTestDatabase();
  client = await database.client();
  writer = await database.client();
  await deployChurn(client);
  await createTable(client, 'customers', { rows: ROWS });
  await client.query(`SELECT pgscore.attach('churn', 'customers', version_column => 'by')`);
  await watchUpdates(client, 'customers');
});

interface Running {
  readonly result: ReturnType<typeof backfill>;
  /** Resolves at the first event of the kind that fits. */
  event(
    kind: BackfillProgress['kind'],
    fits?: (event: BackfillProgress) => boolean,
  ): Promise<BackfillProgress>;
}

function start(options: Omit<BackfillOptions, 'model'> = {}, url = database.url): Running {
  const events: BackfillProgress[] = [];
  let wake: () => void = () => undefined;
  const result = backfill(url, { model: 'churn', chunkRows: 50, ...options }, (event) => {
    events.push(event);
    wake();
  });
  result.catch(() => undefined);
  return {
    result,
    async event(kind, fits = () => true) {
      for (;;) {
        const found = events.find((event) => event.kind === kind && fits(event));
        if (found !== undefined) return found;
        await Promise.race([new Promise<void>((resolve) => (wake = resolve)), result]);
      }
    },
  };
}

async function lockRow(id: number): Promise<void> {
  await writer.query('BEGIN');
  await writer.query('SELECT FROM customers WHERE id = $1 FOR UPDATE', [id]);
}

test('several workers score each row once, and end a transaction after each chunk', async () => {
  expect((await start({ workers: 4, chunkRows: 7 }).result).bindings).toMatchObject([{ rows: ROWS }]);
  await expectUpdatedOnce(client, ROWS);
  await expectChunks(client, 7);
  await expectScored(client, 'customers', ROWS);
});

test('two processes share one run', async () => {
  await lockRow(LAST);
  const first = start();
  await first.event('waiting');
  const second = start({ workers: 2 });
  expect(await second.event('started')).toMatchObject({ resumed: true });
  await writer.query('COMMIT');
  const [one, two] = await Promise.all([first.result, second.result]);
  expect([one.bindings[0]!.rows, two.bindings[0]!.rows]).toEqual([ROWS, ROWS]);
  await expectUpdatedOnce(client, ROWS);
  await expectScored(client, 'customers', ROWS);
});

test('a process that is killed loses the chunk in hand, and the next one goes on', async () => {
  await lockRow(180);
  const killed = await startCli('--chunk-rows', '50', '--workers', '1');
  await stderrOf(killed, 'waiting');
  killed.kill('SIGKILL');
  expect(await once(killed, 'exit')).toEqual([null, 'SIGKILL']);
  const { rows } = await client.query(
    'SELECT count(*)::integer AS done FROM customers WHERE churn_score IS NOT NULL',
  );
  const { done } = rows[0];
  // All chunks before it, and most rows of its own.
  expect(done).toBeGreaterThan(150);
  expect(done).toBeLessThan(200);
  await writer.query('COMMIT');
  const next = await runCli(['backfill', 'churn', '--json'], { env: { DATABASE_URL: database.url } });
  expect(next.code).toBe(0);
  expect(JSON.parse(next.stdout)).toMatchObject({
    model: 'churn',
    bindings: [{ table: 'public.customers', rows: ROWS, resumed: true }],
  });
  expect(next.stderr).toBe(`pgscore: public.customers.churn_score: going on after ${done} rows\n`);
  await expectUpdatedOnce(client, ROWS);
  await expectScored(client, 'customers', ROWS);
});

test('an interrupted process ends its chunk and says how to go on', async () => {
  await lockRow(180);
  const interrupted = await startCli('--chunk-rows', '50');
  await stderrOf(interrupted, 'waiting');
  const text = stderrOf(interrupted, 'hint: The same command goes on where it stopped.');
  interrupted.kill('SIGINT');
  expect(await text).toContain('the backfill of public.customers.churn_score was stopped after');
  expect(await once(interrupted, 'exit')).toEqual([1, null]);
  await writer.query('COMMIT');
  await start().result;
  await expectUpdatedOnce(client, ROWS);
});

test('--restart forgets how far it came', async () => {
  const stop = new AbortController();
  const run = start({ signal: stop.signal });
  await run.event('rows');
  stop.abort();
  await expect(run.result).rejects.toMatchObject({ message: expect.stringContaining('was stopped after') });
  await client.query('TRUNCATE updates');
  const again = await start({ restart: true }).result;
  expect(again.bindings).toMatchObject([{ rows: ROWS, resumed: false }]);
  await expectUpdatedOnce(client, ROWS);
});

test('--restart ends the process that is at work, which says so', async () => {
  await lockRow(LAST);
  const first = start();
  await first.event('waiting');
  const second = start({ restart: true });
  expect(await second.event('started')).toMatchObject({ resumed: false });
  await expect(first.result).rejects.toMatchObject({
    code: 'PGS_DATABASE',
    message: expect.stringContaining('was ended elsewhere'),
  });
  await writer.query('COMMIT');
  expect((await second.result).bindings).toMatchObject([{ rows: ROWS }]);
  await expectScored(client, 'customers', ROWS);
});

test('an unfinished run of the other kind is not mixed with', async () => {
  const stop = new AbortController();
  const run = start({ signal: stop.signal });
  await run.event('rows');
  stop.abort();
  await expect(run.result).rejects.toThrow();
  await expect(start({ onlyMissing: true }).result).rejects.toMatchObject({
    code: 'PGS_USAGE',
    message: expect.stringContaining('scores all rows'),
    hint: expect.stringContaining('--restart'),
  });
  expect((await start({ onlyMissing: true, restart: true }).result).bindings).toMatchObject([
    { resumed: false },
  ]);
  await expectScored(client, 'customers', ROWS);
});

test('rows that others insert, change and delete meanwhile are true at the end', async () => {
  await lockRow(LAST);
  const run = start();
  await run.event('waiting');
  await insertRows(writer, 'customers', 'id', '-i', 20);
  await insertRows(writer, 'customers', 'id', '1000 + i', 20);
  await writer.query('UPDATE customers SET a = a + 1, b = -b WHERE id IN (10, $1)', [LAST]);
  await writer.query('UPDATE customers SET id = id + 5000 WHERE id = $1', [LAST - 1]);
  await writer.query('DELETE FROM customers WHERE id IN (20, $1)', [LAST - 2]);
  await writer.query('COMMIT');
  await run.result;
  await expectScored(client, 'customers', ROWS + 40 - 2);
});

test('no row is waited for while others are held, so no writer gets into a deadlock with it', async () => {
  await lockRow(50);
  const run = start({ chunkRows: 100 });
  await run.event('waiting');
  await writer.query(`SET lock_timeout = '10s'`);
  for (const id of [100, 49, 51, 1]) await writer.query('UPDATE customers SET a = 1 WHERE id = $1', [id]);
  await writer.query('COMMIT');
  await run.result;
  await expectScored(client, 'customers', ROWS);
});

test('a promotion meanwhile makes it start over, so that one version has scored all rows', async () => {
  await deployChurn(client, 2);
  await lockRow(LAST);
  const run = start();
  await run.event('waiting');
  await client.query(`SELECT pgscore.promote('churn', 2)`);
  await writer.query('COMMIT');
  expect((await run.result).bindings).toMatchObject([{ version: 2, rows: ROWS, restarts: 1 }]);
  expect(await run.event('started-over')).toMatchObject({ version: 2 });
  const { rows } = await client.query('SELECT DISTINCT by FROM customers');
  expect(rows).toEqual([{ by: 2 }]);
  await expectScored(client, 'customers', ROWS);
});

test('so does a promotion that is taken back', async () => {
  await deployChurn(client, 2);
  await lockRow(LAST);
  const run = start();
  await run.event('waiting');
  await client.query(`SELECT pgscore.promote('churn', 2)`);
  await client.query('UPDATE customers SET churn_score = 0 WHERE id = 1');
  await client.query(`SELECT pgscore.rollback('churn')`);
  await writer.query('COMMIT');
  const { bindings } = await run.result;
  expect(bindings).toMatchObject([{ version: 1, rows: ROWS }]);
  // Twice when version 2 was met.
  expect(bindings[0]!.restarts).toBeGreaterThan(0);
  await expectScored(client, 'customers', ROWS);
});

test('triggers disabled meanwhile end it before rows pass unscored', async () => {
  await lockRow(LAST);
  const run = start();
  await run.event('waiting');
  await writer.query('COMMIT');
  await client.query('ALTER EVENT TRIGGER pgscore_guard_bindings DISABLE');
  // Waits for the chunk in hand, so it may come too late for this run.
  await client.query('ALTER TABLE customers DISABLE TRIGGER USER');
  await run.result.catch((error) =>
    expect(error).toMatchObject({ message: expect.stringContaining('disabled') }),
  );
  await client.query('ALTER TABLE customers ENABLE TRIGGER USER');
  await start().result;
  await expectScored(client, 'customers', ROWS);
});

test('detaching meanwhile ends it with the reason', async () => {
  await lockRow(LAST);
  const run = start();
  await run.event('waiting');
  const detached = client.query(`SELECT pgscore.detach('churn', 'customers')`);
  await writer.query('COMMIT');
  await detached;
  await run.result.then(
    ({ bindings }) => expect(bindings).toMatchObject([{ rows: ROWS }]),
    (error) =>
      expect(error).toMatchObject({
        code: 'PGS_DATABASE',
        message: expect.stringContaining('ended elsewhere'),
      }),
  );
});

test('connections that are lost come back', async () => {
  const proxy = await startProxy(database.url);
  await lockRow(LAST);
  const run = start({ workers: 2 }, proxy.url);
  await run.event('waiting');
  proxy.cut();
  await run.event(
    'waiting',
    (event) => event.kind === 'waiting' && /terminated|ECONNRESET/.test(event.reason),
  );
  await writer.query('COMMIT');
  expect((await run.result).bindings).toMatchObject([{ rows: ROWS }]);
  await expectUpdatedOnce(client, ROWS);
  proxy.close();
});

interface Proxy {
  readonly url: string;
  /** Ends all connections through it, as a network does; new ones are let through. */
  cut(): void;
  close(): void;
}

async function startProxy(url: string): Promise<Proxy> {
  const { port, hostname } = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => undefined);
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const own = new URL(url);
  own.hostname = '127.0.0.1';
  own.port = String((server.address() as AddressInfo).port);
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return {
    url: own.href,
    cut,
    close() {
      server.close();
      cut();
    },
  };
}

async function startCli(...args: string[]): Promise<ChildProcess> {
  await ensureBuilt();
  const program = fileURLToPath(new URL('../../bin/pgscore.js', import.meta.url));
  return spawn(process.execPath, [program, 'backfill', 'churn', ...args], {
    env: { ...process.env, DATABASE_URL: database.url },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

/** What the process has written to stderr when the text is in it. */
function stderrOf(child: ChildProcess, text: string): Promise<string> {
  let written = '';
  return new Promise((resolve, reject) => {
    child.stderr!.on('data', (data) => {
      written += data;
      if (written.includes(text)) resolve(written);
    });
    child.on('exit', () => reject(new Error(`ended before it wrote "${text}":\n${written}`)));
  });
}
