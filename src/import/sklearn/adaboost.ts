import type { Register } from '../../ir/model.ts';
import { once } from '../once.ts';
import { scoredClassifier } from './classify.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import type { Lowering } from './lowering.ts';
import { type Classifier, classesOf, type Regressor } from './predictor.ts';
import { lowerPredictor } from './registry.ts';
import { asClassifier, predictedNumber, probabilitiesOf, weightedSums } from './voting.ts';

/** The prediction of the member at half of the summed weights, with members ordered by their predictions. */
export function adaBoostRegressor(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Regressor {
  const b = lowering.builder;
  const members = estimator.children('estimators_', 'estimator');
  const weights = estimator.numbers('estimator_weights_').slice(0, members.length);
  if (weights.length !== members.length)
    estimator.fail(`has ${weights.length} weights for ${members.length} estimators`);
  const values = once(() => {
    lowering.inputs(columns, estimator, 'refused');
    const each = members.map((member) =>
      predictedNumber(lowerPredictor(member, columns, lowering), member, b),
    );
    const k = each.length;
    b.charge(k * k);
    const found = b.add({ kind: 'nearest', inputs: each, k });
    const rows = weights.map((weight) => [weight]);
    const sorted = b.add({ kind: 'gather', inputs: found.slice(0, k), rows, default: Number.NaN });
    const running = b.linear(
      sorted,
      sorted.map((_, q) => sorted.map((_, i) => (i <= q ? 1 : 0))),
      sorted.map(() => 0),
    );
    const half = b.map([running[k - 1]!], { name: 'multiply', by: [0.5] });
    const median = b.argmax(b.combine('>=', running, half));
    const chosen = b.compare(
      sorted.map(() => median),
      '==',
      sorted.map((_, i) => i),
    );
    return [b.reduce('sum', b.combine('multiply', chosen, found.slice(k)))];
  });
  return { kind: 'regressor', values };
}

/**
 * SAMME: members vote by their predictions; SAMME.R (before 1.8): by the logarithms of their probabilities.
 * https://github.com/scikit-learn/scikit-learn/blob/1.5.2/sklearn/ensemble/_weight_boosting.py
 */
export function adaBoostClassifier(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier {
  const b = lowering.builder;
  const classes = classesOf(estimator);
  const count = classes.length;
  if (count < 2) return estimator.refuse('knows one class only');
  const members = estimator.children('estimators_', 'estimator');
  const weights = estimator.numbers('estimator_weights_').slice(0, members.length);
  const real = estimator.text('algorithm', 'SAMME') === 'SAMME.R';
  const decision = once(() => {
    lowering.inputs(columns, estimator, 'refused');
    const each = members.map((member, i) =>
      (real ? logVotes : votes)(estimator, member, weights[i]!, count, columns, lowering),
    );
    const total = weights.reduce((a, w) => a + w, 0);
    const mean = b.link(
      weightedSums(
        b,
        each,
        each.map(() => 1),
      ),
      { name: 'divide', divisor: total },
    );
    return count === 2 ? b.combine('subtract', [mean[1]!], [mean[0]!]) : mean;
  });
  const probabilities = (scores: readonly Register[]): readonly Register[] => {
    if (count > 2) return b.link(b.link(scores, { name: 'divide', divisor: count - 1 }), { name: 'softmax' });
    const halves = b.map([scores[0]!, scores[0]!], { name: 'multiply', by: [-0.5, 0.5] });
    return b.link(halves, { name: 'softmax' });
  };
  return scoredClassifier(b, classes, decision, probabilities);
}

/** The weight for the predicted class; since 1.4 a share of it against each other class. */
function votes(
  estimator: Estimator,
  member: Estimator,
  weight: number,
  count: number,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Register[] {
  const b = lowering.builder;
  const classifier = asClassifier(lowerPredictor(member, columns, lowering), member);
  if (classifier.classes.length !== count) return member.refuse('knows another number of classes');
  const index = classifier.predicted();
  const against = estimator.version >= 104 ? (-1 / (count - 1)) * weight : 0;
  const numbers = Array.from({ length: count }, (_, c) => c);
  const hits = b.compare(
    numbers.map(() => index),
    '==',
    numbers,
  );
  const [won, lost] = b.constants([weight, against]);
  return b.select(hits, [won!], [lost!]);
}

/** (classes - 1) * (log p - mean log p). */
function logVotes(
  _estimator: Estimator,
  member: Estimator,
  _weight: number,
  count: number,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Register[] {
  const b = lowering.builder;
  const probabilities = probabilitiesOf(lowerPredictor(member, columns, lowering), member, count);
  const logs = b.map(probabilities, { name: 'max', by: [2 ** -52] }, { name: 'log' });
  const mean = b.map([b.reduce('sum', logs)], { name: 'multiply', by: [1 / count] });
  return b.map(b.combine('subtract', logs, mean), { name: 'multiply', by: [count - 1] });
}
