import { describe, expect, test } from 'vitest';
import type {
  GraphElement,
  GraphFeature,
  GraphInput,
  GraphModel,
  TensorType,
} from '../../../src/ir/graph.ts';
import type { Outputs } from '../../../src/sidecar/outputs.ts';
import { scoreRows } from '../../../src/sidecar/score-rows.ts';
import {
  assembleInputs,
  assembleRuns,
  type Feeds,
  RowError,
  rawRowOf,
} from '../../../src/sidecar/tensors.ts';

function graphOf(features: GraphFeature[], inputs: GraphInput[]): GraphModel {
  return {
    graphVersion: 1,
    outputTensors: [],
    task: 'regression',
    features,
    inputs,
    output: { value: { output: 'y', index: 0 } },
  };
}

/** One number feature into one tensor of rank 1. */
function single(
  type: TensorType,
  element: Partial<Extract<GraphElement, { kind: 'number' }>> = {},
): GraphModel {
  const plain = { kind: 'number', feature: 0, missing: Number.NaN, subtract: 0, divide: 1 } as const;
  const elements = [{ ...plain, ...element }];
  return graphOf([{ kind: 'number', name: 'x' }], [{ name: 'in', type, shape: [], from: { elements } }]);
}

function arrayOf(type: TensorType, shape: (number | null)[]): GraphModel {
  return graphOf(
    [{ kind: 'array', name: 'series', shape }],
    [{ name: 'in', type, shape, from: { array: 0 } }],
  );
}

const feed = (graph: GraphModel, ...rows: (string | null)[][]) => assembleInputs(graph, rows).in!;

describe('numbers', () => {
  test('are scaled in float64, then rounded', () => {
    // (0.3 - 0.1) / 0.1 in float64, the nearest float32 of that.
    const { data, dims, type } = feed(single('float32', { subtract: 0.1, divide: 0.1 }), ['0.3']);
    expect({ type, dims, data }).toEqual({
      type: 'float32',
      dims: [1],
      data: Float32Array.of(Math.fround((0.3 - 0.1) / 0.1)),
    });
  });

  test('are subtracted from first, divided then', () => {
    // 0.3 / 0.1 - 0.1 / 0.1 would be 1.9999999999999996.
    const graph = single('float64', { subtract: 0.1, divide: 0.1 });
    expect(feed(graph, ['0.3']).data).toEqual(Float64Array.of(1.9999999999999998));
  });

  test('NULL and NaN are what stands in for them', () => {
    const graph = single('float64', { missing: 7, subtract: 1, divide: 2 });
    expect(feed(graph, [null], ['NaN'], ['9']).data).toEqual(Float64Array.of(3, 3, 4));
    expect(feed(single('float32'), [null], ['-Infinity']).data).toEqual(
      Float32Array.of(Number.NaN, -Infinity),
    );
  });

  test.each([
    ['int64', '9007199254740993', BigInt64Array.of(9007199254740993n)],
    ['int64', '1e+16', BigInt64Array.of(10n ** 16n)],
    ['uint64', '18446744073709551615', BigUint64Array.of(2n ** 64n - 1n)],
    ['int32', '-2147483648', Int32Array.of(-2147483648)],
    ['uint8', '255', Uint8Array.of(255)],
    ['bool', 'true', Uint8Array.of(1)],
    // 1.5 = 0x3e00 in binary16.
    ['float16', '1.5', Uint16Array.of(0x3e00)],
  ] as const)('%s holds %s', (type, text, data) => {
    expect(feed(single(type), [text]).data).toEqual(data);
  });

  test.each([
    ['int64', null, 'it is missing, and int64 has no missing value'],
    ['int32', '2.5', '2.5 is no whole number, and the model takes int32'],
    ['int8', '128', '128 is out of range: int8 goes from -128 to 127'],
    ['int64', '9223372036854775808', 'out of range'],
    ['bool', '2', 'out of range: bool goes from 0 to 1'],
    ['float32', 'twelve', '"twelve" is no number'],
    ['float32', '', '"" is no number'],
  ] as const)('%s does not hold %s', (type, text, problem) => {
    expect(() => feed(single(type), [text])).toThrow(problem);
  });
});

test('categories and texts', () => {
  const features: GraphFeature[] = [
    { kind: 'text', name: 'plan' },
    { kind: 'text', name: 'note' },
  ];
  const category: GraphElement = {
    kind: 'category',
    feature: 0,
    categories: ['a', 'b'],
    codes: [5, 9],
    missing: 0,
    unknown: 3,
  };
  const graph = graphOf(features, [
    {
      name: 'codes',
      type: 'int64',
      shape: [2],
      from: { elements: [category, { ...category, codes: [6, 7] }] },
    },
    {
      name: 'texts',
      type: 'string',
      shape: [1],
      from: { elements: [{ kind: 'text', feature: 1, missing: '?' }] },
    },
  ]);
  // Texts match exactly.
  const feeds = assembleInputs(graph, [
    ['b', 'x'],
    [null, null],
    ['B', ''],
  ]);
  expect(feeds.codes).toEqual({
    type: 'int64',
    dims: [3, 2],
    data: BigInt64Array.of(9n, 7n, 0n, 0n, 3n, 3n),
  });
  expect(feeds.texts).toEqual({ type: 'string', dims: [3, 1], data: ['x', '?', ''] });
});

describe('arrays', () => {
  test('of any rank', () => {
    expect(feed(arrayOf('float32', [2, 2]), ['{{1,2},{3,4}}'], ['{{5,6},{7,NULL}}'])).toEqual({
      type: 'float32',
      dims: [2, 2, 2],
      data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, Number.NaN),
    });
  });

  test('flat numbers fill a shape in row-major order', () => {
    const { dims, data } = feed(arrayOf('float64', [null, 3]), ['[1,2,3,4,5,6]']);
    expect(dims).toEqual([1, 2, 3]);
    expect(data).toEqual(Float64Array.of(1, 2, 3, 4, 5, 6));
  });

  test('a bytea of bytes for uint8', () => {
    expect(feed(arrayOf('uint8', [2, 1]), ['\\x0aff'])).toEqual({
      type: 'uint8',
      dims: [1, 2, 1],
      data: Uint8Array.of(10, 255),
    });
  });

  test.each([
    [[3], '{1,2}', 'shape [2] was found, [3] expected (input "in", float32)'],
    [[null, 3], '{{1,2},{3,4}}', 'shape [2, 2] was found, [any, 3] expected'],
    [[null, 3], '{1,2,3,4}', 'shape [4] was found, [any, 3] expected'],
    [[null, null], '{1,2,3,4}', 'shape [4] was found, [any, any] expected'],
    [[4], '{{1,2},{3,4}}', 'shape [2, 2] was found, [4] expected'],
  ])('shape %j refuses %s', (shape, text, problem) => {
    expect(() => feed(arrayOf('float32', shape), [text])).toThrow(`feature "series": ${problem}`);
  });

  test('NULL elements are refused where there is no missing value', () => {
    expect(() => feed(arrayOf('int32', [2]), ['{1,NULL}'])).toThrow('it is missing');
    expect(() => feed(arrayOf('int64', [2]), ['{1,NULL}'])).toThrow('a missing value');
  });

  test('rows of one shape run together; NULL and misfits are told apart', () => {
    const rows = [['{1,2}'], [null], ['{3}'], ['{4,5}'], ['oops']];
    const { runs, nullRows, errors } = assembleRuns(arrayOf('float32', [null]), rows);
    expect(runs.map(({ rows: indices, feeds }) => [indices, feeds.in!.dims, [...feeds.in!.data]])).toEqual([
      [
        [0, 3],
        [2, 2],
        [1, 2, 4, 5],
      ],
      [[2], [1, 1], [3]],
    ]);
    expect(nullRows).toEqual([1]);
    expect(errors.map(({ row, feature }) => [row, feature])).toEqual([[4, 'series']]);
  });

  test('assembleInputs takes one run only', () => {
    const graph = arrayOf('float32', [null]);
    expect(() => feed(graph, ['{1}'], [null])).toThrow('the array is NULL');
    expect(() => feed(graph, ['{1}'], ['{1,2}'])).toThrow('another shape than that of row 0');
  });
});

test('a row that does not fit leaves no trace in the tensors', () => {
  const graph = graphOf(
    [
      { kind: 'number', name: 'a' },
      { kind: 'number', name: 'b' },
    ],
    [0, 1].map((feature) => ({
      name: `in${feature}`,
      type: 'int32',
      shape: [1],
      from: { elements: [{ kind: 'number', feature, missing: 0, subtract: 0, divide: 1 }] },
    })),
  );
  const { runs, errors } = assembleRuns(graph, [
    ['1', '2'],
    ['3', 'x'],
    ['5', '6'],
  ]);
  expect(runs[0]!.rows).toEqual([0, 2]);
  expect(runs[0]!.feeds.in0!.data).toEqual(Int32Array.of(1, 5));
  expect(runs[0]!.feeds.in1!.data).toEqual(Int32Array.of(2, 6));
  expect(errors[0]).toMatchObject({ row: 1, feature: 'b', code: 'PGS_INPUT' });
});

/** Stands for a graph that sums each row. */
async function sumRows(feeds: Feeds): Promise<Outputs> {
  const { data, dims } = feeds.in!;
  const [rows, width] = dims as [number, number];
  const sums = Array.from({ length: rows }, (_, r) =>
    [...(data as Float32Array).subarray(r * width, (r + 1) * width)].reduce((a, b) => a + b),
  );
  return { y: { type: 'float32', dims: [rows, 1], data: Float32Array.from(sums) } };
}

test.each([
  ['in one run a shape', undefined],
  ['in runs of one row', () => 1],
  ['in runs of two rows at most', (waiting: number) => Math.min(2, waiting)],
])('scoreRows gives every row its own answer, %s', async (_, next) => {
  const graph = arrayOf('float32', [null]);
  const rows = [['{1,2}'], [null], ['{9}'], ['[1'], ['{3,4}'], ['{5,6}'], ['{7}']];
  const results = await scoreRows(graph, rows, sumRows, next);
  expect(results.map((result) => (result instanceof RowError ? 'error' : result.value))).toEqual([
    ...[3, null, 9, 'error', 7, 11, 7],
  ]);
  expect(results[3]).toMatchObject({ row: 3 });
});

test('a run of some rows of a batch has their texts', async () => {
  const graph = graphOf(
    [{ kind: 'text', name: 't' }],
    [
      {
        name: 'in',
        type: 'string',
        shape: [1],
        from: { elements: [{ kind: 'text', feature: 0, missing: '?' }] },
      },
    ],
  );
  const seen: unknown[] = [];
  const run = async ({ in: input }: Feeds): Promise<Outputs> => {
    seen.push([input!.data, input!.dims]);
    return { y: { type: 'float32', dims: [input!.dims[0]!, 1], data: new Float32Array(input!.dims[0]!) } };
  };
  await scoreRows(graph, [['a'], [null], ['c']], run, (waiting) => Math.min(2, waiting));
  expect(seen).toEqual([
    [
      ['a', '?'],
      [2, 1],
    ],
    [['c'], [1, 1]],
  ]);
});

describe('rawRowOf', () => {
  const features: GraphFeature[] = [
    { kind: 'number', name: 'n' },
    { kind: 'text', name: 't' },
    { kind: 'array', name: 'a', shape: [2, 1] },
  ];

  test('takes JSON as it comes', () => {
    expect(rawRowOf(features, { n: 1.5, t: 'x', a: [[1], ['NaN']], other: 1 })).toEqual([
      '1.5',
      'x',
      '[[1],["NaN"]]',
    ]);
    expect(rawRowOf(features, { n: true, t: null, a: '{{1},{2}}' })).toEqual(['true', null, '{{1},{2}}']);
  });

  test.each([
    [{ t: '', a: [] }, 'feature "n": it is absent'],
    [{ n: {}, t: '', a: [] }, 'feature "n": {} is not a number'],
    [{ n: 1, t: 2, a: [] }, 'feature "t": 2 is not a text'],
    [{ n: 1, t: '', a: 3 }, 'feature "a": 3 is not a list of numbers'],
  ])('%j is refused', (json, problem) => {
    expect(() => rawRowOf(features, json as never, 4)).toThrow(
      expect.objectContaining({ row: 4, message: problem }),
    );
  });

  test('a name that every object has is no feature', () => {
    expect(() => rawRowOf([{ kind: 'text', name: 'toString' }], {})).toThrow('absent');
  });
});
