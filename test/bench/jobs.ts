import { setTimeout } from 'node:timers/promises';
import { Logger, run as runGraphile } from 'graphile-worker';
import pg from 'pg';
import PgBoss from 'pg-boss';
import { sumModel } from '../harness/models.ts';
import { type Bench, deploy, madeModel } from './bench.ts';
import { timed } from './measure.ts';
import type { Section, SectionRow } from './report.ts';
import { drained, withSidecar } from './sidecar-process.ts';

/** Rows of the sidecar's backlog; of the others', which take so much longer, a fifth. */
const ROWS = 100_000;
const CONCURRENCY = 10;
/** What pg-boss fetches at once. */
const BATCH = 500;

/** Jobs a second from a backlog to the column, beside general queues whose handlers do the same. */
export async function benchJobs(bench: Bench): Promise<Section> {
  const rows = bench.rows <= 1000 ? bench.rows : ROWS;
  const fewer = Math.max(1, Math.floor(rows / 5));
  await deploy(bench.admin, 'trivial', madeModel(sumModel(['a', 'b'])));
  const variants: readonly (readonly [string, number, (bench: Bench, rows: number) => Promise<number>])[] = [
    ['pgscore sidecar', rows, runSidecar],
    ['pg-boss, a row at a time', fewer, (of, n) => runPgBoss(of, n, eachRow)],
    [`pg-boss, ${BATCH} rows in one UPDATE`, fewer, (of, n) => runPgBoss(of, n, oneUpdate)],
    ['graphile-worker', fewer, runGraphileWorker],
  ];
  const speeds: number[] = [];
  for (const [, count, measure] of variants) {
    await bench.admin.query(
      'DROP TABLE IF EXISTS bench.scored; CREATE TABLE bench.scored (id integer PRIMARY KEY, a float8, b float8, score float8)',
    );
    speeds.push((count / (await measure(bench, count))) * 1000);
    await check(bench.admin, count);
  }
  return {
    title: `7. A backlog of ${rows} rows, from the queue to the column`,
    notes: [
      'The model is a + 2 b, so that the queue is what is measured. One process each; general queues have 10 connections',
      `and ${fewer} rows. Each handler reads the row, computes, and writes the score.`,
    ],
    rows: variants.map(
      ([name], v): SectionRow => ({
        name,
        values: { 'rows/s': speeds[v]!, 'µs/row': 1e6 / speeds[v]!, '× slower': speeds[0]! / speeds[v]! },
      }),
    ),
  };
}

const INSERT = (rows: number) =>
  `INSERT INTO bench.scored (id, a, b) SELECT i, i, 1 FROM generate_series(1, ${rows}) AS i`;

async function check(client: pg.ClientBase, rows: number): Promise<void> {
  const { rows: found } = await client.query<{ n: number }>(
    'SELECT count(*)::int AS n FROM bench.scored WHERE score = a + 2 * b',
  );
  if (found[0]!.n !== rows) throw new Error(`${found[0]!.n} of ${rows} rows were scored`);
}

async function runSidecar(bench: Bench, rows: number): Promise<number> {
  const { admin } = bench;
  await admin.query(`SELECT pgscore.attach('trivial', 'bench.scored', 'score', mode => 'async')`);
  return withSidecar(
    bench,
    () => admin.query(INSERT(100)),
    async () => {
      await admin.query('TRUNCATE bench.scored');
      await admin.query(INSERT(rows));
      return timed(() => drained(admin));
    },
  );
}

type Handler = (pool: pg.Pool, ids: readonly number[]) => Promise<unknown>;

const eachRow: Handler = (pool, ids) => Promise.all(ids.map((id) => scoreRow(pool, id)));

async function scoreRow(pool: pg.Pool, id: number): Promise<void> {
  const { rows } = await pool.query<{ a: number; b: number }>({
    name: 'read',
    text: 'SELECT a, b FROM bench.scored WHERE id = $1',
    values: [id],
  });
  const { a, b } = rows[0]!;
  await pool.query({
    name: 'write',
    text: 'UPDATE bench.scored SET score = $2 WHERE id = $1',
    values: [id, a + 2 * b],
  });
}

const oneUpdate: Handler = async (pool, ids) => {
  const { rows } = await pool.query<{ id: number; a: number; b: number }>(
    'SELECT id, a, b FROM bench.scored WHERE id = ANY ($1)',
    [ids],
  );
  await pool.query(
    'UPDATE bench.scored AS s SET score = v.score FROM unnest($1::integer[], $2::float8[]) AS v (id, score) WHERE s.id = v.id',
    [rows.map(({ id }) => id), rows.map(({ a, b }) => a + 2 * b)],
  );
};

async function runPgBoss(bench: Bench, rows: number, handler: Handler): Promise<number> {
  const pool = new pg.Pool({ connectionString: bench.database.url, max: CONCURRENCY });
  const boss = new PgBoss({
    connectionString: bench.database.url,
    schema: 'bench_boss',
    supervise: false,
    schedule: false,
  });
  boss.on('error', () => undefined);
  await boss.start();
  try {
    await boss.createQueue('score');
    await bench.admin.query(INSERT(rows));
    for (let first = 1; first <= rows; first += 1000) {
      const count = Math.min(1000, rows - first + 1);
      await boss.insert(
        Array.from({ length: count }, (_, i) => ({ name: 'score', data: { id: first + i } })),
      );
    }
    const start = performance.now();
    let done = 0;
    while (done < rows) {
      const jobs = await boss.fetch<{ id: number }>('score', { batchSize: BATCH });
      await handler(
        pool,
        jobs.map(({ data }) => data.id),
      );
      await boss.complete(
        'score',
        jobs.map(({ id }) => id),
      );
      done += jobs.length;
    }
    return performance.now() - start;
  } finally {
    await boss.stop({ graceful: false, wait: true });
    await pool.end();
    await bench.admin.query('DROP SCHEMA IF EXISTS bench_boss CASCADE');
  }
}

async function runGraphileWorker(bench: Bench, rows: number): Promise<number> {
  const pool = new pg.Pool({ connectionString: bench.database.url, max: CONCURRENCY + 2 });
  pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined));
  const schema = 'bench_graphile';
  const options = { pgPool: pool, schema, noHandleSignals: true, logger: new Logger(() => () => undefined) };
  const { runMigrations } = await import('graphile-worker');
  try {
    await runMigrations(options);
    await bench.admin.query(INSERT(rows));
    await bench.admin.query(
      `SELECT ${schema}.add_job('score', json_build_object('id', i)) FROM generate_series(1, ${rows}) AS i`,
    );
    const start = performance.now();
    const runner = await runGraphile({
      ...options,
      concurrency: CONCURRENCY,
      pollInterval: 100,
      taskList: { score: (payload) => scoreRow(pool, (payload as { id: number }).id) },
    });
    const left = `SELECT EXISTS (SELECT FROM ${schema}.jobs) AS waits`;
    while ((await bench.admin.query<{ waits: boolean }>(left)).rows[0]!.waits) await setTimeout(10);
    const milliseconds = performance.now() - start;
    await runner.stop();
    return milliseconds;
  } finally {
    await pool.end();
    await bench.admin.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  }
}
