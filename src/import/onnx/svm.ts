import type { Register } from '../../ir/model.ts';
import { coefficientRows, decisionScores, labelsOf, labelTensor } from './linear-models.ts';
import { NodeError, UnsupportedNode } from './node-error.ts';
import { type Call, type Operator, oneRow, tensorAt } from './operator.ts';
import { logistic, postTransformOf, transformScores } from './scores.ts';
import { type Element, type Tensor, tensor } from './value.ts';

/**
 * Support vector machines, in float32 with sums over support vectors in float64.
 * https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/providers/cpu/ml/svmclassifier.cc
 */
export const supportVectors: Readonly<Record<string, Operator>> = {
  SVMRegressor: regressor,
  SVMClassifier: classifier,
};

/** The kernel of a row with each support vector. */
function kernelValues(call: Call, x: Tensor, count: number): readonly Element[] {
  const { program, attributes } = call;
  const all = attributes.floats('support_vectors');
  const width = oneRow(x);
  if (all.length !== count * width)
    throw new NodeError(`its ${count} support vectors are not of ${width} numbers each`);
  const vectors = coefficientRows(all, count, width);
  const kind = attributes.text('kernel_type', 'LINEAR');
  const [gamma, offset, degree] = attributes.floats('kernel_params');
  const [g, c, d] = [gamma ?? 0, offset ?? 0, degree ?? 0];
  if (kind === 'RBF') {
    const distances = program.numbers({
      kind: 'distance',
      inputs: program.registers(x.elements, true),
      metric: 'squared-euclidean',
      points: vectors,
      precision: 'float32',
    });
    return program.map(distances, 'float32', [{ name: 'multiply', by: [-g] }, { name: 'exp' }]);
  }
  const dots = program.linear(
    x.elements,
    vectors,
    vectors.map(() => 0),
    'float32',
  );
  if (kind === 'LINEAR') return dots;
  const affine = [
    { name: 'multiply', by: [g] },
    { name: 'add', by: [c] },
  ] as const;
  if (kind === 'POLY') return program.map(dots, 'float32', [...affine, { name: 'power', by: [d] }]);
  if (kind === 'SIGMOID') return program.map(dots, 'float32', [...affine, { name: 'tanh' }]);
  throw new UnsupportedNode(`kernel_type is ${JSON.stringify(kind)}`);
}

function regressor(call: Call): readonly Tensor[] {
  const { program, attributes } = call;
  const x = tensorAt(call, 0);
  const supports = attributes.int('n_supports', 0);
  const rho = attributes.floats('rho')[0] ?? 0;
  const coefficients = attributes.floats('coefficients');
  const inputs = supports > 0 ? kernelValues(call, x, supports) : x.elements;
  const weights = coefficientRows(coefficients, 1, supports > 0 ? supports : oneRow(x));
  const scores = program.linear(inputs, weights, [rho], 'float32');
  if (!attributes.flag('one_class', false)) return [tensor('float32', [1, 1], scores)];
  const inside = program.combine('>', scores, [0], 'float32');
  return [tensor('float32', [1, 1], program.select(inside, [1], [-1]))];
}

function classifier(call: Call): readonly Tensor[] {
  const labels = labelsOf(call.attributes, 'classlabels_strings', 'classlabels_ints');
  if (labels.values.length < 2) throw new UnsupportedNode('it has fewer than two classes');
  return call.attributes.ints('vectors_per_class').some((count) => count > 0)
    ? oneAgainstOne(call)
    : oneAgainstRest(call);
}

/** liblinear's models: one row of coefficients a class, one offset. */
function oneAgainstRest(call: Call): readonly Tensor[] {
  const { program, attributes } = call;
  const x = tensorAt(call, 0);
  const labels = labelsOf(attributes, 'classlabels_strings', 'classlabels_ints');
  const classes = labels.values.length;
  const coefficients = attributes.floats('coefficients');
  const weights = coefficientRows(coefficients, classes, oneRow(x));
  const rho = attributes.floats('rho')[0] ?? 0;
  const scores = program.linear(
    x.elements,
    weights,
    weights.map(() => rho),
    'float32',
  );
  let position = program.reduce('argmax', scores, 'float32');
  if (classes === 2) {
    const greatest = program.reduce('max', scores, 'float32');
    const positive = coefficients.every((value) => value >= 0);
    const second = program.combine(positive ? '>=' : '>', [greatest], [positive ? 0.5 : 0], 'float32');
    position = program.select(second, [1], [position])[0]!;
  }
  const label = labelTensor(call, labels, position);
  return [
    label,
    tensor('float32', [1, classes], transformScores(program, scores, postTransformOf(attributes))),
  ];
}

/** libsvm's models: a decision for each pair of classes, votes for the label. */
function oneAgainstOne(call: Call): readonly Tensor[] {
  const { program, attributes } = call;
  const labels = labelsOf(attributes, 'classlabels_strings', 'classlabels_ints');
  const classes = labels.values.length;
  const decisions = pairDecisions(call, classes);
  const inputs = program.registers(decisions);
  const votes = program.numbers({ kind: 'pairwise', method: 'votes', inputs, classes });
  const label = labelTensor(call, labels, program.reduce('argmax', votes, 'float64'));
  const scores =
    attributes.floats('prob_a').length > 0
      ? transformScores(program, probabilities(call, inputs, classes), postTransformOf(attributes))
      : classes === 2
        ? decisionScores(call, decisions, 'negative')
        : transformScores(program, decisions, postTransformOf(attributes));
  return [label, tensor('float32', [1, scores.length], scores)];
}

function pairDecisions(call: Call, classes: number): readonly Element[] {
  const { program, attributes } = call;
  const x = tensorAt(call, 0);
  const perClass = attributes.ints('vectors_per_class');
  const total = perClass.reduce((sum, count) => sum + count, 0);
  const rho = attributes.floats('rho');
  const coefficients = attributes.floats('coefficients');
  const pairs = (classes * (classes - 1)) / 2;
  if (perClass.length !== classes || perClass.some((count) => count < 0)) {
    throw new NodeError('vectors_per_class does not fit the classes');
  }
  if (rho.length < pairs || coefficients.length < (classes - 1) * total) {
    throw new NodeError('there are too few offsets or coefficients');
  }
  const kernels = kernelValues(call, x, total);
  const starts = perClass.map((_, k) => perClass.slice(0, k).reduce((sum, count) => sum + count, 0));
  const classOf = perClass.flatMap((count, k) => new Array<number>(count).fill(k));
  const weights: number[][] = [];
  for (let i = 0; i < classes; i++) {
    for (let j = i + 1; j < classes; j++) {
      weights.push(
        Array.from({ length: starts[j]! + perClass[j]! - starts[i]! }, (_, k) => {
          const vector = starts[i]! + k;
          if (classOf[vector] === i) return coefficients[(j - 1) * total + vector]!;
          return classOf[vector] === j ? coefficients[i * total + vector]! : 0;
        }),
      );
    }
  }
  let pair = 0;
  const decisions: Element[] = [];
  for (let i = 0; i < classes; i++) {
    for (let j = i + 1; j < classes; j++, pair++) {
      const own = kernels.slice(starts[i]!, starts[j]! + perClass[j]!);
      const sum = program.linear(own, [weights[pair]!], [rho[pair]!], 'float64');
      decisions.push(...sum.map(asFloat32));
    }
  }
  return decisions;
}

function asFloat32(element: Element): Element {
  if (typeof element === 'number') return Math.fround(element);
  return typeof element === 'object' && element.kind === 'number' ? { ...element, rounded: false } : element;
}

/** Platt's probabilities of the pairs, coupled. */
function probabilities(call: Call, decisions: readonly Register[], classes: number): readonly Element[] {
  const { program, attributes } = call;
  const [a, b] = [attributes.floats('prob_a'), attributes.floats('prob_b')];
  if (a.length < decisions.length || b.length < decisions.length)
    throw new NodeError('prob_a or prob_b is too short');
  const raw = decisions.map((register): Element => ({ kind: 'number', register, rounded: true }));
  const scaled = program.combine('multiply', raw, a.slice(0, raw.length), 'float32');
  const shifted = program.combine('add', scaled, b.slice(0, raw.length), 'float32');
  const bounded = program.map(
    program.combine(
      'subtract',
      raw.map(() => 1),
      logistic(program, shifted),
      'float32',
    ),
    'float32',
    [
      { name: 'max', by: [1e-7] },
      { name: 'min', by: [1 - 1e-7] },
    ],
  );
  const inputs = program.registers(bounded);
  return program.numbers({ kind: 'pairwise', method: 'coupling', inputs, classes }).map(asFloat32);
}
