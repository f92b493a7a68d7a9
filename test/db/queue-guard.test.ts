import { beforeEach, describe, expect, test } from 'vitest';
import { client, fails, prepareAttachTests, rows, schema } from '../harness/attach.ts';
import { queued, score } from '../harness/queue.ts';

prepareAttachTests();

beforeEach(async () => {
  await client.query(`CREATE TABLE r (t int, at int, v float8, note text);
    CREATE TABLE t (id int, region int, a int, free int, PRIMARY KEY (id));
    SELECT pgscore.attach('pair', 't', 'p', mode => 'async', label_column => 'l', features =>
      '{"b": {"sql": "(SELECT sum(v) FROM r WHERE r.t = id)", "reads": {"r": "t"}}}')`);
});

describe('refused, by PostgreSQL or by the guard', () => {
  test.each([
    ['dropping a feature’s column', 'ALTER TABLE t DROP a', /depends? on column|other objects depend/],
    ['dropping it in cascade', 'ALTER TABLE t DROP a CASCADE', 'column a is gone'],
    ['retyping it', 'ALTER TABLE t ALTER a TYPE text', /column used in a trigger definition/],
    ['renaming it', 'ALTER TABLE t RENAME a TO aa', 'column a is gone'],
    ['dropping the key’s column', 'ALTER TABLE t DROP id', /other objects depend/],
    ['renaming it', 'ALTER TABLE t RENAME id TO k', 'column id is gone'],
    ['dropping the key', 'ALTER TABLE t DROP CONSTRAINT t_pkey', 'its key is gone'],
    ['dropping the prediction column', 'ALTER TABLE t DROP p', /other objects depend/],
    ['renaming it', 'ALTER TABLE t RENAME p TO q', 'column p is gone'],
    ['renaming the label column', 'ALTER TABLE t RENAME l TO q', 'column l is gone'],
    ['dropping what another table gives', 'ALTER TABLE r DROP v', /other objects depend/],
    ['dropping it in cascade', 'ALTER TABLE r DROP v CASCADE', /reads column v of .*\.r/],
    ['renaming it', 'ALTER TABLE r RENAME v TO w', /reads column v of .*\.r/],
    ['renaming its key', 'ALTER TABLE r RENAME t TO tt', /reads column t of .*\.r/],
  ])('%s', async (_, sql, problem) => {
    await fails(
      sql,
      problem instanceof RegExp ? problem : { message: expect.stringContaining(`t.p: ${problem}`) },
    );
  });

  test.each(['insert', 'update', 'delete', 'truncate', 'columns'])(
    'dropping the trigger "%s"',
    async (kind) => {
      const [name] = (
        await rows(
          `SELECT tgname FROM pg_trigger WHERE tgrelid = 't'::regclass AND tgname LIKE '%\\_${kind}\\_%'`,
        )
      )[0]!;
      await fails(`DROP TRIGGER ${name} ON t`, /t\.p: a trigger is gone/);
    },
  );
});

test('everything else is allowed', async () => {
  await client.query(`ALTER TABLE t DROP free, ADD more text DEFAULT 1; ALTER TABLE r ALTER note TYPE varchar, DROP at;
    ALTER TABLE r RENAME TO readings; ALTER TABLE readings RENAME TO r; ALTER TABLE t ADD UNIQUE (a); CREATE INDEX ON t (p)`);
  await client.query('INSERT INTO t (id, a) VALUES (1, 1); INSERT INTO r VALUES (1, 5)');
  await score(client, 't', true);
  expect(await rows('SELECT p FROM t')).toEqual([[11]]);
});

test('writers neither see nor use what is behind it, and need no right on it', async () => {
  const role = `${schema}_writer`;
  await client.query(`CREATE ROLE ${role}; GRANT USAGE ON SCHEMA ${schema} TO ${role};
    GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON t, r TO ${role}`);
  try {
    await client.query(`SET ROLE ${role}; INSERT INTO t (id, a) VALUES (1, 1), (2, 2); UPDATE t SET a = 3;
      INSERT INTO r VALUES (1, 1); DELETE FROM t WHERE id = 2`);
    for (const sql of [
      'SELECT FROM pgscore_internal.jobs',
      'SELECT pgscore_internal.claim(1, 1)',
      `SELECT pgscore.retry('pair')`,
      'SELECT FROM pgscore.queue',
      'SELECT FROM pgscore.sidecars',
    ])
      await fails(sql, { code: '42501' } as object);
    await client.query('RESET ROLE');
    expect(await queued(client, 't')).toEqual(['1', '1']);
    await client.query(`GRANT SELECT ON pgscore.queue, pgscore.sidecars TO ${role}; SET ROLE ${role}`);
    expect(await rows('SELECT sum(depth) > 0 FROM pgscore.queue')).toEqual([[true]]);
  } finally {
    await client.query(`RESET ROLE; DROP OWNED BY ${role}; DROP ROLE ${role}`);
  }
});

test('whoever attaches lends the sidecar functions to the owner of pgscore alone', async () => {
  expect(
    await rows(`SELECT p.oid::regprocedure::text FROM pg_proc AS p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
      WHERE p.pronamespace = 'pgscore_internal'::regnamespace AND p.proname ~ '^binding_[0-9]' AND a.grantee = 0`),
  ).toEqual([]);
});
