import { expect, test } from 'vitest';
import { type GraphOutput, outputNames } from '../../../src/ir/graph.ts';
import { type Outputs, readOutputs } from '../../../src/sidecar/outputs.ts';

function read(output: GraphOutput, outputs: Outputs, rows: number) {
  return readOutputs(
    { graphVersion: 1, task: 'binary', features: [], inputs: [], output, outputTensors: [] },
    outputs,
    rows,
  );
}

test('one probability of two labels, with its logit', () => {
  const output: GraphOutput = {
    value: { output: 'p', index: 0 },
    raw: 'logit',
    classes: { labels: ['No', 'Yes'], probabilities: [{ output: 'p', index: 0 }] },
  };
  const [first, second] = read(
    output,
    {
      p: { type: 'float32', dims: [2, 1], data: Float32Array.of(0.25, 0.75) },
      logit: { type: 'float64', dims: [2], data: Float64Array.of(-1, 1) },
    },
    2,
  );
  expect(first).toEqual({ value: 0.25, label: 'No', probabilities: { No: 0.75, Yes: 0.25 }, raw: [-1] });
  expect(second).toEqual({ value: 0.75, label: 'Yes', probabilities: { No: 0.25, Yes: 0.75 }, raw: [1] });
});

test('several labels: the value is the place of the predicted one', () => {
  const probabilities = [0, 1, 2].map((index) => ({ output: 'p', index }));
  const p = { type: 'float32', dims: [2, 3], data: Float32Array.of(0.25, 0.5, 0.25, 0.5, 0.125, 0.375) };
  const classes = { labels: ['x', 'y', 'z'], probabilities };
  expect(read({ classes }, { p }, 2).map(({ value, label }) => [value, label])).toEqual([
    [1, 'y'],
    [0, 'x'],
  ]);
  // The graph's own answer goes before the greatest probability.
  const predicted = { output: 'label', index: 0 };
  const numbered = { type: 'int64', dims: [2], data: BigInt64Array.of(30n, 10n) };
  const named = { type: 'string', dims: [2], data: ['z', 'x'] };
  const answers = [
    read({ classes: { ...classes, predicted, codes: [10, 20, 30] } }, { p, label: numbered }, 2),
    read({ classes: { ...classes, predicted } }, { p, label: named }, 2),
  ];
  for (const answer of answers) expect(answer.map(({ label }) => label)).toEqual(['z', 'x']);
});

test('an array, and half-precision bits', () => {
  // 0x3c00 = 1, 0xc000 = -2, 0x3800 = 0.5, 0x0000 = 0 in binary16.
  const e = { type: 'float16', dims: [2, 2], data: Uint16Array.of(0x3c00, 0xc000, 0x3800, 0) };
  expect(read({ values: 'e' }, { e }, 2)).toEqual([
    { value: null, label: null, probabilities: null, raw: [], values: [1, -2] },
    { value: null, label: null, probabilities: null, raw: [], values: [0.5, 0] },
  ]);
});

test('NaN probabilities predict no label', () => {
  const output: GraphOutput = {
    value: { output: 'p', index: 0 },
    classes: { labels: ['a', 'b'], probabilities: [{ output: 'p', index: 0 }] },
  };
  const p = { type: 'float32', dims: [1, 1], data: Float32Array.of(Number.NaN) };
  expect(read(output, { p }, 1)[0]).toMatchObject({ value: Number.NaN, label: null });
});

test.each([
  [{}, 'output "p" is missing'],
  [
    { p: { type: 'float32', dims: [3, 1], data: new Float32Array(3) } },
    'has shape [3, 1] after a run of 2 rows',
  ],
  [
    { p: { type: 'float32', dims: [2, 1], data: new Float32Array(2) } },
    'has 1 elements a row, and element 1 is wanted',
  ],
])('outputs of another shape are refused', (outputs, problem) => {
  expect(() => read({ value: { output: 'p', index: 1 } }, outputs, 2)).toThrow(problem);
});

test('only what is read is wanted', () => {
  const output: GraphOutput = {
    value: { output: 'p', index: 1 },
    raw: 'logits',
    classes: { labels: ['a', 'b'], probabilities: [0, 1].map((index) => ({ output: 'p', index })) },
  };
  expect(outputNames(output)).toEqual(['p', 'logits']);
});
