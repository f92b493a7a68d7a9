import { expect, test } from 'vitest';
import { compileProgram } from '../../../src/codegen/program.ts';
import type { Linear, Model } from '../../../src/ir/model.ts';
import { counting } from '../../harness/text-models.ts';
import { bothResults } from './programs.ts';

/** Counts of a, b and c stand in registers 2 to 4, of x in 5, weights of both in 6 to 8; the sums follow. */
function modelOf(inputs: readonly number[], rest: Partial<Linear> = {}): Model {
  return {
    irVersion: 1,
    task: 'regression',
    features: [
      { kind: 'text', name: 'text', categories: [] },
      { kind: 'number', name: 'number' },
    ],
    steps: [
      counting({ vocabulary: ['a', 'b', 'c'] }),
      counting({ vocabulary: ['x'] }),
      {
        kind: 'weigh',
        inputs: [2, 3, 4],
        sublinear: false,
        factors: [0.1, 0.2, 0.3],
        norm: 'l2',
        precision: 'float64',
      },
      {
        kind: 'linear',
        inputs,
        inputPrecision: 'float64',
        accumulator: 'float64',
        weights: [inputs.map((_, k) => 1 / (k + 3)), inputs.map((_, k) => k - 0.7)],
        bias: [0.1, -3],
        missing: 'propagate',
        ...rest,
      },
    ],
    output: { value: 9, raw: [9, 10] },
  };
}

const ROWS = [
  ['a b a', 0.3],
  ['', 0],
  ['x c', null],
  [null, 1],
  ['x', -0],
] as const;

const SHAPES: Readonly<Record<string, readonly number[]>> = {
  'all of one step': [6, 7, 8],
  'after numbers': [1, 5, 6, 7, 8],
  'between numbers': [1, 2, 3, 4, 1, 5],
  'of two steps': [2, 3, 4, 6, 7, 8],
  twice: [6, 7, 8, 1, 6, 7, 8],
  'in part': [6, 7, 1],
  'in another order': [8, 7, 6],
};

test.each(Object.entries(SHAPES))(
  'a linear model over counts agrees with the evaluator: %s',
  async (_, inputs) => {
    for (const rest of [
      {},
      { missing: 'skip' },
      { accumulator: 'float32', inputPrecision: 'float32' },
    ] as const) {
      const rows = ROWS.map((row) => [...row]);
      for (const { program, evaluator } of await bothResults(modelOf(inputs, rest), rows)) {
        expect(program).toEqual(evaluator);
      }
    }
  },
);

test('passes over zeros where that changes nothing, and only there', async () => {
  const code = async (rest: Partial<Linear>) => (await compileProgram(modelOf([1, 6, 7, 8], rest))).code;
  const sparse = (await code({})).length;
  expect((await code({ bias: [-0, 1] })).length).not.toBe(sparse);
  const infinite = [
    [1, Infinity, 1, 1],
    [1, 1, 1, 1],
  ];
  const model = modelOf([1, 6, 7, 8], { weights: infinite });
  for (const { program, evaluator } of await bothResults(model, [['c', 1]]))
    expect(program).toEqual(evaluator);
});
