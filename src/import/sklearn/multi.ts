import type { Register } from '../../ir/model.ts';
import type { Builder } from '../builder.ts';
import { once } from '../once.ts';
import { NdArray } from '../pickle/index.ts';
import { binaryPair, labelClassifier } from './classify.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import type { Lowering } from './lowering.ts';
import {
  type Classifier,
  type Classifiers,
  classesOf,
  isMultilabel,
  type Predictor,
  type Regressor,
  responseOf,
} from './predictor.ts';
import { lowerPredictor } from './registry.ts';
import { oneVersusRestScores, pairsOf } from './support-vectors.ts';
import { asClassifier, asRegressor, predictedNumber } from './voting.ts';

/** The score of a two-class member, and the score above which it says yes. */
interface BinaryScore {
  readonly register: Register;
  readonly threshold: number;
}

function binaryScore(predictor: Predictor, estimator: Estimator): BinaryScore {
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
): Classifier | Classifiers {
  const b = lowering.builder;
  const members = estimator.children('estimators_', 'estimator');
  const predictors = once(() => members.map((member) => lowerPredictor(member, columns, lowering)));
  const scores = once(() => predictors().map((predictor, i) => binaryScore(predictor, members[i]!)));
  if (isMultilabel(estimator.child('label_binarizer_', 'label binarizer'))) {
    return { kind: 'classifiers', targets: labelTargets(predictors(), scores(), b) };
  }
  const classes = classesOf(estimator);
  if (members.length !== classes.length && !(members.length === 1 && classes.length === 2)) {
    return estimator.refuse('lacks an estimator for a class');
  }
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

/** Each label by the member that knows it. */
function labelTargets(
  predictors: readonly Predictor[],
  scores: readonly BinaryScore[],
  b: Builder,
): readonly Classifier[] {
  return scores.map(({ register, threshold }, i) => {
    const predictor = predictors[i]!;
    const probabilities = predictor.kind === 'classifier' ? predictor.probabilities : undefined;
    return labelClassifier(
      b,
      once(() => b.compare([register], '>', [threshold])[0]!),
      probabilities === undefined
        ? { score: () => register }
        : { probability: once(() => probabilities()[1]!) },
    );
  });
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

/**
 * Members in an order of their own, each with what `passOn` takes of those before it after its columns. Gives them in
 * the order of the targets.
 */
function chain<T extends Predictor>(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
  link: (predictor: Predictor, member: Estimator) => { readonly answer: T; readonly passOn: Register },
): readonly T[] {
  const order = estimator.get('order_');
  const places =
    order instanceof NdArray ? Array.from(order.numbers()) : estimator.list('order_').map(Number);
  lowering.inputs(columns, estimator, 'refused');
  const before: Register[] = [];
  const byTarget: T[] = [];
  const members = estimator.children('estimators_', 'estimator');
  members.forEach((member, i) => {
    const all = [...columns, ...lowering.columns(before, false)];
    const { answer, passOn } = link(lowerPredictor(member, all, lowering), member);
    before.push(passOn);
    byTarget[places[i]!] = answer;
  });
  if (Object.keys(byTarget).length === members.length && byTarget.length === members.length) return byTarget;
  return estimator.fail('has an order that is none of its targets');
}

export function regressorChain(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Regressor {
  const values = once(() =>
    chain(estimator, columns, lowering, (predictor, member) => {
      const answer = asRegressor(predictor, member);
      return { answer, passOn: answer.values()[0]! };
    }).map((regressor) => regressor.values()[0]!),
  );
  return { kind: 'regressor', values };
}

/** Since 1.5 the members may hand on their probability or score in place of the class. */
export function classifierChain(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifiers {
  const method = estimator.text('chain_method_', 'predict');
  const targets = chain(estimator, columns, lowering, (predictor, member) => {
    const answer = asClassifier(predictor, member);
    return { answer, passOn: handedOn(answer, method, member, lowering.builder) };
  });
  return { kind: 'classifiers', targets };
}

function handedOn(answer: Classifier, method: string, member: Estimator, b: Builder): Register {
  const register =
    method === 'predict'
      ? predictedNumber(answer, member, b)
      : method === 'predict_proba'
        ? answer.probabilities?.()[1]
        : method === 'decision_function'
          ? answer.decision?.()[0]
          : undefined;
  return register ?? member.refuse(`should hand on what its ${method}() gives`);
}

/** One member a target. */
export function multiOutputClassifier(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifiers {
  const targets = estimator
    .children('estimators_', 'estimator')
    .map((member) => asClassifier(lowerPredictor(member, columns, lowering), member));
  return { kind: 'classifiers', targets };
}
