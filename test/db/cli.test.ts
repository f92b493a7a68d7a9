import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../harness/cli.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';

const TELCO = 'test/models/telco';
const LIGHTGBM = `${TELCO}/lightgbm-churn.txt`;
const XGBOOST = `${TELCO}/xgboost-churn.json`;
const ROWS = `${TELCO}/customers-test.csv`;

let database: TestDatabase;
let client: pg.Client;

const pgscore = (...args: string[]) => runCli(args, { env: { DATABASE_URL: database.url } });

beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.client();
  await client.query('CREATE TABLE plain (id integer PRIMARY KEY, tenure integer)');
});

describe('without a database', () => {
  it('inspects a model file', async () => {
    const { code, stdout } = await pgscore('inspect', LIGHTGBM, '--labels', 'No,Yes', '--json');
    const inspection = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(inspection).toMatchObject({
      format: 'lightgbm-text',
      task: 'binary',
      outputs: { value: 'the probability of "Yes"', labels: ['No', 'Yes'], raw: 1 },
      size: { trees: 201 },
      engine: 'database',
    });
    expect(inspection.features[0]).toEqual({ name: 'gender', type: 'text', categories: ['Female', 'Male'] });
  });

  it('predicts one JSON line a row, in the order of the file', async () => {
    const { stdout } = await pgscore('predict', LIGHTGBM, '--input', ROWS, '--labels', 'No,Yes');
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(1409);
    const first = JSON.parse(lines[0]!);
    expect(Object.keys(first)).toEqual(['value', 'label', 'probabilities', 'raw']);
    expect(first.raw).toEqual([-0.8257733448489635]);
    expect(first.value).toBeCloseTo(0.30453951517243771, 12);
    expect(first.label).toBe('No');
  });

  it('names file, row and column of what is no number', async () => {
    const rows = join(mkdtempSync(join(tmpdir(), 'pgscore-cli-')), 'rows.csv');
    const [header, first] = readFileSync(ROWS, 'utf8').split('\n');
    writeFileSync(rows, `${header}\n${first!.replace(',22,', ',many,')}\n`);
    const { code, stderr } = await pgscore('predict', LIGHTGBM, '--input', rows);
    expect(code).toBe(1);
    expect(stderr).toContain(`${rows}, row 1, column "tenure": "many" is no number`);
  });

  it('says what is supported when a file is no model, as JSON for programs', async () => {
    const { code, stderr } = await pgscore('inspect', 'README.md', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stderr).error).toMatchObject({
      code: 'PGS_FILE',
      hint: expect.stringContaining('LightGBM'),
    });
  });

  it.each([
    [['inspect', 'no-such-file.json'], 1, 'no-such-file.json: no such file'],
    [['deploy', LIGHTGBM, '--name', 'Churn'], 2, '"Churn" is no name for a model'],
    [['deploy', LIGHTGBM], 2, "required option '--name <model>' not specified"],
    [['promote', 'churn', 'one'], 2, 'expected a version number'],
    [['frobnicate'], 2, "unknown command 'frobnicate'"],
  ])('%j exits with %i', async (args, exit, message) => {
    const { code, stderr } = await pgscore(...(args as string[]));
    expect(stderr).toContain(message);
    expect(code).toBe(exit);
  });

  it('writes a version for a database that cannot be asked', async () => {
    const { stdout } = await pgscore(
      'deploy',
      LIGHTGBM,
      '--name',
      'churn',
      '--engine',
      'plv8',
      '--as-version',
      '7',
      '--write',
    );
    expect(stdout).toContain('model churn, version 7');
    expect(stdout).toContain('LANGUAGE plv8');
  });
});

describe('a model from file to column and back', () => {
  it('deploys with golden rows, and again as a no-op', async () => {
    const args = ['deploy', LIGHTGBM, '--name', 'churn', '--labels', 'No,Yes', '--json'];
    const golden = ['--golden', ROWS, '--expected', `${TELCO}/lightgbm-churn.expected.csv`];
    const first = await pgscore(...args, ...golden);
    expect(JSON.parse(first.stdout)).toMatchObject({
      name: 'churn',
      version: 1,
      exists: false,
      champion: 1,
      goldenRows: 1409,
    });
    const again = await pgscore(...args);
    expect(JSON.parse(again.stdout)).toMatchObject({ version: 1, exists: true });
  });

  it('refuses golden rows of another model, changing nothing', async () => {
    const expected = `${TELCO}/xgboost-churn-onehot.expected.csv`;
    const { code, stderr } = await pgscore(
      'deploy',
      XGBOOST,
      '--name',
      'churn',
      '--golden',
      ROWS,
      '--expected',
      expected,
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/churn version 2 was not deployed: .*golden rows differ/);
    expect(stderr).toContain('row 1: value is');
    const { rows } = await client.query('SELECT version FROM pgscore.versions');
    expect(rows).toEqual([{ version: 1 }]);
  });

  it('attaches, lists, promotes, rolls back and detaches', async () => {
    await client.query(`CREATE TABLE customers AS SELECT 1 AS id,
      ${'gender partner dependents phone_service multiple_lines internet_service online_security online_backup device_protection tech_support streaming_tv streaming_movies contract paperless_billing payment_method'
        .split(' ')
        .map((name) => `NULL::text AS ${name}`)
        .join(
          ', ',
        )}, 0 AS senior_citizen, 3 AS tenure, 20.5::float8 AS monthly_charges, 60::numeric AS total_charges`);
    await pgscore('deploy', XGBOOST, '--name', 'churn');
    const attached = await pgscore(
      'attach',
      'churn',
      'customers',
      '--label-column',
      'churn_label',
      '--version-column',
      'churn_version',
    );
    expect(attached.stdout).toBe('churn is attached to customers.churn_score\n');
    await client.query('UPDATE customers SET tenure = 4');
    const promoted = await pgscore('promote', 'churn', '2');
    expect(promoted.stdout).toBe('churn answers with version 2\n');
    const { models } = JSON.parse((await pgscore('models', '--json')).stdout);
    expect(models).toMatchObject([
      {
        name: 'churn',
        versions: [{ is_champion: false }, { is_champion: true }],
        bindings: [{ relation: 'customers', problem: null }],
      },
    ]);
    await client.query('UPDATE customers SET tenure = 5');
    const scored = await client.query('SELECT churn_version, churn_label FROM customers');
    expect(scored.rows).toMatchObject([{ churn_version: 2 }]);
    expect((await pgscore('rollback', 'churn')).stdout).toBe('churn answers with version 1 again\n');
    expect((await pgscore('detach', 'churn', 'customers')).stdout).toBe('churn is detached from customers\n');
  });

  it('names all features that a table cannot feed', async () => {
    const { code, stderr } = await pgscore('attach', 'churn', 'plain');
    expect(code).toBe(1);
    expect(stderr).toContain('18 of its features cannot be fed');
    expect(stderr).toContain('contract: public.plain has no column contract');
  });
});

it('writes what it would change into migrations', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pgscore-write-'));
  await pgscore('migrate', '--write', folder);
  await pgscore('deploy', LIGHTGBM, '--name', 'other', '--write', folder);
  await pgscore('attach', 'other', 'plain', '--write', folder);
  await pgscore('promote', 'other', '3', '--write', folder);
  const names = readdirSync(folder).map((name) => name.replace(/^\d{17}_/, ''));
  const pairs = ['attach_other', 'other_v1', 'pgscore', 'promote_other_v3'];
  expect(names.sort()).toEqual(pairs.flatMap((name) => [`${name}.down.sql`, `${name}.up.sql`]));
  const { rows } = await client.query(`SELECT FROM pgscore.models WHERE name = 'other'`);
  expect(rows).toEqual([]);
});

it('shows the demo, in a database of its own', async () => {
  const { code, stdout } = await pgscore('demo');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^CREATE DATABASE pgscore_demo_\w+;\nCREATE EXTENSION pl(js|v8);/);
  // V8's exp() and glibc's may differ in the last bit.
  const greatest = Number(/greatest difference among all 1409 customers: (\S+)/.exec(stdout)![1]);
  expect(greatest).toBeLessThan(1e-15);
  const [, deep] = /greatest difference among these 1408 customers: (\S+)/.exec(stdout)!;
  expect(Number(deep)).toBeLessThan(1e-5);
  expect(stdout).toMatch(/0000-DEMO {4}0\.3045395151724\d+\n/);
  expect(stdout).toMatch(/0000-DEMO {4}0\.3045395151724\d+ {2}0\.45455/);
  const name = /pgscore_demo_\w+/.exec(stdout)![0];
  await client.query(`DROP DATABASE ${name}`);
});
