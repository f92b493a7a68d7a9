import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { programScorer, type Row } from '../../src/codegen/score.ts';
import { applyDeploy, type DeployPlan, planDeploy } from '../../src/deploy/deploy.ts';
import { compileScorer } from '../../src/scorer/scorer.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { deployMade, sumModel, text } from '../harness/models.ts';

const SCORERS = 'test/models/scorers';
let database: TestDatabase;
let client: pg.Client;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.client();
  folder = mkdtempSync(join(tmpdir(), 'pgscore-scorer-db-'));
  await deploy(`${SCORERS}/risk.ts`, 'risk');
  await deploy(`${SCORERS}/offer.ts`, 'offer');
});

afterAll(() => rmSync(folder, { recursive: true }));

async function deploy(file: string, name: string, options: object = {}): Promise<DeployPlan> {
  const plan = await planDeploy(client, { name, scorer: await compileScorer(file), ...options });
  await applyDeploy(client, plan);
  return plan;
}

async function source(name: string, contents: string): Promise<string> {
  const file = join(folder, name);
  writeFileSync(file, contents);
  return file;
}

async function row(sql: string, values: unknown[] = []): Promise<unknown[]> {
  return (await client.query<unknown[]>({ text: sql, rowMode: 'array', values })).rows[0]!;
}

/** What the server says of a failure: PLJS puts what was thrown into the detail. */
async function failure(sql: string): Promise<string> {
  const error = await client.query(sql).then(
    () => undefined,
    (cause: pg.DatabaseError) => cause,
  );
  return `${error?.message}\n${error?.detail}`;
}

describe('scalars', () => {
  it('are the arguments, and NULL comes in as null', async () => {
    // 0.5 + 0.02 × 70 - 0.05 × 2 = 1.8; -1 + 0.02 × 65 = 0.3.
    const [first, second, third] = await row(`
      SELECT pgscore_models.risk(2, 70, 'Month-to-month'),
             pgscore_models.risk(contract => NULL, charges => NULL, tenure => 0),
             pgscore_models.risk(NULL, NULL, 'One year')`);
    expect(first).toBeCloseTo(1 / (1 + Math.exp(-1.8)), 14);
    expect(second).toBeCloseTo(1 / (1 + Math.exp(-0.3)), 14);
    expect(third).toBeNull();
  });

  it('are read from jsonb and rows, where no prediction is NULL and not an error', async () => {
    const [json, none, taken] = await row(`
      SELECT pgscore.predict('risk', '{"tenure": 2, "charges": 70, "contract": "Month-to-month"}'),
             pgscore.predict('risk', '{"tenure": null, "charges": null, "contract": "x"}'),
             pgscore.predict('risk', r) FROM (VALUES (2, 70, 'Month-to-month')) AS r (tenure, charges, contract)`);
    expect(json).toBeCloseTo(1 / (1 + Math.exp(-1.8)), 14);
    expect([none, taken]).toEqual([null, json]);
    expect(await failure(`SELECT pgscore.predict('risk', '{"tenure": "two", "charges": 1}')`)).toContain(
      'model risk: absent: contract; tenure is "two", expected a number',
    );
  });

  it('give no label, probabilities or raw scores', async () => {
    const features = '{"tenure": 2, "charges": 70, "contract": "x"}';
    expect(
      await row(
        `SELECT pgscore.predict_label('risk', $1::jsonb), pgscore.predict_proba('risk', $1::jsonb), pgscore.predict_raw('risk', $1::jsonb)`,
        [features],
      ),
    ).toEqual([null, null, []]);
  });
});

describe('an object', () => {
  const customers: Row[] = [
    // Points: discount 4, none 1, upgrade 3 of 8.
    { tenure: 24, contract: 'Month-to-month', paperless: true, comment: null },
    // 1, 4, 1 of 6.
    { tenure: 3, contract: null, paperless: 0, comment: 'häppy 😀' },
    { tenure: 3, contract: 'One year', paperless: 1, comment: 'do not contact' },
    // Its type has no null for a tenure: no tenure, no prediction.
    { tenure: null, contract: 'One year', paperless: 1, comment: '' },
  ];

  it('gives what it gives in Node', async () => {
    const { signature, program } = await compileScorer(`${SCORERS}/offer.ts`);
    const { score } = programScorer(signature, program);
    expect(score(customers[0]!)).toEqual({
      value: 0.5,
      label: 'discount',
      probabilities: { discount: 0.5, none: 0.125, upgrade: 0.375 },
      raw: [4, 1, 3],
      values: [8, 4],
    });
    expect(score(customers[2]!)).toEqual(score(customers[3]!));
    expect(score(customers[3]!)).toMatchObject({ value: null, label: null, probabilities: null });
    for (const customer of customers) {
      const prediction = score(customer);
      const found = await row(
        `SELECT pgscore.predict('offer', $1::jsonb), pgscore.predict_label('offer', $1::jsonb),
                pgscore.predict_proba('offer', $1::jsonb), pgscore.predict_raw('offer', $1::jsonb)`,
        [JSON.stringify(customer)],
      );
      const { value, label, probabilities, raw } = prediction;
      expect(found).toEqual([value, label, probabilities, raw]);
      const scalars = ['tenure', 'contract', 'paperless', 'comment'].map((name) =>
        typeof customer[name] === 'boolean' ? Number(customer[name]) : customer[name],
      );
      expect(await row('SELECT pgscore_models.offer($1, $2, $3, $4)', scalars)).toEqual([value]);
    }
  });

  it('refuses a text that its type does not admit, and a boolean that is neither 1 nor 0', async () => {
    expect(await failure(`SELECT pgscore_models.offer(1, 'Three year', 1, NULL)`)).toContain(
      'model offer, version 1: offer(): contract is "Three year", and its type admits only "Month-to-month", "One year", "Two year"',
    );
    expect(await failure(`SELECT pgscore_models.offer(1, NULL, 2, NULL)`)).toContain(
      'model offer, version 1: offer(): paperless is 2, expected 1 or 0 for a boolean',
    );
  });
});

describe('a table', () => {
  it('carries its predictions in columns, also generated ones', async () => {
    const { functionName } = (
      await deploy(await source('twice.ts', 'export const twice = (x: number): number => 2 * x;'), 'twice')
    ).migration!;
    await client.query(`
      CREATE TABLE customers (id int PRIMARY KEY, tenure int, contract text, paperless boolean, comment text, x float8,
                              double float8 GENERATED ALWAYS AS (pgscore_models.${functionName}(x)) STORED);
      CREATE INDEX ON customers (pgscore_models.${functionName}(x));
      SELECT pgscore.attach('offer', 'customers', label_column => 'offer');
      INSERT INTO customers VALUES (1, 24, 'Month-to-month', true, NULL, 1.5), (2, NULL, 'One year', true, NULL, NULL);
      UPDATE customers SET tenure = 1, paperless = false WHERE id = 1;`);
    const { rows } = await client.query('SELECT offer_score, offer, double FROM customers ORDER BY id');
    // 4, 4, 1 of 9: the first of the greatest.
    expect(rows).toEqual([
      { offer_score: 4 / 9, offer: 'discount', double: 3 },
      { offer_score: null, offer: null, double: null },
    ]);
  });

  it('fails with what the scorer threw, or keeps that beside the row', async () => {
    await client.query(`
      CREATE TABLE loud (id int PRIMARY KEY, tenure int, charges float8, contract text);
      CREATE TABLE quiet (LIKE loud INCLUDING ALL);
      SELECT pgscore.attach('risk', 'loud');
      SELECT pgscore.attach('risk', 'quiet', on_error => 'null');`);
    const thrown = 'model risk, version 1: score() threw RangeError: a tenure of -3 months';
    expect(await failure('INSERT INTO loud VALUES (1, -3, 50, NULL)')).toContain(thrown);
    await client.query(`INSERT INTO quiet VALUES (1, -3, 50, NULL), (2, 3, 50, NULL)`);
    expect(await row('SELECT array_agg(risk_score IS NULL ORDER BY id) FROM quiet')).toEqual([[true, false]]);
    const [message, key] = await row(
      `SELECT message, row_key FROM pgscore.errors WHERE relation = 'quiet'::regclass`,
    );
    expect(message).toBe(thrown);
    expect(key).toEqual({ id: 1 });
  });
});

describe('versions', () => {
  it('are the same for the same code, whatever its file is called', async () => {
    const again = await planDeploy(client, {
      name: 'risk',
      scorer: await compileScorer(`${SCORERS}/risk.ts`),
    });
    expect(again).toMatchObject({ exists: true, version: 1 });
  });

  it('take over from an imported model with the same arguments, and back', async () => {
    await deployMade(client, 'swap', sumModel(['a', 'b', text('c', 'x', 'y')]));
    const file = await source(
      'swap.ts',
      'export const swap = (a: number | null, b: number, c: string): number => (a ?? 0) * b + c.length;',
    );
    expect((await deploy(file, 'swap')).champion).toBe(1);
    await client.query(`
      CREATE TABLE swapped (a int, b int, c text);
      SELECT pgscore.attach('swap', 'swapped');
      INSERT INTO swapped VALUES (3, 5, 'y');
      SELECT pgscore.promote('swap', 2);
      INSERT INTO swapped VALUES (3, 5, 'y'), (3, NULL, 'y');
      SELECT pgscore.rollback('swap');
      INSERT INTO swapped VALUES (3, 5, 'y');`);
    const { rows } = await client.query('SELECT swap_score FROM swapped');
    // The model: 3 + 2 × 5 + 3 × 1.
    expect(rows.map(({ swap_score }) => swap_score)).toEqual([16, 16, null, 16]);
  });

  it('stand in the views, and are dropped like any other', async () => {
    const view = `SELECT version, format, objective, task, source_file FROM pgscore.versions WHERE model = 'risk'`;
    expect((await client.query(view)).rows).toEqual([
      { version: 1, format: 'typescript', objective: 'score()', task: 'regression', source_file: 'risk.ts' },
    ]);
    await deploy(await source('gone.ts', 'export const gone = (x: number): number => x;'), 'gone');
    await client.query(`SELECT pgscore.drop_version('gone', 1)`);
    expect(await row(`SELECT count(*)::int FROM pg_proc WHERE proname LIKE 'gone%'`)).toEqual([0]);
  });
});

describe('golden rows', () => {
  it('that differ abort the deploy', async () => {
    const scorer = await compileScorer(
      await source('wrong.ts', 'export const wrong = (x: number): number => x;'),
    );
    const golden = { rows: [{ row: 7, features: { x: 2 }, value: 3 }], origin: 'from a test' };
    await expect(
      applyDeploy(client, await planDeploy(client, { name: 'wrong', scorer, golden })),
    ).rejects.toMatchObject({
      code: 'PGS_DEPLOY',
      message: expect.stringContaining('row 7: value is 2, expected 3'),
    });
  });

  it('are drawn where the scorer answers; one that always throws needs given ones', async () => {
    const text =
      'export const never = (x: number): number => { if (x < Infinity) throw new Error(`no`); return 1; };';
    const scorer = await compileScorer(await source('never.ts', text));
    await expect(planDeploy(client, { name: 'never', scorer })).resolves.toMatchObject({
      goldenRows: expect.any(Number),
    });
    const strict = await compileScorer(
      await source(
        'closed.ts',
        'export const closed = (x: number | null): number => { throw new Error(`no`); };',
      ),
    );
    await expect(planDeploy(client, { name: 'closed', scorer: strict })).rejects.toMatchObject({
      code: 'PGS_INPUT',
      message: 'closed() throws for each of 32 rows that were drawn',
      hint: expect.stringContaining('--golden'),
    });
  });
});

it('brings its packages along', async () => {
  mkdirSync(join(folder, 'node_modules/halves'), { recursive: true });
  writeFileSync(
    join(folder, 'node_modules/halves/package.json'),
    '{ "name": "halves", "version": "1.0.0", "main": "i.js", "types": "i.d.ts" }',
  );
  writeFileSync(join(folder, 'node_modules/halves/i.js'), 'exports.half = (x) => x / 2;');
  writeFileSync(join(folder, 'node_modules/halves/i.d.ts'), 'export function half(x: number): number;');
  await deploy(
    await source(
      'packaged.ts',
      `import { half } from 'halves';\nexport const packaged = (x: number): number => half(x);`,
    ),
    'packaged',
  );
  expect(await row('SELECT pgscore_models.packaged(5)')).toEqual([2.5]);
});

it('takes more features than a function has arguments', async () => {
  const names = Array.from({ length: 120 }, (_, i) => (i % 40 === 7 ? `t${i}` : `x${i}`));
  const row120 = names.map((name) => `${name}: ${name.startsWith('t') ? 'string' : 'number'}`).join('; ');
  const file = await source(
    'wide.ts',
    `export const wide = (row: { ${row120} }): number => row.x0 + 2 * row.x119 + row.t7.length + 10 * row.t87.length;`,
  );
  await deploy(file, 'wide');
  const features = Object.fromEntries(
    names.map((name, i) => [name, name.startsWith('t') ? 'é'.repeat(i === 7 ? 1 : 2) : i]),
  );
  // 0 + 2 × 119 + 1 + 10 × 2
  expect(await row(`SELECT pgscore.predict('wide', $1::jsonb)`, [JSON.stringify(features)])).toEqual([259]);
  const numbers = names.flatMap((name, i) => (name.startsWith('x') ? [i] : []));
  expect(await row('SELECT pgscore_models.wide($1, $2)', [numbers, ['é', 'éé', 'éé']])).toEqual([259]);
});

it('is for triggers alone: no sidecar runs it', async () => {
  await client.query(`CREATE TABLE waiting (id int PRIMARY KEY, tenure int, charges float8, contract text)`);
  expect(await failure(`SELECT pgscore.attach('risk', 'waiting', mode => 'async')`)).toMatch(
    /version 1 of risk is written by hand: the database runs it, and sidecars do not/,
  );
  await deployMade(client, 'mixed', sumModel(['tenure', 'charges', text('contract', 'x')]));
  await client.query(`SELECT pgscore.attach('mixed', 'waiting', mode => 'async')`);
  const { version } = await deploy(`${SCORERS}/risk.ts`, 'mixed');
  expect(await failure(`SELECT pgscore.promote('mixed', ${version})`)).toMatch(
    /version 2 of mixed is written by hand, and sidecars score with the model: public\.waiting\.mixed_score/,
  );
});
