import { setTimeout } from 'node:timers/promises';
import type pg from 'pg';
import { deployMadeGraph } from '../harness/deploy-graph.ts';
import { biasedSum } from '../harness/graphs.ts';
import { sumModel } from '../harness/models.ts';
import { type Bench, deploy, madeModel } from './bench.ts';
import type { Section, SectionRow } from './report.ts';
import { drained, withSidecar } from './sidecar-process.ts';

const PERIOD_MS = 30_000;
const PROMOTION_MS = 4_000;
const SAMPLES_A_PERIOD = 6;
/** A round of writes every so often. */
const ROUND_MS = 100;
const BULK = 100;
const SINGLE = 10;
/** Rows of the table; older ones are deleted. */
const KEPT = 50_000;
/** Two networks and a model of the database: a + b + the version's number. */
const VERSIONS = 3;

/** What the sidecar's process says of itself. */
interface Sample {
  readonly minute: number;
  readonly mainMb: number;
  readonly workersMb: number;
  readonly loopMs: number;
}

/**
 * Steady writes and a promotion every few seconds, for minutes: does memory stay, does the main process stay free?
 * Tells of each period when it ends.
 */
export async function benchSoak(
  bench: Bench,
  minutes: number,
  tell: (line: string) => void,
): Promise<Section> {
  const { admin } = bench;
  await createModel(admin);
  await createTable(admin);
  const end = minutes * 60_000;
  const soak = new Soak(bench, Math.min(PERIOD_MS, end / 2), tell);
  await withSidecar(
    bench,
    () => admin.query(`INSERT INTO bench.soaked (id, a, b) VALUES (0, 1, 1)`),
    async (url) => {
      await soak.run(url!, end);
      await drained(admin);
    },
    { http: true },
  );
  const { rows } = await admin.query<{ wrong: number }>(
    'SELECT count(*)::int AS wrong FROM bench.soaked WHERE score IS DISTINCT FROM a + b + scored_by',
  );
  if (rows[0]!.wrong > 0) throw new Error(`${rows[0]!.wrong} rows have not the score of what they are`);
  return {
    title: `11. A soak of ${minutes} minutes with ${soak.promotions} promotions`,
    notes: [
      `Every ${ROUND_MS} ms an INSERT of ${BULK} rows, ${SINGLE} INSERTs and ${SINGLE} UPDATEs of one row, and a DELETE of as many as came; a`,
      `promotion every ${PROMOTION_MS / 1000} s, two networks and a model of the database in turn. Latency: from the statement that queued the`,
      'row to the one that wrote its prediction. "loop p99": how late timers of the main process are, the worst of',
      `${SAMPLES_A_PERIOD} looks a line. Sizes: RSS.`,
    ],
    rows: [...soak.periods, slopes(soak.samples)],
  };
}

async function createModel(admin: pg.ClientBase): Promise<void> {
  await deployMadeGraph(admin, 'turning', biasedSum(1));
  await deployMadeGraph(admin, 'turning', biasedSum(2));
  await deploy(admin, 'turning', madeModel(sumModel(['a', 'b'], { weight: () => 1, bias: 3 })));
}

async function createTable(admin: pg.ClientBase): Promise<void> {
  await admin.query(`
    CREATE TABLE bench.soaked (id integer PRIMARY KEY, a float8, b float8, score float8, scored_by integer,
                               queued_at timestamptz NOT NULL DEFAULT clock_timestamp(), scored_at timestamptz);
    CREATE FUNCTION bench.note_time() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN NEW.scored_at := clock_timestamp(); RETURN NEW; END $$;
    CREATE TRIGGER note_time BEFORE UPDATE ON bench.soaked FOR EACH ROW
      WHEN (pg_catalog.current_setting('application_name') <> 'pgscore bench') EXECUTE FUNCTION bench.note_time();
    CREATE INDEX ON bench.soaked (scored_at);
    CREATE PROCEDURE bench.soak_round(round integer) LANGUAGE plpgsql AS $$
    DECLARE
      first integer := ${BULK + SINGLE} * round + 1;
    BEGIN
      INSERT INTO bench.soaked (id, a, b) SELECT i, i, 1 FROM generate_series(first, first + ${BULK - 1}) AS i;
      COMMIT;
      FOR i IN first + ${BULK} .. first + ${BULK + SINGLE - 1} LOOP
        INSERT INTO bench.soaked (id, a, b) VALUES (i, i, 1);
        COMMIT;
      END LOOP;
      FOR i IN first - 1000 .. first - 1000 + ${SINGLE - 1} LOOP
        UPDATE bench.soaked SET b = b + 1, queued_at = clock_timestamp() WHERE id = i;
        COMMIT;
      END LOOP;
      DELETE FROM bench.soaked WHERE id BETWEEN 1 AND first - ${KEPT};
    END $$;
    SELECT pgscore.attach('turning', 'bench.soaked', 'score', mode => 'async', version_column => 'scored_by')`);
}

class Soak {
  readonly periods: SectionRow[] = [];
  readonly samples: Sample[] = [];
  promotions = 0;
  readonly #bench: Bench;
  readonly #periodMs: number;
  readonly #tell: (line: string) => void;

  constructor(bench: Bench, periodMs: number, tell: (line: string) => void) {
    this.#bench = bench;
    this.#periodMs = periodMs;
    this.#tell = tell;
  }

  async run(url: string, milliseconds: number): Promise<void> {
    const start = performance.now();
    const ended = new AbortController();
    const regularly = async (everyMs: number, work: (turn: number) => Promise<unknown>) => {
      for (let turn = 0; !ended.signal.aborted; turn++) {
        await work(turn);
        const rest = start + (turn + 1) * everyMs - performance.now();
        await setTimeout(Math.max(0, rest), undefined, { signal: ended.signal }).catch(() => undefined);
      }
    };
    const { database } = this.#bench;
    const [writer, promoter] = [await database.session(), await database.session()];
    const work = [
      regularly(ROUND_MS, (turn) => writer.query('CALL bench.soak_round($1)', [turn])),
      regularly(PROMOTION_MS, (turn) => this.#promote(promoter, (turn % VERSIONS) + 1)),
      regularly(this.#periodMs / SAMPLES_A_PERIOD, async () =>
        this.samples.push(await sample(url, (performance.now() - start) / 60_000)),
      ),
    ];
    const periods = this.#notePeriods(start, milliseconds).finally(() => ended.abort());
    await Promise.all([periods, ...work]);
  }

  async #promote(client: pg.Client, version: number): Promise<void> {
    await client.query(`SELECT pgscore.promote('turning', $1)`, [version]);
    this.promotions += 1;
  }

  async #notePeriods(start: number, milliseconds: number): Promise<void> {
    const { admin } = this.#bench;
    let since = await now(admin);
    for (let period = 1; period * this.#periodMs <= milliseconds; period++) {
      await setTimeout(start + period * this.#periodMs - performance.now());
      const until = await now(admin);
      const samples = this.samples.slice(-SAMPLES_A_PERIOD);
      const row: SectionRow = {
        name: `${((period * this.#periodMs) / 1000).toFixed(0)} s`,
        values: { ...(await readPeriod(admin, since, until)), ...worst(samples) },
      };
      since = until;
      this.periods.push(row);
      this.#tell(
        `${row.name}: ${Object.entries(row.values)
          .map(([name, value]) => `${name} ${value.toFixed(1)}`)
          .join(', ')}`,
      );
    }
  }
}

async function now(admin: pg.ClientBase): Promise<string> {
  return (await admin.query<{ now: string }>('SELECT clock_timestamp()::text AS now')).rows[0]!.now;
}

async function readPeriod(
  admin: pg.ClientBase,
  since: string,
  until: string,
): Promise<Record<string, number>> {
  const { rows } = await admin.query<{ rate: number; p50: number; p95: number }>(
    `SELECT count(*) / extract(epoch FROM $2::timestamptz - $1::timestamptz)::float8 AS rate,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY t.ms) AS p50, percentile_cont(0.95) WITHIN GROUP (ORDER BY t.ms) AS p95
       FROM bench.soaked AS s, LATERAL (SELECT extract(epoch FROM s.scored_at - s.queued_at)::float8 * 1000 AS ms) AS t
      WHERE s.scored_at > $1 AND s.scored_at <= $2 AND s.scored_at >= s.queued_at`,
    [since, until],
  );
  const { rate, p50, p95 } = rows[0]!;
  return { 'rows/s': rate, 'p50, ms': p50, 'p95, ms': p95 };
}

function worst(samples: readonly Sample[]): Record<string, number> {
  const most = (value: (sample: Sample) => number) => Math.max(...samples.map(value));
  return {
    'loop p99, ms': most(({ loopMs }) => loopMs),
    'main, MB': most(({ mainMb }) => mainMb),
    'workers, MB': most(({ workersMb }) => workersMb),
  };
}

async function sample(url: string, minute: number): Promise<Sample> {
  const text = await (await fetch(new URL('/metrics', url))).text();
  const read = (name: string) => Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)![1]);
  return {
    minute,
    mainMb: read('pgscore_memory_bytes') / 2 ** 20,
    workersMb: read('pgscore_workers_memory_bytes') / 2 ** 20,
    loopMs: read('pgscore_event_loop_delay_p99_seconds') * 1000,
  };
}

/** MB a minute over the second half. */
function slopes(samples: readonly Sample[]): SectionRow {
  const half = samples.slice(samples.length >> 1);
  return {
    name: 'slope of the second half, MB/minute',
    values: {
      'main, MB': slope(half, ({ mainMb }) => mainMb),
      'workers, MB': slope(half, (s) => s.workersMb),
    },
  };
}

/** Of the line through the samples, by least squares. */
function slope(samples: readonly Sample[], value: (sample: Sample) => number): number {
  const mean = (of: (sample: Sample) => number) =>
    samples.reduce((sum, each) => sum + of(each), 0) / samples.length;
  const [x, y] = [mean(({ minute }) => minute), mean(value)];
  return mean((s) => (s.minute - x) * (value(s) - y)) / mean((s) => (s.minute - x) ** 2);
}
