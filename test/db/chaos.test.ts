import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backfill } from '../../src/deploy/backfill.ts';
import { deployMadeGraph } from '../harness/deploy-graph.ts';
import { biasedSum } from '../harness/graphs.ts';
import { hasLocalServer } from '../harness/platform.ts';
import { createPrivateServer, type PrivateServer } from '../harness/private-server.ts';
import { Random } from '../harness/random.ts';
import {
  DRAINED,
  prepareSidecarTests,
  type SpawnedSidecar,
  spawnSidecar,
  until,
  watch,
} from '../harness/sidecar.ts';

/** Faults come while writers write, for this long. */
const FAULTS_MS = 12_000;
const WRITERS = 3;
/** Rounds of writes between two faults. */
const ROUNDS_PER_FAULT = 12;
/** Of a row whose prediction the table refuses: one in so many. */
const POISON_EVERY = 1000;

prepareSidecarTests();

let server: PrivateServer;

beforeAll(async () => {
  if (hasLocalServer) server = await createPrivateServer();
});
afterAll(() => server?.remove());

test.skipIf(!hasLocalServer)(
  'chaos: whatever is killed, cut or restarted, every row ends with the prediction of what it is now',
  async () => {
    const seed = Number(process.env.PGSCORE_CHAOS_SEED ?? Date.now() % 1_000_000);
    console.log(`PGSCORE_CHAOS_SEED=${seed}`);
    await prepare();
    const sidecars = new Sidecars(2);
    const writers = Array.from({ length: WRITERS }, (_, w) => new Writer(w, new Random(seed + 1 + w)));
    const done = { faults: 0, rounds: 0 };
    await bringAbout(seed, sidecars, writers, done);
    await promoteAndBackfill(sidecars, writers);
    await drain();
    const found = await state();
    console.log(
      `${done.faults} faults, ${done.rounds} rounds of writes, ${found.rows} rows at the end, ` +
        `${found.writes} predictions written`,
    );
    expect(done.faults).toBeGreaterThan(5);
    expect(found).toMatchObject({ wrong: 0, poisonScored: 0, jobs: 0, unexplained: 0, repeats: 0 });
    expect(found.rows).toBeGreaterThan(500);
  },
  150_000,
);

async function prepare(): Promise<void> {
  // A session that has run PLJS would not heed a restart.
  const deployer = await server.client();
  await deployMadeGraph(deployer, 'biased', biasedSum(1));
  await deployMadeGraph(deployer, 'biased', biasedSum(2));
  await deployer.query(
    `CREATE TABLE items (
       id bigint PRIMARY KEY, a float8 NOT NULL, b float8 NOT NULL, score float8, scored_by integer,
       CONSTRAINT poison CHECK (score IS NULL OR id % ${POISON_EVERY} <> 0)
     );
     CREATE TABLE written (id bigint, a float8, b float8, scored_by integer);
     CREATE SEQUENCE ids; CREATE SEQUENCE numbers;
     CREATE FUNCTION note_written() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN INSERT INTO public.written VALUES (NEW.id, NEW.a, NEW.b, NEW.scored_by); RETURN NULL; END $$;
     CREATE TRIGGER note_written AFTER UPDATE OF score ON items FOR EACH ROW WHEN (NEW.score IS NOT NULL) EXECUTE FUNCTION note_written()`,
  );
  await deployer.query(
    `SELECT pgscore.attach('biased', 'items', 'score', mode => 'async', version_column => 'scored_by')`,
  );
  await deployer.end();
}

/** An application that goes on whatever becomes of its connection. Features never come twice. */
class Writer {
  readonly #random: Random;
  readonly #number: number;
  #client: pg.Client | undefined;

  constructor(number: number, random: Random) {
    this.#number = number;
    this.#random = random;
  }

  async round(): Promise<void> {
    try {
      this.#client ??= await server.client();
      await this.#client.query(this.#statement());
    } catch {
      // Cut off, or the server is away: the next round connects again.
      await this.#client?.end().catch(() => undefined);
      this.#client = undefined;
    }
  }

  async end(): Promise<void> {
    await this.#client?.end().catch(() => undefined);
  }

  #statement(): string {
    const some = (share: number) => `id % ${WRITERS} = ${this.#number} AND random() < ${share}`;
    const fresh = (rows: number) =>
      `INSERT INTO items SELECT ${WRITERS} * nextval('ids') + ${this.#number}, nextval('numbers'), 1 FROM generate_series(1, ${rows})`;
    switch (this.#random.below(6)) {
      case 0:
        return fresh(120);
      case 1:
      case 2:
        return fresh(1 + this.#random.below(5));
      case 3:
        return `DELETE FROM items WHERE ${some(0.03)}`;
      case 4:
        return `BEGIN; UPDATE items SET a = nextval('numbers') WHERE ${some(0.05)}; ROLLBACK`;
      default:
        return `UPDATE items SET a = nextval('numbers'), b = b + 1 WHERE ${some(0.1)}`;
    }
  }
}

/** Sidecars as processes of their own, each replaced when it was killed. */
class Sidecars {
  readonly #all: SpawnedSidecar[];

  constructor(count: number) {
    this.#all = Array.from({ length: count }, spawn);
  }

  async kill(index: number): Promise<void> {
    const { child, exit } = this.#all[index]!;
    child.kill('SIGKILL');
    await exit;
    this.#all[index] = spawn();
  }

  get count(): number {
    return this.#all.length;
  }
}

function spawn(): SpawnedSidecar {
  return spawnSidecar(server.url, ['--workers', '1', '--batch', '60']);
}

async function bringAbout(
  seed: number,
  sidecars: Sidecars,
  writers: readonly Writer[],
  done: { faults: number; rounds: number },
): Promise<void> {
  const random = new Random(seed);
  const end = performance.now() + FAULTS_MS;
  while (performance.now() < end) {
    for (let round = 0; round < ROUNDS_PER_FAULT; round++) {
      await Promise.all(writers.map((writer) => writer.round()));
      done.rounds += 1;
    }
    await fault(random, sidecars, done.faults);
    done.faults += 1;
  }
}

async function fault(random: Random, sidecars: Sidecars, number: number): Promise<void> {
  if (number % 8 === 5) {
    await server.stop();
    await server.start();
  } else if (random.below(2) === 0) {
    await sidecars.kill(random.below(sidecars.count));
  } else {
    const client = await server.client();
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND random() < 0.6`,
    );
    await client.end();
  }
}

/** The writers go on, and so does one that kills. */
async function promoteAndBackfill(sidecars: Sidecars, writers: readonly Writer[]): Promise<void> {
  const client = await server.client();
  await client.query(`SELECT pgscore.promote('biased', 2)`);
  await client.end();
  await Promise.all(writers.map((writer) => writer.round()));
  const filled = backfill(server.url, { model: 'biased' });
  for (let round = 0; round < ROUNDS_PER_FAULT; round++)
    await Promise.all(writers.map((writer) => writer.round()));
  await sidecars.kill(0);

  await filled;
  await Promise.all(writers.map((writer) => writer.end()));
}

/** Retries are made due at once, so that the rows of poison are given up before the test is. */
async function drain(): Promise<void> {
  const client = await server.client();
  const clock = await server.client();
  await watch(client, 'items');
  let due = true;
  const hurry = async () => {
    while (due)
      await clock.query(
        `UPDATE pgscore_internal.jobs SET not_before = '-infinity' WHERE attempts > 0 AND not_before > now()`,
      );
  };
  const hurrying = hurry();
  await until(client, DRAINED);
  due = false;
  await hurrying;
}

async function state() {
  const client = await server.client();
  const { rows } = await client.query<Record<string, number>>(
    `SELECT count(*)::int AS rows,
            (count(*) FILTER (WHERE id % ${POISON_EVERY} <> 0 AND (score IS DISTINCT FROM a + b + 2 OR scored_by IS DISTINCT FROM 2)))::int AS wrong,
            (count(*) FILTER (WHERE id % ${POISON_EVERY} = 0 AND score IS NOT NULL))::int AS "poisonScored",
            (SELECT count(*) FROM pgscore_internal.jobs)::int AS jobs,
            (SELECT count(*) FROM pgscore.errors AS e WHERE (e.row_key ->> 'id')::bigint % ${POISON_EVERY} <> 0)::int AS unexplained,
            (SELECT count(*) FROM written)::int AS writes,
            (SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM written GROUP BY id, a, b, scored_by) AS w)::int AS repeats
       FROM items`,
  );
  return rows[0]! as {
    readonly rows: number;
    readonly wrong: number;
    readonly poisonScored: number;
    readonly jobs: number;
    readonly unexplained: number;
    readonly writes: number;
    readonly repeats: number;
  };
}
