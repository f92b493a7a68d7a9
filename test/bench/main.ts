import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type Bench, prepare } from './bench.ts';
import { benchCold } from './cold.ts';
import { benchInsert } from './insert.ts';
import { benchJobs } from './jobs.ts';
import { benchLatency } from './latency.ts';
import { benchNetwork } from './network.ts';
import { benchPredict } from './predict.ts';
import { benchQueue } from './queue.ts';
import { formatSection, type Section } from './report.ts';
import { benchScoring } from './scoring.ts';
import { benchSnapshot } from './snapshot.ts';
import { benchSoak } from './soak.ts';
import { benchSpread } from './spread.ts';

const USAGE = `npm run bench -- [--rows N] [--repetitions N] [--only 1,2,…] [--soak MINUTES] [--smoke] [--json]

Measures what scoring costs, on the server of PGSCORE_BENCH_DATABASE_URL or on the local server, in a database of its
own that is dropped afterwards. It prints times and never judges them.

  --rows N          rows to score and to insert (default 100000, on PLJS 20000)
  --repetitions N   timed repetitions of each statement after one that warms up (default 5)
  --only 1,2        these sections only: 1 scoring functions, 2 INSERT, 3 predict(), 4 first calls, 5 other models,
                    6 async bindings, 7 the sidecar beside other queues, 8 its network, 9 its latency,
                    10 its throughput while another session holds a snapshot
  --soak MINUTES    no section (or those of --only), then so many minutes of writes and promotions: memory, event loop
  --smoke           few rows, one repetition: does it work?
  --json            the same as JSON
`;

const SECTIONS: readonly ((bench: Bench) => Promise<Section | Section[]>)[] = [
  benchScoring,
  benchInsert,
  benchPredict,
  benchCold,
  benchSpread,
  benchQueue,
  benchJobs,
  benchNetwork,
  benchLatency,
  benchSnapshot,
];

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string' },
      repetitions: { type: 'string' },
      only: { type: 'string' },
      soak: { type: 'string' },
      smoke: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const rows = positive(values.rows, '--rows') ?? (values.smoke ? 1000 : undefined);
  const options = {
    ...(rows === undefined ? {} : { rows }),
    repetitions: positive(values.repetitions, '--repetitions') ?? (values.smoke ? 1 : 5),
  };
  const minutes = values.soak === undefined ? undefined : Number(values.soak);
  if (minutes !== undefined && !(minutes > 0)) throw new Error(`--soak is ${values.soak}, expected minutes`);
  const all = minutes === undefined ? SECTIONS.map((_, s) => s + 1) : [];
  const wanted = values.only?.split(',').map(Number) ?? all;
  const print = (text: string) => {
    if (!values.json) process.stdout.write(`${text}\n`);
  };
  const bench = await prepare(options, (line) => process.stderr.write(`${line}\n`));
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void bench.database.drop().finally(() => process.exit(1)));
  try {
    const environment = await describeEnvironment(bench);
    for (const [name, value] of Object.entries(environment)) print(`${name}: ${value}`);
    const sections: Section[] = [];
    const measures = SECTIONS.filter((_, s) => wanted.includes(s + 1));
    if (minutes !== undefined)
      measures.push((of) =>
        benchSoak(of, minutes, (line) => values.json || process.stderr.write(`${line}\n`)),
      );
    for (const measure of measures) {
      const found = [await measure(bench)].flat();
      for (const each of found) print(formatSection(each));
      sections.push(...found);
    }
    if (values.json) process.stdout.write(`${JSON.stringify({ environment, sections }, null, 2)}\n`);
  } finally {
    await bench.database.drop();
  }
}

function positive(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`${option} is ${text}, expected a whole number from 1`);
}

/** What the numbers depend on. */
async function describeEnvironment({ admin, database, rows, repetitions }: Bench) {
  const { rows: found } = await admin.query<{ server: string; extension: string; settings: string }>(
    `SELECT pg_catalog.version() AS server,
            (SELECT extversion FROM pg_catalog.pg_extension WHERE extname = $1) AS extension,
            (SELECT pg_catalog.string_agg(name || ' ' || setting, ', ' ORDER BY name) FROM pg_catalog.pg_settings
              WHERE name IN ('jit', 'fsync', 'synchronous_commit', 'shared_buffers')) AS settings`,
    [database.engine],
  );
  const { server, extension, settings } = found[0]!;
  return {
    server,
    engine: `${database.engine} ${extension}`,
    settings,
    machine: `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`,
    method:
      `medians of ${repetitions} alternating repetitions over ${rows} rows; each variant in a session of its own that ` +
      'has run the statement once before; one process a query',
  };
}

await main();
