import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PgscoreError } from '../../../../src/errors.ts';
import type { ImportOptions } from '../../../../src/import/importer.ts';
import { type Imported, importAny } from '../../../../src/import/registry.ts';
import type { GraphModel } from '../../../../src/ir/graph.ts';
import { modelText } from '../lightgbm/files.ts';
import { fileOf, stump, toJson } from '../xgboost/files.ts';
import {
  type FileValue,
  floatConstant,
  floatInput,
  type InfoValue,
  type NodeValue,
  onnxBytes,
  TYPE,
} from './files.ts';

function importFile(file: FileValue, options: ImportOptions = {}): Imported {
  return importAny({ name: 'm.onnx', bytes: onnxBytes(file) }, options);
}

function graphOf(file: FileValue, options: ImportOptions = {}): GraphModel {
  const imported = importFile(file, options);
  if (imported.kind !== 'graph') throw new Error('the database runs it');
  return imported.graph;
}

function spec(value: unknown): ImportOptions {
  return { inputs: { name: 'spec.json', text: typeof value === 'string' ? value : JSON.stringify(value) } };
}

/** Celu is not scored in the database. */
function celu(inputs: readonly InfoValue[], more: Partial<FileValue> = {}): FileValue {
  const nodes: NodeValue[] = inputs.map(({ name }, k) => ({
    name: `node ${k}`,
    operator: 'Celu',
    inputs: [name],
    outputs: [`c${k}`],
  }));
  return { nodes, inputs, outputs: [floatInput('c0', 1)], ...more };
}

const info = (name: string, type: number, dims?: (number | null)[]): InfoValue =>
  dims === undefined ? { name, type } : { name, type, dims };

describe('where a model runs', () => {
  it('is the database when it can', () => {
    const relu = { operator: 'Relu', inputs: ['x'], outputs: ['y'] };
    expect(
      importFile({ nodes: [relu], inputs: [floatInput('x', 1)], outputs: [floatInput('y', 1)] }).kind,
    ).toBe('ir');
  });

  it('is the sidecar for a node that is not scored, which the reason names', () => {
    expect(importFile(celu([floatInput('x', 2)]))).toMatchObject({
      kind: 'graph',
      reason: 'm.onnx: node "node 0" (Celu): the operator is not scored in the database.',
      source: { format: 'onnx', formatVersion: 'ai.onnx 18, ai.onnx.ml 3' },
    });
  });

  it('is the sidecar when its inputs are described', () => {
    const relu = { operator: 'Relu', inputs: ['x'], outputs: ['y'] };
    const file = { nodes: [relu], inputs: [floatInput('x', 1)], outputs: [floatInput('y', 1)] };
    expect(importFile(file, spec({}))).toMatchObject({
      kind: 'graph',
      reason: 'spec.json describes its inputs',
    });
    const own = { 'pgscore.inputs': '{"inputs": {"x": ["tenure"]}}' };
    const imported = importFile({ ...file, metadata: own });
    expect(imported).toMatchObject({
      reason: 'm.onnx: metadata "pgscore.inputs" describes its inputs',
      graph: { features: [{ name: 'tenure' }] },
    });
  });

  it('does not ask for names that only the database needs', () => {
    expect(graphOf(celu([floatInput('x', null)])).features).toEqual([
      { kind: 'array', name: 'x', shape: [null] },
    ]);
  });

  it('is no question for other formats', () => {
    const file = { name: 'm.txt', bytes: Buffer.from(modelText()) };
    expect(importAny(file).kind).toBe('ir');
    expect(importAny({ name: 'm.json', bytes: toJson(fileOf({ trees: [stump(1, 2)] })) }).kind).toBe('ir');
    expect(() => importAny(file, spec({}))).toThrow(
      'm.txt is LightGBM model text, which takes no description of inputs',
    );
  });
});

describe('inputs that nobody describes', () => {
  it.each<[string, InfoValue, unknown, unknown]>([
    ['a column of numbers', floatInput('x', 1), { kind: 'number', name: 'x' }, [1]],
    ['a number a row', info('x', TYPE.double, [null]), { kind: 'number', name: 'x' }, []],
    ['a column of texts', info('x', TYPE.string, [null, 1]), { kind: 'text', name: 'x' }, [1]],
    ['a matrix', floatInput('x', 3), { kind: 'array', name: 'x', shape: [3] }, [3]],
    [
      'an image of half-precision numbers',
      info('x', TYPE.float16, [null, 3, null, 8]),
      { kind: 'array', name: 'x', shape: [3, null, 8] },
      [3, null, 8],
    ],
  ])('%s', (_, input, feature, shape) => {
    const graph = graphOf(celu([input]));
    expect(graph.features).toEqual([feature]);
    expect(graph.inputs[0]!.shape).toEqual(shape);
    expect(graph.rowsPerRun).toBeUndefined();
  });

  it('a matrix whose columns have names, in the file or given', () => {
    const file = celu([floatInput('x', 2)], { metadata: { feature_names: 'a, b' } });
    const kind = 'number';
    expect(graphOf(file).features).toEqual([
      { kind, name: 'a' },
      { kind, name: 'b' },
    ]);
    expect(graphOf(file, { features: ['c', 'd'] }).features).toEqual([
      { kind, name: 'c' },
      { kind, name: 'd' },
    ]);
    const open = celu([floatInput('x', null)]);
    expect(graphOf(open, { features: ['c', 'd', 'e'] }).inputs[0]!.shape).toEqual([3]);
    expect(() => graphOf(file, { features: ['c'] })).toThrow(
      '1 feature names were given, but input "x" has 2 columns',
    );
    expect(() => graphOf(celu([info('x', 1, [null, 2, 2])]), { features: ['c'] })).toThrow(
      'has 0 matrices to name the columns of',
    );
  });

  it('texts of several columns', () => {
    expect(graphOf(celu([info('x', TYPE.string, [null, 2])])).features).toEqual([
      { kind: 'text', name: 'x_0' },
      { kind: 'text', name: 'x_1' },
    ]);
  });

  it('one row a run, when the file says so', () => {
    expect(graphOf(celu([info('x', TYPE.float, [1, 4])])).rowsPerRun).toBe(1);
  });

  it.each([
    ['takes 8 rows in each run', info('x', TYPE.float, [8, 2])],
    ['is a scalar, with no axis for rows', info('x', TYPE.float, [])],
    ['does not say its shape', info('x', TYPE.float)],
    ['has elements of type 16, which onnxruntime-node does not take', info('x', 16, [null, 1])],
  ])('%s: refused', (problem, input) => {
    expect(() => graphOf(celu([input]))).toThrow(
      expect.objectContaining({
        code: 'PGS_UNSUPPORTED',
        message: expect.stringContaining(`input "x" ${problem}`),
      }),
    );
  });
});

describe('inputs as described', () => {
  const file = celu([
    floatInput('n', 2),
    info('c', TYPE.int64, [null, 1]),
    info('t', TYPE.string, [null, 1]),
  ]);

  it('numbers, categories, texts and arrays, in the given order', () => {
    const { features, inputs } = graphOf(
      celu([...file.inputs, info('a', TYPE.float, [null, null, 2])]),
      spec({
        features: ['plan', 'note', 'age', 'pixels', 'charge'],
        inputs: {
          n: ['age', { feature: 'charge', missing: 'NaN', subtract: 3, divide: 2 }],
          c: [{ feature: 'plan', categories: ['a', 'b'], codes: [4, 5], missing: 0 }],
          t: [{ feature: 'note', missing: '?' }],
          a: { array: 'pixels', shape: [7, 2] },
        },
      }),
    );
    expect(features).toEqual([
      { kind: 'text', name: 'plan', categories: ['a', 'b'] },
      { kind: 'text', name: 'note' },
      { kind: 'number', name: 'age' },
      { kind: 'array', name: 'pixels', shape: [7, 2] },
      { kind: 'number', name: 'charge' },
    ]);
    expect(inputs.map(({ from }) => from)).toEqual([
      {
        elements: [
          { kind: 'number', feature: 2, missing: Number.NaN, subtract: 0, divide: 1 },
          { kind: 'number', feature: 4, missing: Number.NaN, subtract: 3, divide: 2 },
        ],
      },
      {
        elements: [
          {
            kind: 'category',
            feature: 0,
            categories: ['a', 'b'],
            codes: [4, 5],
            missing: 0,
            unknown: Number.NaN,
          },
        ],
      },
      { elements: [{ kind: 'text', feature: 1, missing: '?' }] },
      { array: 3 },
    ]);
  });

  it('one feature may feed several elements', () => {
    const { features } = graphOf(
      file,
      spec({
        inputs: { n: ['age', { feature: 'age', divide: 10 }], c: [{ feature: 't', categories: ['a'] }] },
      }),
    );
    expect(features).toEqual([
      { kind: 'number', name: 'age' },
      { kind: 'text', name: 't', categories: ['a'] },
    ]);
  });

  it.each<[unknown, string]>([
    ['{', 'no JSON'],
    [[], 'is [], expected an object'],
    [{ input: {} }, 'has the key "input"; known are inputs, outputs, task, features'],
    [{ task: 'guess' }, 'task is "guess", expected one of regression, binary'],
    [{ inputs: { x: [] } }, 'describes an input "x"; the graph has n, c, t'],
    [{ inputs: { n: ['a'] } }, 'inputs.n has 1 elements, but the graph declares [2] for each row'],
    [{ inputs: { n: [{ feature: 'a', divide: 0 }, 'b'] } }, 'inputs.n[0] divides by 0'],
    [
      { inputs: { n: [{ feature: 'a', codes: [1] }, 'b'] } },
      'inputs.n[0] has codes or unknown, but no categories',
    ],
    [
      { inputs: { n: [{ feature: 'a', missing: '' }, 'b'] } },
      'inputs.n[0].missing is a text, but the graph takes float32',
    ],
    [{ inputs: { n: [{ feature: 1 }, 'b'] } }, 'inputs.n[0].feature is 1, expected a text'],
    [{ inputs: { n: [{ missing: 1 }, 'b'] } }, 'inputs.n[0] has no key "feature"'],
    [{ inputs: { c: [{ feature: 'a', categories: ['x', 'x'] }] } }, 'inputs.c[0].categories has "x" twice'],
    [
      { inputs: { c: [{ feature: 'a', categories: ['x'], codes: [1, 2] }] } },
      'inputs.c[0] has 2 codes for 1 categories',
    ],
    [{ inputs: { c: [{ feature: 'a', categories: ['x'], divide: 2 }] } }, 'inputs.c[0] scales a category'],
    [{ inputs: { t: [{ feature: 'a', divide: 2 }] } }, 'inputs.t[0] is a text for the graph'],
    [{ inputs: { t: { array: 'a' } } }, 'inputs.t is an array, but the graph takes texts'],
    [{ inputs: { n: { array: 'a', shape: [3] } } }, 'inputs.n has shape [3], but the graph declares [2]'],
    [
      { inputs: { n: { array: 'a', shape: [-1] } } },
      'inputs.n.shape[0] is -1, expected a whole number from 0',
    ],
    [{ inputs: { n: ['a', 'b'], t: ['a'] } }, 'inputs.t[0]: feature "a" is text here and number before'],
    [{ features: ['a'] }, 'features must list each of n, c, t once'],
    [{ outputs: { value: 'p' } }, 'outputs names "p"; the graph gives c0'],
    [
      { outputs: { value: { output: 'c0', index: 1 } } },
      'outputs asks for element 1 of "c0", which has 1 a row',
    ],
    [{ outputs: { probabilities: 'c0' } }, 'outputs has probabilities or predicted, but no labels'],
    [
      { outputs: { probabilities: 'c0', labels: ['a', 'b', 'c'] } },
      'outputs has 1 probabilities for 3 labels',
    ],
    [{ outputs: { predicted: 'c0', labels: ['a', 'b'], codes: [1] } }, 'outputs has 1 codes for 2 labels'],
    [{ outputs: { labels: ['a', 'a'] } }, 'outputs.labels has "a" twice'],
  ])('%j is refused', (value, problem) => {
    expect(() => graphOf(file, spec(value))).toThrow(
      expect.objectContaining({ code: 'PGS_USAGE', message: expect.stringContaining(problem) }),
    );
  });
});

describe('outputs that nobody describes', () => {
  const label = info('label', TYPE.int64, [null]);
  /** Each output is Celu of x, unless one of the nodes gives it. */
  const given = (outputs: InfoValue[], nodes: NodeValue[] = []): FileValue => ({
    inputs: [floatInput('x', 1)],
    outputs,
    nodes: [
      ...nodes,
      ...outputs
        .filter(({ name }) => nodes.every((node) => !node.outputs.includes(name)))
        .map(({ name }) => ({ operator: 'Celu', inputs: ['x'], outputs: [name] })),
      { operator: 'Celu', inputs: ['x'], outputs: ['c0'] },
    ],
  });
  const output = (outputs: InfoValue[], options: ImportOptions = {}, nodes: NodeValue[] = []) =>
    graphOf(given(outputs, nodes), options).output;
  const p = (index: number) => ({ output: 'p', index });

  it('one number', () => {
    expect(output([floatInput('y', 1)])).toEqual({ value: { output: 'y', index: 0 }, raw: 'y' });
  });

  it('a probability beside a logit', () => {
    expect(output([floatInput('logit', 1), floatInput('prob', 1)])).toEqual({
      value: { output: 'prob', index: 0 },
      raw: 'logit',
    });
  });

  it('an array, also of half precision and of any length', () => {
    expect(output([info('e', TYPE.float16, [null, 384])])).toEqual({ values: 'e' });
    expect(output([info('e', TYPE.float, [null, null, 8])])).toEqual({ values: 'e' });
  });

  it('probabilities of the labels that are given', () => {
    const labels = ['No', 'Yes'];
    expect(output([floatInput('p', 1)], { labels })).toEqual({
      value: p(0),
      raw: 'p',
      classes: { labels, probabilities: [p(0)] },
    });
    expect(output([label, floatInput('p', 2)], { labels })).toEqual({
      value: p(1),
      raw: 'p',
      classes: { labels, probabilities: [p(0), p(1)], predicted: { output: 'label', index: 0 } },
    });
  });

  it('labels of the graph’s own classifier, which others may name', () => {
    const node: NodeValue = {
      operator: 'LinearClassifier',
      domain: 'ai.onnx.ml',
      inputs: ['c0'],
      outputs: ['label', 'p'],
      attributes: { classlabels_ints: { ints: [10, 20, 30] } },
    };
    const outputs = [label, floatInput('p', 3)];
    const classes = {
      probabilities: [p(0), p(1), p(2)],
      predicted: { output: 'label', index: 0 },
      codes: [10, 20, 30],
    };
    expect(output(outputs, {}, [node])).toEqual({
      raw: 'p',
      classes: { labels: ['10', '20', '30'], ...classes },
    });
    const labels = ['x', 'y', 'z'];
    expect(output(outputs, { labels }, [node])).toEqual({ raw: 'p', classes: { labels, ...classes } });
    expect(() => output(outputs, { labels: ['x'] }, [node])).toThrow(
      '1 labels were given, but the model has 3 classes',
    );
    expect(() => output(outputs, { labels: ['x', 'x', 'y'] }, [node])).toThrow(
      'the label "x" was given twice',
    );
  });

  it('labels that no output fits', () => {
    expect(() => output([floatInput('p', 3)], { labels: ['a', 'b'] })).toThrow(
      'no output of the graph gives a label or the probabilities of 2 labels (a, b)',
    );
  });

  it('what is left out is noted', () => {
    const file = given([floatInput('p', 1), info('extra', TYPE.int64, [null, 4])]);
    expect(importFile(file).source.notes).toEqual(['The graph\'s output "extra" is left out.']);
  });
});

describe('what onnxruntime would not load', () => {
  const x = [floatInput('x', 1)];
  const external = { name: 'w', type: TYPE.float, dims: [1], external: '/etc/passwd' };
  const inner = { nodes: [], inputs: [], outputs: [], constants: [external] };

  it.each<[string, FileValue, string]>([
    [
      'constants',
      celu(x, { constants: [external] }),
      'm.onnx: constant "w" keeps its numbers in another file',
    ],
    [
      'attributes',
      {
        ...celu(x),
        nodes: [
          {
            name: 'k',
            operator: 'Celu',
            inputs: ['x'],
            outputs: ['c0'],
            attributes: { value: { tensor: external } },
          },
        ],
      },
      'm.onnx: attribute value of node "k" keeps its numbers in another file',
    ],
    [
      'graphs inside of nodes',
      {
        ...celu(x),
        nodes: [
          {
            name: 'k',
            operator: 'Celu',
            inputs: ['x'],
            outputs: ['c0'],
            attributes: { body: { graph: inner } },
          },
        ],
      },
      'm.onnx: constant "w" keeps its numbers in another file',
    ],
  ])('data of %s in other files', (_, file, message) => {
    expect(() => importFile(file)).toThrow(
      expect.objectContaining({
        code: 'PGS_UNSUPPORTED',
        message: `${message}.`,
        hint: expect.stringContaining('one file'),
      }),
    );
  });

  it('operators and formats newer than it', () => {
    expect(() => importFile(celu(x, { opset: 27 }))).toThrow(
      'written in opset 27, and onnxruntime reads up to opset 26',
    );
    expect(() => importFile(celu(x, { ml: 6 }))).toThrow('written in opset of ai.onnx.ml 6');
    const bytes = onnxBytes(celu(x));
    bytes[1] = 14;
    expect(() => importAny({ name: 'm.onnx', bytes })).toThrow('written in IR version 14');
    expect(graphOf(celu(x, { opset: 26, ml: 5 })).features).toHaveLength(1);
  });

  it('damaged files stay damaged files', () => {
    const bytes = onnxBytes(celu(x));
    expect(() => importAny({ name: 'm.onnx', bytes: bytes.subarray(0, bytes.length - 3) })).toThrow(
      expect.objectContaining({ code: 'PGS_FILE' }),
    );
  });
});

it('gives a graph, a model or an error of ours, whatever the bytes are', () => {
  const bytes = onnxBytes(
    celu([floatInput('x', 2), info('t', TYPE.string, [null, 1])], {
      constants: [floatConstant('w', [1, 2])],
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 4 }), (changes) => {
      const changed = Uint8Array.from(bytes);
      for (const [at, byte] of changes) changed[at] = byte;
      try {
        importAny({ name: 'm.onnx', bytes: changed });
      } catch (error) {
        expect(error).toBeInstanceOf(PgscoreError);
      }
    }),
    { numRuns: 2000 },
  );
});
