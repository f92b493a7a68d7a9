import type pg from 'pg';
import { beforeAll, expect, test } from 'vitest';
import { applyDeploy, planDeploy } from '../../src/deploy/deploy.ts';
import { evaluate } from '../../src/ir/evaluate.ts';
import { type Model, SplitTest, type Tree } from '../../src/ir/model.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { deployRequest } from '../harness/models.ts';

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.client();
});

const FEATURES = 20;

/** Marsaglia's xorshift32: the same trees every time. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** A complete tree: split k has children 2k + 1 and 2k + 2. */
function completeTree(depth: number, random: () => number): Tree {
  const splits = 2 ** depth - 1;
  const child = (k: number) => (k < splits ? k : -1 - (k - splits));
  const each = <T>(make: (k: number) => T) => Array.from({ length: splits }, (_, k) => make(k));
  return {
    output: 0,
    weight: 1,
    splits: {
      feature: each(() => Math.floor(random() * FEATURES)),
      test: each(() => (random() < 0.5 ? SplitTest.nanLeft : SplitTest.nanRight)),
      threshold: each(() => random() * 2 - 1),
      left: each((k) => child(2 * k + 1)),
      right: each((k) => child(2 * k + 2)),
      sets: [],
    },
    leaves: Array.from({ length: splits + 1 }, () => random() - 0.5),
  };
}

/** A tree that is a list: each split has a leaf to its left. */
function listTree(depth: number): Tree {
  const each = <T>(make: (k: number) => T) => Array.from({ length: depth }, (_, k) => make(k));
  return {
    output: 0,
    weight: 1,
    splits: {
      feature: each((k) => k % FEATURES),
      test: each(() => SplitTest.nanRight),
      threshold: each((k) => -k),
      left: each((k) => -1 - k),
      right: each((k) => (k + 1 < depth ? k + 1 : -1 - depth)),
      sets: [],
    },
    leaves: Array.from({ length: depth + 1 }, (_, k) => k),
  };
}

function forest(trees: readonly Tree[]): Model {
  return {
    irVersion: 1,
    task: 'regression',
    features: Array.from({ length: FEATURES }, (_, k) => ({ kind: 'number' as const, name: `f${k}` })),
    steps: [
      {
        kind: 'tree-ensemble',
        inputs: Array.from({ length: FEATURES }, (_, k) => k),
        inputPrecision: 'float64',
        comparison: '<',
        accumulator: 'float64',
        outputs: 1,
        base: [0.5],
        trees,
      },
    ],
    output: { value: FEATURES, raw: [FEATURES] },
  };
}

function rowsOf(random: () => number, count: number): (number | null)[][] {
  return Array.from({ length: count }, () =>
    Array.from({ length: FEATURES }, () => (random() < 0.1 ? null : random() * 2 - 1)),
  );
}

/** Deploys the model, and scores rows by its function, by predict() and through a trigger. */
async function expectScored(name: string, model: Model, rows: (number | null)[][]): Promise<number> {
  const plan = await planDeploy(
    client,
    deployRequest(name, model, { file: { name: 'big.json', bytes: Buffer.from('') } }),
  );
  await applyDeploy(client, plan);
  const columns = model.features.map((feature) => feature.name);
  await client.query(
    `CREATE TABLE ${name}_rows (id int, ${columns.map((column) => `${column} float8`)}); SELECT pgscore.attach('${name}', '${name}_rows', 's')`,
  );
  for (const [id, row] of rows.entries()) {
    await client.query(`INSERT INTO ${name}_rows VALUES (${[id, ...row].map((_, k) => `$${k + 1}`)})`, [
      id,
      ...row,
    ]);
  }
  const { rows: scored } = await client.query({
    text: `SELECT s, pgscore_models.${name}(${columns}), pgscore.predict('${name}', r) FROM ${name}_rows AS r ORDER BY id`,
    rowMode: 'array',
  });
  expect(scored).toEqual(rows.map((row) => Array(3).fill(evaluate(model, row).prediction.value)));
  return Buffer.byteLength(plan.migration!.up);
}

test('10,000 trees', async () => {
  const random = randomNumbers(1);
  const model = forest(Array.from({ length: 10_000 }, () => completeTree(3, random)));
  await expectScored('many', model, rowsOf(random, 20));
});

test('400,000 splits, as a model file of 50 MB has them', async () => {
  const random = randomNumbers(2);
  const model = forest(Array.from({ length: 400 }, () => completeTree(10, random)));
  expect(JSON.stringify(model).length).toBeGreaterThan(20e6);
  expect(await expectScored('large', model, rowsOf(random, 20))).toBeLessThan(50e6);
  const { rows } = await client.query(
    `SELECT octet_length(ir) AS size FROM pgscore_internal.versions WHERE model = 'large'`,
  );
  expect(rows[0].size).toBeLessThan(20e6);
});

test('trees as deep as they have splits, beside a single leaf', async () => {
  const random = randomNumbers(3);
  const leaf: Tree = { ...listTree(0), leaves: [0.25] };
  const model = forest([listTree(3000), leaf, listTree(1), listTree(500)]);
  const deep = [0, 700, 2999, 5000].map((x) => Array.from({ length: FEATURES }, () => -x as number | null));
  await expectScored('deep', model, [...rowsOf(random, 10), ...deep]);
});
