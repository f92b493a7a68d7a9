import { NodeError, UnsupportedNode } from './node-error.ts';
import { type Attributes, type Call, type Operator, oneRow, tensorAt } from './operator.ts';
import { logistic, postTransformOf, probit, transformScores } from './scores.ts';
import { type Constant, type Element, isConstant, type Tensor, tensor } from './value.ts';

/** ai.onnx.ml operators of one matrix product, computed in float32 whatever the input's type. */
export const linearModels: Readonly<Record<string, Operator>> = {
  LinearRegressor: linearRegressor,
  LinearClassifier: linearClassifier,
};

/** Rows of `width` coefficients. @throws NodeError when there are not enough */
export function coefficientRows(all: readonly number[], count: number, width: number): number[][] {
  if (count < 1 || all.length < count * width) {
    throw new NodeError(`${all.length} coefficients are too few for ${count} times ${width}`);
  }
  return Array.from({ length: count }, (_, k) => all.slice(k * width, (k + 1) * width));
}

/** The labels of a classifier and their type. */
export interface Labels {
  readonly type: 'string' | 'int64';
  readonly values: readonly Constant[];
}

export function labelsOf(attributes: Attributes, textName: string, intName: string): Labels {
  const texts = attributes.texts(textName);
  return texts.length > 0
    ? { type: 'string', values: texts }
    : { type: 'int64', values: attributes.ints(intName) };
}

/** The label at a position that the row decides, as a tensor of one element. */
export function labelTensor(call: Call, { type, values }: Labels, position: Element): Tensor {
  if (isConstant(position)) return tensor(type, [1], [values[position as number]!]);
  const choose = (at: Constant) => values[at as number] ?? at;
  if (position.kind === 'choice')
    return tensor(type, [1], [{ ...position, values: position.values.map(choose) }]);
  const [index] = call.program.registers([position]);
  return tensor(type, [1], [{ kind: 'choice', index: index!, values }]);
}

function linearRegressor(call: Call): readonly Tensor[] {
  const { attributes, program } = call;
  const x = tensorAt(call, 0);
  const width = oneRow(x);
  const targets = attributes.int('targets', 1);
  const weights = coefficientRows(attributes.floats('coefficients'), targets, width);
  const intercepts = attributes.floats('intercepts');
  const bias = intercepts.length === targets ? intercepts : weights.map(() => 0);
  const scores = program.linear(x.elements, weights, bias, 'float32');
  const transform = postTransformOf(attributes);
  if (targets > 1) return [tensor('float32', [1, targets], transformScores(program, scores, transform))];
  return [tensor('float32', [1, 1], transform === 'PROBIT' ? probit(program, scores) : scores)];
}

/** One row of coefficients is a decision between two labels, and gives two scores. */
function linearClassifier(call: Call): readonly Tensor[] {
  const { attributes, program } = call;
  const x = tensorAt(call, 0);
  const intercepts = attributes.floats('intercepts');
  const labels = labelsOf(attributes, 'classlabels_strings', 'classlabels_ints');
  const weights = coefficientRows(attributes.floats('coefficients'), intercepts.length, oneRow(x));
  const scores = program.linear(x.elements, weights, intercepts, 'float32');
  const transform = postTransformOf(attributes);
  if (scores.length !== 1) {
    if (labels.values.length < scores.length) throw new NodeError('it has more scores than labels');
    const label = labelTensor(call, labels, program.reduce('argmax', scores, 'float32'));
    return [label, tensor('float32', [1, scores.length], transformScores(program, scores, transform))];
  }
  if (labels.values.length !== 2)
    throw new NodeError(`one row of coefficients decides between ${labels.values.length} labels`);
  const label = labelTensor(call, labels, program.combine('>', scores, [0], 'float32')[0]!);
  return [label, tensor('float32', [1, 2], decisionScores(call, scores, 'complement'))];
}

/**
 * The scores of two classes from the decision for the second one. Without a transform the first is 1 - s or -s; with
 * others than LOGISTIC always 1 - s, untransformed. Of two probit scores onnxruntime leaves one unset.
 */
export function decisionScores(
  { program, attributes }: Call,
  decision: readonly Element[],
  untransformed: 'complement' | 'negative',
): readonly Element[] {
  const transform = postTransformOf(attributes);
  if (transform === 'PROBIT') throw new UnsupportedNode('of two probit scores onnxruntime computes only one');
  const negative = program.map(decision, 'float32', [{ name: 'negate' }]);
  if (transform === 'LOGISTIC') return logistic(program, [...negative, ...decision]);
  if (transform === 'NONE' && untransformed === 'negative') return [...negative, ...program.exact(decision)];
  return [...program.combine('subtract', [1], decision, 'float32'), ...program.exact(decision)];
}
