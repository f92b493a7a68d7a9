import { beforeAll, expect, test } from 'vitest';
import { client, fails, prepareAttachTests, rows } from '../harness/attach.ts';
import { bindingOf, queued, registerGraph } from '../harness/queue.ts';

prepareAttachTests();

const ARRAY = [{ kind: 'array', name: 'x' }] as const;

beforeAll(async () => {
  await registerGraph(
    client,
    'deep',
    [{ kind: 'number', name: 'n' }, { kind: 'text', name: 's' }, ...ARRAY],
    {
      value: { output: 'y', index: 0 },
    },
  );
  await registerGraph(client, 'embed', ARRAY, { values: 'e' });
  await registerGraph(client, 'both', ARRAY, { value: { output: 'y', index: 0 }, values: 'e' });
});

async function read(table: string, keys: string): Promise<unknown[][]> {
  const binding = await bindingOf(client, table);
  return rows(`SELECT f0, f1, f2 FROM pgscore_internal.binding_${binding}_read('${keys}') ORDER BY key`);
}

test.each([
  ['float8[]', `'{0.1,NULL,Infinity}'`, '{0.1,NULL,Infinity}'],
  // The value that the column has, not the shortest text of it.
  ['float4[]', `'{0.1,0.5}'`, '{0.10000000149011612,0.5}'],
  ['float4[][]', `'{{1,2},{3,4}}'`, '{{1,2},{3,4}}'],
  ['int[]', `'{1,-2}'`, '{1,-2}'],
  ['numeric[]', `'{1.25}'`, '{1.25}'],
  ['bytea', `'\\x0000803f'`, '\\x0000803f'],
])('array features of %s, numbers and texts come as text', async (type, value, expected) => {
  await client.query(`CREATE TABLE t (id int PRIMARY KEY, n real, s varchar(9), x ${type});
    SELECT pgscore.attach('deep', 't', mode => 'async');
    INSERT INTO t VALUES (1, 0.1, '', ${value}), (2, NULL, NULL, NULL)`);
  await client.query(`SET extra_float_digits = -5; SET bytea_output = 'escape'`);
  expect(await read('t', '{1,2,3}')).toEqual([
    ['0.10000000149011612', '', expected],
    [null, null, null],
  ]);
  await client.query('RESET extra_float_digits; RESET bytea_output');
});

test('an array may be a query', async () => {
  await client.query(`CREATE TABLE t (id int PRIMARY KEY, n int, s text); CREATE TABLE r (t int, at int, v float8);
    SELECT pgscore.attach('deep', 't', mode => 'async', features =>
      '{"x": {"sql": "(SELECT array_agg(v ORDER BY at) FROM r WHERE r.t = id)", "reads": {"r": "t"}}}');
    INSERT INTO t VALUES (1, 1, 'a'); INSERT INTO r VALUES (1, 2, 20), (1, 1, 10)`);
  expect(await read('t', '{1}')).toEqual([['1', 'a', '{10,20}']]);
});

test('a column of another type is refused with those that fit', async () => {
  await client.query('CREATE TABLE t (id int PRIMARY KEY, n text, s int, x text[])');
  await fails(`SELECT pgscore.attach('deep', 't', mode => 'async')`, {
    detail: expect.stringMatching(
      /x: column x is of type text\[\], and the feature is an array: an array of numbers, bytea \(float32, little-endian\), vector or halfvec can feed it/,
    ),
  });
});

test.each([
  ['embed', null, 'double precision[]', '{1,2.5}', [1, 2.5]],
  ['embed', 'real[]', 'real[]', '{1,2.5}', [1, 2.5]],
  ['both', null, 'double precision', null, 7],
  ['both', 'float8[]', 'double precision[]', '{1,2.5}', [1, 2.5]],
])('%s writes into a column of type %s', async (model, given, type, array, expected) => {
  await client.query(`CREATE TABLE t (id int PRIMARY KEY, x float8[] ${given === null ? '' : `, p ${given}`});
    SELECT pgscore.attach('${model}', 't', 'p', mode => 'async', time_column => 'at', label_column => 'l');
    INSERT INTO t VALUES (1, '{1}')`);
  const binding = await bindingOf(client, 't');
  await client.query(`SELECT pgscore_internal.binding_${binding}_write('{1}', '{7}', $1, '{yes}', 1)`, [
    array === null ? null : [array],
  ]);
  expect(await rows('SELECT p, l, at IS NOT NULL FROM t')).toEqual([[expected, 'yes', true]]);
  expect(
    await rows(
      `SELECT format_type(atttypid, -1) FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'p'`,
    ),
  ).toEqual([[type]]);
  expect(
    await rows(`SELECT takes, runs_in FROM pgscore_internal.sidecar_bindings() WHERE id = ${binding}`),
  ).toEqual([[array === null ? 'value' : 'values', 'sidecar']]);
});

test('a sync binding refuses it, with the remedy', async () => {
  await client.query('CREATE TABLE t (id int PRIMARY KEY, n int, s text, x float8)');
  await fails(`SELECT pgscore.attach('deep', 't', features => '{"x": {"sql": "ARRAY[x]"}}')`, {
    message: expect.stringMatching(/^version 1 of deep runs in the sidecar/),
    hint: expect.stringContaining(`mode => 'async'`),
  });
});

test('row-level security: writers are held to it, sidecars see all rows, attaching through it is refused', async () => {
  await client.query(`CREATE ROLE queue_writer; CREATE ROLE queue_owner;
    CREATE TABLE t (id int PRIMARY KEY, n int, s text, x float8[]); ALTER TABLE t OWNER TO queue_owner;
    ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (id > 1) WITH CHECK (id > 1);
    SELECT pgscore.attach('deep', 't', mode => 'async');
    GRANT ALL ON t TO queue_writer`);
  await client.query(
    `DO $$ BEGIN EXECUTE 'GRANT USAGE ON SCHEMA ' || current_schema || ' TO queue_writer'; END $$`,
  );
  try {
    await client.query('SET ROLE queue_writer; INSERT INTO t VALUES (2, 1); UPDATE t SET n = 5; RESET ROLE');
    expect(await queued(client, 't')).toEqual(['2']);
    await client.query('INSERT INTO t VALUES (0, 1)');
    expect((await read('t', '{0,2}')).length).toBe(2);
    await client.query(`ALTER TABLE t FORCE ROW LEVEL SECURITY; ALTER FUNCTION pgscore_internal.require_key(regclass) OWNER TO queue_owner;
      ALTER FUNCTION pgscore_internal.require_key(regclass) SECURITY DEFINER; GRANT USAGE ON SCHEMA pgscore_internal TO queue_owner`);
    await fails(
      `SELECT pgscore_internal.require_key('t')`,
      /row-level security of .* would hide rows from queue_owner/,
    );
  } finally {
    await client.query(`RESET ROLE; ALTER FUNCTION pgscore_internal.require_key(regclass) OWNER TO CURRENT_USER;
      ALTER FUNCTION pgscore_internal.require_key(regclass) SECURITY INVOKER;
      DROP TABLE t; DROP OWNED BY queue_writer, queue_owner; DROP ROLE queue_writer, queue_owner`);
  }
});
