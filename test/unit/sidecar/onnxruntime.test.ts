import { describe, expect, it } from 'vitest';
import type { ImportOptions } from '../../../src/import/importer.ts';
import { openGraph } from '../../../src/sidecar/onnxruntime.ts';
import { scoreRows } from '../../../src/sidecar/score-rows.ts';
import { RowError } from '../../../src/sidecar/tensors.ts';
import { celuSum, makeGraph } from '../../harness/graphs.ts';
import { type FileValue, floatConstant, floatInput, type InfoValue, TYPE } from '../import/onnx/files.ts';

/** Rows' values (or arrays), as onnxruntime gives them. */
async function run(
  value: FileValue,
  rows: readonly (string | null)[][],
  options: ImportOptions = {},
): Promise<unknown[]> {
  const { imported, file } = makeGraph(value, options);
  const session = await openGraph(file.name, file.bytes, imported.graph);
  try {
    const results = await scoreRows(imported.graph, rows, session.run);
    return results.map((result) =>
      result instanceof RowError ? result.message : (result.values ?? result.value),
    );
  } finally {
    await session.close();
  }
}

const info = (name: string, type: number, dims: (number | null)[]): InfoValue => ({ name, type, dims });
const zero = { name: 'zero', type: 3, dims: [], ints: [] as number[], raw: Uint8Array.of(0) };

/** What the database does not score and onnxruntime runs, each with rows whose answers can be told by head. */
const graphs: readonly [string, FileValue, (string | null)[][], unknown[]][] = [
  [
    'a graph of several inputs',
    celuSum(['a', 'b']),
    [
      ['1', '2'],
      ['0.5', '0.25'],
    ],
    [3, 0.75],
  ],
  [
    'an operator of onnxruntime’s own',
    // x times the sigmoid of 0·x: half of it.
    {
      nodes: [
        {
          operator: 'QuickGelu',
          domain: 'com.microsoft',
          inputs: ['x'],
          outputs: ['y'],
          attributes: { alpha: { float: 0 } },
        },
      ],
      inputs: [floatInput('x', 1)],
      outputs: [floatInput('y', 1)],
    },
    [['3'], ['-4']],
    [1.5, -2],
  ],
  [
    'half precision',
    // 2049 lies half-way between 2048 and 2050 in binary16: the even one.
    {
      nodes: [
        { operator: 'Celu', inputs: ['f'], outputs: ['g'] },
        { operator: 'Cast', inputs: ['x'], outputs: ['f'], attributes: { to: { int: TYPE.float } } },
        { operator: 'Cast', inputs: ['g'], outputs: ['y'], attributes: { to: { int: TYPE.float16 } } },
      ],
      inputs: [info('x', TYPE.float16, [null, 1])],
      outputs: [info('y', TYPE.float16, [null, 1])],
    },
    [['1.5'], ['2049']],
    [1.5, 2048],
  ],
  [
    'quantised numbers',
    // To eighths of a uint8: 1.3 is 10.4 eighths, 10 of them.
    {
      nodes: [
        { operator: 'QuantizeLinear', inputs: ['x', 'scale', 'zero'], outputs: ['q'] },
        { operator: 'DequantizeLinear', inputs: ['q', 'scale', 'zero'], outputs: ['y'] },
      ],
      constants: [floatConstant('scale', [0.125], []), { ...zero, type: 2 }],
      inputs: [floatInput('x', 1)],
      outputs: [floatInput('y', 1)],
    },
    [['1.3'], ['40']],
    [1.25, 31.875],
  ],
  [
    'a loop',
    // Doubled three times.
    {
      nodes: [
        {
          operator: 'Loop',
          inputs: ['count', 'go', 'x'],
          outputs: ['y'],
          attributes: {
            body: {
              graph: {
                nodes: [
                  { operator: 'Add', inputs: ['v', 'v'], outputs: ['w'] },
                  { operator: 'Identity', inputs: ['on'], outputs: ['still'] },
                ],
                inputs: [info('i', TYPE.int64, []), info('on', TYPE.bool, []), floatInput('v', 1)],
                outputs: [info('still', TYPE.bool, []), floatInput('w', 1)],
              },
            },
          },
        },
      ],
      constants: [
        { name: 'count', type: TYPE.int64, dims: [], ints: [3] },
        { name: 'go', type: TYPE.bool, dims: [], raw: Uint8Array.of(1) },
      ],
      inputs: [floatInput('x', 1)],
      outputs: [floatInput('y', 1)],
    },
    [['1'], ['2.5']],
    [8, 20],
  ],
  [
    'an image of bytes',
    // The mean of each channel.
    {
      nodes: [
        { operator: 'Cast', inputs: ['image'], outputs: ['f'], attributes: { to: { int: TYPE.float } } },
        { operator: 'GlobalAveragePool', inputs: ['f'], outputs: ['mean'] },
      ],
      inputs: [info('image', 2, [null, 2, 1, 2])],
      outputs: [floatInput('mean', 2)].map((each) => ({ ...each, dims: [null, 2, 1, 1] })),
    },
    [['\\x00020a0c'], ['{{{1,3}},{{5,7}}}']],
    [
      [1, 11],
      [2, 6],
    ],
  ],
  [
    'one row a run',
    { ...celuSum(['a']), inputs: [info('a', TYPE.float, [1, 1])], outputs: [info('y', TYPE.float, [1, 1])] },
    [['1'], ['two'], ['3']],
    [1, 'feature "a": "two" is no number (input "a", float32)', 3],
  ],
  [
    'texts',
    {
      nodes: [
        {
          operator: 'StringSplit',
          inputs: ['s'],
          outputs: ['parts', 'y'],
          attributes: { delimiter: { text: ' ' } },
        },
      ],
      opset: 20,
      inputs: [info('s', TYPE.string, [null, 1])],
      outputs: [info('y', TYPE.int64, [null, 1])],
    },
    [['a b c'], ['é'], ['']],
    [3, 1, 0],
  ],
];

describe('onnxruntime runs', () => {
  it.each(graphs)('%s', async (_, value, rows, answers) => {
    expect(await run(value, rows)).toEqual(answers);
  });
});

it('onnxruntime runs series of any length, as described', async () => {
  // Running sums; the last one is the series' sum. Rows of unlike length take runs of their own.
  const value: FileValue = {
    nodes: [
      {
        operator: 'Scan',
        inputs: ['start', 'x'],
        outputs: ['sum'],
        attributes: {
          num_scan_inputs: { int: 1 },
          scan_input_axes: { ints: [1] },
          body: {
            graph: {
              nodes: [{ operator: 'Add', inputs: ['s', 'each'], outputs: ['t'] }],
              inputs: [info('s', TYPE.float, [null]), info('each', TYPE.float, [null])],
              outputs: [info('t', TYPE.float, [null])],
            },
          },
        },
      },
      {
        operator: 'ReduceSum',
        inputs: ['none', 'axes'],
        outputs: ['start'],
        attributes: { keepdims: { int: 0 } },
      },
      { operator: 'Sub', inputs: ['x', 'x'], outputs: ['none'] },
    ],
    constants: [{ name: 'axes', type: TYPE.int64, dims: [1], ints: [1] }],
    inputs: [floatInput('x', null)],
    outputs: [info('sum', TYPE.float, [null])],
  };
  const inputs = { name: 'spec.json', text: '{"inputs": {"x": {"array": "series"}}}' };
  const rows = [['{1,2,3}'], ['{4}'], [null], ['{5,6,7}']];
  expect(await run(value, rows, { inputs })).toEqual([6, 4, null, 18]);
});

it('says what onnxruntime says of a graph that it does not run', async () => {
  // A sum of matrices of unlike shapes, which only the run finds out.
  const value: FileValue = {
    ...celuSum(['a']),
    nodes: [
      { operator: 'Celu', inputs: ['a'], outputs: ['c'] },
      { operator: 'Reshape', inputs: ['c', 'shape'], outputs: ['y'] },
    ],
    constants: [{ name: 'shape', type: TYPE.int64, dims: [2], ints: [7, 1] }],
  };
  await expect(run(value, [['1'], ['2']])).rejects.toMatchObject({
    code: 'PGS_UNSUPPORTED',
    message: expect.stringMatching(/^made\.onnx: onnxruntime does not run it: .*Reshape/s),
  });
});
