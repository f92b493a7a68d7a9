import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  applyGraphDeploy,
  type GraphDeployRequest,
  planGraphDeploy,
} from '../../src/deploy/graph-version.ts';
import { migrate } from '../../src/deploy/migrate.ts';
import { graphFromJson } from '../../src/ir/json.ts';
import { modelPath } from '../conformance/runner.ts';
import { runCli, runProgram } from '../harness/cli.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { celuSum, type MadeGraph, makeGraph } from '../harness/graphs.ts';
import { deployMade, sumModel } from '../harness/models.ts';
import { pgTools } from '../harness/pg-tools.ts';
import { floatConstant, floatInput } from '../unit/import/onnx/files.ts';

let database: TestDatabase;
let client: pg.Client;

beforeEach(async () => {
  database = await createTestDatabase();
  client = await database.client();
});

async function rows(sql: string, values: unknown[] = []): Promise<unknown[][]> {
  return (await client.query<unknown[]>({ text: sql, values, rowMode: 'array' })).rows;
}

async function deploy(name: string, made: MadeGraph, more: Partial<GraphDeployRequest> = {}) {
  const plan = await planGraphDeploy(client, { name, ...made, ...more });
  await applyGraphDeploy(client, plan);
  return plan;
}

async function sql(name: string, made: MadeGraph): Promise<string> {
  return [...(await planGraphDeploy(client, { name, ...made })).migration!.up()].join('');
}

async function psql(input: string) {
  return runProgram((await pgTools()).psql, ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', database.url], {
    input,
  });
}

function state(): Promise<unknown[][]> {
  return rows(`
    SELECT 'version', v.model || v.version || v.content_hash, (m.champion = v.version)::text
      FROM pgscore_internal.versions AS v JOIN pgscore_internal.models AS m ON m.name = v.model
    UNION ALL SELECT 'file', sha256, bytes || '/' || chunks FROM pgscore_internal.model_files
    UNION ALL SELECT 'chunk', sha256 || chunk, md5(data) FROM pgscore_internal.model_chunks
    UNION ALL SELECT 'function', p.oid::regprocedure::text, NULL FROM pg_proc AS p
      WHERE p.pronamespace = 'pgscore_models'::regnamespace
    UNION ALL SELECT 'dispatch', md5(p.prosrc), NULL FROM pg_proc AS p WHERE p.oid = 'pgscore.predict(text, jsonb)'::regprocedure
    ORDER BY 1, 2`);
}

const first = makeGraph(celuSum(['a', 'b']));
const deep = [
  'deploy',
  modelPath('telco/churn-deep.onnx'),
  '--name',
  'churn_deep',
  '--inputs',
  modelPath('telco/churn-deep.inputs.json'),
];
const golden = [
  '--golden',
  modelPath('telco/customers-test.csv'),
  '--expected',
  modelPath('telco/churn-deep.expected.csv'),
];

describe('the telco deep model', () => {
  test('is deployed, proven by onnxruntime; the same again is a no-op', async () => {
    const env = { DATABASE_URL: database.url };
    const { code, stdout, stderr } = await runCli([...deep, ...golden], { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      'churn_deep version 1 is deployed for the sidecar: churn-deep.onnx: node "node_matmul" (MatMul): it multiplies stacks of matrices.\n' +
        '1409 golden rows from customers-test.csv and churn-deep.expected.csv: reproduced by onnxruntime\n' +
        "attach it: SELECT pgscore.attach('churn_deep', table, mode => 'async'); pgscore sidecar fills the column\n",
    );
    const before = await state();
    const again = await runCli([...deep, '--json'], { env });
    expect(JSON.parse(again.stdout)).toMatchObject({ version: 1, exists: true, runsIn: 'sidecar' });
    expect(await state()).toEqual(before);

    const [[file, sha, engine, activation, because, goldenRows, labels]] = (await rows(
      `SELECT string_agg(c.data, '' ORDER BY c.chunk), v.file_sha256, v.engine, v.activation, v.assigned_because, v.golden_rows, v.labels
       FROM pgscore_internal.versions AS v JOIN pgscore_internal.model_chunks AS c ON c.sha256 = v.file_sha256
       GROUP BY v.model, v.version`,
    )) as [unknown[]];
    expect((file as Buffer).equals(readFileSync(modelPath('telco/churn-deep.onnx')))).toBe(true);
    expect(await rows('SELECT sha256, bytes, chunks FROM pgscore_internal.model_files')).toEqual([
      [sha, '1639066', 2],
    ]);
    expect([engine, activation, goldenRows, labels]).toEqual([null, null, 1409, ['No', 'Yes']]);
    expect(because).toMatch(/MatMul/);
    const [[view, models, signature]] = (await rows(
      `SELECT v.runs_in || coalesce(v.function_name, ' -'), m.function_name, v.signature -> 4
       FROM pgscore.versions AS v JOIN pgscore.models AS m ON m.name = v.model`,
    )) as [unknown[]];
    expect([view, models, signature]).toEqual(['sidecar -', null, { kind: 'number', name: 'tenure' }]);
    expect((await runCli(['models'], { env })).stdout).toMatch(/churn_deep .* sidecar /);
  });

  test('as SQL for psql: applied twice, taken back', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'graph-'));
    await runCli([...deep, '--write', folder], { env: { DATABASE_URL: database.url } });
    expect(await rows('SELECT count(*)::int FROM pgscore_internal.model_files')).toEqual([[0]]);
    const [down, up] = (await readdir(folder)).sort();
    const text = await readFile(join(folder, up!), 'utf8');
    // Base64 in short lines; the longest ones are the JSON of signature and graph.
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(10_000);
    expect(await psql(text)).toEqual({ code: 0, stdout: '', stderr: '' });
    const before = await state();
    expect(before.filter(([kind]) => kind === 'chunk')).toHaveLength(2);
    expect((await psql(text)).stderr).toContain('churn_deep version 1 is this model already: nothing to do');
    expect(await state()).toEqual(before);
    expect((await psql(await readFile(join(folder, down!), 'utf8'))).code).toBe(0);
    expect((await state()).map(([kind]) => kind)).toEqual(['dispatch']);
  });

  test('rows that onnxruntime does not reproduce keep it out', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'graph-'));
    const wrong = join(folder, 'expected.csv');
    const lines = (await readFile(modelPath('telco/churn-deep.expected.csv'), 'utf8')).split('\n');
    lines[3] = 'x,0,0.9';
    await writeFile(wrong, lines.join('\n'));
    const args = [...deep, '--golden', modelPath('telco/customers-test.csv'), '--expected', wrong];
    const { code, stderr } = await runCli(args, { env: { DATABASE_URL: database.url } });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /1 of 1409 golden rows differ .* by more than 0\.00001\nrow 3: value is 0\.\d+, expected 0\.9/,
    );
    expect(await rows('SELECT count(*)::int FROM pgscore_internal.models')).toEqual([[0]]);
  });
});

describe('files', () => {
  test('are kept once, and go with the last version that uses them', async () => {
    await deploy('one', first);
    await deploy('two', first);
    expect(await rows('SELECT count(*)::int FROM pgscore_internal.model_files')).toEqual([[1]]);
    await client.query(`SELECT pgscore.drop_version('one', 1)`);
    expect(await rows('SELECT count(*)::int FROM pgscore_internal.model_chunks')).toEqual([[1]]);
    await client.query(`SELECT pgscore.drop_version('two', 1)`);
    expect(await rows('SELECT count(*)::int FROM pgscore_internal.model_files')).toEqual([[0]]);
    expect(await rows('SELECT count(*)::int FROM pgscore_internal.model_chunks')).toEqual([[0]]);
  });

  test('a chunk damaged on its way', async () => {
    const text = await sql('m', first);
    const damaged = text.replace(
      /(decode\('\n.{40})(.)/,
      (_, start, letter) => start + (letter === 'A' ? 'B' : 'A'),
    );
    const { code, stderr } = await psql(damaged);
    expect(code).toBe(3);
    expect(stderr).toMatch(/chunk 0 of model file [0-9a-f]{12} is damaged: its SHA-256 is/);
    expect(await rows('SELECT count(*)::int FROM pgscore_internal.models')).toEqual([[0]]);
  });

  const twoChunks = makeGraph(celuSum(['a'], { padding: 2 ** 20 }));

  test.each([
    [
      `UPDATE pgscore_internal.model_chunks SET data = set_byte(data, 100, 255 - get_byte(data, 100)) WHERE chunk = 1`,
      'chunks missing or changed: 1',
    ],
    [`DELETE FROM pgscore_internal.model_chunks WHERE chunk = 0`, 'chunks missing or changed: 0'],
  ])('a chunk damaged in the database: %s', async (damage, problem) => {
    await deploy('one', twoChunks);
    await client.query(damage);
    const text = (await sql('two', twoChunks)).replace(
      /DO \S*BEGIN PERFORM pgscore_internal\.add_model_chunk\([^;]*; END\S*;\n/g,
      '',
    );
    await expect(client.query(text)).rejects.toMatchObject({
      code: 'XX001',
      message: expect.stringContaining(problem),
    });
    await client.query('ROLLBACK');
    // What is missing, a deploy brings; what was changed stays a reason to refuse.
    const outcome = await deploy('two', twoChunks).then(
      ({ exists }) => exists,
      (error: Error) => error.message,
    );
    if (damage.startsWith('DELETE')) expect(outcome).toBe(false);
    else expect(outcome).toContain(problem);
  });

  test('chunks that are each whole but make another file', async () => {
    const text = (await sql('m', first)).replace(
      /begin_model_file\('[0-9a-f]{64}'/,
      `begin_model_file('${'0'.repeat(64)}'`,
    );
    const other = text
      .replace(/add_model_chunk\('[0-9a-f]{64}'/, `add_model_chunk('${'0'.repeat(64)}'`)
      .replace(/check_model_file\('[0-9a-f]{64}'/, `check_model_file('${'0'.repeat(64)}'`);
    await expect(client.query(other)).rejects.toThrow(
      /model file 000000000000 is damaged: \d+ bytes in 1 chunks make another file/,
    );
    await client.query('ROLLBACK');
  });

  test('two deploys of one file at once, a drop beside them', async () => {
    await deploy('old', first);
    const others = await Promise.all([database.client(), database.client()]);
    const plans = await Promise.all(
      others.map((each, k) => planGraphDeploy(each, { name: `new${k}`, ...first })),
    );
    await Promise.all([
      ...plans.map((plan, k) => applyGraphDeploy(others[k]!, plan)),
      client.query(`SELECT pgscore.drop_version('old', 1)`),
    ]);
    expect(await rows('SELECT model FROM pgscore_internal.versions ORDER BY 1')).toEqual([
      ['new0'],
      ['new1'],
    ]);
    expect(await rows('SELECT count(*)::int FROM pgscore_internal.model_chunks')).toEqual([[1]]);
  });
});

describe('in queries', () => {
  test.each(['predict', 'predict_label', 'predict_proba', 'predict_raw'])(
    '%s() says where it runs',
    async (name) => {
      await deployMade(client, 'sum', sumModel(['a']));
      await deploy('m', first);
      await expect(client.query(`SELECT pgscore.${name}('m', '{"a": 1, "b": 2}')`)).rejects.toMatchObject({
        code: '0A000',
        message: `model m runs in the sidecar: ${name}() cannot score rows with it`,
        hint: expect.stringContaining(`pgscore.attach('m', table, mode => 'async')`),
      });
      expect(await rows(`SELECT pgscore.predict('sum', '{"a": 4}')`)).toEqual([[4]]);
    },
  );

  test('an upgrade of pgscore leaves it as it is', async () => {
    await deploy('m', first);
    const before = await state();
    await client.query(`UPDATE pgscore_internal.installation SET sql_hash = 'older'`);
    expect(await migrate(database.url)).toMatchObject({ functions: true });
    expect(await state()).toEqual(before);
  });

  test('a trigger cannot run it', async () => {
    await deploy('m', first);
    await client.query('CREATE TABLE t (id int PRIMARY KEY, a float8, b float8)');
    await expect(client.query(`SELECT pgscore.attach('m', 't')`)).rejects.toMatchObject({
      code: '0A000',
      message: 'version 1 of m runs in the sidecar: a trigger cannot score rows with it',
    });
  });
});

describe('promotions between database and sidecar', () => {
  const call = `SELECT pgscore.predict('m', '{"a": 1, "b": 2}')`;

  test('there and back', async () => {
    // 1·1 + 2·2.
    await deployMade(client, 'm', sumModel(['a', 'b']));
    await client.query('GRANT EXECUTE ON FUNCTION pgscore_models.m TO PUBLIC');
    const notices: string[] = [];
    client.on('notice', ({ message }) => notices.push(message!));
    expect(await deploy('m', first)).toMatchObject({ version: 2, champion: 1 });
    await client.query(`SELECT pgscore.promote('m', 2)`);
    expect(notices.join()).toContain('pgscore_models.m is gone, and with it the privileges on it');
    await expect(client.query(call)).rejects.toThrow('runs in the sidecar');
    expect(await rows(`SELECT p.proname FROM pg_proc AS p WHERE p.proname = 'm'`)).toEqual([]);
    await client.query(`SELECT pgscore.rollback('m')`);
    expect(await rows(call)).toEqual([[5]]);
    expect(await rows(`SELECT proacl::text FROM pg_proc WHERE proname = 'm'`)).toEqual([
      ['{postgres=X/postgres}'],
    ]);
    await client.query(`SELECT pgscore.drop_version('m', 2)`);
    expect(await rows('SELECT count(*)::int FROM pgscore_internal.model_files')).toEqual([[0]]);
  });

  test('from the sidecar to the database', async () => {
    await deploy('m', first);
    await deployMade(client, 'm', sumModel(['a', 'b']));
    await client.query(`SELECT pgscore.promote('m', 2)`);
    expect(await rows(call)).toEqual([[5]]);
    expect(await rows(`SELECT proacl::text FROM pg_proc WHERE proname = 'm'`)).toEqual([
      ['{postgres=X/postgres}'],
    ]);
  });

  test('other features need rebind, as ever', async () => {
    await deployMade(client, 'm', sumModel(['a']));
    await deploy('m', first);
    await expect(client.query(`SELECT pgscore.promote('m', 2)`)).rejects.toThrow(
      'takes other features than the champion',
    );
    await client.query(`SELECT pgscore.promote('m', 2, rebind => true)`);
    expect(await rows(`SELECT champion_version, function_name FROM pgscore.models`)).toEqual([[2, null]]);
  });

  test('a trigger that scores with the model keeps it in the database', async () => {
    await deployMade(client, 'm', sumModel(['a', 'b']));
    await deploy('m', first);
    await client.query(
      `CREATE TABLE t (id int PRIMARY KEY, a float8, b float8); SELECT pgscore.attach('m', 't')`,
    );
    await expect(client.query(`SELECT pgscore.promote('m', 2)`)).rejects.toMatchObject({
      code: '55006',
      message: 'version 2 of m runs in the sidecar, and triggers score with the model: public.t.m_score',
    });
    await client.query('INSERT INTO t VALUES (1, 1, 2)');
    expect(await rows('SELECT m_score FROM t')).toEqual([[5]]);
  });
});

describe('what a file may hold', () => {
  test('hostile names', async () => {
    const names = [
      `it's`,
      '$$; DROP SCHEMA pgscore CASCADE; --',
      'back\\slash',
      '"quoted"',
      'new\nline',
      'ünïcode',
      `$q1$`,
    ];
    const made = makeGraph(celuSum(names), {}, `dir/it's $$ a\nmodel.onnx`);
    await deploy('m', made);
    const [[signature, graph, source]] = (await rows(
      'SELECT signature, graph::text, source_file FROM pgscore_internal.versions',
    )) as [[{ name: string }[], string, string]];
    expect(signature.map(({ name }) => name)).toEqual(names);
    expect(graphFromJson(graph)).toEqual(made.imported.graph);
    expect(source).toBe(made.file.name);
    await client.query('DELETE FROM pgscore_internal.promotions');
    const text = await sql('other', made);
    expect((await psql(text)).code).toBe(0);
  });

  test.each([
    ['a feature', makeGraph(celuSum(['a\0b']))],
    ['a label', makeGraph(celuSum(['a']), { labels: ['x', 'y\0'] })],
    [
      'an output',
      makeGraph(
        celuSum(['a'], {
          nodes: [{ operator: 'Celu', inputs: ['a'], outputs: ['y\0'] }],
          outputs: [floatInput('y\0', 1)],
        }),
      ),
    ],
  ])('NUL in %s is refused', async (_, made) => {
    await expect(planGraphDeploy(client, { name: 'm', ...made })).rejects.toMatchObject({
      code: 'PGS_UNSUPPORTED',
      message: expect.stringContaining('a character that PostgreSQL text cannot hold'),
    });
  });

  test('rows that depend on each other are refused', async () => {
    // Each row less the mean of all rows.
    const made = makeGraph({
      nodes: [
        { operator: 'Celu', inputs: ['a'], outputs: ['c'] },
        { operator: 'ReduceMean', inputs: ['c', 'axes'], outputs: ['mean'] },
        { operator: 'Sub', inputs: ['c', 'mean'], outputs: ['y'] },
      ],
      constants: [{ name: 'axes', type: 7, dims: [1], ints: [0] }],
      inputs: [floatInput('a', 1)],
      outputs: [floatInput('y', 1)],
    });
    const golden = {
      rows: ['1', '3'].map((a, k) => ({ row: k + 1, features: [a], value: 2 * k - 1 })),
      origin: 'made',
    };
    await expect(planGraphDeploy(client, { name: 'm', ...made, golden })).rejects.toMatchObject({
      code: 'PGS_DEPLOY',
      message: 'made.onnx: row 1 scores otherwise beside other rows than alone: value is -1, expected 0',
    });
  });

  test('what onnxruntime does not load is refused before any SQL', async () => {
    const made = makeGraph({
      nodes: [{ operator: 'NoSuchThing', inputs: ['a'], outputs: ['y'] }],
      inputs: [floatInput('a', 1)],
      outputs: [floatInput('y', 1)],
    });
    await expect(planGraphDeploy(client, { name: 'm', ...made })).rejects.toMatchObject({
      code: 'PGS_UNSUPPORTED',
      message: expect.stringMatching(/onnxruntime does not load it: .*NoSuchThing/),
    });
  });

  test('an embedding, proven on its own column', async () => {
    // y = Celu(x) · [[1, 0, 1], [0, 1, 1]]: x1, x2, x1 + x2.
    const made = makeGraph({
      nodes: [
        { operator: 'Celu', inputs: ['x'], outputs: ['c'] },
        { operator: 'MatMul', inputs: ['c', 'w'], outputs: ['embedding'] },
      ],
      constants: [floatConstant('w', [1, 0, 1, 0, 1, 1], [2, 3])],
      inputs: [floatInput('x', 2)],
      outputs: [floatInput('embedding', 3)],
    });
    const folder = await mkdtemp(join(tmpdir(), 'graph-'));
    await writeFile(join(folder, 'm.onnx'), made.file.bytes);
    await writeFile(join(folder, 'rows.csv'), 'x,expected_values\n"{1,2}","{1,2,3}"\n"[3,4]","[3,4,7]"\n');
    await writeFile(join(folder, 'wrong.jsonl'), '{"x": [1, 2], "expected_values": [1, 2, 4]}\n');
    const run = (golden: string) =>
      runCli(['deploy', join(folder, 'm.onnx'), '--name', 'm', '--golden', join(folder, golden)], {
        env: { DATABASE_URL: database.url },
      });
    expect((await run('wrong.jsonl')).stderr).toContain('row 1: values[2] is 3, expected 4');
    expect((await run('rows.csv')).stdout).toContain(
      '2 golden rows from rows.csv: reproduced by onnxruntime',
    );
  });
});
