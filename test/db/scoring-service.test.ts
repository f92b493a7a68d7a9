import type pg from 'pg';
import { beforeAll, expect, test } from 'vitest';
import { UnknownModelError } from '../../src/sidecar/scoring-service.ts';
import { RowError } from '../../src/sidecar/tensors.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { deployMadeGraph } from '../harness/deploy-graph.ts';
import { celuSum, makeGraph } from '../harness/graphs.ts';
import { deployMade, sumModel, text } from '../harness/models.ts';
import { prepareSidecarTests, startSidecar } from '../harness/sidecar.ts';

prepareSidecarTests();

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.client();
  await deployMadeGraph(client, 'served', makeGraph(celuSum(['a', 'b'])));
  await deployMade(client, 'kinds', sumModel(['a', text('c', 'x', 'y')], { labels: ['low', 'high'] }));
  await deployMade(
    client,
    'kinds',
    sumModel(['a', text('c', 'x', 'y')], { labels: ['low', 'high'], bias: 5 }),
  );
});

const column = (...numbers: number[]) =>
  ({ type: 'float32', dims: [numbers.length, 1], data: Float32Array.from(numbers) }) as const;

test('every version that can be run is described', async () => {
  const { scoring } = startSidecar(database.url).sidecar;
  expect(await scoring.models()).toMatchObject([
    {
      model: 'kinds',
      version: 2,
      isChampion: false,
      runsIn: 'database',
      graph: null,
      labels: ['low', 'high'],
    },
    {
      model: 'kinds',
      version: 1,
      isChampion: true,
      features: [
        { name: 'a', kind: 'number' },
        { name: 'c', kind: 'text' },
      ],
    },
    {
      model: 'served',
      version: 1,
      isChampion: true,
      runsIn: 'sidecar',
      graph: { inputs: [{ name: 'a' }, { name: 'b' }] },
    },
  ]);
  expect((await scoring.describe('kinds')).version).toBe(1);
  expect((await scoring.describe('kinds', 2)).version).toBe(2);
});

test('rows by feature name, of graphs and of models of the database', async () => {
  const { scoring } = startSidecar(database.url).sidecar;
  const rows = [
    { a: 1, b: 2 },
    { a: 0.5, b: '3', other: 'ignored' },
  ];
  expect((await scoring.predict('served', undefined, rows)).predictions.map(({ value }) => value)).toEqual([
    3, 3.5,
  ]);
  // Class q scores (q + 1) × (a + 2 × the code of c + bias); a softmax over two of them.
  const { version, predictions } = await scoring.predict('kinds', 2, [{ a: -9, c: 'y' }]);
  expect(version.version).toBe(2);
  expect(predictions).toMatchObject([{ label: 'low', raw: [-2, -4] }]);
  expect(predictions[0]!.value).toBeCloseTo(1 / (1 + Math.exp(2)), 12);
});

test('tensors as they are', async () => {
  const { scoring } = startSidecar(database.url).sidecar;
  const { outputs } = await scoring.infer('served', 1, { a: column(1, 2), b: column(3, 4) });
  expect(outputs.y).toMatchObject({ type: 'float32', dims: [2, 1] });
  expect([...(outputs.y!.data as Float32Array)]).toEqual([4, 6]);
});

test('what cannot be answered says why', async () => {
  const { scoring } = startSidecar(database.url).sidecar;
  await expect(scoring.predict('nothing', undefined, [])).rejects.toThrow(UnknownModelError);
  await expect(scoring.predict('nothing', undefined, [])).rejects.toMatchObject({
    message: "there is no model 'nothing'",
    hint: 'The models: kinds, served.',
  });
  await expect(scoring.describe('kinds', 7)).rejects.toMatchObject({
    message: "model 'kinds' has no version 7",
    hint: 'Its versions: 1, 2.',
  });
  const misfits = scoring.predict('served', undefined, [{ a: 1, b: 1 }, { a: 1 }]);
  await expect(misfits).rejects.toThrow(RowError);
  await expect(misfits).rejects.toMatchObject({ row: 1, feature: 'b', code: 'PGS_INPUT' });
  await expect(scoring.predict('served', undefined, [{ a: 'x', b: 1 }])).rejects.toMatchObject({
    code: 'PGS_INPUT',
    message: expect.stringMatching(/^row 0: feature "a": "x" is no number/),
  });
  await expect(scoring.infer('kinds', undefined, {})).rejects.toMatchObject({ code: 'PGS_INPUT' });
  await expect(scoring.infer('served', undefined, { a: column(1) })).rejects.toMatchObject({
    code: 'PGS_INPUT',
    message: expect.stringContaining('served version 1'),
  });
});
