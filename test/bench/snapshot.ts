import type pg from 'pg';
import { sumModel } from '../harness/models.ts';
import { type Bench, deploy, madeModel } from './bench.ts';
import type { Section } from './report.ts';
import { drained, withSidecar } from './sidecar-process.ts';

const SECONDS = 30;
/** Writers pause while so many rows wait: the sidecar is never without work, and the backlog does not grow. */
const BACKLOG = 5_000;
/** A round of writes: one statement of many rows, then single rows, each in a transaction of its own. */
const BULK = 1_000;
const SINGLE_INSERTS = 100;
const SINGLE_UPDATES = 100;
const ROUND = BULK + SINGLE_INSERTS + SINGLE_UPDATES;

interface Finding {
  /** Rows a second. */
  readonly whole: number;
  readonly lastThird: number;
  /** Of the table of jobs, at the end. */
  readonly dead: number;
}

/** What a snapshot that is held elsewhere, so that no dead row can be removed, costs writers and sidecar together. */
export async function benchSnapshot(bench: Bench): Promise<Section> {
  const { admin } = bench;
  const seconds = bench.rows <= 1000 ? 1 : SECONDS;
  await deploy(admin, 'steady', madeModel(sumModel(['a', 'b'])));
  await createWriter(admin);
  const holder = await bench.database.session();
  const cases = [
    ['no snapshot held', false],
    ['a snapshot held elsewhere', true],
    ['no snapshot held, again', false],
  ] as const;
  const found: Finding[] = [];
  for (const [, held] of cases) {
    await createTable(admin);
    if (held) await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM bench.rows LIMIT 1');
    found.push(await measure(bench, seconds));
    if (held) await holder.query('COMMIT');
  }
  const baseline = (value: (finding: Finding) => number) => (value(found[0]!) + value(found[2]!)) / 2;
  return {
    title: `10. ${seconds} s of writes and their predictions, while another session holds a snapshot`,
    notes: [
      `Rounds of an INSERT of ${BULK} rows, ${SINGLE_INSERTS} INSERTs and ${SINGLE_UPDATES} UPDATEs of one row, as fast as the sidecar scores them.`,
      'The snapshot is held from the start: neither jobs that are done nor old versions of rows can be removed.',
      'Baseline: the mean of the two without. "dead jobs" are dead rows of the table of jobs at the end.',
    ],
    rows: cases.map(([name], c) => ({
      name,
      values: {
        'rows/s': found[c]!.whole,
        'last third, rows/s': found[c]!.lastThird,
        'dead jobs': found[c]!.dead,
        '× baseline': found[c]!.whole / baseline(({ whole }) => whole),
        '× last third': found[c]!.lastThird / baseline(({ lastThird }) => lastThird),
      },
    })),
  };
}

/**
 * A round is a procedure's, so that it is not the client's round trips that are measured. It updates rows of some ten
 * rounds ago, which have their predictions: every write is one row to score.
 */
async function createWriter(admin: pg.ClientBase): Promise<void> {
  await admin.query(`
    CREATE FUNCTION bench.tell_count() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_catalog.pg_notify('bench_count', (SELECT count(*) FROM new_rows)::text); RETURN NULL; END $$;
    CREATE PROCEDURE bench.write_round(round integer) LANGUAGE plpgsql AS $$
    DECLARE
      first integer := ${BULK + SINGLE_INSERTS} * round + 1;
    BEGIN
      INSERT INTO bench.steady (id, a, b) SELECT i, i, 1 FROM generate_series(first, first + ${BULK - 1}) AS i;
      COMMIT;
      FOR i IN first + ${BULK} .. first + ${BULK + SINGLE_INSERTS - 1} LOOP
        INSERT INTO bench.steady (id, a, b) VALUES (i, i, 1);
        COMMIT;
      END LOOP;
      FOR i IN ${SINGLE_UPDATES} * (round - 1) + 1 .. ${SINGLE_UPDATES} * round LOOP
        UPDATE bench.steady SET b = b + 1 WHERE id = i;
        COMMIT;
      END LOOP;
    END $$`);
}

/** Empty, with a trigger that tells how many rows a statement of the sidecar has written. */
async function createTable(admin: pg.ClientBase): Promise<void> {
  await admin.query(`
    DROP TABLE IF EXISTS bench.steady;
    TRUNCATE pgscore_internal.jobs;
    CREATE TABLE bench.steady (id integer PRIMARY KEY, a float8, b float8, score float8);
    CREATE TRIGGER tell_count AFTER UPDATE ON bench.steady REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT
      WHEN (pg_catalog.current_setting('application_name') <> 'pgscore bench') EXECUTE FUNCTION bench.tell_count();
    SELECT pgscore.attach('steady', 'bench.steady', 'score', mode => 'async')`);
  // Which also forgets the dead rows that were counted before.
  await admin.query('VACUUM pgscore_internal.jobs');
}

async function measure(bench: Bench, seconds: number): Promise<Finding> {
  const { admin } = bench;
  const scored = new Scored(await bench.database.session());
  // Else the disk under the writers' many transactions would be measured.
  const writer = await bench.database.session({ synchronous_commit: 'off' });
  await scored.listen();
  const rates = await withSidecar(
    bench,
    () => writer.query('CALL bench.write_round(0)'),
    async () => {
      const start = await write(writer, scored, 1, 0);
      const twoThirds = await write(writer, scored, start.rounds, (seconds * 2) / 3);
      // As autovacuum does once a minute; plans made from now on are those for a table that is almost empty.
      await admin.query('VACUUM ANALYZE pgscore_internal.jobs');
      const end = await write(writer, scored, twoThirds.rounds, seconds / 3);
      await drained(admin);
      return { whole: rate(start, end), lastThird: rate(twoThirds, end) };
    },
  );
  await Promise.all([scored.close(), writer.end()]);
  const { rows } = await admin.query<{ dead: number; wrong: number }>(
    `SELECT pg_catalog.pg_stat_get_dead_tuples('pgscore_internal.jobs'::regclass)::int AS dead,
            (SELECT count(*)::int FROM bench.steady WHERE score IS DISTINCT FROM a + 2 * b) AS wrong`,
  );
  const { dead, wrong } = rows[0]!;
  if (wrong > 0) throw new Error(`${wrong} rows have not the score of what they are`);
  return { ...rates, dead };
}

/** How far it had come at some time. */
interface Mark {
  readonly at: number;
  readonly scored: number;
  /** The next one. */
  readonly rounds: number;
}

function rate(from: Mark, to: Mark): number {
  return ((to.scored - from.scored) / (to.at - from.at)) * 1000;
}

async function write(writer: pg.ClientBase, scored: Scored, first: number, seconds: number): Promise<Mark> {
  const end = performance.now() + seconds * 1000;
  let rounds = first;
  for (; performance.now() < end; rounds++) {
    await scored.reach(ROUND * rounds - BACKLOG);
    await writer.query('CALL bench.write_round($1)', [rounds]);
  }
  return { at: performance.now(), scored: scored.count, rounds };
}

/** Counts what the sidecar has written. */
class Scored {
  count = 0;
  readonly #client: pg.Client;
  #told: () => void = () => undefined;

  constructor(client: pg.Client) {
    this.#client = client;
  }

  async listen(): Promise<void> {
    this.#client.on('notification', ({ payload }) => {
      this.count += Number(payload);
      this.#told();
    });
    await this.#client.query('LISTEN bench_count');
  }

  async reach(count: number): Promise<void> {
    while (this.count < count)
      await new Promise<void>((resolve) => {
        this.#told = resolve;
      });
  }

  close(): Promise<void> {
    return this.#client.end();
  }
}
