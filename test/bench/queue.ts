import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type pg from 'pg';
import { type Bench, timingSession } from './bench.ts';
import { alternate, median, timed, type Variant } from './measure.ts';
import type { Section } from './report.ts';
import { featureColumns } from './rows.ts';

const CLIENTS = 8;
/** Rows of one claim: what a sidecar asks for. */
const BATCH = 100;

/** What an async binding costs writers, and what a snapshot that is held elsewhere costs the queue. */
export async function benchQueue(bench: Bench): Promise<Section[]> {
  const tables = await createTables(bench);
  const single = await benchSingleRows(bench, tables);
  return [
    await benchBulk(bench, tables),
    ...(single === undefined ? [] : [single]),
    await benchClaims(bench),
  ];
}

interface Target {
  readonly name: string;
  readonly table: string;
}

/** Ordinary tables, as those are that wait for a sidecar; all alike but for their triggers. */
async function createTables({ admin, features }: Bench): Promise<readonly Target[]> {
  const columns = `id bigint PRIMARY KEY, ${featureColumns(features.length)}, score float8`;
  await admin.query(`
    CREATE TABLE bench.queue_plain (${columns});
    CREATE TABLE bench.queue_captured (${columns});
    CREATE FUNCTION bench.see_nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
    CREATE TRIGGER see_nothing AFTER INSERT ON bench.queue_captured REFERENCING NEW TABLE AS new_rows
      FOR EACH STATEMENT EXECUTE FUNCTION bench.see_nothing();
    CREATE TABLE bench.queue_async (${columns});
    SELECT pgscore.attach('ensemble', 'bench.queue_async', 'score', mode => 'async')`);
  return [
    { name: 'no trigger', table: 'queue_plain' },
    { name: 'a trigger with a transition table that does nothing', table: 'queue_captured' },
    { name: 'async binding', table: 'queue_async' },
  ];
}

async function empty(client: pg.ClientBase, table: string): Promise<void> {
  await client.query(`TRUNCATE bench.${table}, pgscore_internal.jobs`);
}

async function benchBulk(bench: Bench, tables: readonly Target[]): Promise<Section> {
  const { features, rows } = bench;
  const list = ['id', ...features].join(', ');
  const variants = await Promise.all(
    tables.map(async ({ name, table }): Promise<Variant> => {
      const client = await timingSession(bench);
      const insert = `INSERT INTO bench.${table} (${list}) SELECT ${list} FROM bench.rows`;
      return { name, before: () => empty(client, table), run: () => client.query(insert) };
    }),
  );
  const samples = await alternate(variants, bench.repetitions);
  const fastest = samples.map((each) => Math.min(...each));
  return {
    title: `6a. INSERT … SELECT of ${rows} rows of ${features.length + 2} columns with an async binding`,
    notes: ['Logged tables with a bigint primary key, emptied before each repetition. Baseline: no trigger.'],
    rows: variants.map(({ name }, v) => ({
      name,
      values: {
        'rows/s': (rows / median(samples[v]!)) * 1000,
        fastest: (rows / fastest[v]!) * 1000,
        'µs/row': (median(samples[v]!) / rows) * 1000,
        '× baseline': median(samples[0]!) / median(samples[v]!),
        '× fastest': fastest[0]! / fastest[v]!,
      },
    })),
  };
}

/** Nothing where there is no pgbench. */
async function benchSingleRows(bench: Bench, tables: readonly Target[]): Promise<Section | undefined> {
  const pgbench = findProgram('pgbench');
  if (pgbench === undefined) return undefined;
  const { features, repetitions, admin } = bench;
  const seconds = repetitions === 1 ? 1 : 4;
  const folder = mkdtempSync(join(tmpdir(), 'pgscore-bench-'));
  const rates = tables.map((): number[] => []);
  await admin.query('CREATE SEQUENCE bench.queue_id CACHE 1000');
  const values = features.map((_, k) => `:x + ${k}`).join(', ');
  for (let round = 0; round <= repetitions; round++) {
    for (const [t, { table }] of tables.entries()) {
      await empty(admin, table);
      const script = join(folder, `${table}.sql`);
      writeFileSync(
        script,
        `\\set x random(1, 1000)\nINSERT INTO bench.${table} (id, ${features.join(', ')}) VALUES (nextval('bench.queue_id'), ${values});\n`,
      );
      const { stdout } = await promisify(execFile)(pgbench, [
        ...['-n', '-M', 'prepared', '-c', String(CLIENTS), '-j', '2', '-T', String(seconds), '-f', script],
        bench.database.url,
      ]);
      // The first round warms up.
      if (round > 0) rates[t]!.push(Number(/tps = ([0-9.]+)/.exec(stdout)![1]));
    }
  }
  return {
    title: `6b. INSERT of single rows of ${features.length + 2} columns by ${CLIENTS} clients`,
    notes: [
      `pgbench, prepared statements, each its own transaction, ${seconds} s a repetition; no sidecar. Baseline: no trigger.`,
    ],
    rows: tables.map(({ name }, t) => ({
      name,
      values: {
        'rows/s': median(rates[t]!),
        fastest: Math.max(...rates[t]!),
        '× baseline': median(rates[t]!) / median(rates[0]!),
        '× fastest': Math.max(...rates[t]!) / Math.max(...rates[0]!),
      },
    })),
  };
}

function findProgram(name: string): string | undefined {
  const debian = '/usr/lib/postgresql';
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...(existsSync(debian) ? readdirSync(debian).map((version) => join(debian, version, 'bin')) : []),
  ];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Claims and finishes all jobs, as one sidecar does whose model takes no time. */
async function benchClaims(bench: Bench): Promise<Section> {
  const { admin } = bench;
  const jobs = bench.rows * 2;
  const binding = (
    await admin.query(`SELECT id FROM pgscore.bindings WHERE value_column = 'score' AND mode = 'async'`)
  ).rows[0].id as number;
  const worker = await timingSession(bench);
  const holder = await timingSession(bench);
  const cases = [
    { name: 'no snapshot held', held: false, cursor: true },
    { name: 'a snapshot held elsewhere', held: true, cursor: true },
    { name: 'the same, each claim from the first job', held: true, cursor: false },
  ];
  const found: { readonly name: string; readonly total: number; readonly last: number }[] = [];
  for (const { name, held, cursor } of cases) {
    await admin.query('TRUNCATE pgscore_internal.jobs');
    await admin.query(
      `INSERT INTO pgscore_internal.jobs (binding, key) SELECT $1, i::text FROM generate_series(1, $2::int) AS s (i)`,
      [binding, jobs],
    );
    await admin.query('VACUUM ANALYZE pgscore_internal.jobs');
    if (held) await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM bench.rows LIMIT 1');
    let last = 0;
    const total = await timed(async () => {
      for (let after = '0', done = 0; done < jobs; done += BATCH) {
        const step = async () => {
          after = await claimAndFinish(worker, binding, cursor ? after : '0');
        };
        if (done >= jobs * 0.9) last += await timed(step);
        else await step();
      }
    });
    if (held) await holder.query('COMMIT');
    found.push({ name, total, last });
  }
  return {
    title: `6c. Claiming and deleting ${jobs} jobs, ${BATCH} at a time, on one connection`,
    notes: [
      'Jobs of one row each; dead rows stay as long as the snapshot is held. "last tenth" is when most of them are there.',
    ],
    rows: found.map(({ name, total, last }) => ({
      name,
      values: {
        'jobs/s': (jobs / total) * 1000,
        'last tenth, jobs/s': ((jobs * 0.1) / last) * 1000,
        '× baseline': found[0]!.total / total,
        '× last tenth': found[0]!.last / last,
      },
    })),
  };
}

async function claimAndFinish(worker: pg.Client, binding: number, after: string): Promise<string> {
  await worker.query('BEGIN');
  const { rows } = await worker.query<{ id: string }>('SELECT id FROM pgscore_internal.claim($1, $2, $3)', [
    binding,
    BATCH,
    after,
  ]);
  await worker.query('SELECT pgscore_internal.finish($1, 1, $2)', [binding, rows.map(({ id }) => id)]);
  await worker.query('COMMIT');
  return rows.at(-1)?.id ?? after;
}
