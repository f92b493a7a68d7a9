import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PgscoreError } from '../../../../src/errors.ts';
import { onnx } from '../../../../src/import/onnx/index.ts';
import { evaluate } from '../../../../src/ir/evaluate.ts';
import { validate } from '../../../../src/ir/validate.ts';
import {
  type FileValue,
  field,
  floatConstant,
  floatInput,
  type GraphValue,
  intConstant,
  type NodeValue,
  nested,
  onnxBytes,
  type TensorValue,
  TYPE,
  write,
} from './files.ts';

const real = (path: string): Uint8Array =>
  readFileSync(fileURLToPath(new URL(`../../../models/${path}`, import.meta.url)));

/** A model that scores, or an error of ours; null is the model. */
function outcome(bytes: Uint8Array): PgscoreError | null {
  try {
    const { model } = onnx.read({ name: 'hostile.onnx', bytes }, {});
    if (validate(model).length === 0) {
      evaluate(
        model,
        model.features.map(({ kind }) => (kind === 'text' ? 'a' : 0.5)),
      );
    }
    return null;
  } catch (error) {
    if (error instanceof PgscoreError) return error;
    throw error;
  }
}

function refusal(file: FileValue): string {
  const error = outcome(onnxBytes(file));
  expect(error).not.toBeNull();
  return `${error!.code}: ${error!.message}`;
}

const x = floatInput('x', 2);
const y = { name: 'y', type: TYPE.float };

function graph(nodes: readonly NodeValue[], more: Partial<FileValue> = {}): FileValue {
  return { nodes, inputs: [x], outputs: [y], ...more };
}

function node(
  operator: string,
  inputs: readonly string[],
  attributes: NodeValue['attributes'] = {},
): NodeValue {
  return { operator, inputs, outputs: ['y'], attributes };
}

describe('a file that is cut off', () => {
  it.each([
    'sklearn-onnx/ct_lr/model.onnx',
    'sklearn-onnx/gnb/model.onnx',
    'onnx-ml-ops/tree5_mode5/model.onnx',
  ])('%s, at every byte', (path) => {
    const bytes = real(path);
    for (let length = 0; length < bytes.length; length++) outcome(bytes.subarray(0, length));
    expect(outcome(bytes)).toBeNull();
  });

  it('says so', () => {
    const bytes = real('sklearn-onnx/ct_lr/model.onnx');
    const error = outcome(bytes.subarray(0, 700));
    expect(error!.code).toBe('PGS_FILE');
    expect(error!.message).toMatch(/not a whole ONNX file/);
    expect(error!.hint).toMatch(/save the model again/);
  });
});

describe('bytes that were changed', () => {
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    byte: fc.oneof(fc.constantFrom(0, 1, 2, 8, 10, 18, 0x7f, 0x80, 0xff), fc.integer({ min: 0, max: 255 })),
    kind: fc.constantFrom('set', 'insert', 'delete', 'repeat'),
  });
  const apply = (
    bytes: Uint8Array,
    changes: readonly { at: number; byte: number; kind: string }[],
  ): Uint8Array =>
    changes.reduce<Uint8Array>((before, { at, byte, kind }) => {
      const place = Math.floor(at * before.length);
      const [head, tail] = [before.subarray(0, place), before.subarray(place)];
      if (kind === 'insert') return Buffer.concat([head, Buffer.from([byte]), tail]);
      if (kind === 'delete') return Buffer.concat([head, tail.subarray(1 + (byte % 20))]);
      if (kind === 'repeat') return Buffer.concat([head, tail.subarray(0, byte), tail]);
      return Buffer.concat([head, Buffer.from([byte]), tail.subarray(1)]);
    }, bytes);

  it.each([
    'sklearn-onnx/ct_lr/model.onnx',
    'sklearn-onnx/ct_ordinal_rf/model.onnx',
    'sklearn-onnx/ada_reg/model.onnx',
    'sklearn-onnx/knn_clf_dist/model.onnx',
    'sklearn-onnx/svc_sigmoid/model.onnx',
    'sklearn-onnx/voting_hard/model.onnx',
    'onnx-ml-ops/tree5_mode5/model.onnx',
    'onnx-ml-ops/svc3_prob_POLY/model.onnx',
    'onnx-ml-ops/le4_double/model.onnx',
  ])('%s gives a model or an error of ours', (path) => {
    const bytes = real(path);
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        outcome(apply(bytes, changes));
      }),
      { numRuns: 150 },
    );
  });
});

describe('lengths that lie', () => {
  const lying = (length: number) =>
    write((out) => {
      field(out, 1, WireType.Varint).int64(9);
      field(out, 7, WireType.LengthDelimited).uint32(length);
      out.raw(new Uint8Array(16));
    });

  it.each([17, 2 ** 20, 2 ** 31 - 1, 2 ** 32 - 1])('of a graph: %i', (length) => {
    expect(outcome(lying(length))!.message).toMatch(/not a whole ONNX file/);
  });

  it('inside of a node', () => {
    const bytes = write((out) => {
      field(out, 1, WireType.Varint).int64(9);
      nested(out, 7, (part) =>
        nested(part, 1, (inner) => {
          field(inner, 4, WireType.LengthDelimited).uint32(2 ** 30);
        }),
      );
    });
    expect(outcome(bytes)!.code).toBe('PGS_FILE');
  });

  it('a packed list whose last number does not end', () => {
    const bytes = write((out) => {
      field(out, 1, WireType.Varint).int64(9);
      nested(out, 7, (part) =>
        nested(part, 5, (tensor) => {
          field(tensor, 1, WireType.LengthDelimited).bytes(new Uint8Array([0x80, 0x80]));
        }),
      );
    });
    expect(outcome(bytes)!.code).toBe('PGS_FILE');
  });
});

describe('graphs that are none', () => {
  it('a node that needs itself', () => {
    expect(refusal(graph([node('Add', ['x', 'y'])]))).toBe(
      'PGS_FILE: hostile.onnx: the value "y" needs itself.',
    );
  });

  it('nodes in a ring', () => {
    const ring = [
      { operator: 'Neg', inputs: ['b'], outputs: ['a'] },
      { operator: 'Neg', inputs: ['a'], outputs: ['b'] },
      node('Add', ['a', 'x']),
    ];
    expect(refusal(graph(ring))).toMatch(/^PGS_FILE: .* needs itself/);
  });

  it('a value of two nodes', () => {
    expect(refusal(graph([node('Neg', ['x']), node('Abs', ['x'])]))).toMatch(/two nodes give the value "y"/);
  });

  it('a value of no node', () => {
    expect(refusal(graph([node('Add', ['x', 'nowhere'])]))).toMatch(/reads "nowhere", which nothing gives/);
  });

  it('no graph, no inputs, no outputs', () => {
    expect(outcome(write((out) => field(out, 1, WireType.Varint).int64(9)))!.message).toMatch(
      /it holds no graph/,
    );
    expect(refusal({ nodes: [], inputs: [], outputs: [y] })).toMatch(/takes no inputs/);
    expect(refusal({ nodes: [], inputs: [x], outputs: [] })).toMatch(/no output of the graph/);
  });

  it('a graph within graphs', () => {
    let inner: GraphValue = { nodes: [], inputs: [], outputs: [] };
    for (let depth = 0; depth < 40; depth++) {
      inner = { nodes: [node('If', [], { then_branch: { graph: inner } })], inputs: [], outputs: [] };
    }
    expect(outcome(onnxBytes({ ...inner, inputs: [x] }))!.message).toMatch(/nest more than 16 deep/);
  });

  it('a chain of 60000 nodes', () => {
    const chain = Array.from({ length: 60_000 }, (_, k) => ({
      operator: 'Neg',
      inputs: [k === 0 ? 'x' : `v${k - 1}`],
      outputs: [k === 59_999 ? 'y' : `v${k}`],
    }));
    const started = performance.now();
    outcome(onnxBytes(graph(chain)));
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('shapes that do not fit', () => {
    const three = floatConstant('c', [1, 2, 3]);
    expect(refusal(graph([node('Add', ['x', 'c'])], { constants: [three] }))).toBe(
      'PGS_FILE: hostile.onnx: node (Add): shapes [1,2] and [3] do not go together.',
    );
    const matrix = floatConstant('c', [1, 2, 3], [3, 1]);
    expect(refusal(graph([node('MatMul', ['x', 'c'])], { constants: [matrix] }))).toMatch(
      /2 columns .* 3 rows/,
    );
  });

  it('support vectors of another width', () => {
    const svm = {
      ...node('SVMRegressor', ['x'], {
        n_supports: { int: 1 },
        support_vectors: { floats: [1, 2, 3] },
        coefficients: { floats: [1] },
        rho: { floats: [0] },
      }),
      domain: 'ai.onnx.ml',
    };
    expect(refusal(graph([svm]))).toMatch(/^PGS_FILE: .* its 1 support vectors are not of 2 numbers each/);
  });
});

describe('sizes that would fill the memory', () => {
  const huge = 2 ** 40;
  const sized = (operator: string, constants: readonly TensorValue[], attributes = {}) =>
    graph([node(operator, ['x', ...constants.map(({ name }) => name!)], attributes)], { constants });

  it.each<[string, FileValue]>([
    ['a constant', sized('Add', [{ name: 'c', type: TYPE.float, dims: [huge], raw: new Uint8Array(8) }])],
    ['a constant of one axis more', sized('Add', [{ name: 'c', type: TYPE.float, dims: [0, huge] }])],
    ['a negative constant', sized('Add', [{ name: 'c', type: TYPE.float, dims: [-5] }])],
    ['Expand', sized('Expand', [intConstant('c', [huge, 2])])],
    ['Tile', sized('Tile', [intConstant('c', [2 ** 20, 2 ** 20])])],
    ['Pad', sized('Pad', [intConstant('c', [0, huge, 0, 0])])],
    [
      'a slice',
      graph([node('Slice', ['c', 'b', 'e', 'a'])], {
        constants: [
          { name: 'c', type: TYPE.float, dims: [0, huge] },
          intConstant('b', [0]),
          intConstant('e', [huge]),
          intConstant('a', [1]),
        ],
      }),
    ],
    ['ConstantOfShape', graph([node('ConstantOfShape', ['c'])], { constants: [intConstant('c', [huge])] })],
    [
      'Range',
      graph([node('Range', ['a', 'b', 'c'])], {
        constants: [intConstant('a', [0], []), intConstant('b', [huge], []), intConstant('c', [1], [])],
      }),
    ],
    ['OneHot', sized('OneHot', [intConstant('d', [huge], []), floatConstant('v', [0, 1])])],
    [
      'FeatureVectorizer',
      graph([
        { ...node('FeatureVectorizer', ['x'], { inputdimensions: { ints: [huge] } }), domain: 'ai.onnx.ml' },
      ]),
    ],
    [
      'targets',
      graph([
        { ...node('TreeEnsembleRegressor', ['x'], { n_targets: { int: huge } }), domain: 'ai.onnx.ml' },
      ]),
    ],
    ['a row', { nodes: [node('Neg', ['x'])], inputs: [floatInput('x', huge)], outputs: [y] }],
  ])('%s', (_, file) => {
    const started = performance.now();
    expect(refusal(file)).toMatch(/^PGS_(FILE|UNSUPPORTED): /);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('a square of a great matrix', () => {
    const nodes = [
      { operator: 'Expand', inputs: ['one', 'shape'], outputs: ['m'] },
      { operator: 'MatMul', inputs: ['m', 'm'], outputs: ['q'] },
      node('ReduceSum', ['q']),
    ];
    const constants = [floatConstant('one', [1]), intConstant('shape', [1000, 1000])];
    expect(refusal(graph(nodes, { constants }))).toMatch(/^PGS_UNSUPPORTED: /);
  });

  it('scans of scans', () => {
    const scan = (body: GraphValue): GraphValue => ({
      nodes: [
        {
          operator: 'Scan',
          inputs: ['many'],
          outputs: ['y'],
          attributes: { body: { graph: body }, num_scan_inputs: { int: 1 } },
        },
      ],
      inputs: [{ name: 's', type: TYPE.float }],
      outputs: [y],
    });
    const leafBody = { nodes: [node('Neg', ['s'])], inputs: [{ name: 's', type: TYPE.float }], outputs: [y] };
    const file = {
      ...scan(scan(scan(leafBody))),
      inputs: [x],
      constants: [floatConstant('many', new Array(2000).fill(1))],
    };
    const started = performance.now();
    expect(refusal(file)).toMatch(/moves too many numbers/);
    expect(performance.now() - started).toBeLessThan(30_000);
  });
});

describe('trees that are none', () => {
  const tree = (attributes: NodeValue['attributes']): FileValue =>
    graph([
      {
        ...node('TreeEnsembleRegressor', ['x'], {
          n_targets: { int: 1 },
          nodes_treeids: { ints: [0, 0, 0] },
          nodes_nodeids: { ints: [0, 1, 2] },
          nodes_modes: { texts: ['BRANCH_LEQ', 'BRANCH_LEQ', 'LEAF'] },
          nodes_featureids: { ints: [0, 1, 0] },
          nodes_values: { floats: [1, 2, 0] },
          nodes_truenodeids: { ints: [1, 2, 0] },
          nodes_falsenodeids: { ints: [2, 2, 0] },
          target_treeids: { ints: [0] },
          target_nodeids: { ints: [2] },
          target_ids: { ints: [0] },
          target_weights: { floats: [1] },
          ...attributes,
        }),
        domain: 'ai.onnx.ml',
      },
    ]);

  it('a node that leads back to its parent', () => {
    expect(refusal(tree({ nodes_truenodeids: { ints: [1, 0, 0] } }))).toMatch(/a node leads back to itself/);
  });

  it('a chain of equalities that leads back', () => {
    const modes = { texts: ['BRANCH_EQ', 'BRANCH_EQ', 'LEAF'] };
    const attributes = {
      nodes_modes: modes,
      nodes_featureids: { ints: [0, 0, 0] },
      nodes_truenodeids: { ints: [2, 2, 0] },
      nodes_falsenodeids: { ints: [1, 0, 0] },
    };
    expect(refusal(tree(attributes))).toMatch(/a node leads back to itself/);
  });

  it('a feature that is not there', () => {
    expect(refusal(tree({ nodes_featureids: { ints: [0, 7, 0] } }))).toMatch(
      /tests feature 7, but there are 2/,
    );
  });

  it('a child that is not there', () => {
    expect(refusal(tree({ nodes_falsenodeids: { ints: [9, 2, 0] } }))).toMatch(
      /there is no node 9 in tree 0/,
    );
  });

  it('a target that is not there', () => {
    expect(refusal(tree({ target_ids: { ints: [3] } }))).toMatch(/a leaf scores target 3 of 1/);
  });

  it('lists of other lengths', () => {
    expect(refusal(tree({ nodes_values: { floats: [1] } }))).toMatch(/differ in length/);
  });
});

it('no other file is ever read', () => {
  const constants = [{ name: 'c', type: TYPE.float, dims: [2], external: '/etc/passwd' }];
  const error = outcome(onnxBytes(graph([node('Add', ['x', 'c'])], { constants })));
  expect(error!.code).toBe('PGS_UNSUPPORTED');
  expect(error!.message).toBe('hostile.onnx: constant "c" keeps its numbers in another file.');
});
