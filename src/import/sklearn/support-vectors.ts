import type { Register } from '../../ir/model.ts';
import type { Builder } from '../builder.ts';
import { once } from '../once.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import { kernelOf } from './kernels.ts';
import type { Lowering } from './lowering.ts';
import { type Classifier, classesOf, type Detector, type Regressor } from './predictor.ts';

type Registers = readonly Register[];

/** The kernel between the row and each support vector. */
function kernelValues(estimator: Estimator, columns: readonly Column[], lowering: Lowering): Registers {
  const inputs = lowering.inputs(columns, estimator, 'refused');
  const vectors = estimator.rows('support_vectors_', inputs.length);
  return kernelOf(estimator, inputs, vectors, estimator.number('_gamma', 0), lowering.builder);
}

/** Σ coefficient * kernel + intercept, one a row of coefficients. */
function regressionScore(estimator: Estimator, columns: readonly Column[], lowering: Lowering): Register {
  const kernels = kernelValues(estimator, columns, lowering);
  const weights = estimator.rows('_dual_coef_', kernels.length);
  return lowering.builder.linear(kernels, weights.slice(0, 1), estimator.numbers('_intercept_', 1))[0]!;
}

export function supportVectorRegressor(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Regressor {
  return { kind: 'regressor', values: once(() => [regressionScore(estimator, columns, lowering)]) };
}

export function oneClassSupport(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Detector {
  const b = lowering.builder;
  const decision = once(() => regressionScore(estimator, columns, lowering));
  return {
    kind: 'detector',
    decision,
    scores: once(() => b.map([decision()], { name: 'add', by: [estimator.number('offset_')] })[0]!),
    predicted: once(() => b.compare([decision()], '>', [0])[0]!),
  };
}

/** One score a pair of classes, libsvm's: positive for the pair's first class. */
function pairScores(
  estimator: Estimator,
  classes: number,
  columns: readonly Column[],
  lowering: Lowering,
): Registers {
  const kernels = kernelValues(estimator, columns, lowering);
  const coefficients = estimator.rows('_dual_coef_', kernels.length);
  const counts = estimator.numbers('_n_support');
  const pairs = pairsOf(classes);
  if (counts.length !== classes || counts.includes(0)) {
    return estimator.refuse('was trained with weights that leave out a class');
  }
  const intercepts = estimator.numbers('_intercept_', pairs.length);
  const sum = counts.reduce((a, b) => a + b, 0);
  if (coefficients.length !== classes - 1 || sum !== kernels.length) {
    return estimator.fail('has support vectors that do not fit its classes');
  }
  const owner = counts.flatMap((count, c) => new Array<number>(count).fill(c));
  const weights = pairs.map(([first, second]) =>
    owner.map((c, v) =>
      c === first ? coefficients[second - 1]![v]! : c === second ? coefficients[first]![v]! : 0,
    ),
  );
  return lowering.builder.linear(kernels, weights, intercepts);
}

/** (0, 1), (0, 2), …, (1, 2), … */
export function pairsOf(classes: number): readonly (readonly [number, number])[] {
  const numbers = Array.from({ length: classes }, (_, c) => c);
  return numbers.flatMap((i) => numbers.slice(i + 1).map((j) => [i, j] as const));
}

/**
 * From scores of pairs (positive for the pair's second class) to one a class: votes, and the sum of scores squeezed
 * below a third of a vote.
 * https://github.com/scikit-learn/scikit-learn/blob/1.6.1/sklearn/utils/multiclass.py
 */
export function oneVersusRestScores(
  b: Builder,
  classes: number,
  secondWins: Registers,
  confidences: Registers,
): Registers {
  const pairs = pairsOf(classes);
  const signs = Array.from({ length: classes }, (_, c) =>
    pairs.map(([first, second]) => (c === second ? 1 : c === first ? -1 : 0)),
  );
  const none = signs.map(() => 0);
  const sums = b.linear(confidences, signs, none);
  // A pair's vote: 1 for its second class, 1 - it for the first.
  const firsts = signs.map((row) => row.filter((sign) => sign === -1).length);
  const votes = b.linear(secondWins, signs, firsts);
  const denominators = b.map(sums, { name: 'abs' }, { name: 'add', by: [1] }, { name: 'multiply', by: [3] });
  return b.combine('add', votes, b.combine('divide', sums, denominators));
}

export function supportVectorClassifier(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier {
  const b = lowering.builder;
  const classes = classesOf(estimator);
  const count = classes.length;
  const pairs = once(() => pairScores(estimator, count, columns, lowering));
  const ovr = estimator.text('decision_function_shape', 'ovr') === 'ovr';
  const decision = once(() => {
    if (count === 2) return b.unary(pairs(), 'negate');
    if (!ovr) return pairs();
    return oneVersusRestScores(b, count, b.compare(pairs(), '<', [0]), b.unary(pairs(), 'negate'));
  });
  const predicted = once(() => {
    if (estimator.flag('break_ties', false) && ovr && count > 2) return b.argmax(decision());
    if (count === 2) return b.compare(pairs(), '<=', [0])[0]!;
    return b.argmax(b.add({ kind: 'pairwise', method: 'votes', inputs: pairs(), classes: count }));
  });
  const base: Classifier = { kind: 'classifier', classes, decision, predicted };
  const slopes = plattNumbers(estimator, 'A');
  if (slopes.length === 0 || estimator.get('probability') !== true) return base;
  const offsets = plattNumbers(estimator, 'B');
  const probabilities = once(() => {
    // 1 / (1 + exp(A * score + B)), kept 1e-7 from 0 and 1.
    const each = b.map(
      pairs(),
      { name: 'multiply', by: slopes.map((a) => -a) },
      { name: 'subtract', by: offsets },
      { name: 'sigmoid' },
      { name: 'max', by: [1e-7] },
      { name: 'min', by: [1 - 1e-7] },
    );
    return b.add({ kind: 'pairwise', method: 'coupling', inputs: each, classes: count });
  });
  return { ...base, probabilities };
}

/** _probA since 1.0, probA_ before; empty when the estimator was fitted without probabilities. */
function plattNumbers(estimator: Estimator, letter: 'A' | 'B'): readonly number[] {
  const name = estimator.has(`_prob${letter}`) ? `_prob${letter}` : `prob${letter}_`;
  return estimator.has(name) ? estimator.numbers(name) : [];
}
