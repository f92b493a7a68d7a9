import type { Register } from '../../ir/model.ts';
import type { Builder } from '../builder.ts';
import { once } from '../once.ts';
import { probableClassifier } from './classify.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import type { Lowering } from './lowering.ts';
import { type Classifier, classesOf, numericClasses, type Predictor, type Regressor } from './predictor.ts';
import { lowerPredictor } from './registry.ts';

type Registers = readonly Register[];

export function asClassifier(predictor: Predictor, estimator: Estimator): Classifier {
  return predictor.kind === 'classifier' ? predictor : estimator.refuse('should be a classifier here');
}

export function asRegressor(predictor: Predictor, estimator: Estimator): Regressor {
  return predictor.kind === 'regressor' ? predictor : estimator.refuse('should be a regressor here');
}

/** predict() as a number: the class, for classifiers whose classes are numbers. */
export function predictedNumber(predictor: Predictor, estimator: Estimator, b: Builder): Register {
  if (predictor.kind === 'regressor') return predictor.values()[0] ?? estimator.fail('gives no value');
  if (predictor.kind === 'classifiers') return estimator.refuse('predicts several targets at once');
  if (predictor.kind !== 'classifier') return predictor.predicted();
  const values = numericClasses(predictor.classes, estimator);
  const index = predictor.predicted();
  return values.every((value, i) => value === i) ? index : b.pick(index, values);
}

/** predict_proba() of a classifier that must have it. */
export function probabilitiesOf(predictor: Predictor, estimator: Estimator, count: number): Registers {
  const { probabilities } = asClassifier(predictor, estimator);
  if (probabilities === undefined) return estimator.refuse('gives no probabilities, which are needed here');
  const registers = probabilities();
  return registers.length === count
    ? registers
    : estimator.refuse(`knows ${registers.length} of ${count} classes`);
}

/** Sums of the members' registers of the same place, added in the members' order, each times its weight. */
export function weightedSums(
  b: Builder,
  members: readonly Registers[],
  weights: readonly number[],
): Register[] {
  return members[0]!.map((_, q) => {
    const inputs = members.map((registers) => registers[q]!);
    return b.linear(inputs, [weights], [0])[0]!;
  });
}

/** The weights of the members that are not dropped; 1 each when there are none. */
function memberWeights(estimator: Estimator, count: number): readonly number[] {
  if (!estimator.has('weights')) return new Array<number>(count).fill(1);
  const names = estimator.list('estimators').map((pair) => (Array.isArray(pair) ? pair[1] : null));
  const weights = estimator.list('weights').filter((_, i) => names[i] !== 'drop' && names[i] !== null);
  const numbers = weights.map(Number);
  return numbers.length === count
    ? numbers
    : estimator.fail(`has ${numbers.length} weights for ${count} estimators`);
}

export function votingRegressor(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Regressor {
  const b = lowering.builder;
  const members = estimator.children('estimators_', 'estimator');
  const weights = memberWeights(estimator, members.length);
  const total = weights.reduce((a, w) => a + w, 0);
  const values = once(() => {
    const each = members.map((member) => [
      predictedNumber(lowerPredictor(member, columns, lowering), member, b),
    ]);
    return b.link(weightedSums(b, each, weights), { name: 'divide', divisor: total });
  });
  return { kind: 'regressor', values };
}

/** Soft: the mean of the members' probabilities. Hard: the class of most votes, the first of equals. */
export function votingClassifier(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier {
  const b = lowering.builder;
  const classes = classesOf(estimator);
  const members = estimator.children('estimators_', 'estimator');
  const weights = memberWeights(estimator, members.length);
  const total = weights.reduce((a, w) => a + w, 0);
  if (estimator.text('voting', 'hard') === 'soft') {
    const probabilities = once(() => {
      const each = members.map((member) =>
        probabilitiesOf(lowerPredictor(member, columns, lowering), member, classes.length),
      );
      return b.link(weightedSums(b, each, weights), { name: 'divide', divisor: total });
    });
    return probableClassifier(b, classes, probabilities);
  }
  const votes = once(() => {
    const each = members.map((member) =>
      predictedNumber(lowerPredictor(member, columns, lowering), member, b),
    );
    return b.linear(
      classes.flatMap((_, c) => b.compare(each, '==', [c])),
      classes.map((_, c) => classes.flatMap((_, other) => weights.map((w) => (other === c ? w : 0)))),
      classes.map(() => 0),
    );
  });
  return { kind: 'classifier', classes, scores: votes, predicted: once(() => b.argmax(votes())) };
}

/** What each member says, as the features of a last estimator; passthrough: the original columns after it. */
function stackedColumns(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
  classes: number,
): readonly Column[] {
  const members = estimator.children('estimators_', 'estimator');
  const methods = estimator.list('stack_method_');
  if (methods.length !== members.length)
    estimator.fail('has a stack method for another number of estimators');
  const registers = members.flatMap((member, i): Registers => {
    const predictor = lowerPredictor(member, columns, lowering);
    if (methods[i] === 'predict') return [predictedNumber(predictor, member, lowering.builder)];
    if (methods[i] === 'predict_proba') {
      const all = probabilitiesOf(predictor, member, classes);
      // Of two probabilities the first says nothing new.
      return classes === 2 ? all.slice(1) : all;
    }
    const { decision } = asClassifier(predictor, member);
    return decision?.() ?? member.refuse('gives no scores, which are needed here');
  });
  const stacked = lowering.columns(registers, false);
  return estimator.flag('passthrough', false) ? [...stacked, ...columns] : stacked;
}

export function stackingRegressor(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Regressor {
  const last = estimator.child('final_estimator_', 'final estimator');
  const stacked = stackedColumns(estimator, columns, lowering, 0);
  return asRegressor(lowerPredictor(last, stacked, lowering), last);
}

/** The last estimator was trained on the classes' numbers. */
export function stackingClassifier(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier {
  const last = estimator.child('final_estimator_', 'final estimator');
  const classes = classesOf(estimator);
  const stacked = stackedColumns(estimator, columns, lowering, classes.length);
  const final = asClassifier(lowerPredictor(last, stacked, lowering), last);
  if (final.classes.length !== classes.length) return last.refuse('knows another number of classes');
  return { ...final, classes };
}
