import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openClient } from '../../src/sidecar/link.ts';
import { detectPooling } from '../../src/sidecar/pooler.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { deployMade, sumModel } from '../harness/models.ts';
import { createPgBouncer, type PgBouncer, type PgBouncerOptions } from '../harness/pgbouncer.ts';
import { needLocalServer } from '../harness/platform.ts';
import {
  cacheFolder,
  DRAINED,
  type Lines,
  prepareSidecarTests,
  spawnSidecar,
  startSidecar,
  until,
  watch,
} from '../harness/sidecar.ts';

needLocalServer();
prepareSidecarTests();

let database: TestDatabase;
let client: pg.Client;
/** Makes retries due at once: tests do not wait for the pauses between attempts. */
let clock: pg.Client;
const poolers = new Set<PgBouncer>();

/** Version 1 is a + 2 b, version 2 is 10 more. Row 666 takes no prediction. */
const SCORED = `SELECT count(*) > 0 AND bool_and(score IS NOT DISTINCT FROM
    CASE WHEN id <> 666 THEN a + 2 * b + 10 * (by - 1) END) FROM items`;
const POLLED = /pooler in transaction mode/;

beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.client();
  clock = await database.client();
  await deployMade(client, 'pair', sumModel(['a', 'b']));
  await deployMade(client, 'pair', sumModel(['a', 'b'], { bias: 10 }));
});

beforeEach(async () => {
  await client.query('DROP TABLE IF EXISTS items, writes CASCADE; DELETE FROM pgscore_internal.errors');
  await client.query(
    `CREATE TABLE items (
       id bigint PRIMARY KEY, a float8, b float8, score float8, by integer,
       CONSTRAINT poison CHECK (score IS NULL OR id <> 666)
     );
     CREATE TABLE writes (id bigint);
     CREATE OR REPLACE FUNCTION count_write() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN INSERT INTO public.writes VALUES (NEW.id); RETURN NULL; END $$;
     CREATE TRIGGER count_write AFTER UPDATE OF score ON items
       FOR EACH ROW WHEN (NEW.score IS NOT NULL) EXECUTE FUNCTION count_write()`,
  );
  await client.query(`SELECT pgscore.promote('pair', 1)`);
  await client.query(
    `SELECT pgscore.attach('pair', 'items', 'score', mode => 'async', version_column => 'by')`,
  );
  await watch(client, 'items');
});

afterEach(async () => {
  for (const pooler of poolers) await pooler.remove();
  poolers.clear();
});

async function pooled(options: PgBouncerOptions): Promise<PgBouncer> {
  const pooler = await createPgBouncer(database.url, options);
  poolers.add(pooler);
  return pooler;
}

/** Statements of 300 rows, whose jobs are pages, and of 3, whose jobs are their own. */
async function insertAndDrain(rounds: number, from = 0): Promise<void> {
  for (let round = from; round < from + rounds; round++) {
    await client.query(
      `INSERT INTO items SELECT ${round} * 1000 + i, i, 1 FROM generate_series(1, ${round % 2 ? 3 : 300}) AS i`,
    );
    await until(client, DRAINED);
  }
}

async function expectEachWrittenOnce(): Promise<void> {
  await until(client, SCORED);
  const { rows } = await client.query(
    `SELECT count(*) = count(DISTINCT id) AND count(*) = (SELECT count(*) FROM items WHERE id <> 666) AS once FROM writes`,
  );
  expect(rows).toEqual([{ once: true }]);
}

function warnings({ all }: Lines): string[] {
  return all.filter(({ level }) => level >= 40).map(({ msg }) => msg);
}

test('transaction mode is noticed, said once, and costs no row: sidecars share few sessions', async () => {
  const { url } = await pooled({ mode: 'transaction', sessions: 3 });
  const sidecars = [1, 2].map(() => startSidecar(url, { workers: 2, batch: 50 }));
  await insertAndDrain(20);
  await expectEachWrittenOnce();
  for (const { lines } of sidecars) expect(warnings(lines)).toEqual([expect.stringMatching(POLLED)]);
  // Nothing that belongs to a session was left in those that others get: locks, or channels listened to.
  const { rows } = await client.query(
    `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  expect(rows).toEqual([{ n: 0 }]);
}, 60_000);

test('sidecars that start at once get along with a single session, and fetch the model through it', async () => {
  const { url } = await pooled({ mode: 'transaction', sessions: 1 });
  await client.query('INSERT INTO items SELECT i, i, 1 FROM generate_series(1001, 1400) AS i');
  const sidecars = await Promise.all(
    [1, 2, 3].map(async () =>
      startSidecar(url, { workers: 2, batch: 50, cache: await mkdtemp(join(cacheFolder(), 'empty-')) }),
    ),
  );
  await until(client, DRAINED);
  await insertAndDrain(5, 10);
  await expectEachWrittenOnce();
  // In which a wait of one connection for another would be a statement that is given up.
  for (const { lines } of sidecars) {
    await lines.match(POLLED);
    expect(warnings(lines)).toHaveLength(1);
  }
}, 40_000);

test('a promotion is picked up, and a row of poison is given up, through transaction mode', async () => {
  const { url } = await pooled({ mode: 'transaction', sessions: 2 });
  startSidecar(url, { batch: 50 });
  await insertAndDrain(2);
  await client.query(`SELECT pgscore.promote('pair', 2)`);
  await client.query('INSERT INTO items SELECT i, i, 1 FROM generate_series(660, 670) AS i');
  for (let attempts = 1; attempts < 5; attempts++) {
    await until(client, `SELECT count(*) = 1 FROM pgscore_internal.jobs WHERE attempts = ${attempts}`);
    await clock.query(`UPDATE pgscore_internal.jobs SET not_before = '-infinity' WHERE attempts > 0`);
  }
  await until(client, DRAINED);
  await until(client, SCORED);
  expect((await client.query('SELECT DISTINCT by FROM items WHERE id BETWEEN 660 AND 670')).rows).toEqual([
    { by: 2 },
  ]);
  const { rows } = await client.query('SELECT operation, row_key, message FROM pgscore.errors');
  expect(rows).toEqual([
    { operation: 'SIDECAR', row_key: { id: '666' }, message: expect.stringContaining('"poison"') },
  ]);
}, 60_000);

test('a pooler that is killed and started again costs time alone', async () => {
  const pooler = await pooled({ mode: 'transaction', sessions: 3 });
  const { lines } = startSidecar(pooler.url, { workers: 2, batch: 20 });
  await client.query('INSERT INTO items SELECT i, i, 1 FROM generate_series(1001, 4000) AS i');
  for (let times = 1; times <= 3; times++) {
    await until(client, `SELECT count(*) > ${times * 300} FROM items WHERE score IS NOT NULL`);
    await pooler.kill();
    await lines.match(/the database is not available/);
    await pooler.start();
  }
  await until(client, DRAINED);
  await insertAndDrain(2, 10);
  await expectEachWrittenOnce();
  expect(lines.all.filter(({ level }) => level >= 40).length).toBeLessThan(6);
}, 60_000);

test('SIGTERM finishes what is in hand through transaction mode', async () => {
  const { url } = await pooled({ mode: 'transaction', sessions: 3 });
  const { child, exit } = spawnSidecar(url, ['--workers', '1', '--batch', '50']);
  await client.query('INSERT INTO items SELECT i, i, 1 FROM generate_series(1001, 41000) AS i');
  await until(client, 'SELECT count(*) > 100 FROM items WHERE score IS NOT NULL');
  child.kill('SIGTERM');
  expect(await exit).toBe(0);
  expect((await client.query('SELECT count(*) > 0 AS rest FROM pgscore_internal.jobs')).rows).toEqual([
    { rest: true },
  ]);
  const { rows } = await client.query(
    `SELECT (SELECT count(*) FROM pg_stat_activity
              WHERE datname = current_database() AND backend_type = 'client backend'
                AND xact_start IS NOT NULL AND pid <> pg_backend_pid())::int AS open,
            (SELECT state FROM pgscore.sidecars WHERE pid = ${child.pid}) AS state,
            (SELECT count(*) = count(DISTINCT id) FROM writes) AS once`,
  );
  expect(rows).toEqual([{ open: 0, state: 'stopped', once: true }]);
}, 60_000);

test.each([
  ['transaction', 1, 'transaction'],
  ['transaction', 10, 'transaction'],
  ['session', 2, 'direct'],
  // The second connection waits for as long as the first is open.
  ['session', 1, 'busy'],
] as const)('what is found out about %s mode with %i sessions', async (mode, sessions, found) => {
  const { url } = await pooled({ mode, sessions });
  const connection = { config: { connectionString: url }, origin: 'the test' };
  const one = await openClient(connection);
  expect(await detectPooling(one, connection)).toBe(found);
  expect(await detectPooling(client, connection)).toBe('direct');
  await one.end();
});

test('session mode is told from it: there NOTIFY wakes', async () => {
  const { url } = await pooled({ mode: 'session', sessions: 10 });
  const { lines } = startSidecar(url, { pollMs: 60_000 });
  await client.query('INSERT INTO items VALUES (0, 1, 1)');
  await until(client, DRAINED);
  for (let i = 1; i <= 5; i++) {
    await client.query(`INSERT INTO items VALUES (${i}, ${i}, 1)`);
    await until(client, DRAINED);
  }
  await expectEachWrittenOnce();
  expect(warnings(lines)).toEqual([]);
}, 40_000);

test('a pooler whose mode is changed while sidecars work is noticed, too', async () => {
  const pooler = await pooled({ mode: 'session', sessions: 20 });
  const { lines } = startSidecar(pooler.url, { workers: 2, batch: 50 });
  await insertAndDrain(4);
  expect(warnings(lines)).toEqual([]);
  while ((await sleepers()).length === 0);
  await pooler.reconfigure({ mode: 'transaction', sessions: 20 });
  const thieves = await stealSleepersSession(pooler.url);
  await insertAndDrain(1, 10);
  await lines.match(POLLED);
  await Promise.all(thieves.map((thief) => thief.end()));
  await insertAndDrain(10, 11);
  await expectEachWrittenOnce();
  // Beside it, at most one of a statement that was lost.
  expect(warnings(lines).length).toBeLessThan(3);
}, 60_000);

/** The sessions in which sidecars sleep: under the lock that writers look at. */
async function sleepers(): Promise<readonly number[]> {
  const { rows } = await client.query<{ pid: number }>(
    `SELECT l.pid FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database
      WHERE l.locktype = 'advisory' AND l.mode = 'ShareLock' AND d.datname = current_database()`,
  );
  return rows.map(({ pid }) => pid);
}

/** Transactions of others, one of them in the session of the sleeper, unless the pooler has ended that. */
async function stealSleepersSession(url: string): Promise<readonly pg.Client[]> {
  const thieves = Array.from({ length: 8 }, () => new pg.Client(url));
  await Promise.all(thieves.map((thief) => thief.connect()));
  for (;;) {
    const taken: number[] = [];
    for (const thief of thieves) {
      await thief.query('BEGIN');
      taken.push((await thief.query('SELECT pg_backend_pid() AS pid')).rows[0].pid);
    }
    if ((await sleepers()).every((pid) => taken.includes(pid))) return thieves;
    await Promise.all(thieves.map((thief) => thief.query('ROLLBACK')));
  }
}
