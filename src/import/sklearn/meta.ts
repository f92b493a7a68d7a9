import type { Register } from '../../ir/model.ts';
import type { Builder } from '../builder.ts';
import { once } from '../once.ts';
import { NdArray } from '../pickle/index.ts';
import { binaryPair, normalise, probableClassifier } from './classify.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import { inverseTransform } from './inverse.ts';
import { isotonicValues } from './isotonic.ts';
import type { Lowering } from './lowering.ts';
import { type Classifier, classesOf, type Predictor, type Regressor, responseOf } from './predictor.ts';
import { lowerPredictor, lowerTransformer } from './registry.ts';
import { asClassifier, asRegressor, weightedSums } from './voting.ts';

/** GridSearchCV and its kin: the best estimator, fitted again. */
export function bestEstimator(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Predictor {
  return lowerPredictor(estimator.child('best_estimator_', 'best estimator'), columns, lowering);
}

/** The estimator within: fitted on the inliers (RANSACRegressor), on labels of its own, or frozen. */
export function innerEstimator(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Predictor {
  return lowerPredictor(innerOf(estimator), columns, lowering);
}

export function innerTransformer(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  return lowerTransformer(innerOf(estimator), columns, lowering);
}

/** Before 1.6 SelfTrainingClassifier called it base_estimator_. */
function innerOf(estimator: Estimator): Estimator {
  const name = ['estimator_', 'base_estimator_'].find((each) => estimator.has(each)) ?? 'estimator';
  return estimator.child(name, 'estimator');
}

/** A two-class estimator that says yes from another threshold than one half on. */
export function thresholdClassifier(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier {
  const b = lowering.builder;
  const inner = estimator.child('estimator_', 'estimator');
  const classifier = asClassifier(lowerPredictor(inner, columns, lowering), inner);
  const chosen =
    estimator.name === 'FixedThresholdClassifier'
      ? estimator.get('threshold')
      : estimator.number('best_threshold_');
  const method = estimator.text('response_method', 'auto');
  const byScore =
    method === 'decision_function' || (method === 'auto' && classifier.probabilities === undefined);
  const threshold = typeof chosen === 'number' ? chosen : byScore ? 0 : 0.5;
  if (classifier.classes.length !== 2) return estimator.refuse('should know two classes');
  const label = estimator.get('pos_label') ?? classifier.classes[1]!;
  const positive = classifier.classes.indexOf(label);
  const own = byScore ? classifier.decision?.()[0] : classifier.probabilities?.()[positive];
  if (own === undefined || positive === -1) {
    return estimator.refuse('decides by a score that its estimator does not give');
  }
  // Scores speak for the second class.
  const score = byScore && positive === 0 ? b.unary([own], 'negate')[0]! : own;
  const predicted = once(() => b.compare([score], positive === 1 ? '>=' : '<', [threshold])[0]!);
  return { ...classifier, predicted };
}

/** A regressor whose target was transformed for training. */
export function transformedTarget(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Regressor {
  const inner = estimator.child('regressor_', 'regressor');
  const regressor = asRegressor(lowerPredictor(inner, columns, lowering), inner);
  const transformer = estimator.child('transformer_', 'transformer');
  return {
    kind: 'regressor',
    values: once(() => inverseTransform(transformer, regressor.values(), lowering)),
  };
}

/**
 * The mean of the calibrated members' probabilities.
 * https://github.com/scikit-learn/scikit-learn/blob/1.6.1/sklearn/calibration.py
 */
export function calibratedClassifier(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier {
  const b = lowering.builder;
  const classes = classesOf(estimator);
  const probabilities = once(() => {
    const each = estimator
      .children('calibrated_classifiers_', 'calibrated classifier')
      .map((member) => calibrated(member, columns, lowering, classes.length));
    return b.link(
      weightedSums(
        b,
        each,
        each.map(() => 1),
      ),
      { name: 'divide', divisor: each.length },
    );
  });
  return probableClassifier(b, classes, probabilities);
}

function calibrated(
  member: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
  classes: number,
): readonly Register[] {
  const b = lowering.builder;
  const inner = member.child(member.has('estimator') ? 'estimator' : 'base_estimator', 'estimator');
  const classifier = asClassifier(lowerPredictor(inner, columns, lowering), inner);
  if (classifier.classes.length !== classes) return inner.refuse('knows another number of classes');
  if (member.get('method') === 'temperature') return atTemperature(member, classifier, inner, b);
  const all = responseOf(classifier, inner);
  const scores = classes === 2 ? [all.at(-1)!] : all;
  const calibrators = member.children(
    member.has('calibrators') ? 'calibrators' : 'calibrators_',
    'calibrator',
  );
  if (calibrators.length !== scores.length) {
    return member.refuse(`calibrates ${scores.length} scores by ${calibrators.length} functions`);
  }
  const each = calibrators.map((calibrator, i) => calibrate(calibrator, scores[i]!, lowering));
  const result = classes === 2 ? binaryPair(b, each[0]!) : normalise(b, each);
  // Rounding may take a probability just above 1.
  const above = b.compare(result, '>', [1]);
  const near = b.compare(result, '<=', [1 + 1e-5]);
  const [one] = b.constants([1]);
  return b.select(b.combine('and', above, near), [one!], result);
}

/** Since 1.8: softmax of all scores times one number; probabilities are taken to scores first. */
function atTemperature(
  member: Estimator,
  classifier: Classifier,
  inner: Estimator,
  b: Builder,
): readonly Register[] {
  const scores = responseOf(classifier, inner);
  const logits =
    classifier.decision === undefined
      ? b.map(scores, { name: 'add', by: [1e-12] }, { name: 'log' })
      : scores.length > 1
        ? scores
        : b.map([scores[0]!, scores[0]!], { name: 'multiply', by: [-1, 1] });
  const [calibrator] = member.children('calibrators', 'calibrator');
  const beta = (calibrator ?? member.fail('has no calibrator')).number('beta_');
  return b.link(b.map(logits, { name: 'multiply', by: [beta] }), { name: 'softmax' });
}

/** Platt's sigmoid, or isotonic regression. */
function calibrate(calibrator: Estimator, score: Register, lowering: Lowering): Register {
  if (calibrator.name === 'IsotonicRegression') return isotonicValues(calibrator, score, lowering);
  if (calibrator.name !== '_SigmoidCalibration')
    return calibrator.refuse('is no calibration that pgscore scores exactly');
  const b = lowering.builder;
  const [slope, offset] = [calibrator.number('a_'), calibrator.number('b_')];
  return b.map(
    [score],
    { name: 'multiply', by: [-slope] },
    { name: 'subtract', by: [offset] },
    { name: 'sigmoid' },
  )[0]!;
}

/** Always the same answer: what training found most frequent, the mean, a constant. */
export function dummyRegressor(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Regressor {
  lowering.inputs(columns, estimator, 'unchecked');
  return {
    kind: 'regressor',
    values: once(() => lowering.builder.constants(estimator.numbers('constant_'))),
  };
}

export function dummyClassifier(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier {
  const b = lowering.builder;
  lowering.inputs(columns, estimator, 'unchecked');
  const classes = classesOf(estimator);
  const prior = estimator.numbers('class_prior_', classes.length);
  const strategy = estimator.text('strategy', 'prior');
  const index =
    strategy === 'constant' ? classes.indexOf(constantOf(estimator)) : prior.indexOf(Math.max(...prior));
  if (!['prior', 'most_frequent', 'constant'].includes(strategy) || index === -1) {
    return estimator.refuse(
      `answers by chance (strategy ${strategy})`,
      'A model that answers by chance has no version to deploy.',
    );
  }
  const probabilities = once(() =>
    b.constants(strategy === 'prior' ? prior : prior.map((_, c) => (c === index ? 1 : 0))),
  );
  return { kind: 'classifier', classes, probabilities, predicted: once(() => b.constants([index])[0]!) };
}

function constantOf(estimator: Estimator) {
  const value = estimator.get('constant') ?? null;
  return value instanceof NdArray ? (value.values()[0] ?? null) : value;
}

/** The best estimator of a search, where that transforms. */
export function bestTransformer(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  return lowerTransformer(estimator.child('best_estimator_', 'best estimator'), columns, lowering);
}
