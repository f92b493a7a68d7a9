import type { Register } from '../../ir/model.ts';
import type { Builder } from '../builder.ts';
import { once } from '../once.ts';
import { NdArray } from '../pickle/index.ts';
import { probableClassifier } from './classify.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import type { Lowering } from './lowering.ts';
import { type Classifier, classesOf, numericClasses, type Predictor, type Regressor } from './predictor.ts';
import { lowerPredictor } from './registry.ts';
import { asClassifier, predictedNumber, weightedSums } from './voting.ts';

interface Member {
  readonly member: Estimator;
  readonly predictor: Predictor;
}

/** Each member on the columns that it was trained with. */
function members(estimator: Estimator, columns: readonly Column[], lowering: Lowering): readonly Member[] {
  const subsets = estimator.list('estimators_features_');
  return estimator.children('estimators_', 'estimator').map((member, i) => {
    const subset = subsets[i];
    if (!(subset instanceof NdArray)) return estimator.fail('an estimator has no list of columns');
    const chosen = Array.from(
      subset.numbers(),
      (index) => columns[index] ?? member.fail(`reads column ${index}`),
    );
    return { member, predictor: lowerPredictor(member, chosen, lowering) };
  });
}

export function baggingRegressor(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Regressor {
  const b = lowering.builder;
  const values = once(() => {
    const each = members(estimator, columns, lowering).map(({ member, predictor }) =>
      predictor.kind === 'regressor' ? predictor.values() : member.refuse('should be a regressor here'),
    );
    const sums = weightedSums(
      b,
      each,
      each.map(() => 1),
    );
    return b.link(sums, { name: 'divide', divisor: each.length });
  });
  return { kind: 'regressor', values };
}

/** The mean of the members' probabilities; one without any gives its prediction probability 1. */
export function baggingClassifier(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier {
  const b = lowering.builder;
  const classes = classesOf(estimator);
  const all = once(() => members(estimator, columns, lowering));
  const probabilities = once(() => {
    const [zero] = b.constants([0]);
    const each = all().map(({ member, predictor }) =>
      shares(member, predictor, classes.length, zero!, lowering),
    );
    const sums = weightedSums(
      b,
      each,
      each.map(() => 1),
    );
    return b.link(sums, { name: 'divide', divisor: each.length });
  });
  const scored = all().every(
    ({ predictor }) => predictor.kind === 'classifier' && predictor.decision !== undefined,
  );
  const base = probableClassifier(b, classes, probabilities);
  return scored ? { ...base, decision: once(() => meanDecision(all(), b)) } : base;
}

/** The mean of the members' scores. */
function meanDecision(all: readonly Member[], b: Builder): readonly Register[] {
  const each = all.map(({ member, predictor }) => asClassifier(predictor, member).decision!());
  if (each.some(({ length }) => length !== each[0]!.length)) {
    return all[0]!.member.refuse('knows other classes than estimators beside it');
  }
  const sums = weightedSums(
    b,
    each,
    each.map(() => 1),
  );
  return b.link(sums, { name: 'divide', divisor: each.length });
}

/** Members were trained on the classes' numbers, and may not have met all of them. */
function shares(
  member: Estimator,
  predictor: Predictor,
  classes: number,
  zero: Register,
  lowering: Lowering,
): readonly Register[] {
  const classifier = asClassifier(predictor, member);
  const numbers = Array.from({ length: classes }, (_, c) => c);
  if (classifier.probabilities === undefined) {
    const predicted = predictedNumber(predictor, member, lowering.builder);
    return lowering.builder.compare(
      numbers.map(() => predicted),
      '==',
      numbers,
    );
  }
  const own = classifier.probabilities();
  const places = numericClasses(classifier.classes, member);
  return own.length === classes ? own : numbers.map((c) => own[places.indexOf(c)] ?? zero);
}
