import type { Register } from '../../ir/model.ts';
import type { Builder } from '../builder.ts';
import { once } from '../once.ts';
import type { PyValue } from '../pickle/index.ts';
import type { Classifier } from './predictor.ts';

type Registers = readonly Register[];

/** [1 - p, p]. */
export function binaryPair(b: Builder, positive: Register): readonly Register[] {
  return [b.link([positive], { name: 'complement' })[0]!, positive];
}

/** Each over the sum of all. Where the sum is 0, each is one part of `count`. */
export function normalise(b: Builder, parts: Registers): readonly Register[] {
  const sum = b.reduce('sum', parts);
  const [none] = b.compare([sum], '==', [0]);
  const [even] = b.constants([1 / parts.length]);
  return b.select([none!], [even!], b.combine('divide', parts, [sum]));
}

/** The second class where the score is greater than 0, the greatest of several scores otherwise. */
export function predictedByScore(b: Builder, decision: Registers): Register {
  return decision.length === 1 ? b.link(decision, { name: 'step' })[0]! : b.argmax(decision);
}

/** A label that holds or not: 1 or 0. */
export function labelClassifier(
  b: Builder,
  predicted: () => Register,
  answers: { readonly probability?: () => Register; readonly score?: () => Register },
): Classifier {
  const { probability, score } = answers;
  return {
    kind: 'classifier',
    classes: [0, 1],
    predicted,
    ...(probability === undefined ? {} : { probabilities: once(() => binaryPair(b, probability())) }),
    ...(score === undefined ? {} : { decision: once(() => [score()]) }),
  };
}

/** A classifier whose classes follow from decision_function(). */
export function scoredClassifier(
  b: Builder,
  classes: readonly PyValue[],
  decision: () => Registers,
  probabilities?: (decision: Registers) => Registers,
): Classifier {
  return {
    kind: 'classifier',
    classes,
    decision,
    predicted: once(() => predictedByScore(b, decision())),
    ...(probabilities === undefined ? {} : { probabilities: once(() => probabilities(decision())) }),
  };
}

/** A classifier that predicts the class of the greatest probability. */
export function probableClassifier(
  b: Builder,
  classes: readonly PyValue[],
  probabilities: () => Registers,
): Classifier {
  return { kind: 'classifier', classes, probabilities, predicted: once(() => b.argmax(probabilities())) };
}

/** A classifier that predicts the class of the greatest joint log-likelihood. */
export function likelyClassifier(
  b: Builder,
  classes: readonly PyValue[],
  scores: () => Registers,
): Classifier {
  return {
    kind: 'classifier',
    classes,
    scores,
    predicted: once(() => b.argmax(scores())),
    probabilities: once(() => b.link(scores(), { name: 'softmax' })),
  };
}

/** expit of each score; several are then made to add up to 1 (one class against the rest). */
export function logisticProbabilities(b: Builder, decision: Registers): Registers {
  const each = b.link(decision, { name: 'sigmoid', scale: 1 });
  return decision.length === 1 ? binaryPair(b, each[0]!) : normalise(b, each);
}

/** softmax of the scores; a single one stands for [-d, d]. */
export function softmaxProbabilities(b: Builder, decision: Registers): Registers {
  if (decision.length > 1) return b.link(decision, { name: 'softmax' });
  return binaryPair(b, b.link(decision, { name: 'sigmoid', scale: 2 })[0]!);
}
