import type { Register } from '../../ir/model.ts';
import { once } from '../once.ts';
import type { Lowering } from './lowering.ts';

/** What a model answers for a row. NaN everywhere means no prediction. */
export type Result = RegressionResult | ClassificationResult | ClusteringResult;

/** Things of the model, each with a name, in the order of a row. */
export interface Ranking {
  readonly names: readonly string[];
  /** The positions of the first, the second, …; NaN where there is none. */
  readonly places: readonly Register[];
  /** How near each of them is, where that is known. */
  readonly affinities?: readonly Register[];
}

/** What a model tells of a row besides its answer; made when it is first asked for. */
interface Besides {
  /** What decided: a node of a tree, a rule, a segment, the nearest instances. */
  readonly entities?: () => Ranking;
}

export interface RegressionResult extends Besides {
  readonly kind: 'regression';
  readonly value: Register;
  readonly task?: 'survival' | 'anomaly';
  readonly reasons?: ReasonCodes;
  /** The answers of all segments, where the file selects all; NaN where a segment does not hold. */
  readonly all?: readonly Register[];
  /** Numbers that the file gives besides, by the names of its output fields. */
  readonly beside?: ReadonlyMap<string, Register>;
}

/** The reason codes of a scorecard: what points it took, or gave, for each of them. */
export interface ReasonCodes {
  readonly names: readonly string[];
  /** One a code; NaN where the row has nothing to do with it. */
  readonly points: readonly Register[];
  /** Positions of the codes whose points are not negative, by points, of equal ones in the order of the file. */
  readonly places: () => readonly Register[];
}

export interface ClassificationResult extends Besides {
  readonly kind: 'classification';
  readonly labels: readonly string[];
  /** The position of the predicted label. */
  readonly predicted: Register;
  /** One a label; absent when the model gives none. */
  readonly probabilities?: readonly Register[];
}

export interface ClusteringResult extends Besides {
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

/** The registers of a result's answer, in an order that `withRegisters` takes back. */
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

/** The result with another answer, and nothing besides. */
export function withRegisters(result: Result, registers: readonly Register[]): Result {
  const [first, ...rest] = registers;
  switch (result.kind) {
    case 'regression': {
      const { task } = result;
      return { kind: 'regression', value: first!, ...(task === undefined ? {} : { task }) };
    }
    case 'classification':
      return {
        ...withoutEntities(result),
        predicted: first!,
        ...(result.probabilities === undefined ? {} : { probabilities: rest }),
      };
    case 'clustering':
      return { ...withoutEntities(result), predicted: first!, scores: rest };
  }
}

function withoutEntities<T extends Besides>(result: T): Omit<T, 'entities'> {
  const { entities: _, ...rest } = result;
  return rest;
}

/** The result where the condition is 1, else no prediction. */
export function onlyWhere(condition: Register, result: Result, lowering: Lowering): Result {
  const where = (registers: readonly Register[]): Register[] =>
    lowering.b.select([condition], registers, [lowering.constant(Number.NaN)]);
  const answer = withRegisters(result, where(registersOf(result)));
  const { reasons, all, beside } = result.kind === 'regression' ? result : ({} as Partial<RegressionResult>);
  const { entities } = result;
  return {
    ...answer,
    ...(all === undefined ? {} : { all: where(all) }),
    ...(beside === undefined
      ? {}
      : { beside: new Map(zip([...beside.keys()], where([...beside.values()]))) }),
    ...(reasons === undefined
      ? {}
      : {
          reasons: { ...reasons, points: where(reasons.points), places: once(() => where(reasons.places())) },
        }),
    ...(entities === undefined
      ? {}
      : {
          entities: once(() => {
            const { affinities, ...ranking } = entities();
            const known = affinities === undefined ? {} : { affinities: where(affinities) };
            return { ...ranking, places: where(ranking.places), ...known };
          }),
        }),
  } as Result;
}

/** Clusters as classes: what segments with clusters of their own have in common. */
export function asClasses(result: Result): Result {
  if (result.kind !== 'clustering') return result;
  return { kind: 'classification', labels: result.ids, predicted: result.predicted };
}

function zip<A, B>(left: readonly A[], right: readonly B[]): (readonly [A, B])[] {
  return left.map((each, i) => [each, right[i]!]);
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
