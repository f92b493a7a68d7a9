import { beforeEach, expect, test } from 'vitest';
import { client, database, fails, prepareAttachTests, rows, schema } from '../harness/attach.ts';
import { runCli } from '../harness/cli.ts';
import { bindingOf, jobs, queued, Sidecar, score } from '../harness/queue.ts';

prepareAttachTests();

let binding: number;

beforeEach(async () => {
  await client.query(`DELETE FROM pgscore_internal.sidecars; SELECT pgscore.detach(model, relation, value_column) FROM pgscore.bindings;
    CREATE TABLE t (id int PRIMARY KEY, a int, b int);
    SELECT pgscore.attach('pair', 't', mode => 'async', max_lag => '30 s')`);
  binding = await bindingOf(client, 't');
});

const pgscore = (...args: string[]) => runCli(args, { env: { DATABASE_URL: database.url } });

async function view(columns: string): Promise<unknown[]> {
  return (await rows(`SELECT ${columns} FROM pgscore.queue WHERE relation = 't'::regclass`))[0]!;
}

async function report(state: string, seconds: number, scored: number, latency = 0): Promise<void> {
  await client.query(
    `SELECT pgscore_internal.sidecar_report('00000000-0000-0000-0000-000000000001', 'host', 1, '0.1.0', now() - interval '100 s', $1, $2)`,
    [state, JSON.stringify([{ binding, scored, failed: 1, run_ms: 5, latency_ms: scored * latency }])],
  );
  await client.query(
    `UPDATE pgscore_internal.sidecar_counters SET reported_at = reported_at - make_interval(secs => $1)`,
    [seconds],
  );
}

test('depth counts rows, those of pages and of backfills too', async () => {
  await client.query(
    'INSERT INTO t SELECT i, i, i FROM generate_series(1, 1000) AS s (i); UPDATE t SET a = 0 WHERE id = 1',
  );
  await client.query(`SELECT pgscore_internal.add_pages(${binding}, 1, '{1,2,3}')`);
  expect(await view('depth::int, ready::int, retrying::int, backfill::int, sidecars::int')).toEqual([
    1004, 1004, 0, 3, 0,
  ]);
  await score(client, 't');
  expect(await view('depth::int, oldest, time_to_drain::text, within_target')).toEqual([
    0,
    null,
    '00:00:00',
    true,
  ]);
});

test('the target holds until the oldest live row is older', async () => {
  await client.query('INSERT INTO t VALUES (1, 1, 1)');
  expect(await view('within_target')).toEqual([true]);
  await client.query(`UPDATE pgscore_internal.jobs SET enqueued_at = now() - interval '31 s'`);
  expect(await view(`within_target, oldest BETWEEN '31 s' AND '60 s'`)).toEqual([false, true]);
  await client.query(`UPDATE pgscore_internal.jobs SET key = NULL, keys = '{1}', priority = 1`);
  expect(await view('within_target, oldest')).toEqual([true, null]);
});

test('rates are what sidecars report and what the queue has got', async () => {
  await report('running', 4, 1000);
  await report('running', 0, 1400, 0);
  // 400 rows in 4 s, at no latency: all of them came and were done.
  const [service, arrival, sidecars] = await view('service_rate, arrival_rate, sidecars::int');
  expect(service).toBeCloseTo(100, -1);
  expect(arrival).toBeCloseTo(100, -1);
  expect(sidecars).toBe(1);
  await client.query('INSERT INTO t SELECT i, i, i FROM generate_series(1, 500) AS s (i)');
  expect((await view('arrival_rate - service_rate, time_to_drain'))[0]).toBeCloseTo(50, -1);
  expect((await view('time_to_drain'))[0]).toBeNull();
  // Old rows: nothing comes any more, 100 a second go.
  await client.query(`UPDATE pgscore_internal.jobs SET enqueued_at = now() - interval '20 s'`);
  await client.query('UPDATE pgscore_internal.sidecar_counters SET latency = 20');
  expect((await view('extract(epoch FROM time_to_drain)::float8'))[0]).toBeCloseTo(5, 0);
});

test('sidecars that are not heard of are lost, and forgotten after a day', async () => {
  await report('running', 0, 10);
  expect(await rows('SELECT state, scored::int, failed::int FROM pgscore.sidecars')).toEqual([
    ['running', 10, 1],
  ]);
  await client.query(`UPDATE pgscore_internal.sidecars SET seen_at = now() - interval '11 s'`);
  expect(await rows('SELECT state FROM pgscore.sidecars')).toEqual([['lost']]);
  await client.query(`UPDATE pgscore_internal.sidecars SET seen_at = now() - interval '25 h'`);
  await client.query(
    `SELECT pgscore_internal.sidecar_report('00000000-0000-0000-0000-000000000002', 'host', 2, '0.1.0', now(), 'draining')`,
  );
  expect(await rows('SELECT state, scored::int FROM pgscore.sidecars')).toEqual([['draining', 0]]);
});

async function failAll(attempt: number): Promise<void> {
  await client.query(`UPDATE pgscore_internal.jobs SET not_before = '-infinity' WHERE binding = ${binding}`);
  const sidecar = new Sidecar(client, binding);
  const keys = await sidecar.claim();
  expect(sidecar.claimed.map(({ attempts }) => attempts)).toEqual([attempt - 1]);
  await client.query(`SELECT pgscore_internal.finish($1, 1, $2, failed => $3, errors => $4)`, [
    binding,
    sidecar.claimed.map(({ id }) => id),
    keys,
    keys.map((key) => `no luck with ${key}`),
  ]);
  await sidecar.commit();
}

test('a row that fails comes back later each time, and after the fifth lies in pgscore.errors until it is retried', async () => {
  await client.query('INSERT INTO t VALUES (7, 1, 1)');
  for (let attempt = 1; attempt < 5; attempt++) {
    await failAll(attempt);
    expect((await jobs(client, 't')).map(({ attempts, last_error }) => [attempts, last_error])).toEqual([
      [attempt, 'no luck with 7'],
    ]);
    const [pause] = (
      await rows(`SELECT extract(epoch FROM not_before - now())::float8 FROM pgscore_internal.jobs
      WHERE binding = ${binding}`)
    )[0] as [number];
    expect(pause).toBeGreaterThan(2 ** (attempt - 1) * 0.9);
    expect(pause).toBeLessThan(2 ** (attempt - 1) * 1.5 + 0.1);
    expect(await view('depth::int, ready::int, retrying::int')).toEqual([1, 0, 1]);
  }
  await failAll(5);
  expect(await queued(client, 't')).toEqual([]);
  expect(await rows('SELECT model, version, operation, row_key, message FROM pgscore.errors')).toEqual([
    ['pair', 1, 'SIDECAR', { id: '7' }, 'no luck with 7'],
  ]);
  expect(await rows(`SELECT pgscore.retry('pair', 'pgscore_internal.jobs')`)).toEqual([['0']]);
  expect((await pgscore('retry', 'pair', `${schema}.t`)).stdout).toBe('1 rows of pair are queued again\n');
  expect(await jobs(client, 't')).toMatchObject([{ attempts: 0, row_count: 1, priority: 0 }]);
  expect(await rows('SELECT FROM pgscore.errors')).toEqual([]);
  await score(client, 't');
  expect(await rows('SELECT pair_score FROM t')).toEqual([[3]]);
  await fails(`SELECT pgscore.retry('nobody')`, { message: `there is no model 'nobody'` });
});

test('a row that failed and changes is queued at once', async () => {
  await client.query('INSERT INTO t VALUES (7, 1, 1)');
  await failAll(1);
  await client.query('UPDATE t SET a = 2');
  expect(await view('depth::int, ready::int')).toEqual([2, 1]);
});

test('the pause is bounded', async () => {
  expect(await rows(`SELECT pgscore_internal.retry_pause(1000) BETWEEN '300 s' AND '450 s'`)).toEqual([
    [true],
  ]);
});

test('pgscore status prints it, and checks it', async () => {
  expect((await pgscore('status', '--check')).code).toBe(0);
  await client.query('INSERT INTO t VALUES (1, 1, 1)');
  const waiting = await pgscore('status', '--check');
  expect(waiting).toMatchObject({ code: 1 });
  expect(waiting.stdout).toMatch(/^model +column +depth .*\n-+ .*\npair +test_\d+\.t\.pair_score +1 +0 +0 /);
  expect(waiting.stderr).toMatch(
    /^pgscore: pair on test_\d+\.t\.pair_score: 1 rows wait, and no sidecar was seen in the last 10 s\nhint: /,
  );
  await report('running', 0, 1);
  expect((await pgscore('status', '--check')).code).toBe(0);
  await client.query(`UPDATE pgscore_internal.jobs SET enqueued_at = now() - interval '90 s'`);
  const late = await pgscore('status', '--check', '--json');
  expect(late.code).toBe(1);
  expect(JSON.parse(late.stdout).queues).toMatchObject([
    { model: 'pair', depth: 1, within_target: false, max_lag_seconds: 30, sidecars: 1 },
  ]);
  expect(JSON.parse(late.stderr).error).toMatchObject({
    code: 'PGS_QUEUE',
    message: expect.stringMatching(/the oldest row waits for \d\d s, max_lag is 30 s$/),
  });
  expect((await pgscore('status')).code).toBe(0);
  await client.query('ALTER TABLE t DISABLE TRIGGER USER');
  expect((await pgscore('status', '--check')).stderr).toContain('its triggers are disabled');
});
