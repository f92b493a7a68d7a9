import type { Register } from '../../ir/model.ts';
import type { Builder } from '../builder.ts';
import { once } from '../once.ts';
import {
  binaryPair,
  labelClassifier,
  logisticProbabilities,
  normalise,
  scoredClassifier,
  softmaxProbabilities,
} from './classify.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import type { Lowering } from './lowering.ts';
import { type Classifier, type Classifiers, classesOf, isMultilabel, type Regressor } from './predictor.ts';

type Registers = readonly Register[];

/** X @ coef_.T + intercept_: one register a row of coef_. */
export function linearScores(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Registers {
  const inputs = lowering.inputs(columns, estimator, 'refused');
  const weights = estimator.rows('coef_', inputs.length);
  const intercept = estimator.numbers('intercept_');
  if (intercept.length !== 1 && intercept.length !== weights.length) {
    estimator.fail(`has ${intercept.length} intercepts for ${weights.length} outputs`);
  }
  return lowering.builder.linear(
    inputs,
    weights,
    weights.map((_, q) => intercept[intercept.length === 1 ? 0 : q]!),
  );
}

export function linearRegressor(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Regressor {
  return { kind: 'regressor', values: once(() => linearScores(estimator, columns, lowering)) };
}

/** Poisson, Gamma and Tweedie: exp of the linear score, unless the link is the identity. */
export function generalisedLinear(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Regressor {
  const scores = () => linearScores(estimator, columns, lowering);
  const identity = linkOf(estimator) === 'identity';
  return {
    kind: 'regressor',
    values: once(() => (identity ? scores() : lowering.builder.link(scores(), { name: 'exp' }))),
  };
}

function linkOf(estimator: Estimator): 'identity' | 'log' {
  if (estimator.name !== 'TweedieRegressor') return 'log';
  const link = estimator.text('link', 'auto');
  if (link === 'auto') return estimator.number('power', 0) <= 0 ? 'identity' : 'log';
  return link === 'identity' || link === 'log' ? link : estimator.refuse(`has an unknown link ${link}`);
}

/** Linear classifiers that give no probabilities: LinearSVC, RidgeClassifier, Perceptron, … */
export function linearClassifier(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier | Classifiers {
  const decision = once(() => linearScores(estimator, columns, lowering));
  if (estimator.has('_label_binarizer') && isMultilabel(estimator.child('_label_binarizer'))) {
    return labelClassifiers(decision(), lowering.builder);
  }
  return scoredClassifier(lowering.builder, classesOf(estimator), decision);
}

/** A label holds where its score is above 0. */
function labelClassifiers(scores: Registers, b: Builder): Classifiers {
  const targets = scores.map((score) =>
    labelClassifier(
      b,
      once(() => b.compare([score], '>', [0])[0]!),
      { score: () => score },
    ),
  );
  return { kind: 'classifiers', targets };
}

/**
 * Whether several classes were each trained against the rest. Since 1.7 that is only said of two classes, and before 1.6
 * newton-cholesky knew nothing else.
 * https://github.com/scikit-learn/scikit-learn/blob/1.6.1/sklearn/linear_model/_logistic.py
 */
function oneVersusRest(estimator: Estimator, classes: number): boolean {
  const multi = estimator.text('multi_class', 'auto');
  if (multi === 'ovr' || multi === 'warn') return true;
  if (multi === 'multinomial') return false;
  const solver = estimator.text('solver', 'lbfgs');
  return classes <= 2 || solver === 'liblinear' || (solver === 'newton-cholesky' && estimator.version < 106);
}

export function logisticRegression(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier {
  const classes = classesOf(estimator);
  const ovr = oneVersusRest(estimator, classes.length);
  const decision = once(() => linearScores(estimator, columns, lowering));
  return scoredClassifier(lowering.builder, classes, decision, (scores) =>
    (ovr ? logisticProbabilities : softmaxProbabilities)(lowering.builder, scores),
  );
}

export function linearDiscriminant(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier {
  const decision = once(() => linearScores(estimator, columns, lowering));
  return scoredClassifier(lowering.builder, classesOf(estimator), decision, (scores) =>
    (scores.length === 1 ? logisticProbabilities : softmaxProbabilities)(lowering.builder, scores),
  );
}

/** Probabilities only for the logistic and the modified Huber loss. */
export function stochasticGradientClassifier(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier {
  const b = lowering.builder;
  const decision = once(() => linearScores(estimator, columns, lowering));
  const classes = classesOf(estimator);
  const loss = estimator.text('loss', 'hinge');
  if (loss === 'log_loss' || loss === 'log') {
    return scoredClassifier(b, classes, decision, (scores) => logisticProbabilities(b, scores));
  }
  if (loss !== 'modified_huber') return scoredClassifier(b, classes, decision);
  return scoredClassifier(b, classes, decision, (scores) => {
    const each = b.map(
      scores,
      { name: 'max', by: [-1] },
      { name: 'min', by: [1] },
      { name: 'add', by: [1] },
      { name: 'divide', by: [2] },
    );
    return scores.length === 1 ? binaryPair(b, each[0]!) : normalise(b, each);
  });
}
