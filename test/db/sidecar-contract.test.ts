import { writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { applyDeploy, planDeploy } from '../../src/deploy/deploy.ts';
import { packageVersion } from '../../src/package-version.ts';
import { compileScorer } from '../../src/scorer/scorer.ts';
import { ContractSidecar } from '../harness/contract-sidecar.ts';
import {
  type ContractStatement,
  contractPath,
  describeStatement,
  normalized,
  readContracts,
} from '../harness/contracts.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { deployMadeGraph } from '../harness/deploy-graph.ts';
import { biasedSum } from '../harness/graphs.ts';
import { deployMade, sumModel } from '../harness/models.ts';
import { cacheFolder, DRAINED, prepareSidecarTests, startSidecar, until, watch } from '../harness/sidecar.ts';

prepareSidecarTests();

const releases = readContracts();
let database: TestDatabase;
let client: pg.Client;
let binding: number;

beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.client();
  await deployMade(client, 'pair', sumModel(['a', 'b']));
  await deployMade(client, 'pair', sumModel(['a', 'b'], { bias: 10 }));
  await deployMadeGraph(client, 'biased', biasedSum(1));
  const scorer = await compileScorer('test/models/scorers/risk.ts');
  await applyDeploy(client, await planDeploy(client, { name: 'risk', scorer }));
});

beforeEach(async () => {
  await client.query(
    `DROP TABLE IF EXISTS items, others, writes CASCADE;
     CREATE TABLE items (id bigint PRIMARY KEY, a float8, b float8, score float8, scored_by integer);
     CREATE TABLE others (id bigint PRIMARY KEY, a float8, b float8, score float8);
     CREATE TABLE writes (id bigint);
     CREATE OR REPLACE FUNCTION note_write() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN INSERT INTO public.writes VALUES (NEW.id); RETURN NULL; END $$;
     CREATE TRIGGER note_write AFTER UPDATE OF score ON items FOR EACH ROW EXECUTE FUNCTION note_write()`,
  );
  await client.query(`SELECT pgscore.promote('pair', 1)`);
  await client.query(
    `SELECT pgscore.attach('pair', 'items', 'score', mode => 'async', version_column => 'scored_by')`,
  );
  await watch(client, 'items', 'others');
  const { rows } = await client.query<{ id: number }>('SELECT id FROM pgscore_internal.sidecar_bindings()');
  binding = rows[0]!.id;
});

afterEach(() => vi.restoreAllMocks());

/** The statements that a sidecar sends in everything that it does, with what they take and give. */
async function present(): Promise<ContractStatement[]> {
  const sent = vi.spyOn(pg.Client.prototype, 'query');
  await client.query(`SELECT pgscore.attach('biased', 'others', 'score', mode => 'async')`);
  const { sidecar } = startSidecar(database.url, {
    batch: 20,
    // Model files come from the database.
    cache: await mkdtemp(join(cacheFolder(), 'empty-')),
    http: { host: '127.0.0.1', port: 0, tokens: [] },
  });
  // A page that is longer than a batch is split.
  await client.query('INSERT INTO items SELECT i, i, 1 FROM generate_series(1, 300) AS i');
  await client.query('INSERT INTO others VALUES (1, 1, 1)');
  await until(client, DRAINED);
  const { url } = (await sidecar.http)!;
  const row = { tenure: 2, charges: 70, contract: 'Month-to-month' };
  const answers = await Promise.all([
    fetch(`${url}/v2/models/pair`),
    fetch(`${url}/predict/pair`, post({ keys: ['1'] })),
    fetch(`${url}/predict/risk`, post({ rows: [row] })),
    fetch(`${url}/metrics`),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  sidecar.stop('the test');
  await sidecar.done;
  const own = sent.mock.contexts.map((context, k) => {
    const [query] = sent.mock.calls[k] as unknown as [string | { text: string }];
    return context === client ? undefined : normalized(typeof query === 'string' ? query : query.text);
  });
  const texts = [...new Set(own)].filter((text) => text !== undefined).sort();
  const found: ContractStatement[] = [];
  for (const text of texts) found.push(await describeStatement(client, text, binding));
  return found;
}

function post(body: unknown): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** `npm run generate:contract` runs this with GENERATE=1, which writes the file in place of comparing it. */
test('what sidecars of this release ask of the database is its contract', async () => {
  const release = packageVersion();
  const contract = { release, statements: await present() };
  if (process.env.GENERATE === '1')
    writeFileSync(contractPath(release), `${JSON.stringify(contract, null, 2)}\n`);
  else {
    const recorded = releases.find((each) => each.release === release);
    expect(contract, 'npm run generate:contract, before the release').toEqual(recorded);
  }
}, 60_000);

test.each(releases)(
  'the schema has all that sidecars of release $release ask for',
  async ({ statements }) => {
    expect(statements.length).toBeGreaterThan(10);
    for (const statement of statements) {
      expect(await describeStatement(client, statement.text, binding)).toEqual(statement);
    }
  },
);

test.each(releases)(
  'sidecars of this release and of $release share a queue',
  async (contract) => {
    const older = await database.client();
    const score = ([a, b]: readonly (string | null)[], version: number) =>
      Number(a) + 2 * Number(b) + 10 * (version - 1);
    const frozen = new ContractSidecar(older, contract, score);
    const stopping = new AbortController();
    const running = frozen.run(stopping.signal);
    const { sidecar } = startSidecar(database.url, { batch: 50 });
    const presentScored = async () =>
      Number(/rows_scored_total\{.*\} (\d+)/.exec(await sidecar.metrics.text())?.[1] ?? 0);

    let rows = 0;
    for (const version of [1, 2]) {
      await client.query(`SELECT pgscore.promote('pair', ${version})`);
      const before = { frozen: frozen.scored, present: await presentScored() };
      const bothWorked = async () =>
        frozen.scored > before.frozen && (await presentScored()) > before.present;
      while (!(await bothWorked())) {
        await client.query(
          `INSERT INTO items SELECT i, i, 1 FROM generate_series(${rows + 1}, ${rows + 1000}) AS i`,
        );
        rows += 1000;
        await until(client, DRAINED);
      }
      await client.query(`INSERT INTO items VALUES (${++rows}, 1, 1)`);
      await until(client, DRAINED);
    }
    const { rows: written } = await client.query(
      'SELECT count(*)::int AS writes, count(DISTINCT id)::int AS rows FROM writes',
    );
    expect(written).toEqual([{ writes: rows, rows }]);
    await client.query('UPDATE items SET b = b + 1');
    await until(client, DRAINED);
    const { rows: found } = await client.query(
      'SELECT count(*)::int AS rows, bool_and(score = a + 2 * b + 10 * (scored_by - 1)) AS right FROM items',
    );
    expect(found).toEqual([{ rows, right: true }]);
    stopping.abort();
    await running;
  },
  60_000,
);
