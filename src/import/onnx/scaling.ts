import { castTo } from './cast.ts';
import { NodeError, UnsupportedNode } from './node-error.ts';
import { type Call, type Operator, rowWidth, tensorAt } from './operator.ts';
import { checkSize, linesAlong } from './shapes.ts';
import { type Element, type Tensor, tensor } from './value.ts';

/** ai.onnx.ml operators on columns of numbers. */
export const scaling: Readonly<Record<string, Operator>> = {
  Scaler: scaler,
  Normalizer: normalizer,
  Imputer: imputer,
  Binarizer: (call) => {
    const x = tensorAt(call, 0);
    const by = [call.attributes.float('threshold', 0)];
    // onnxruntime fails on NaN.
    call.program.require(call.program.combine('==', x.elements, x.elements, 'float32'));
    const elements = call.program.map(x.elements, 'float32', [{ name: 'compare', operator: '>', by }]);
    return [{ ...x, elements }];
  },
  FeatureVectorizer: featureVectorizer,
};

/** One constant a column, or one for all, spread over the elements. */
function columns(values: readonly number[], x: Tensor, what: string): readonly number[] {
  const width = rowWidth(x);
  if (values.length !== width && values.length !== 1) {
    throw new NodeError(`${what} has ${values.length} values for ${width} columns`);
  }
  return x.elements.map((_, k) => values[values.length === 1 ? 0 : k % width]!);
}

/** (x - offset) scale in float32; doubles are rounded last. */
function scaler(call: Call): readonly Tensor[] {
  const x = tensorAt(call, 0);
  const operations = [
    { name: 'subtract', by: columns(call.attributes.floats('offset'), x, 'offset') },
    { name: 'multiply', by: columns(call.attributes.floats('scale'), x, 'scale') },
  ] as const;
  if (x.type === 'float64') {
    const wide = { ...x, elements: call.program.map(x.elements, 'float64', operations) };
    return [castTo(call, wide, 'float32')];
  }
  return [{ ...x, type: 'float32', elements: call.program.map(x.elements, 'float32', operations) }];
}

/** Of numbers that are not negative the greatest is the greatest absolute one. */
const OF_COUNTS = { MAX: 'max', L1: 'l1', L2: 'l2-roots' } as const;

const LOWEST = -(2 - 2 ** -23) * 2 ** 127;
/** onnxruntime looks for the greatest element from the lowest float up, so that NaN is none. */
const AT_LEAST_LOWEST = [
  { name: 'impute', missing: Number.NaN, by: [LOWEST] },
  { name: 'max', by: [LOWEST] },
] as const;

/** Rows divided by their greatest element, their sum of absolute values, or their length; a norm of 0 leaves them. */
function normalizer(call: Call): readonly Tensor[] {
  const { program } = call;
  const x = castTo(call, tensorAt(call, 0), 'float32');
  const width = rowWidth(x);
  const kind = call.attributes.text('norm', 'MAX');
  if (kind !== 'MAX' && kind !== 'L1' && kind !== 'L2')
    throw new UnsupportedNode(`norm is ${JSON.stringify(kind)}`);
  const elements: Element[] = [];
  for (const line of linesAlong([x.elements.length / width, width], 1).lines) {
    const row = line.map((k) => x.elements[k]!);
    const weighed = program.weigh(row, { norm: OF_COUNTS[kind] }, 'float32');
    if (weighed !== undefined) {
      elements.push(...weighed);
      continue;
    }
    const spread = (element: Element) => row.map(() => element);
    const norm = program.reduce(
      ({ MAX: 'max', L1: 'l1', L2: 'sum-of-squares' } as const)[kind],
      kind === 'MAX' ? program.map(row, 'float32', AT_LEAST_LOWEST) : row,
      'float32',
    );
    const some = program.combine('!=', [norm], [0], 'float32')[0]!;
    const scaled =
      kind === 'L2' ? signedRoots(call, row, norm) : program.combine('divide', row, spread(norm), 'float32');
    elements.push(...program.select(spread(some), scaled, program.exact(row)));
  }
  return [{ ...x, elements }];
}

/** ±√(x² / Σx²), which in float32 is not x / √Σx². */
function signedRoots({ program }: Call, row: readonly Element[], sum: Element): readonly Element[] {
  const squares = program.map(row, 'float32', [{ name: 'square' }]);
  const roots = program.map(
    program.combine(
      'divide',
      squares,
      row.map(() => sum),
      'float32',
    ),
    'float32',
    [{ name: 'sqrt' }],
  );
  const negative = program.combine(
    '<',
    row,
    row.map(() => 0),
    'float32',
  );
  return program.select(negative, program.map(roots, 'float32', [{ name: 'negate' }]), roots);
}

function imputer(call: Call): readonly Tensor[] {
  const x = tensorAt(call, 0);
  const { attributes } = call;
  const whole = x.type === 'int64';
  if (!whole && x.type !== 'float32') throw new UnsupportedNode(`onnxruntime has no Imputer of ${x.type}`);
  const values = whole ? attributes.ints('imputed_value_int64s') : attributes.floats('imputed_value_floats');
  if (values.length === 0) throw new NodeError('there is no value to impute');
  const missing = whole
    ? attributes.int('replaced_value_int64', 0)
    : attributes.float('replaced_value_float', 0);
  const by = values.length === rowWidth(x) ? columns(values, x, 'imputed values') : [values[0]!];
  const elements = call.program.map(x.elements, whole ? 'float64' : 'float32', [
    { name: 'impute', missing, by },
  ]);
  return [{ ...x, elements }];
}

/** Inputs side by side, each cut or filled with zeros to its stated width. */
function featureVectorizer(call: Call): readonly Tensor[] {
  const sizes = call.attributes.ints('inputdimensions');
  if (sizes.length !== call.inputs.length)
    throw new NodeError(`${sizes.length} widths for ${call.inputs.length} inputs`);
  checkSize([sizes.reduce((sum, size) => sum + size, 0)]);
  const elements = sizes.flatMap((size, k) => {
    const x = castTo(call, tensorAt(call, k), 'float32');
    if (x.shape.length > 1 && x.shape[0] !== 1) throw new UnsupportedNode('it works on several rows at once');
    return Array.from({ length: size }, (_, i) => x.elements[i] ?? 0);
  });
  return [tensor('float32', [1, elements.length], elements)];
}
