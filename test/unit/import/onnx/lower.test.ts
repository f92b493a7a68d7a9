import { describe, expect, it } from 'vitest';
import { PgscoreError } from '../../../../src/errors.ts';
import type { ImportOptions } from '../../../../src/import/importer.ts';
import {
  type FileValue,
  floatConstant,
  floatInput,
  importFile,
  intConstant,
  type NodeValue,
  score,
  TYPE,
} from './files.ts';

const ML = 'ai.onnx.ml';

function node(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes = {},
): NodeValue {
  return { operator, inputs, outputs, attributes };
}

function ml(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes = {},
): NodeValue {
  return { ...node(operator, inputs, outputs, attributes), domain: ML };
}

const y = { name: 'y', type: TYPE.float };
const negate: FileValue = { nodes: [node('Neg', ['x'], ['y'])], inputs: [floatInput('x', 2)], outputs: [y] };

/** Two classes by one row of coefficients: s = a + 2 b - 1. */
const classifier: FileValue = {
  nodes: [
    ml('LinearClassifier', ['x'], ['label', 'probabilities'], {
      coefficients: { floats: [1, 2] },
      intercepts: { floats: [-1] },
      classlabels_ints: { ints: [3, 8] },
      post_transform: { text: 'LOGISTIC' },
    }),
  ],
  inputs: [floatInput('x', 2)],
  outputs: [
    { name: 'label', type: TYPE.int64 },
    { name: 'probabilities', type: TYPE.float },
  ],
};

function errorOf(file: FileValue, options: ImportOptions = {}): PgscoreError {
  try {
    importFile(file, options);
  } catch (error) {
    if (error instanceof PgscoreError) return error;
    throw error;
  }
  throw new Error('It was imported.');
}

function namesOf(file: FileValue, options: ImportOptions = {}): readonly string[] {
  return importFile(file, options).model.features.map(({ name }) => name);
}

describe('feature names', () => {
  it('are the input and the column', () => {
    expect(namesOf(negate)).toEqual(['x_0', 'x_1']);
  });

  it('are the inputs, where each is a column', () => {
    const file = {
      ...negate,
      nodes: [node('Add', ['age', 'fare'], ['y'])],
      inputs: [floatInput('age', 1), { name: 'fare', type: TYPE.double, dims: [null, 1] }],
    };
    expect(namesOf(file)).toEqual(['age', 'fare']);
  });

  it.each([
    ['["a", "b"]', ['a', 'b']],
    ['a, b', ['a', 'b']],
    ['a, b, c', ['x_0', 'x_1']],
    ['["a", 1]', ['x_0', 'x_1']],
    ['[oops', ['x_0', 'x_1']],
  ])('of the metadata: %s', (text, names) => {
    expect(namesOf({ ...negate, metadata: { feature_names: text } })).toEqual(names);
  });

  it('are those given', () => {
    expect(namesOf({ ...negate, metadata: { feature_names: 'a,b' } }, { features: ['p', 'q'] })).toEqual([
      'p',
      'q',
    ]);
  });

  it('given for another number of columns', () => {
    const error = errorOf(negate, { features: ['p'] });
    expect(error.code).toBe('PGS_USAGE');
    expect(error.message).toMatch(/1 feature names were given, but the model has 2 features/);
  });

  it('given twice', () => {
    expect(errorOf(negate, { features: ['p', 'p'] }).code).toBe('PGS_USAGE');
  });

  it('of columns that two inputs name alike', () => {
    const file = {
      ...negate,
      nodes: [node('Sum', ['x', 'x_1'], ['y'])],
      inputs: [floatInput('x', 2), floatInput('x_1', 1)],
    };
    expect(namesOf(file)).toEqual(['x_0', 'x_1', 'x_1_2']);
  });
});

describe('inputs of unknown width', () => {
  const open = (nodes: readonly NodeValue[], more: Partial<FileValue> = {}): FileValue => ({
    ...negate,
    inputs: [floatInput('x', null)],
    nodes,
    ...more,
  });

  it('are as wide as the model that reads them, through operators that keep the width', () => {
    const file = { ...classifier, inputs: [floatInput('x', null)] };
    const cast = node('Cast', ['x'], ['c'], { to: { int: TYPE.float } });
    const [model] = classifier.nodes;
    expect(namesOf(file)).toEqual(['x_0', 'x_1']);
    expect(namesOf({ ...file, nodes: [cast, { ...model!, inputs: ['c'] }] })).toEqual(['x_0', 'x_1']);
  });

  it('are as wide as a constant beside them', () => {
    const constants = [floatConstant('w', [1, 2, 3, 4, 5, 6], [3, 2])];
    expect(namesOf(open([node('MatMul', ['x', 'w'], ['y'])], { constants }))).toHaveLength(3);
    const gather = node('Gather', ['x', 'i'], ['y'], { axis: { int: 1 } });
    expect(namesOf(open([gather], { constants: [intConstant('i', [4, 0])] }))).toHaveLength(5);
  });

  it('are as wide as there are names', () => {
    expect(namesOf(open(negate.nodes), { features: ['a', 'b', 'c'] })).toEqual(['a', 'b', 'c']);
  });

  it('need names when nothing tells', () => {
    const error = errorOf(open(negate.nodes));
    expect(error.code).toBe('PGS_USAGE');
    expect(error.message).toMatch(/does not say how many columns input "x" has/);
    expect(error.hint).toMatch(/Name the features/);
  });

  it('without any shape are matrices', () => {
    const file = { ...negate, inputs: [{ name: 'x', type: TYPE.float }] };
    expect(namesOf(file, { features: ['a', 'b'] })).toEqual(['a', 'b']);
  });
});

describe('inputs that are not taken', () => {
  it.each<[string, FileValue, RegExp]>([
    [
      'several rows',
      { ...negate, inputs: [{ name: 'x', type: TYPE.float, dims: [8, 2] }] },
      /takes 8 rows at once/,
    ],
    [
      'half precision',
      { ...negate, inputs: [{ name: 'x', type: TYPE.float16, dims: [null, 2] }] },
      /elements of type 10/,
    ],
    [
      'two open axes',
      { ...negate, inputs: [{ name: 'x', type: TYPE.float, dims: [null, null, null] }] },
      /2 axes of unknown size/,
    ],
  ])('%s', (_, file, message) => {
    const error = errorOf(file);
    expect(error.code).toBe('PGS_UNSUPPORTED');
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(/sidecar/);
  });
});

describe('predictions', () => {
  it('of two classes: the value is the second one’s probability, labels are texts', () => {
    const prediction = score(classifier, [0.5, 1]);
    const probability = Math.fround(1 / (1 + Math.exp(-1.5)));
    expect(prediction.value).toBe(probability);
    expect(prediction.label).toBe('8');
    expect(Object.keys(prediction.probabilities!)).toEqual(['3', '8']);
    expect(score(classifier, [0, 0]).label).toBe('3');
    expect(importFile(classifier).model.task).toBe('binary');
  });

  it('of classes with the names given', () => {
    expect(score(classifier, [1, 1], { labels: ['stays', 'leaves'] }).label).toBe('leaves');
    expect(errorOf(classifier, { labels: ['one'] }).message).toMatch(/the model has 2 classes/);
    expect(errorOf(negate, { labels: ['one'] }).message).toMatch(/the model is no classifier/);
  });

  it('of a map take its keys', () => {
    const nodes = [
      ...classifier.nodes,
      ml('ZipMap', ['probabilities'], ['map'], { classlabels_strings: { texts: ['no', 'yes'] } }),
    ];
    const prediction = score({ ...classifier, nodes, outputs: [{ name: 'map', type: TYPE.float }] }, [1, 1]);
    expect(prediction.label).toBe('yes');
    expect(Object.keys(prediction.probabilities!)).toEqual(['no', 'yes']);
  });

  it('without a label are numbers: one or several', () => {
    expect(score({ ...negate, inputs: [floatInput('x', 1)] }, [1])).toEqual({
      value: -1,
      label: null,
      probabilities: null,
      raw: [-1],
    });
    expect(score(negate, [1, 2]).values).toEqual([-1, -2]);
  });

  it('take scores by that name for no probabilities', () => {
    const nodes = [
      node('ArgMax', ['x'], ['label'], { axis: { int: 1 }, keepdims: { int: 0 } }),
      node('Identity', ['x'], ['scores']),
    ];
    const outputs = [
      { name: 'label', type: TYPE.int64 },
      { name: 'scores', type: TYPE.float },
    ];
    const prediction = score({ ...negate, nodes, outputs }, [1, 5]);
    expect(prediction.label).toBe('1');
    expect(prediction.probabilities).toBeNull();
    expect(prediction.raw).toEqual([1, 5]);
  });

  it('of detectors of outliers say -1 or 1, beside the score', () => {
    const nodes = [
      node('Less', ['x', 'zero'], ['below']),
      node('Cast', ['below'], ['whole'], { to: { int: TYPE.int64 } }),
      node('Mul', ['whole', 'minusTwo'], ['twice']),
      node('Add', ['twice', 'one'], ['label']),
      node('Identity', ['x'], ['scores']),
    ];
    const constants = [floatConstant('zero', [0]), intConstant('minusTwo', [-2]), intConstant('one', [1])];
    const outputs = [
      { name: 'label', type: TYPE.int64 },
      { name: 'scores', type: TYPE.float },
    ];
    const file = { ...negate, inputs: [floatInput('x', 1)], nodes, constants, outputs };
    expect(importFile(file).model.task).toBe('anomaly');
    expect(score(file, [-0.5])).toMatchObject({ label: '-1', value: -0.5 });
    expect(score(file, [0.5])).toMatchObject({ label: '1', value: 0.5 });
  });

  // skl2onnx's option zipmap='columns'.
  it('have scores in an output for each class, named by its label', () => {
    const column = (output: string, at: number) => [
      ml('ArrayFeatureExtractor', ['probabilities', `at${at}`], [`${output}_`]),
      node('Reshape', [`${output}_`, 'open'], [output]),
    ];
    const file = {
      ...classifier,
      nodes: [...classifier.nodes, ...column('i3', 0), ...column('i8', 1)],
      constants: [intConstant('at0', [0]), intConstant('at1', [1]), intConstant('open', [-1])],
      outputs: ['label', 'i3', 'i8'].map((name) => ({
        name,
        type: name === 'label' ? TYPE.int64 : TYPE.float,
      })),
    };
    expect(score(file, [2, 1])).toEqual(score(classifier, [2, 1]));
    expect(importFile(file).source.notes).toEqual([]);
    const swapped = { ...file, outputs: [file.outputs[0]!, file.outputs[2]!, file.outputs[1]!] };
    expect(score(swapped, [2, 1])).toMatchObject({
      label: '8',
      probabilities: score(file, [2, 1]).probabilities,
    });
    const others = { ...file, nodes: [...file.nodes, node('Identity', ['i8'], ['i9'])] };
    const outputs = ['label', 'i3', 'i9'].map((name) => ({
      name,
      type: name === 'label' ? TYPE.int64 : TYPE.float,
    }));
    expect(errorOf({ ...others, outputs })).toMatchObject({
      code: 'PGS_UNSUPPORTED',
      message: "model.onnx: the graph's outputs: the label can be 8, for which there is no score.",
    });
  });

  it('leave outputs out that are neither, and say so', () => {
    const outputs = [...classifier.outputs, { name: 'x', type: TYPE.float }];
    expect(importFile({ ...classifier, outputs }).source.notes).toContain(
      'The graph\'s output "x" is left out.',
    );
  });
});

describe('texts', () => {
  const inputs = [{ name: 'color', type: TYPE.string, dims: [null, 1] }];
  const encoder = (attributes: NodeValue['attributes']): FileValue => ({
    nodes: [ml('OneHotEncoder', ['color'], ['y'], attributes)],
    inputs,
    outputs: [y],
  });

  it('are features that know what they are compared with', () => {
    const file = encoder({ cats_strings: { texts: ['red', '', 'blue'] } });
    const { features } = importFile(file).model;
    expect(features).toEqual([{ kind: 'text', name: 'color', categories: ['red', '', 'blue'] }]);
    expect(score(file, ['blue']).values).toEqual([0, 0, 1]);
    expect(score(file, ['Blue']).values).toEqual([0, 0, 0]);
  });

  it('that are missing are empty', () => {
    const file = encoder({ cats_strings: { texts: ['red', '', 'blue'] } });
    expect(score(file, [null])).toEqual(score(file, ['']));
    expect(importFile(file).source.notes).toContain(
      'ONNX has no missing texts: NULL in a text feature counts as the empty text.',
    );
  });

  it('that are unknown have no answer where onnxruntime fails', () => {
    const file = encoder({ cats_strings: { texts: ['red', 'blue'] }, zeros: { int: 0 } });
    expect(score(file, ['red']).values).toEqual([1, 0]);
    expect(score(file, ['green']).values).toEqual([Number.NaN, Number.NaN]);
  });

  it('that are unknown have no answer from what follows either', () => {
    const encode = ml('OneHotEncoder', ['color'], ['columns'], {
      cats_strings: { texts: ['red', 'blue'] },
      zeros: { int: 0 },
    });
    // A stump, which would let NaN fall into one of its leaves.
    const above = node('Greater', ['columns', 'half'], ['flags']);
    const file = {
      nodes: [encode, above, node('Cast', ['flags'], ['y'], { to: { int: TYPE.float } })],
      inputs,
      outputs: [y],
      constants: [floatConstant('half', [0.5])],
    };
    expect(score(file, ['blue']).values).toEqual([0, 1]);
    expect(score(file, ['green'])).toMatchObject({ value: null, values: [Number.NaN, Number.NaN] });
  });

  it('are changed where they were chosen from a list, or before their terms are counted', () => {
    const lower = node('StringNormalizer', ['color'], ['y'], { case_change_action: { text: 'LOWER' } });
    const file = { nodes: [lower], inputs, outputs: [{ name: 'y', type: TYPE.string }] };
    const compared = ml('LabelEncoder', ['y'], ['z'], {
      keys_strings: { texts: ['a'] },
      values_floats: { floats: [1] },
    });
    const outputs = [{ name: 'z', type: TYPE.float }];
    expect(errorOf({ ...file, nodes: [lower, compared], outputs }).message).toMatch(
      /compares a text whose case was changed/,
    );
    const chosen = ml('LabelEncoder', ['color'], ['t'], {
      keys_strings: { texts: ['a', 'b'] },
      values_strings: { texts: ['ONE', 'Two'] },
      default_string: { text: 'Else' },
    });
    const both = { ...file, nodes: [chosen, { ...lower, inputs: ['t'] }] };
    expect(['a', 'b', 'c'].map((text) => score(both, [text]).label)).toEqual(['one', 'two', 'else']);
  });

  it('are not parsed as numbers', () => {
    const cast = node('Cast', ['color'], ['y'], { to: { int: TYPE.float } });
    expect(errorOf({ nodes: [cast], inputs, outputs: [y] }).message).toMatch(
      /texts of a row are cast to numbers/,
    );
  });
});

describe('what belongs to the sidecar', () => {
  // BernoulliNB of features that are no flags has logarithms of negative numbers.
  it('a product with a weight that is no number', () => {
    const constants = [floatConstant('w', [1, Number.NaN], [2, 1])];
    const file = { ...negate, nodes: [node('MatMul', ['x', 'w'], ['y'])], constants };
    expect(errorOf(file)).toMatchObject({
      code: 'PGS_UNSUPPORTED',
      message: 'model.onnx: node (MatMul): a weight is NaN.',
    });
  });

  it('a set of other numbers than onnxruntime takes', () => {
    const tensor = (type: number, values: readonly number[]) => {
      const raw = type === 2 ? Uint8Array.from(values) : new Uint8Array(Float32Array.from(values).buffer);
      return { tensor: { type, dims: [values.length], raw } };
    };
    const tree = ml('TreeEnsemble', ['x'], ['y'], {
      n_targets: { int: 1 },
      tree_roots: { ints: [0] },
      nodes_modes: tensor(2, [6]),
      nodes_featureids: { ints: [0] },
      nodes_splits: tensor(TYPE.float, [0]),
      nodes_truenodeids: { ints: [0] },
      nodes_trueleafs: { ints: [1] },
      nodes_falsenodeids: { ints: [1] },
      nodes_falseleafs: { ints: [1] },
      leaf_targetids: { ints: [0, 0] },
      leaf_weights: tensor(TYPE.float, [1, 2]),
      membership_values: tensor(TYPE.float, [2.5, 40, Number.NaN]),
    });
    expect(errorOf({ ...negate, nodes: [tree], ml: 5 }).message).toMatch(
      /sets of whole numbers of 32 bits only/,
    );
  });

  it('names the operator, the node and the others', () => {
    const nodes = [
      { ...node('Conv', ['x'], ['c']), name: 'first conv' },
      { ...node('WordConvEmbedding', ['c'], ['y']), domain: 'com.microsoft' },
    ];
    const error = errorOf({ ...negate, nodes });
    expect(error.code).toBe('PGS_UNSUPPORTED');
    expect(error.message).toBe(
      'model.onnx: node "first conv" (Conv): the operator is not scored in the database, nor com.microsoft.WordConvEmbedding.',
    );
    expect(error.hint).toMatch(/sidecar/);
  });

  it('does not look at nodes that no output needs', () => {
    const nodes = [...negate.nodes, node('Conv', ['x'], ['unused'])];
    expect(score({ ...negate, nodes }, [1, 2]).values).toEqual([-1, -2]);
  });

  it('shapes that the row decides', () => {
    const nodes = [
      node('Cast', ['x'], ['i'], { to: { int: TYPE.int64 } }),
      node('Reshape', ['x', 'i'], ['y']),
    ];
    expect(errorOf({ ...negate, nodes }).message).toMatch(/the shape of a value depends on the row/);
  });
});

describe('numbers', () => {
  it('are float32 where the graph says so, float64 where it says that', () => {
    const add = (type: number): FileValue => ({
      nodes: [node('Add', ['x', 'c'], ['y'])],
      inputs: [{ name: 'x', type, dims: [null, 1] }],
      outputs: [{ name: 'y', type }],
      constants: [
        type === TYPE.float
          ? floatConstant('c', [0.2])
          : { name: 'c', type, dims: [1], raw: new Uint8Array(new Float64Array([0.2]).buffer) },
      ],
    });
    expect(score(add(TYPE.float), [0.1]).value).toBe(Math.fround(Math.fround(0.1) + Math.fround(0.2)));
    expect(score(add(TYPE.double), [0.1]).value).toBe(0.1 + 0.2);
  });

  it('that no operation touches are rounded too', () => {
    const file = { ...negate, inputs: [floatInput('x', 1)], nodes: [node('Identity', ['x'], ['y'])] };
    expect(score(file, [0.1]).value).toBe(Math.fround(0.1));
  });

  it('that no row decides become no steps', () => {
    const nodes = [
      node('Exp', ['c'], ['e']),
      node('ReduceSum', ['e'], ['s'], { keepdims: { int: 0 } }),
      node('Mul', ['x', 's'], ['y']),
    ];
    const { model } = importFile({ ...negate, nodes, constants: [floatConstant('c', [0, 0, 0])] });
    expect(model.steps).toEqual([
      { kind: 'map', inputs: [0, 1], precision: 'float32', operations: [{ name: 'multiply', by: [3, 3] }] },
    ]);
  });

  it('that are missing go through', () => {
    expect(score(negate, [null, 1]).values).toEqual([Number.NaN, -1]);
  });
});

it('tells of the file', () => {
  expect(importFile(classifier).source).toEqual({
    format: 'onnx',
    formatVersion: 'ai.onnx 18, ai.onnx.ml 3',
    objective: 'LinearClassifier',
    notes: [],
  });
});
