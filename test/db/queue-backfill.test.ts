import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { backfill } from '../../src/deploy/backfill.ts';
import { client, database, prepareAttachTests, rows, schema } from '../harness/attach.ts';
import { bindingOf, claim, jobs, score } from '../harness/queue.ts';

prepareAttachTests();

async function attach(count: number): Promise<void> {
  await client.query(`CREATE TABLE t (id int PRIMARY KEY, a int, b int);
    INSERT INTO t SELECT i, i, i FROM generate_series(1, ${count}) AS s (i);
    SELECT pgscore.attach('pair', 't', mode => 'async')`);
}

/** Runs a backfill beside a sidecar. */
async function run(options = {}): Promise<Awaited<ReturnType<typeof backfill>>> {
  let done = false;
  const result = backfill(database.url, { model: 'pair', table: `${schema}.t`, ...options }).finally(() => {
    done = true;
  });
  result.catch(() => undefined);
  const worker = await database.client();
  await worker.query(`SET search_path = ${schema}`);
  while (!done) {
    await score(worker, 't');
    await setImmediate();
  }
  return result;
}

test('scores the rows that were there through the queue, and ends when all are', async () => {
  await attach(3000);
  expect((await run({ chunkRows: 700 })).bindings).toMatchObject([{ rows: 3000, version: 1, restarts: 0 }]);
  expect(await rows('SELECT count(*)::int FROM t WHERE pair_score = a + 2 * b')).toEqual([[3000]]);
});

test('of keys of other types, with --only-missing', async () => {
  await client.query(`CREATE TABLE t (k1 timestamptz, k2 text, a int, b int, PRIMARY KEY (k2, k1));
    SELECT pgscore.attach('pair', 't', mode => 'async'); ALTER TABLE t DISABLE TRIGGER USER;
    INSERT INTO t SELECT to_timestamp(i), 'x,"', i, i, CASE WHEN i > 10 THEN -1 END FROM generate_series(1, 30) AS s (i);
    ALTER TABLE t ENABLE TRIGGER USER`);
  expect((await run({ onlyMissing: true, workers: 2 })).bindings).toMatchObject([{ rows: 10 }]);
  expect(await rows('SELECT count(*)::int FROM t WHERE pair_score = a + 2 * b')).toEqual([[10]]);
});

test('waits while sidecars have enough, and live rows go first', async () => {
  await attach(45_000);
  const binding = await bindingOf(client, 't');
  const stop = new AbortController();
  let queued = 0;
  const filled = new Promise<void>((resolve) => {
    const result = backfill(
      database.url,
      { model: 'pair', table: `${schema}.t`, signal: stop.signal },
      (event) => {
        if (event.kind === 'rows') queued = event.rows;
        if (queued === 20_000) resolve();
      },
    );
    result.catch(() => undefined);
  });
  await filled;
  expect((await jobs(client, 't')).reduce((sum, { row_count }) => sum + row_count, 0)).toBe(20_000);
  await client.query('INSERT INTO t VALUES (-1, 1, 1)');
  await client.query('BEGIN');
  expect((await claim(client, binding, 1)).map(({ keys, priority }) => [keys, priority])).toEqual([
    [['-1'], 0],
  ]);
  await client.query('ROLLBACK');
  stop.abort();
});
