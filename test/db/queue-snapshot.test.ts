import { expect, test } from 'vitest';
import { client, database, prepareAttachTests, rows } from '../harness/attach.ts';
import { bindingOf, claim } from '../harness/queue.ts';

prepareAttachTests();

const DEAD = 3000;
const BATCH = 20;

async function addJobs(binding: number, count: number): Promise<void> {
  await client.query(
    `INSERT INTO pgscore_internal.jobs (binding, key) SELECT $1, gen_random_uuid()::text FROM generate_series(1, $2::int)`,
    [binding, count],
  );
}

/** Entries of the jobs' indexes that the present transaction has read. */
async function read(): Promise<number> {
  const [counts] = await rows(
    `SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid))::int FROM pg_index WHERE indrelid = 'pgscore_internal.jobs'::regclass`,
  );
  return counts![0] as number;
}

// Plans of PostgreSQL before 17 are what this is about: it took an index by its first columns and looked at each job's id.
test.each([
  ['that were counted', true],
  ['that came after the statement was planned', false],
])('finishing jobs does not read the dead ones that a snapshot keeps, %s', async (_, counted) => {
  await client.query(`CREATE TABLE t (id text PRIMARY KEY, a int, b int);
    SELECT pgscore.attach('pair', 't', mode => 'async')`);
  const binding = await bindingOf(client, 't');
  let after = '0';
  const finish = async () => {
    await addJobs(binding, BATCH);
    await client.query('BEGIN');
    const jobs = await claim(client, binding, BATCH, after);
    after = jobs.at(-1)!.id;
    const before = await read();
    await client.query('SELECT pgscore_internal.finish($1, 1, $2)', [binding, jobs.map(({ id }) => id)]);
    const count = (await read()) - before;
    await client.query('COMMIT');
    return count;
  };
  await client.query('VACUUM pgscore_internal.jobs');
  // A statement that was run five times gets a plan for all values.
  if (!counted) for (let round = 0; round < 8; round++) await finish();
  const holder = await database.client();
  await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await holder.query('SELECT count(*) FROM pgscore_internal.jobs');
  await addJobs(binding, DEAD);
  await client.query('DELETE FROM pgscore_internal.jobs');
  if (counted) await client.query('VACUUM ANALYZE pgscore_internal.jobs');
  for (let round = 0; round < 8; round++)
    expect(await finish(), `round ${round}`).toBeLessThanOrEqual(2 * BATCH);
  await holder.query('COMMIT');
});
