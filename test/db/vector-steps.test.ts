import { beforeAll, expect, test } from 'vitest';
import { applyDeploy, planDeploy } from '../../src/deploy/deploy.ts';
import { evaluate } from '../../src/ir/evaluate.ts';
import type { Model, Register, Step, Unary } from '../../src/ir/model.ts';
import { registerLayout } from '../../src/ir/model.ts';
import { createDatabaseScorers, type DatabaseScorer } from '../conformance/database.ts';
import { createTestDatabase } from '../harness/database.ts';

function range(length: number, start = 0): number[] {
  return Array.from({ length }, (_, i) => start + i);
}

const UNARY: readonly Unary[] = [
  'exp',
  'expm1',
  'log',
  'log1p',
  'log2',
  'log10',
  'sin',
  'cos',
  'tan',
  'asin',
  'acos',
  'atan',
  'sinh',
  'cosh',
  'tanh',
  'asinh',
  'acosh',
  'atanh',
  'sigmoid',
  'softplus',
  'erf',
];

function map(inputs: readonly Register[], ...names: readonly Unary[]): Step {
  return { kind: 'map', inputs, precision: 'float64', operations: names.map((name) => ({ name })) };
}

function modelOf(features: number, steps: readonly Step[], raw?: readonly Register[]): Model {
  const { first, size } = registerLayout({ features: new Array(features), steps });
  const last = first.at(-1)!;
  return {
    irVersion: 1,
    task: 'regression',
    features: range(features).map((i) => ({ kind: 'number', name: `x${i}` })),
    steps,
    output: { value: last, raw: raw ?? range(size - last, last) },
  };
}

const points = range(300).map((i) => range(6).map((k) => Math.sin(i * 6 + k)));

/** Two hundred units between 6 inputs and 3 classes. */
const network: readonly Step[] = [
  {
    kind: 'linear',
    inputs: range(6),
    inputPrecision: 'float64',
    accumulator: 'float64',
    weights: points.slice(0, 200),
    bias: range(200).map((q) => Math.cos(q)),
    missing: 'propagate',
  },
  map(range(200, 6), 'tanh'),
  {
    kind: 'linear',
    inputs: range(200, 206),
    inputPrecision: 'float64',
    accumulator: 'float64',
    weights: range(3).map((q) => range(200).map((k) => Math.sin(q * 200 + k) / 10)),
    bias: [0, 0.5, -0.5],
    missing: 'propagate',
  },
  { kind: 'link', inputs: range(3, 406), precision: 'float64', function: { name: 'softmax' } },
];

const models: Readonly<Record<string, Model>> = {
  'functions of one number': modelOf(
    6,
    UNARY.map((name) => map([0, 1, 2, 3], name)),
    range(4 * UNARY.length, 6),
  ),
  powers: modelOf(6, [
    { kind: 'combine', operation: 'power', left: range(5), right: [1, 2, 3, 4, 5], precision: 'float64' },
  ]),
  network: modelOf(6, network),
  'support vectors': modelOf(6, [
    { kind: 'distance', inputs: range(6), metric: 'squared-euclidean', points, precision: 'float64' },
    {
      kind: 'map',
      inputs: range(300, 6),
      precision: 'float64',
      operations: [{ name: 'multiply', by: [-0.1] }, { name: 'exp' }],
    },
    { kind: 'reduce', operation: 'log-sum-exp', inputs: range(300, 306), precision: 'float64' },
  ]),
  'coupled probabilities': modelOf(6, [
    map(range(6), 'sigmoid'),
    { kind: 'pairwise', method: 'coupling', inputs: range(6, 6), classes: 4 },
  ]),
};

const rows = [
  [0.5, -0.25, 0.9, -0.7, 0.1, 0.3],
  [3, -2, 7.5, -40, 1, 2],
  [0, 1e-9, -1, 1, 0, -0.5],
  [1e300, 0.46875, 4.5, 5.9, 2, 1],
];

let scorers: readonly DatabaseScorer[];

beforeAll(async () => {
  scorers = await createDatabaseScorers(Object.values(models));
});

test.each(Object.keys(models).map((name, i) => [name, i] as const))(
  'the database agrees with the reference evaluator to 1e-12: %s',
  async (name, i) => {
    const scored = await scorers[i]!(rows);
    scored.forEach(({ raw }, r) => {
      const expected = evaluate(models[name]!, rows[r]!).prediction.raw;
      expect(raw).toHaveLength(expected.length);
      raw.forEach((value, q) => {
        const wanted = expected[q]!;
        if (Object.is(value, wanted) || Math.abs(value - wanted) <= 1e-12 * Math.max(1, Math.abs(wanted)))
          return;
        expect({ row: r, output: q, value }).toEqual({ row: r, output: q, value: wanted });
      });
    });
  },
);

const towns = range(40).map((i) => `town ${i}`);

/** A pipeline as people train it: codes of texts, one of them one-hot, numbers imputed and scaled, then a sigmoid. */
const pipeline: Model = {
  irVersion: 1,
  task: 'regression',
  features: [
    { kind: 'text', name: 'size', categories: ['small', 'large', 'odd'] },
    { kind: 'text', name: 'town', categories: towns },
    { kind: 'number', name: 'age' },
    { kind: 'number', name: 'income' },
  ],
  steps: [
    {
      kind: 'encode-category',
      input: 0,
      categories: ['small', 'large', 'odd'],
      codes: [0.5, 2.25, Number.NaN],
      missing: 7,
      unknown: -1,
    },
    {
      kind: 'encode-category',
      input: 1,
      categories: towns,
      codes: range(40).map((i) => (i === 3 ? Number.NaN : i === 4 ? -Infinity : 100 - i)),
      missing: -1,
      unknown: -2,
    },
    {
      kind: 'map',
      inputs: [2, 3, 4],
      precision: 'float64',
      operations: [
        { name: 'impute', missing: Number.NaN, by: [40, 2000, 1] },
        { name: 'subtract', by: [41.5, 2100, 0] },
        { name: 'divide', by: [12.25, 700, 1] },
      ],
    },
    {
      kind: 'map',
      inputs: range(40).map(() => 5),
      precision: 'float64',
      operations: [
        { name: 'compare', operator: '==', by: range(40).map((i) => (i === 4 ? -Infinity : 100 - i)) },
      ],
    },
    {
      kind: 'linear',
      inputs: range(43, 6),
      inputPrecision: 'float64',
      accumulator: 'float64',
      weights: [range(43).map((k) => Math.sin(k))],
      bias: [0.125],
      missing: 'propagate',
    },
    { kind: 'link', inputs: [49], precision: 'float64', function: { name: 'sigmoid', scale: 1 } },
  ],
  output: { value: 50, raw: [4, 5, 49] },
};

test('a pipeline is deployed, proves itself, and answers predict()', async () => {
  const client = await (await createTestDatabase()).client();
  const plan = await planDeploy(client, {
    name: 'pipeline',
    imported: {
      model: pipeline,
      source: { format: 'test', formatVersion: null, objective: null, notes: [] },
    },
    file: { name: 'pipeline.json', bytes: new Uint8Array() },
  });
  await applyDeploy(client, plan);
  for (const row of [
    ['small', 'town 0', 30, 1500],
    ['large', 'town 39', null, null],
    ['odd', 'town 3', 50, 2500.5],
    [null, 'town 4', 50, 2500.5],
    ['other', null, -1, 0],
  ] as const) {
    const features = Object.fromEntries(pipeline.features.map(({ name }, i) => [name, row[i]]));
    const { rows: answers } = await client.query(
      'SELECT pgscore.predict_raw($1, $2::jsonb) AS json, pgscore_models.pipeline__raw(' +
        'pgscore_models.pipeline__outputs($3, $4, $5, $6)) AS scalars',
      ['pipeline', JSON.stringify(features), ...row],
    );
    const { raw } = evaluate(pipeline, row).prediction;
    expect(answers[0]).toEqual({ json: raw, scalars: raw });
  }
});
