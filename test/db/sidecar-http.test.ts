import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type pg from 'pg';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { applyDeploy, planDeploy } from '../../src/deploy/deploy.ts';
import { importModel } from '../../src/import/registry.ts';
import { compileScorer } from '../../src/scorer/scorer.ts';
import { readTelco } from '../conformance/telco.ts';
import { runCli } from '../harness/cli.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { deployMadeGraph } from '../harness/deploy-graph.ts';
import { readExposition } from '../harness/exposition.ts';
import { celuSum, imageGraph, makeGraph } from '../harness/graphs.ts';
import { modelPath } from '../harness/model-path.ts';
import { deployMade, sumModel, text } from '../harness/models.ts';
import { createPrivateServer } from '../harness/private-server.ts';
import { prepareSidecarTests, spawnSidecar, startSidecar, until, watch } from '../harness/sidecar.ts';

prepareSidecarTests();

const TOKEN = 'a-token-for-these-tests';
let database: TestDatabase;
let client: pg.Client;
let url: string;

beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.client();
  await deployMade(client, 'pair', sumModel(['a', 'b']));
  await deployMade(client, 'pair', sumModel(['a', 'b'], { bias: 100 }));
  await deployMade(client, 'kinds', sumModel(['a', text('c', 'x', 'y')], { labels: ['low', 'high'] }));
  await deployMadeGraph(client, 'served', makeGraph(celuSum(['a', 'b'])));
  await deployMadeGraph(client, 'image', imageGraph());
  const scorer = await compileScorer('test/models/scorers/risk.ts');
  await applyDeploy(client, await planDeploy(client, { name: 'risk', scorer }));
});

beforeEach(async () => {
  const { sidecar } = startSidecar(database.url, { http: { host: '127.0.0.1', port: 0, tokens: [TOKEN] } });
  url = (await sidecar.http)!.url;
});

/** `body`: an object, or JSON as it stands. */
async function ask(path: string, body?: unknown, token = TOKEN) {
  const response = await fetch(`${url}${path}`, {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined
      ? {}
      : { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const answer = await response.text();
  return { status: response.status, body: /^[[{]/.test(answer) ? JSON.parse(answer) : answer };
}

describe('rows', () => {
  test('of a model of the database: what predict() gives', async () => {
    const row = { a: 0.1, c: 'y' };
    const { body } = await ask('/predict/kinds', { rows: [row] });
    const { rows } = await client.query(
      `SELECT pgscore.predict('kinds', $1::json) AS value, pgscore.predict_label('kinds', $1::json) AS label,
              pgscore.predict_proba('kinds', $1::json) AS probabilities, pgscore.predict_raw('kinds', $1::json) AS raw`,
      [JSON.stringify(row)],
    );
    expect(body).toEqual({ model: 'kinds', version: 1, predictions: rows });
  });

  test('of a graph', async () => {
    const { body } = await ask('/predict/served', {
      rows: [
        { a: 1, b: 2 },
        { a: 3, b: 4 },
      ],
    });
    expect(body.predictions.map(({ value }: { value: number }) => value)).toEqual([3, 7]);
  });

  test('of a scorer written by hand', async () => {
    const row = { tenure: 2, charges: 70, contract: 'Month-to-month' };
    const { body } = await ask('/predict/risk', { rows: [row] });
    const { rows } = await client.query(`SELECT pgscore.predict('risk', $1::json) AS value`, [row]);
    expect(body).toMatchObject({ predictions: rows });
    const absent = await ask('/predict/risk', { rows: [{ tenure: 2 }] });
    expect(absent).toMatchObject({
      status: 400,
      body: { error: expect.stringMatching(/absent: .*charges/) },
    });
  });

  test('of another version than the champion', async () => {
    const { body } = await ask('/predict/pair', { rows: [{ a: 1, b: 1 }], version: 2 });
    expect(body).toMatchObject({ version: 2, predictions: [{ value: 103 }] });
  });

  test('of arrays: nested lists go in, lists come out, whole numbers keep their digits', async () => {
    const { body } = await ask(
      '/predict/image',
      // 2^53 + 1 as a number and as a text.
      `{"rows": [{"image": [[1, 2.5, 3], [4, 5, null]], "place": [[9007199254740993, "9007199254740993"]]},
                 {"image": "{{0,0,0},{0,0,7}}", "place": "{{9007199254740995,0}}"},
                 {"image": [1, 2, 3, 4, 5, 6], "place": [9007199254740992, 9007199254740999]},
                 {"image": null, "place": [[1, 1]]}]}`,
    );
    const prediction = { value: null, label: null, probabilities: null };
    expect(body.predictions).toEqual([
      { ...prediction, raw: [1, 1], values: [1, 2.5, 3, 4, 5, 'NaN'] },
      { ...prediction, raw: [3, -(2 ** 53)], values: [0, 0, 0, 0, 0, 7] },
      { ...prediction, raw: [0, 7], values: [1, 2, 3, 4, 5, 6] },
      { ...prediction, raw: [] },
    ]);
  });

  test.each([
    ['[[1, 2], [3, 4]]', '[[1, 1]]', /feature "image": shape \[2, 2\] was found, \[2, 3\] expected/],
    ['[[1, 2, 3], [4, 5]]', '[[1, 1]]', /feature "image": .*no array of numbers/],
    ['[[1, 2, 3], [4, 5, "x"]]', '[[1, 1]]', /feature "image": element 6 .*"x"/],
    ['[[1, 2, 3], [4, 5, 6]]', '[[1, 1.5]]', /feature "place": .*1\.5/],
    ['[[1, 2, 3], [4, 5, 6]]', '[[1, null]]', /feature "place": .*missing/],
    ['[[1, 2, 3], [4, 5, 6]]', '[[1, 9223372036854775808]]', /feature "place": .*beyond 64 bits/],
    ['[[1, 2, 3], [4, 5, 6]]', '9007199254740993', /feature "place": "9007199254740993" is not a list/],
    ['{"0": 1}', '[[1, 1]]', /feature "image": \{"0":1\} is not a list of numbers/],
  ])('of arrays that do not fit are told so: %s, %s', async (image, place, message) => {
    const { status, body } = await ask(
      '/predict/image',
      `{"rows": [{"image": ${image}, "place": ${place}}]}`,
    );
    expect([status, body]).toEqual([400, { error: expect.stringMatching(message) }]);
  });

  test.each([
    ['pair', { a: 1 }, /^row 0: feature "b": it is absent/],
    ['pair', { a: 'x', b: 1 }, /feature "a"/],
    ['kinds', { a: 1, c: 7 }, /feature "c": 7 is not a text/],
    ['served', { a: [1], b: 2 }, /feature "a"/],
  ])('of %s that do not fit are told so: %j', async (model, row, message) => {
    const { status, body } = await ask(`/predict/${model}`, { rows: [row] });
    expect([status, body]).toEqual([400, { error: expect.stringMatching(message) }]);
  });

  test('none are none', async () => {
    for (const model of ['pair', 'served', 'risk']) {
      expect((await ask(`/predict/${model}`, { rows: [] })).body.predictions).toEqual([]);
    }
  });
});

describe('keys', () => {
  beforeAll(async () => {
    await client.query(`
      CREATE SCHEMA shop;
      CREATE TABLE shop."Items" (id bigint PRIMARY KEY, a real, b numeric);
      SELECT pgscore.attach('pair', 'shop."Items"', features => '{"b": {"sql": "b + 1"}}');
      INSERT INTO shop."Items" VALUES (7, 0.1, 1), (8, NULL, 2);
      CREATE TABLE visits (place text, day date, a int, c text, PRIMARY KEY (day, place));
      SELECT pgscore.attach('kinds', 'visits', mode => 'async');
      INSERT INTO visits VALUES ('O''Hare "A"', '2026-02-01', 3, 'x');
      CREATE TABLE keyless (a int, b int);
      SELECT pgscore.attach('served', 'visits', 'served_score', mode => 'async', features => '{"b": "a"}');
    `);
  });

  test('read the present row as the binding does', async () => {
    const { body } = await ask('/predict/pair', { keys: [8, '7', 9] });
    const { rows } = await client.query<{ pair_score: number }>(
      'SELECT pair_score FROM shop."Items" ORDER BY id DESC',
    );
    expect(body.predictions.map((each: { value: number } | null) => each?.value ?? null)).toEqual([
      rows[0]!.pair_score,
      rows[1]!.pair_score,
      null,
    ]);
    expect((await ask('/predict/pair', { keys: [7], table: 'shop."Items"' })).status).toBe(200);
  });

  test('beyond 2^53 are read to the last digit', async () => {
    await client.query(
      'INSERT INTO shop."Items" VALUES (9007199254740992, 100, 0), (9007199254740993, 200, 0)',
    );
    const { body } = await ask(
      '/predict/pair',
      '{"keys": [9007199254740993, {"id": 9007199254740992}, "9007199254740993"]}',
    );
    // a + 2(b + 1)
    expect(body.predictions.map(({ value }: { value: number }) => value)).toEqual([202, 102, 202]);
  });

  test('of several columns are objects', async () => {
    const { body } = await ask('/predict/kinds', { keys: [{ place: 'O\'Hare "A"', day: '2026-02-01' }] });
    expect(body.predictions).toMatchObject([{ label: 'high', raw: [3, 6] }]);
  });

  test.each([
    ['pair', { keys: ['x'] }, /a key does not fit shop."Items": invalid input syntax for type bigint/],
    ['pair', { keys: [[1]] }, /\[1\] is no key of shop."Items": expected a value of id/],
    ['pair', { keys: [7], table: 'keyless' }, /attached not to "keyless" but to shop."Items"/],
    ['pair', { keys: [7], table: 'no such; table' }, /attached not to/],
    ['pair', { keys: [7], version: 2 }, /version 2 is not the champion/],
    ['kinds', { keys: [{ place: 'x' }] }, /expected an object of day, place/],
    ['kinds', { keys: ['x'] }, /expected an object of day, place/],
    ['risk', { keys: [1] }, /risk is attached to no table/],
  ])('%s refuses %j', async (model, body, message) => {
    const answer = await ask(`/predict/${model}`, body);
    expect([answer.status, answer.body]).toEqual([400, { error: expect.stringMatching(message) }]);
  });

  test('of a table without a key cannot be looked up', async () => {
    await client.query(`SELECT pgscore.attach('risk', 'keyless', features =>
      '{"tenure": "a", "charges": "b", "contract": {"sql": "''One year''"}}')`);
    const { status, body } = await ask('/predict/risk', { keys: [1] });
    await client.query(`SELECT pgscore.detach('risk', 'keyless')`);
    expect([status, body]).toEqual([
      400,
      { error: expect.stringMatching(/keyless cannot be looked up.*primary key/) },
    ]);
  });
});

describe('tensors', () => {
  test('of a graph go in and come out', async () => {
    expect((await ask('/v2/models/served')).body).toEqual({
      name: 'served',
      versions: ['1'],
      platform: 'onnx_onnxv1',
      inputs: [
        { name: 'a', datatype: 'FP32', shape: [-1, 1] },
        { name: 'b', datatype: 'FP32', shape: [-1, 1] },
      ],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1] }],
    });
    const column = (name: string, ...data: number[]) => ({
      name,
      shape: [data.length, 1],
      datatype: 'FP32',
      data,
    });
    const { body } = await ask('/v2/models/served/infer', {
      id: 'seven',
      inputs: [column('a', 1, 2, 3), column('b', 10, 20, 30)],
    });
    expect(body).toEqual({
      model_name: 'served',
      model_version: '1',
      id: 'seven',
      outputs: [{ name: 'y', shape: [3, 1], datatype: 'FP32', data: [11, 22, 33] }],
    });
  });

  test('keep all digits of 64 bits, as JSON and as bytes', async () => {
    const place =
      '{"name": "place", "shape": [1, 1, 2], "datatype": "INT64", "data": [[[9007199254740993, 0]]]}';
    const image =
      '{"name": "image", "shape": [1, 2, 3], "datatype": "FP32", "data": [[[1, 2, 3], [4, 5, 6]]]}';
    const { body } = await ask('/v2/models/image/infer', `{"inputs": [${place}, ${image}]}`);
    expect(body.outputs).toEqual([
      { name: 'embedding', shape: [1, 2, 3], datatype: 'FP32', data: [1, 2, 3, 4, 5, 6] },
      { name: 'more', shape: [1, 1, 2], datatype: 'INT64', data: [1, -(2 ** 53)] },
    ]);
    const head = JSON.stringify({
      inputs: [
        { name: 'place', shape: [1, 1, 2], datatype: 'INT64', parameters: { binary_data_size: 16 } },
        { name: 'image', shape: [1, 2, 3], datatype: 'FP32', parameters: { binary_data_size: 24 } },
      ],
      outputs: [{ name: 'more', parameters: { binary_data: true } }],
    });
    const response = await fetch(`${url}/v2/models/image/infer`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${TOKEN}`,
        'content-type': 'application/octet-stream',
        'inference-header-content-length': String(head.length),
      },
      body: Buffer.concat([
        Buffer.from(head),
        Buffer.from(BigInt64Array.of(2n ** 62n + 1n, -1n).buffer),
        Buffer.from(new Float32Array(6).buffer),
      ]),
    });
    const answer = Buffer.from(await response.arrayBuffer());
    const length = Number(response.headers.get('inference-header-content-length'));
    expect(JSON.parse(answer.subarray(0, length).toString())).toMatchObject({
      outputs: [{ name: 'more', shape: [1, 1, 2], datatype: 'INT64', parameters: { binary_data_size: 16 } }],
    });
    expect([answer.readBigInt64LE(length), answer.readBigInt64LE(length + 8)]).toEqual([
      2n ** 62n + 1n - 2n ** 53n,
      -1n - 2n ** 53n,
    ]);
  });

  test('of a model of the database are its features', async () => {
    const { body } = await ask('/v2/models/pair/versions/2/infer', {
      inputs: [{ name: 'features', shape: [2, 2], datatype: 'FP64', data: [1, 1, 2, 0] }],
      outputs: [{ name: 'value' }],
    });
    expect(body.outputs).toEqual([{ name: 'value', shape: [2], datatype: 'FP64', data: [103, 102] }]);
    const texts = await ask('/v2/models/kinds/infer', {
      inputs: [
        { name: 'a', shape: [1], datatype: 'INT32', data: [1] },
        { name: 'c', shape: [1, 1], datatype: 'BYTES', data: ['y'] },
      ],
      outputs: [{ name: 'label' }],
    });
    expect(texts.body.outputs).toEqual([{ name: 'label', shape: [1], datatype: 'BYTES', data: ['high'] }]);
  });
});

test("the manual's own request prints what the manual says", async () => {
  const file = { name: 'lightgbm-churn.txt', bytes: readFileSync(modelPath('telco/lightgbm-churn.txt')) };
  const imported = importModel(file, { labels: ['No', 'Yes'] });
  await applyDeploy(client, await planDeploy(client, { name: 'churn', imported, file }));
  const customers = readTelco('customers-test.csv').filter((each) => each.customer_id === '7892-POOKP');
  const columns = Object.keys(customers[0]!);
  const numbers = new Set(['senior_citizen', 'tenure', 'monthly_charges', 'total_charges']);
  const types = columns.map((name) => `${name} ${numbers.has(name) ? 'float8' : 'text'}`);
  await client.query(`CREATE TABLE customers (${types.join()}, PRIMARY KEY (customer_id))`);
  await client.query('INSERT INTO customers SELECT * FROM json_populate_recordset(NULL::customers, $1)', [
    JSON.stringify(customers),
  ]);
  await client.query(`SELECT pgscore.attach('churn', 'customers');
    UPDATE customers SET contract = 'Two year' WHERE customer_id = '7892-POOKP'`);
  const manual = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [, request, path, printed] = /-d '(.*)' http:\/\/127\.0\.0\.1:8080(\/predict\/churn)\n(.*)\n/.exec(
    manual,
  )!;
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: request!,
  });
  expect(await response.text()).toBe(printed);
});

test('a promotion is answered with within a second or so, without a restart', async () => {
  const value = async () =>
    (await ask('/predict/pair', { rows: [{ a: 0, b: 0 }] })).body.predictions[0].value;
  expect(await value()).toBe(0);
  await client.query(`SELECT pgscore.promote('pair', 2)`);
  const promoted = performance.now();
  while ((await value()) !== 100) expect(performance.now() - promoted).toBeLessThan(5_000);
  await client.query(`SELECT pgscore.promote('pair', 1)`);
});

test('a wrong token reaches no model', async () => {
  for (const path of ['/v2/models/pair', '/predict/pair', '/metrics', '/openapi.json']) {
    expect((await ask(path, undefined, 'another-token-altogether')).status).toBe(401);
  }
});

test('metrics tell of the queue, of batches, of workers and of requests, as Prometheus reads them', async () => {
  await client.query(`
    CREATE TABLE measured (id int PRIMARY KEY, a float8, b float8);
    SELECT pgscore.attach('served', 'measured', mode => 'async')`);
  await watch(client, 'measured');
  await client.query(`INSERT INTO measured VALUES (1, 1, 1), (2, 2, 2)`);
  await until(client, 'SELECT count(served_score) = 2 FROM measured');
  await ask('/predict/pair', { rows: [{ a: 1, b: 1 }] });
  const families = readExposition((await ask('/metrics')).body);
  const value = (name: string, labels: object) =>
    families
      .get(name.replace(/_(sum|count)$/, (part) => (families.has(name) ? part : '')))
      ?.samples.find((sample) => sample.name === name && isDeepStrictEqual(sample.labels, labels))?.value;
  const binding = { model: 'served', relation: 'public.measured', column: 'served_score' };
  // Depth and age of the oldest job, rows, sizes of batches, time of a run and from end to end: of each binding.
  expect(value('pgscore_queue_rows', binding)).toBe(0);
  expect(value('pgscore_queue_oldest_seconds', binding)).toBe(0);
  expect(value('pgscore_rows_scored_total', binding)).toBe(2);
  expect(value('pgscore_batch_rows_sum', binding)).toBe(2);
  expect(value('pgscore_run_seconds_count', binding)).toBeGreaterThanOrEqual(1);
  expect(value('pgscore_latency_seconds_count', binding)).toBe(2);
  expect(families.get('pgscore_rows_failed_total')!.type).toBe('counter');
  expect(families.get('pgscore_model_loads_total')!.samples.map((each) => each.value)).toEqual([1, 1]);
  expect(value('pgscore_memory_bytes', {})).toBeGreaterThan(1e6);
  expect(value('pgscore_workers_memory_bytes', {})).toBeGreaterThan(1e6);
  expect(families.has('pgscore_event_loop_delay_p99_seconds')).toBe(true);
  expect(value('pgscore_http_rows_total', { model: 'pair', version: '1' })).toBe(1);
  expect(value('pgscore_http_prediction_seconds_count', { model: 'pair' })).toBe(1);
});

test('without its database it lives, says so, and comes back by itself', async () => {
  const server = await createPrivateServer();
  try {
    // A session that has run PLJS does not heed the server's end.
    const deployer = await server.client();
    await deployMade(deployer, 'pair', sumModel(['a', 'b']));
    await deployer.end();
    const http = { host: '127.0.0.1', port: 0, tokens: [TOKEN] };
    const { sidecar, lines } = startSidecar(server.url, { http });
    url = (await sidecar.http)!.url;
    await lines.match(/the sidecar runs/);
    while ((await ask('/v2/health/ready')).status !== 200);
    await server.stop();
    await lines.match(/the database is not available/);
    expect((await ask('/v2/health/live')).status).toBe(200);
    expect(await ask('/v2/health/ready')).toMatchObject({ status: 503, body: { ready: false } });
    expect((await ask('/predict/pair', { rows: [{ a: 1, b: 1 }] })).status).toBe(503);
    await server.start();
    while ((await ask('/v2/health/ready')).status !== 200);
    expect((await ask('/predict/pair', { rows: [{ a: 1, b: 1 }] })).body.predictions).toMatchObject([
      { value: 3 },
    ]);
  } finally {
    await server.remove();
  }
});

describe('the command', () => {
  test('serves on a port, and ends with SIGTERM', async () => {
    process.env.PGSCORE_HTTP_TOKEN = TOKEN;
    const { child, lines, exit } = spawnSidecar(database.url, ['--workers', '1', '--http', '127.0.0.1:0']);
    delete process.env.PGSCORE_HTTP_TOKEN;
    url = (await lines.match(/HTTP is served/)).url as string;
    expect((await ask('/predict/pair', { rows: [{ a: 1, b: 1 }] })).body.predictions).toMatchObject([
      { value: 3 },
    ]);
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
  });

  test.each([
    [['--http', '0.0.0.0:0'], /0\.0\.0\.0 can be reached from other machines and needs a token/],
    [['--http', 'nowhere'], /expected PORT or HOST:PORT/],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await runCli(['sidecar', ...args], { env: { DATABASE_URL: database.url } });
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });

  test('says that a port is taken, and ends', async () => {
    const { port } = new URL(url);
    const { code, stderr } = await runCli(['sidecar', '--http', port], {
      env: { DATABASE_URL: database.url },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/EADDRINUSE/);
  });
});
