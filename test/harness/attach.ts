import { beforeEach } from 'vitest';
import { deployMade, sumModel, text } from './models.ts';
import { client, prepareDatabase, rows } from './queries.ts';

export { client, database, fails, rows } from './queries.ts';

/** The running test's own schema, which the search_path names alone. */
export let schema: string;

/**
 * Models to attach: `score` (a + 2 b + 3 × the code of c), `pair` (a + 2 b), `kinds` (classes low and high by the sign
 * of a + 2 b). Call it at the top of a test file.
 */
export function prepareAttachTests(): void {
  let schemas = 0;
  prepareDatabase(async (client) => {
    await deployMade(client, 'score', sumModel(['a', 'b', text('c', 'x', 'y', 'z')]));
    await deployMade(client, 'pair', sumModel(['a', 'b']));
    await deployMade(client, 'kinds', sumModel(['a', 'b'], { labels: ['low', 'high'] }));
  });
  beforeEach(async () => {
    schema = `test_${++schemas}`;
    await client.query(`ROLLBACK; CREATE SCHEMA ${schema}; SET search_path = ${schema}`);
  });
}

/** How often the table's (first) binding runs its trigger function during the work. */
export async function firings(table: string, work: () => Promise<unknown>): Promise<number> {
  await client.query(`SET pgscore_test.fired = '0'`);
  const { rows: found } = await client.query<{ name: string; source: string }>(
    `SELECT p.proname AS name, p.prosrc AS source FROM pg_proc p JOIN pg_trigger t ON t.tgfoid = p.oid
      WHERE t.tgrelid = '${table}'::regclass AND p.proname LIKE 'binding%' LIMIT 1`,
  );
  const { name, source } = found[0]!;
  const count = `BEGIN\n  PERFORM set_config('pgscore_test.fired', (current_setting('pgscore_test.fired')::int + 1)::text, false);`;
  const replace = (body: string) =>
    client.query(
      `CREATE OR REPLACE FUNCTION pgscore_internal.${name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $_$${body}$_$`,
    );
  await replace(source.replace('BEGIN', count));
  await work();
  await replace(source);
  return Number((await rows(`SELECT current_setting('pgscore_test.fired')`))[0]![0]);
}
