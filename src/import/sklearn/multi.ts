import type { Register } from '../../ir/model.ts';
import type { Builder } from '../builder.ts';
import { once } from '../once.ts';
import { NdArray } from '../pickle/index.ts';
import { binaryPair } from './classify.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import type { Lowering } from './lowering.ts';
import { type Classifier, classesOf, type Predictor, type Regressor, responseOf } from './predictor.ts';
import { lowerPredictor } from './registry.ts';
import { oneVersusRestScores, pairsOf } from './support-vectors.ts';
import { asClassifier } from './voting.ts';

/** The score of a two-class member, and the score above which it says yes. */
function binaryScore(
  predictor: Predictor,
  estimator: Estimator,
): { readonly register: Register; readonly threshold: number } {
  if (predictor.kind === 'regressor') return { register: predictor.values()[0]!, threshold: 0.5 };
  const classifier = asClassifier(predictor, estimator);
  const response = responseOf(classifier, estimator);
  return { register: response.at(-1)!, threshold: classifier.decision === undefined ? 0.5 : 0 };
}

/** One member a class against the rest; two classes have a single member. */
export function oneVersusRest(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier {
  const b = lowering.builder;
  const classes = classesOf(estimator);
  const members = estimator.children('estimators_', 'estimator');
  if (members.length !== classes.length && !(members.length === 1 && classes.length === 2)) {
    return estimator.refuse('gives several labels at once, or lacks an estimator for a class');
  }
  const binarizer = estimator.child('label_binarizer_', 'label binarizer');
  if (binarizer.text('y_type_', 'multiclass').startsWith('multilabel')) {
    return estimator.refuse('gives several labels at once', 'Train one model a label.');
  }
  const predictors = once(() => members.map((member) => lowerPredictor(member, columns, lowering)));
  const scores = once(() => predictors().map((predictor, i) => binaryScore(predictor, members[i]!)));
  const registers = once(() => scores().map(({ register }) => register));
  const predicted = once(() =>
    members.length === 1
      ? b.compare(registers(), '>', [scores()[0]!.threshold])[0]!
      : bestOf(registers(), estimator, b),
  );
  const kinds = predictors();
  const scored = kinds.every((each) => each.kind === 'classifier' && each.decision !== undefined);
  const probable = kinds.every((each) => each.kind === 'classifier' && each.probabilities !== undefined);
  const probabilities = once(() => {
    const each = kinds.map((predictor) => (predictor as Classifier).probabilities!()[1]!);
    return each.length === 1 ? binaryPair(b, each[0]!) : shareOut(estimator, each, b);
  });
  return {
    kind: 'classifier',
    classes,
    predicted,
    ...(scored ? { decision: registers } : { scores: registers }),
    ...(probable ? { probabilities } : {}),
  };
}

/** Of equal scores the first wins since 1.8, and before the last. */
function bestOf(scores: readonly Register[], estimator: Estimator, b: Builder): Register {
  if (estimator.version >= 108) return b.argmax(scores);
  const fromBehind = b.argmax(scores.toReversed());
  return b.map([fromBehind], { name: 'negate' }, { name: 'add', by: [scores.length - 1] })[0]!;
}

/** Each over the sum; all 0 stays all 0 since 1.7, and was no probability before. */
function shareOut(estimator: Estimator, parts: readonly Register[], b: Builder): readonly Register[] {
  const sum = b.reduce('sum', parts);
  if (estimator.version < 107) return b.combine('divide', parts, [sum]);
  const divisor = b.map([sum], { name: 'impute', missing: 0, by: [1] });
  return b.combine('divide', parts, divisor);
}

/** One member a pair of classes. */
export function oneVersusOne(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier {
  const b = lowering.builder;
  const classes = classesOf(estimator);
  const members = estimator.children('estimators_', 'estimator');
  if (estimator.has('pairwise_indices_')) return estimator.refuse('was trained on a precomputed kernel');
  if (members.length !== pairsOf(classes.length).length)
    return estimator.fail('has another number of estimators than pairs');
  const predictors = once(() => members.map((member) => lowerPredictor(member, columns, lowering)));
  const binary = once(() => predictors().map((predictor, i) => binaryScore(predictor, members[i]!)));
  const decision = once(() => {
    const second = predictors().map((predictor, i) => {
      const index = asClassifier(predictor, members[i]!).predicted();
      return predictor.kind === 'classifier' && predictor.classes.length === 2
        ? index
        : members[i]!.refuse('should know two classes here');
    });
    const confidences = binary().map(({ register }) => register);
    const scores = oneVersusRestScores(b, classes.length, second, confidences);
    return classes.length === 2 ? scores.slice(1) : scores;
  });
  const predicted = once(() => {
    if (classes.length > 2) return b.argmax(decision());
    // Before 1.1 probabilities were held to 0 too, so that the second class always won.
    const threshold = estimator.version >= 101 ? binary()[0]!.threshold : 0;
    return b.compare(decision(), '>', [threshold])[0]!;
  });
  return { kind: 'classifier', classes, decision, predicted };
}

/** One member a target. */
export function multiOutputRegressor(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Regressor {
  const members = estimator.children('estimators_', 'estimator');
  const values = once(() =>
    members.flatMap((member) => {
      const predictor = lowerPredictor(member, columns, lowering);
      return predictor.kind === 'regressor'
        ? predictor.values()
        : member.refuse('should be a regressor here');
    }),
  );
  return { kind: 'regressor', values };
}

/** Members in an order of their own, each with the predictions of those before it after its columns. */
export function regressorChain(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Regressor {
  const members = estimator.children('estimators_', 'estimator');
  const order = estimator.get('order_');
  const places =
    order instanceof NdArray ? Array.from(order.numbers()) : estimator.list('order_').map(Number);
  const values = once(() => {
    const found: Register[] = [];
    const byTarget: Register[] = [];
    members.forEach((member, i) => {
      const predictor = lowerPredictor(member, [...columns, ...lowering.columns(found, false)], lowering);
      const register =
        predictor.kind === 'regressor' ? predictor.values()[0]! : member.refuse('should be a regressor here');
      found.push(register);
      byTarget[places[i]!] = register;
    });
    return byTarget.length === members.length
      ? byTarget
      : estimator.fail('has an order that is none of its targets');
  });
  return { kind: 'regressor', values };
}

/** The IR has one list of classes. */
export function multiOutputClassifier(estimator: Estimator): never {
  return estimator.refuse(
    'predicts several targets at once, each with classes of its own',
    'Save the members of estimators_ one by one, and deploy each as a model.',
  );
}
