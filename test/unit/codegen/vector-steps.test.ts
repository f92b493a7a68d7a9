import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileProgram } from '../../../src/codegen/program.ts';
import type { Linear, Model, Step } from '../../../src/ir/model.ts';
import { registerLayout } from '../../../src/ir/model.ts';
import { finite } from '../../harness/arbitrary-numbers.ts';
import { vectorStep } from '../../harness/arbitrary-vector-steps.ts';
import { bothResults } from './programs.ts';

function range(length: number, start = 0): number[] {
  return Array.from({ length }, (_, i) => start + i);
}

/** A regression of number features whose raw scores are the last step's registers. */
function modelOf(features: number, steps: readonly Step[]): Model {
  const { first, size } = registerLayout({ features: new Array(features), steps });
  const last = first.at(-1)!;
  return {
    irVersion: 1,
    task: 'regression',
    features: range(features).map((i) => ({ kind: 'number', name: `x${i}` })),
    steps,
    output: { value: last, raw: range(size - last, last) },
  };
}

function linear(inputs: readonly number[], outputs: number, rest: Partial<Linear> = {}): Linear {
  return {
    kind: 'linear',
    inputs,
    inputPrecision: 'float64',
    accumulator: 'float64',
    weights: range(outputs).map((q) => inputs.map((_, k) => Math.sin(q * inputs.length + k))),
    bias: range(outputs),
    missing: 'propagate',
    ...rest,
  };
}

async function expectSame(model: Model, rows: readonly (readonly number[])[]): Promise<void> {
  for (const { program, evaluator } of await bothResults(model, rows)) expect(program).toEqual(evaluator);
}

function isClose(a: number, b: number): boolean {
  return Object.is(a, b) || a === b || Math.abs(a - b) <= 1e-12 * Math.max(1, Math.abs(b));
}

describe('steps with functions of the last bit', () => {
  it('agree with the reference evaluator to 1e-12', async () => {
    const probability = fc.double({ min: 1e-7, max: 1 - 1e-7, noNaN: true });
    const rowsOf = (element: fc.Arbitrary<number>) =>
      fc.array(fc.array(element, { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 5 });
    // Coupling is defined for probabilities alone: of other numbers its iteration makes anything.
    const rows = fc.record({
      any: rowsOf(fc.oneof(finite, probability)),
      probabilities: rowsOf(probability),
    });
    const step = vectorStep(range(4), { inexact: true });
    await fc.assert(
      fc.asyncProperty(step, rows, async (made, { any, probabilities }) => {
        const fitting = made.kind === 'pairwise' && made.method === 'coupling' ? probabilities : any;
        for (const { program, evaluator } of await bothResults(modelOf(4, [made]), fitting)) {
          program.forEach((value, i) => {
            if (!isClose(value!, evaluator[i]!)) expect(value).toBe(evaluator[i]);
          });
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('one-hot encodings', () => {
  const oneHot = (inputs: readonly number[], by: readonly number[]): Step => ({
    kind: 'map',
    inputs,
    precision: 'float64',
    operations: [{ name: 'compare', operator: '==', by }],
  });
  const rows = [
    [3, 12],
    [3, 10],
    [99, 10],
    [Number.NaN, 19],
    [0, 19],
    [-0, Infinity],
    [9, 19],
  ];

  it('of one input or several follow their inputs from row to row', async () => {
    const inputs = [...range(10).map(() => 0), ...range(10).map(() => 1)];
    await expectSame(modelOf(2, [oneHot(inputs, range(20))]), rows);
    await expectSame(
      modelOf(2, [
        oneHot(
          range(20).map(() => 0),
          range(20),
        ),
      ]),
      rows,
    );
  });

  it('with a key twice, or a key that is NaN, are the comparisons that they say', async () => {
    const inputs = range(20).map(() => 0);
    await expectSame(modelOf(2, [oneHot(inputs, [...range(19), 3])]), rows);
    await expectSame(modelOf(2, [oneHot(inputs, [...range(19), Number.NaN])]), rows);
  });

  it('of 2,000 categories before a linear step are short code', async () => {
    const steps = [
      oneHot(
        range(2000).map(() => 0),
        range(2000),
      ),
      linear(range(2000, 1), 1),
    ];
    const model = modelOf(1, steps);
    const { code } = await compileProgram(model);
    expect(code.length).toBeLessThan(2000 * 8 * 1.4 + 12_000);
    await expectSame(model, [[0], [1999], [2000], [7]]);
  });
});

describe('linear steps', () => {
  const rows = [
    [0, 0, 0],
    [-0, 0, 1],
    [Number.NaN, 0, 2],
    [0, Infinity, 0],
    [1, 2, 3],
  ];

  it.each([
    ['zeros among weights and inputs', {}],
    ['missing values skipped', { missing: 'skip' }],
    ['a bias of -0', { bias: [-0, 1] }],
    ['a bias that is -0 in float32', { bias: [-1e-60, 1], accumulator: 'float32' }],
    [
      'infinite weights',
      {
        weights: [
          [1, Infinity, 2],
          [0, 0, 0],
        ],
      },
    ],
    ['a float32 accumulator', { accumulator: 'float32', inputPrecision: 'float32', bias: [0.1, 0.2] }],
  ] as const)('agree with the reference evaluator: %s', async (_, rest) => {
    await expectSame(modelOf(3, [linear([0, 1, 2], 2, rest)]), rows);
  });
});

describe('wide models', () => {
  it('are loops over registers, for scalar arguments too', async () => {
    const features = 12;
    const crosses = range(300);
    const steps: Step[] = [
      {
        kind: 'combine',
        operation: 'multiply',
        left: crosses.map((k) => k % features),
        right: crosses.map((k) => (5 * k) % features),
        precision: 'float64',
      },
      { kind: 'map', inputs: range(300, features), precision: 'float32', operations: [{ name: 'tanh' }] },
      linear(range(300, features + 300), 40),
      { kind: 'reduce', operation: 'max', inputs: range(40, features + 600), precision: 'float64' },
    ];
    const model = modelOf(features, steps);
    const { code } = await compileProgram(model);
    expect(code.match(/\[\d+\]/g)!.length).toBeLessThan(60);
    await expectSame(model, [range(features), range(features).map((x) => x / 7 - 1)]);
  });
});

describe('codes of categories', () => {
  it('are what numbers and texts become', async () => {
    const codes = [2.5, Number.NaN, -1];
    const numbers: Step = {
      kind: 'encode-category',
      input: 0,
      categories: [5, 6, 7],
      codes,
      missing: 0,
      unknown: 9,
    };
    await expectSame(modelOf(1, [numbers]), [[5], [6], [7], [8], [Number.NaN]]);
  });
});
