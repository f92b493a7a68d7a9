import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { modelPath } from '../conformance/runner.ts';
import { type CliResult, runCli } from '../harness/cli.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';

let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'pgscore-scorer-cli-'));
  for (const name of ['risk.ts', 'offer.ts'])
    writeFileSync(join(folder, name), readFileSync(modelPath(`scorers/${name}`)));
  writeFileSync(
    join(folder, 'rows.csv'),
    'tenure,charges,contract,expected_value\n0,50,,0.5\n0,100,,0.7310585786300049\n',
  );
  writeFileSync(
    join(folder, 'impure.ts'),
    'export const dice = (x: number): number =>\n  x * Math.random();\n',
  );
  writeFileSync(
    join(folder, 'two.ts'),
    'export const a = (x: number): number => x;\nexport const b = (x: number): number => -x;\n',
  );
});

afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: string[]): Promise<CliResult> {
  return runCli(args, { cwd: folder, env: { DATABASE_URL: database.url } });
}

it('deploys a scorer with golden rows, and finds it again', async () => {
  const { code, stdout, stderr } = await run('deploy', 'risk.ts', '--name', 'risk', '--golden', 'rows.csv');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(
    /^risk version 1 is deployed as pgscore_models\.risk_v1_[0-9a-f]{8}\n2 golden rows from rows\.csv/,
  );
  expect((await run('deploy', 'risk.ts', '--name', 'risk')).stdout).toContain('is this model already');
  expect((await run('models', 'risk')).stdout).toContain('typescript');
});

it('writes a migration that another database takes', async () => {
  const { stdout } = await run(
    'deploy',
    'offer.ts',
    '--name',
    'offer',
    '--write',
    '.',
    '--engine',
    database.engine,
    '--as-version',
    '1',
  );
  const [up, down] = stdout
    .trim()
    .split('\n')
    .map((file) => readFileSync(join(folder, file), 'utf8'));
  const client = await database.client();
  await client.query(up!);
  const { rows } = await client.query(`SELECT pgscore_models.offer(24, 'Month-to-month', 1, NULL) AS value`);
  expect(rows).toEqual([{ value: 0.5 }]);
  await client.query(down!);
});

it('inspects and scores without a database', async () => {
  const inspection = JSON.parse((await run('inspect', 'offer.ts', '--json')).stdout);
  expect(inspection).toMatchObject({
    file: 'offer.ts',
    format: 'typescript',
    task: 'multiclass',
    outputs: { value: 'what offer() returns', labels: ['discount', 'none', 'upgrade'], raw: 3, values: 2 },
    engine: 'database',
  });
  const { stdout } = await run('predict', 'risk.ts', '--input', 'rows.csv');
  expect(
    stdout
      .split('\n')
      .slice(0, 2)
      .map((line) => JSON.parse(line).value),
  ).toEqual([0.5, 0.7310585786300049]);
});

it('becomes a module with its types', async () => {
  expect((await run('compile', 'risk.ts', '--out', 'risk.mjs')).stdout).toMatch(
    /^risk\.mjs: score\(row\), regression, 3 features/,
  );
  const { score } = await import(join(folder, 'risk.mjs'));
  expect(score({ tenure: 0, charges: 50, contract: null }).value).toBe(0.5);
  expect(readFileSync(join(folder, 'risk.d.mts'), 'utf8')).toContain(
    'readonly "tenure": number | boolean | null;',
  );
});

it('says what is wrong, and where', async () => {
  expect(await run('deploy', 'impure.ts', '--name', 'dice')).toMatchObject({
    code: 1,
    stderr:
      'pgscore: impure.ts:2:7: Math.random() is not allowed in a scorer\n' +
      'hint: take the number as a feature, or compute it from the features\n',
  });
  const several = await run('inspect', 'two.ts');
  expect(several).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('two.ts exports several functions: a, b'),
  });
  expect((await run('inspect', 'two.ts', '--function', 'b', '--json')).code).toBe(0);
  expect(await run('inspect', 'risk.ts', '--labels', 'a,b')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--labels, --features, --all-trees and --inputs are for model files'),
  });
});

it('lists formats', async () => {
  const formats = JSON.parse((await run('formats', '--json')).stdout) as { format: string; passed: object }[];
  expect(formats.map(({ format }) => format)).toContain('lightgbm-text');
  expect(formats.every(({ passed }) => Object.keys(passed).length > 0)).toBe(true);
  expect((await run('formats', 'typescript')).stdout).toMatch(
    /typescript\s+typed functions\s+database\s+2\s/,
  );
  expect(await run('formats', 'dice')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('there is no format "dice"'),
  });
});
