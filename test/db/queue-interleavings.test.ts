import type pg from 'pg';
import { beforeEach, describe, expect, test } from 'vitest';
import { client, database, prepareAttachTests, rows, schema } from '../harness/attach.ts';
import { bindingOf, queued, Sidecar, score } from '../harness/queue.ts';

prepareAttachTests();

let writer: pg.Client;
let worker: pg.Client;
let binding: number;
let sidecar: Sidecar;

/** The numbers are those of the argument at the head of sql/062_queue.sql. */
beforeEach(async () => {
  writer = await database.client();
  worker = await database.client();
  for (const each of [writer, worker]) await each.query(`SET search_path = ${schema}`);
  await client.query(`CREATE TABLE t (id int PRIMARY KEY, a int, b int, other int);
    SELECT pgscore.attach('pair', 't', mode => 'async');
    INSERT INTO t VALUES (1, 1, 1), (2, 2, 2)`);
  binding = await bindingOf(client, 't');
  sidecar = new Sidecar(worker, binding);
});

async function writeAndCommit(): Promise<void> {
  await sidecar.fence();
  await sidecar.write();
  await sidecar.finish();
  await sidecar.commit();
}

/** Every row has the prediction of its features, and nothing waits. */
async function expectTrue(): Promise<void> {
  // Rows that were kept come back after 50 ms.
  await client.query(`UPDATE pgscore_internal.jobs SET not_before = '-infinity' WHERE binding = ${binding}`);
  await score(client, 't');
  expect(await queued(client, 't')).toEqual([]);
  expect(await rows('SELECT id FROM t WHERE pair_score IS DISTINCT FROM a + 2 * b')).toEqual([]);
}

/** Resolves when the session waits for a lock of another one, and to whom. */
async function waitsFor(waiting: pg.Client): Promise<number[]> {
  const { rows: own } = await client.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE pid = ${(waiting as unknown as { processID: number }).processID}`,
  );
  for (;;) {
    const { rows: found } = await client.query<{ by: number[] }>('SELECT pg_blocking_pids($1) AS by', [
      own[0]!.pid,
    ]);
    if (found[0]!.by.length > 0) return found[0]!.by;
  }
}

const pid = (of: pg.Client) => (of as unknown as { processID: number }).processID;

describe('1. a crash', () => {
  test.each(['claim', 'read', 'lock', 'write', 'finish'] as const)(
    'after %s leaves the jobs to be taken at once, and no prediction',
    async (last) => {
      for (const step of ['claim', 'read', 'lock', 'write', 'finish'] as const) {
        await sidecar[step]();
        if (step === last) break;
      }
      worker.on('error', () => undefined);
      const ended = new Promise((resolve) => worker.once('end', resolve));
      await client.query(`SELECT pg_terminate_backend(${pid(worker)}, 10000)`);
      await ended;
      expect((await queued(client, 't')).length).toBe(2);
      expect(await rows('SELECT pair_score FROM t')).toEqual([[null], [null]]);
      await expectTrue();
    },
  );
});

describe('2. a row that changes', () => {
  test('after it was read, keeps its job, and the other is written', async () => {
    await sidecar.claim();
    await sidecar.read();
    await writer.query('UPDATE t SET a = 5 WHERE id = 1');
    await sidecar.lock();
    expect(await sidecar.fence()).toEqual(['1']);
    await sidecar.write();
    await sidecar.finish();
    await sidecar.commit();
    expect(await rows('SELECT pair_score FROM t ORDER BY id')).toEqual([[null], [6]]);
    expect(await queued(client, 't')).toEqual(['1']);
    await expectTrue();
  });

  test('in other columns alone, is written', async () => {
    await sidecar.claim();
    await sidecar.read();
    await writer.query('UPDATE t SET other = 5 WHERE id = 1');
    await sidecar.lock();
    expect(await sidecar.fence()).toEqual([]);
    await writeAndCommit();
    expect(await queued(client, 't')).toEqual([]);
    await expectTrue();
  });

  test('and has not committed yet, is not waited for', async () => {
    await sidecar.claim();
    await sidecar.read();
    await writer.query('BEGIN; UPDATE t SET a = 5 WHERE id = 1');
    expect(await sidecar.lock()).toEqual(['2']);
    await writeAndCommit();
    expect(await queued(client, 't')).toEqual(['1']);
    await writer.query('COMMIT');
    await expectTrue();
  });

  test('and whose change is rolled back, is scored all the same', async () => {
    await sidecar.claim();
    await sidecar.read();
    await writer.query('BEGIN; UPDATE t SET a = 5 WHERE id = 1');
    await sidecar.lock();
    await writeAndCommit();
    await writer.query('ROLLBACK');
    await expectTrue();
  });

  test('twice, back to what it was, carries what it is', async () => {
    await sidecar.claim();
    await sidecar.read();
    await writer.query('UPDATE t SET a = 5 WHERE id = 1; UPDATE t SET a = 1 WHERE id = 1');
    await sidecar.lock();
    await writeAndCommit();
    await expectTrue();
  });

  test('that is deleted, or deleted and inserted again', async () => {
    await sidecar.claim();
    await sidecar.read();
    await writer.query('DELETE FROM t; INSERT INTO t VALUES (1, 9, 9)');
    await sidecar.lock();
    await writeAndCommit();
    await expectTrue();
  });
});

describe('3. a writer that finds a job', () => {
  test('which a sidecar holds, adds none, does not wait, and the change is not lost', async () => {
    await sidecar.claim();
    await sidecar.read();
    await writer.query(`SET lock_timeout = '1ms'; UPDATE t SET a = 5 WHERE id = 1; RESET lock_timeout`);
    expect(await queued(client, 't')).toEqual(['1', '2']);
    await sidecar.lock();
    await writeAndCommit();
    await expectTrue();
  });

  test('of a row that the sidecar has locked, waits for its COMMIT alone and adds a new one', async () => {
    await sidecar.claim();
    await sidecar.read();
    await sidecar.lock();
    const update = writer.query('UPDATE t SET a = 5 WHERE id = 1');
    expect(await waitsFor(writer)).toEqual([pid(worker)]);
    await writeAndCommit();
    await update;
    expect(await queued(client, 't')).toEqual(['1']);
    await expectTrue();
  });

  test('that is being deleted, by its key, waits for that COMMIT and adds a new one', async () => {
    // Of a row that is gone: the sidecar has locked nothing, and only deletes the job.
    await writer.query('DELETE FROM t WHERE id = 2');
    await client.query(`INSERT INTO pgscore_internal.jobs (binding, key) VALUES (${binding}, '2')`);
    await sidecar.claim();
    await sidecar.read();
    await sidecar.lock();
    await sidecar.fence();
    await sidecar.write();
    await sidecar.finish();
    const insert = writer.query('INSERT INTO t VALUES (2, 7, 7)');
    expect(await waitsFor(writer)).toEqual([pid(worker)]);
    await sidecar.commit();
    await insert;
    expect(await queued(client, 't')).toEqual(['2']);
    await expectTrue();
  });

  test('a page that a sidecar holds, is not relied on by an UPDATE of many rows', async () => {
    await client.query('INSERT INTO t SELECT i, i, i FROM generate_series(3, 200) AS s (i)');
    await sidecar.claim();
    await sidecar.read();
    await writer.query('UPDATE t SET a = -1');
    // The jobs of rows 1 and 2 are theirs alone, and found again.
    expect((await queued(client, 't')).length).toBe(398);
    await sidecar.lock();
    await writeAndCommit();
    await expectTrue();
  });

  test('a page that an UPDATE of many rows relies on, cannot be claimed until it commits', async () => {
    await client.query('INSERT INTO t SELECT i, i, i FROM generate_series(3, 200) AS s (i)');
    await writer.query('BEGIN; UPDATE t SET a = 5');
    expect(await sidecar.claim()).toEqual(['1', '2']);
    await worker.query('ROLLBACK');
    await writer.query('COMMIT');
    expect((await queued(client, 't')).length).toBe(200);
    await expectTrue();
  });

  test('of a row that was gone, which INSERT does not rely on', async () => {
    await sidecar.claim();
    await writer.query('DELETE FROM t WHERE id = 2');
    await sidecar.read();
    await sidecar.lock();
    // The job of the old row is held, and about to be deleted.
    await writer.query('INSERT INTO t VALUES (2, 7, 7)');
    await writeAndCommit();
    expect(new Set(await queued(client, 't'))).toEqual(new Set(['2']));
    await expectTrue();
  });

  test('of a row that was gone, with an INSERT that has not committed', async () => {
    await sidecar.claim();
    await writer.query('DELETE FROM t WHERE id = 2');
    await sidecar.read();
    await sidecar.lock();
    await writer.query('BEGIN; INSERT INTO t VALUES (2, 7, 7); UPDATE t SET a = 8 WHERE id = 2');
    await writeAndCommit();
    await writer.query('COMMIT');
    await expectTrue();
  });

  test('of a row that was gone, came back, was scored, and changes before the old job ends', async () => {
    await sidecar.claim();
    await writer.query('DELETE FROM t WHERE id = 2');
    await sidecar.read();
    await sidecar.lock();
    await writer.query('INSERT INTO t VALUES (2, 7, 7)');
    await score(client, 't');
    await writer.query('UPDATE t SET a = 8 WHERE id = 2');
    // The UPDATE has relied on the job that the sidecar is to delete.
    await writeAndCommit();
    await expectTrue();
  });

  test('in a table that features come from, never relies on it', async () => {
    await client.query(`CREATE TABLE r (t int, x int); INSERT INTO r VALUES (1, 10);
      CREATE TABLE u (id int PRIMARY KEY, a int);
      SELECT pgscore.attach('pair', 'u', mode => 'async', features =>
        '{"b": {"sql": "(SELECT sum(x)::int FROM r WHERE r.t = u.id)", "reads": {"r": "t"}}}');
      INSERT INTO u VALUES (1, 1)`);
    const reader = new Sidecar(worker, await bindingOf(client, 'u'));
    await reader.claim();
    await reader.read();
    await reader.lock();
    await reader.fence(true);
    // Between the second look and COMMIT, in no conflict with the row's lock.
    await writer.query('INSERT INTO r VALUES (1, 5)');
    await reader.write();
    await reader.finish();
    await reader.commit();
    expect(await queued(client, 'u')).toEqual(['1']);
    await score(client, 'u', true);
    expect(await rows('SELECT pair_score FROM u')).toEqual([[31]]);
  });

  test('in a table that features come from, before the second look, is seen there', async () => {
    await client.query(`CREATE TABLE r (t int, x int); INSERT INTO r VALUES (1, 10);
      CREATE TABLE u (id int PRIMARY KEY, a int);
      SELECT pgscore.attach('pair', 'u', mode => 'async', features =>
        '{"b": {"sql": "(SELECT sum(x)::int FROM r WHERE r.t = u.id)", "reads": {"r": "t"}}}');
      INSERT INTO u VALUES (1, 1)`);
    const reader = new Sidecar(worker, await bindingOf(client, 'u'));
    await reader.claim();
    await reader.read();
    await writer.query('INSERT INTO r VALUES (1, 5)');
    await reader.lock();
    expect(await reader.fence(true)).toEqual(['1']);
    await reader.finish();
    await reader.commit();
    await client.query(`UPDATE pgscore_internal.jobs SET not_before = '-infinity'`);
    await score(client, 'u', true);
    expect(await rows('SELECT pair_score FROM u')).toEqual([[31]]);
  });
});

describe.each(['REPEATABLE READ', 'SERIALIZABLE'])('4. under %s', (level) => {
  test('a job that the snapshot does not show makes no statement fail', async () => {
    await score(client, 't');
    await writer.query(`BEGIN ISOLATION LEVEL ${level}; SELECT FROM t`);
    // As a sidecar's kept rows or pgscore.retry() do: without a change of the row.
    await client.query(`INSERT INTO pgscore_internal.jobs (binding, key) VALUES (${binding}, '1')`);
    await writer.query('UPDATE t SET a = 5 WHERE id = 1; INSERT INTO t VALUES (3, 3, 3); COMMIT');
    expect((await queued(client, 't')).sort()).toEqual(['1', '1', '3']);
    await expectTrue();
  });

  test('a job that was deleted since the snapshot was taken, is not relied on', async () => {
    await writer.query(`BEGIN ISOLATION LEVEL ${level}; SELECT FROM t`);
    await client.query(`DELETE FROM pgscore_internal.jobs WHERE binding = ${binding}`);
    await writer.query('UPDATE t SET a = 5 WHERE id = 1; DELETE FROM t WHERE id = 2; COMMIT');
    expect(await queued(client, 't')).toEqual(['1']);
    await expectTrue();
  });

  test('a row that a sidecar has written since the snapshot is refused as after any UPDATE', async () => {
    await writer.query(`BEGIN ISOLATION LEVEL ${level}; SELECT FROM t`);
    await score(client, 't');
    await expect(writer.query('UPDATE t SET a = 5 WHERE id = 1')).rejects.toMatchObject({ code: '40001' });
    await writer.query('ROLLBACK');
    await expectTrue();
  });

  test('writers of different rows do not come into each other’s way through the queue', async () => {
    const second = await database.client();
    await second.query(`SET search_path = ${schema}`);
    await score(client, 't');
    await client.query('INSERT INTO t SELECT i, i, i FROM generate_series(10, 2000) AS s (i); ANALYZE t');
    await score(client, 't');
    for (const each of [writer, second]) await each.query(`BEGIN ISOLATION LEVEL ${level}`);
    await writer.query(
      'UPDATE t SET a = 5 WHERE id = 11; DELETE FROM t WHERE id = 12; INSERT INTO t VALUES (-1, 1, 1)',
    );
    await second.query(
      'UPDATE t SET a = 6 WHERE id = 1990; DELETE FROM t WHERE id = 1991; INSERT INTO t VALUES (5000, 1, 1)',
    );
    await writer.query('COMMIT');
    await second.query('COMMIT');
    await expectTrue();
  });
});

describe('5. no deadlock', () => {
  test('a sidecar that meets rows of a writer who then wants its rows', async () => {
    await sidecar.claim();
    await sidecar.read();
    await writer.query('BEGIN; UPDATE t SET a = 5 WHERE id = 1');
    expect(await sidecar.lock()).toEqual(['2']);
    const update = writer.query('UPDATE t SET a = 6 WHERE id = 2');
    expect(await waitsFor(writer)).toEqual([pid(worker)]);
    await writeAndCommit();
    await update;
    await writer.query('COMMIT');
    await expectTrue();
  });

  test('deletes do not wait for jobs that are held', async () => {
    await sidecar.claim();
    await writer.query(
      `SET lock_timeout = '1ms'; DELETE FROM t WHERE id = 1; TRUNCATE t; RESET lock_timeout`,
    );
    await sidecar.read();
    await sidecar.lock();
    await writeAndCommit();
    await expectTrue();
  });

  test('two sidecars share the rows', async () => {
    await client.query('INSERT INTO t SELECT i, i, i FROM generate_series(3, 20) AS s (i)');
    const other = new Sidecar(writer, binding);
    expect((await sidecar.claim(5)).length).toBe(5);
    expect((await other.claim(100)).length).toBe(15);
    for (const each of [sidecar, other]) {
      await each.read();
      await each.lock();
    }
    for (const each of [other, sidecar]) {
      await each.fence();
      await each.write();
      await each.finish();
      await each.commit();
    }
    expect(await queued(client, 't')).toEqual([]);
    await expectTrue();
  });

  test('two sidecars with one row, in two jobs', async () => {
    await client.query(`SELECT pgscore_internal.add_pages(${binding}, 0, '{1,2}')`);
    const other = new Sidecar(writer, binding);
    await sidecar.claim(2);
    expect(await other.claim()).toEqual(['1', '2']);
    for (const each of [sidecar, other]) await each.read();
    await sidecar.lock();
    expect(await other.lock()).toEqual([]);
    await other.fence();
    await other.finish();
    await other.commit();
    await writeAndCommit();
    await expectTrue();
  });
});

describe('6. while a model runs', () => {
  test('writers of the claimed rows do not wait', async () => {
    await sidecar.claim();
    await sidecar.read();
    await writer.query(`SET lock_timeout = '1ms'; UPDATE t SET a = 5; UPDATE t SET id = 3 WHERE id = 1;
      INSERT INTO t VALUES (1, 1, 1); DELETE FROM t WHERE id = 2; RESET lock_timeout`);
    await sidecar.lock();
    await writeAndCommit();
    await expectTrue();
  });
});

describe('7. a result of another version', () => {
  beforeEach(async () => {
    const { deployMade, sumModel } = await import('../harness/models.ts');
    await deployMade(client, 'pair', sumModel(['a', 'b'], { bias: Math.random() }));
  });
  const hold = async (version: number) =>
    (await worker.query(`SELECT pgscore_internal.hold_version(${binding}, ${version}) AS held`)).rows[0].held;

  test('does not land when the promotion has committed, or is under way', async () => {
    await sidecar.claim();
    expect(await hold(1)).toBe(true);
    await worker.query('ROLLBACK');
    const version = (await rows(`SELECT max(version) FROM pgscore.versions WHERE model = 'pair'`))[0]![0];
    await sidecar.claim();
    await writer.query(`BEGIN; SELECT pgscore.promote('pair', ${version})`);
    expect(await hold(1)).toBe(false);
    await writer.query('ROLLBACK');
    expect(await hold(1)).toBe(true);
    await worker.query('ROLLBACK');
    await writer.query(`SELECT pgscore.promote('pair', ${version})`);
    await sidecar.claim();
    expect(await hold(1)).toBe(false);
    expect(await hold(version as number)).toBe(true);
    await worker.query('ROLLBACK');
    await writer.query(`SELECT pgscore.rollback('pair')`);
  });

  test('a promotion waits for the sidecar’s COMMIT', async () => {
    const version = (await rows(`SELECT max(version) FROM pgscore.versions WHERE model = 'pair'`))[0]![0];
    await sidecar.claim();
    await sidecar.read();
    expect(await hold(1)).toBe(true);
    const promoted = writer.query(`SELECT pgscore.promote('pair', ${version})`);
    expect(await waitsFor(writer)).toEqual([pid(worker)]);
    await sidecar.lock();
    await writeAndCommit();
    await promoted;
    await writer.query(`SELECT pgscore.rollback('pair')`);
    await expectTrue();
  });
});

describe('NOTIFY', () => {
  const listen = async (statement: string): Promise<number> => {
    const listener = await database.client();
    let heard = 0;
    listener.on('notification', () => heard++);
    await listener.query('LISTEN pgscore_jobs');
    await writer.query(statement);
    // A notification that was sent before it arrives before this one.
    const last = new Promise((resolve) =>
      listener.on('notification', ({ channel }) => channel === 'last' && resolve(0)),
    );
    await listener.query('LISTEN last; NOTIFY last');
    await last;
    await listener.end();
    return heard - 1;
  };
  const SLEEP = `SELECT pg_advisory_lock_shared(hashtextextended('pgscore sidecar sleeps', 0))`;

  test('only when a sidecar sleeps, once a statement, and not for what queues nothing', async () => {
    expect(await listen('UPDATE t SET a = 20')).toBe(0);
    await score(client, 't');
    await worker.query(SLEEP);
    expect(await listen('UPDATE t SET a = 21')).toBe(1);
    expect(await listen('UPDATE t SET a = 22')).toBe(0);
    expect(await listen('UPDATE t SET other = 1')).toBe(0);
    expect(await listen('INSERT INTO t SELECT i, i, i FROM generate_series(10, 999) AS s (i)')).toBe(1);
    await worker.query('SELECT pg_advisory_unlock_all()');
    await score(client, 't');
    expect(await listen('UPDATE t SET a = 23')).toBe(0);
    expect(await rows(`SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory'`)).toEqual([[0]]);
  });
});
