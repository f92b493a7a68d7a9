import type { Register } from '../../ir/model.ts';
import type { Lowering } from './lowering.ts';

/** What a model answers for a row. NaN everywhere means no prediction. */
export type Result = RegressionResult | ClassificationResult | ClusteringResult;

export interface RegressionResult {
  readonly kind: 'regression';
  readonly value: Register;
  readonly task?: 'survival' | 'anomaly';
}

export interface ClassificationResult {
  readonly kind: 'classification';
  readonly labels: readonly string[];
  /** The position of the predicted label. */
  readonly predicted: Register;
  /** One a label; absent when the model gives none. */
  readonly probabilities?: readonly Register[];
}

export interface ClusteringResult {
  readonly kind: 'clustering';
  /** Each cluster's id, or its number from 1. */
  readonly ids: readonly string[];
  /** What a prediction calls each cluster. */
  readonly labels: readonly string[];
  readonly names: readonly (string | undefined)[];
  readonly predicted: Register;
  /** Distances, or similarities, to each cluster. */
  readonly scores: readonly Register[];
  /** Which of them is nearest. */
  readonly nearest: 'argmin' | 'argmax';
}

/** The most probable label, the first of equals. */
export function mostProbable(
  labels: readonly string[],
  probabilities: readonly Register[],
  lowering: Lowering,
): ClassificationResult {
  const { b } = lowering;
  const best = b.argmax(probabilities);
  const predicted = missingWhere(best, probabilities[0]!, lowering);
  return { kind: 'classification', labels, predicted, probabilities };
}

/** NaN where the guard is NaN, else the register. */
export function missingWhere(register: Register, guard: Register, lowering: Lowering): Register {
  const missing = lowering.b.map([guard], { name: 'is-nan' });
  return lowering.b.select(missing, [lowering.constant(Number.NaN)], [register])[0]!;
}

/** The registers of a result, in an order that `withRegisters` takes back. */
export function registersOf(result: Result): readonly Register[] {
  switch (result.kind) {
    case 'regression':
      return [result.value];
    case 'classification':
      return [result.predicted, ...(result.probabilities ?? [])];
    case 'clustering':
      return [result.predicted, ...result.scores];
  }
}

export function withRegisters(result: Result, registers: readonly Register[]): Result {
  const [first, ...rest] = registers;
  switch (result.kind) {
    case 'regression':
      return { ...result, value: first! };
    case 'classification':
      return {
        ...result,
        predicted: first!,
        ...(result.probabilities === undefined ? {} : { probabilities: rest }),
      };
    case 'clustering':
      return { ...result, predicted: first!, scores: rest };
  }
}

/** The result where the condition is 1, else no prediction. */
export function onlyWhere(condition: Register, result: Result, lowering: Lowering): Result {
  const registers = registersOf(result);
  return withRegisters(result, lowering.b.select([condition], registers, [lowering.constant(Number.NaN)]));
}

/** A classification with the labels in another order; labels that it has not get probability 0. */
export function relabel(
  result: ClassificationResult,
  labels: readonly string[],
  lowering: Lowering,
): ClassificationResult {
  if (labels.length === result.labels.length && labels.every((label, i) => label === result.labels[i]))
    return result;
  const predicted = lowering.gather(
    result.predicted,
    result.labels.map((label) => labels.indexOf(label)),
  );
  const probabilities = result.probabilities;
  if (probabilities === undefined) return { ...result, labels, predicted };
  const zero = (): Register => missingWhere(lowering.constant(0), probabilities[0]!, lowering);
  return {
    ...result,
    labels,
    predicted,
    probabilities: labels.map((label) => probabilities[result.labels.indexOf(label)] ?? zero()),
  };
}
