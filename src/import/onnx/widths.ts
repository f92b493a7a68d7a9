import type { Graph, Node, TensorData } from './file.ts';
import { dataTypeOf } from './file.ts';
import { readTensorData } from './tensor.ts';
import { constantsOf } from './value.ts';

/** Operators whose output is as wide as their input. */
const SAME_WIDTH: ReadonlySet<string> = new Set([
  'Identity',
  'Cast',
  'Dropout',
  'Scaler',
  'Imputer',
  'Normalizer',
  'Binarizer',
  'Abs',
  'Exp',
  'Log',
  'Neg',
  'Sqrt',
  'Relu',
  'Sigmoid',
  'Tanh',
]);

/**
 * How many columns an input has of which the file does not say, judged by the nodes that read it; undefined when they
 * tell nothing.
 */
export function inferWidth(graph: Graph, input: string): number | undefined {
  const constants = new Map(graph.initializers.map((each) => [each.name, each]));
  const names = new Set([input]);
  let width: number | undefined;
  for (const node of graph.nodes) {
    const position = node.inputs.findIndex((name) => names.has(name));
    if (position === -1) continue;
    if (SAME_WIDTH.has(node.operator) && node.outputs[0] !== undefined) names.add(node.outputs[0]);
    const wanted = widthOf(node, position, constants);
    if (wanted !== undefined && wanted > (width ?? 0)) width = wanted;
  }
  return width;
}

/** The width that one node asks for. */
function widthOf(
  node: Node,
  position: number,
  constants: ReadonlyMap<string, TensorData>,
): number | undefined {
  const floats = (name: string) => node.attributes.get(name)?.floats.length ?? 0;
  const int = (name: string) => node.attributes.get(name)?.int ?? 0;
  const ints = (name: string) => node.attributes.get(name)?.ints ?? [];
  switch (node.operator) {
    case 'Scaler':
      return moreThanOne(floats('offset'));
    case 'Imputer':
      return moreThanOne(floats('imputed_value_floats') + ints('imputed_value_int64s').length);
    case 'LinearRegressor':
      return whole(floats('coefficients') / (int('targets') || 1));
    case 'LinearClassifier':
      return whole(floats('coefficients') / floats('intercepts'));
    case 'SVMRegressor':
      return int('n_supports') > 0
        ? whole(floats('support_vectors') / int('n_supports'))
        : floats('coefficients');
    case 'SVMClassifier': {
      const vectors = ints('vectors_per_class').reduce((sum, count) => sum + count, 0);
      const classes =
        ints('classlabels_ints').length + (node.attributes.get('classlabels_strings')?.texts.length ?? 0);
      return vectors > 0
        ? whole(floats('support_vectors') / vectors)
        : whole(floats('coefficients') / classes);
    }
    case 'TreeEnsemble':
    case 'TreeEnsembleClassifier':
    case 'TreeEnsembleRegressor':
      return 1 + ints('nodes_featureids').reduce((most, feature) => Math.max(most, feature), 0);
    default:
      return widthBesideConstant(node, position, constants);
  }
}

/** What a constant at the node's other input tells. */
function widthBesideConstant(
  node: Node,
  position: number,
  constants: ReadonlyMap<string, TensorData>,
): number | undefined {
  const other = constants.get(node.inputs[1 - position] ?? '');
  if (other === undefined) return undefined;
  const transposed = node.attributes.get('transB')?.int === 1;
  switch (node.operator) {
    case 'MatMul':
      return other.dims[0];
    case 'Gemm':
      return other.dims[transposed ? 1 : 0];
    case 'ArrayFeatureExtractor':
    case 'Gather':
      return greatestIndex(other);
    case 'Add':
    case 'Sub':
    case 'Mul':
    case 'Div':
      return moreThanOne(other.dims.at(-1) ?? 0);
    default:
      return undefined;
  }
}

function greatestIndex(data: TensorData): number | undefined {
  if (data.external || dataTypeOf(data.type) !== 'int64') return undefined;
  const indices = constantsOf(readTensorData(data, 'indices')) as readonly number[];
  return 1 + indices.reduce((most, index) => Math.max(most, index), 0);
}

function whole(width: number): number | undefined {
  return Number.isInteger(width) && width > 0 ? width : undefined;
}

function moreThanOne(width: number): number | undefined {
  return width > 1 ? width : undefined;
}
