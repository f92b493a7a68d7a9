import type { Register } from '../../ir/model.ts';
import type { Element } from './element.ts';
import { type Method, unionOfLabels } from './mining.ts';
import type { ModelContext } from './model-context.ts';
import { shares } from './regression.ts';
import { type ClassificationResult, missingWhere, mostProbable, type Result, relabel } from './result.ts';

/** A segment's answer; it counts where the condition is 1. */
export interface Member {
  readonly element: Element;
  readonly weight: number;
  readonly result: Result;
  readonly condition: Register | undefined;
}

type Treatment = 'continue' | 'skipSegment' | 'returnMissing';

/** A number of a member and whether it counts in a row; undefined when it always does. */
interface Term {
  readonly value: Register;
  readonly counts: Register | undefined;
  readonly weight: number;
}

/** The answers of all segments that count, as one. */
export function aggregate(
  segmentation: Element,
  members: readonly Member[],
  method: Method,
  context: ModelContext,
): Result {
  const treatment = segmentation.choice(
    'missingPredictionTreatment',
    ['continue', 'skipSegment', 'returnMissing'],
    'continue',
  );
  if (treatment === 'skipSegment' && segmentation.number('missingThreshold', 1) !== 1) {
    segmentation.refuse('has a missingThreshold', 'Export it without one.');
  }
  return context.function === 'classification'
    ? classes(segmentation, members, method, treatment, context)
    : numbers(segmentation, members, method, treatment, context);
}

function numbers(
  segmentation: Element,
  members: readonly Member[],
  method: Method,
  treatment: Treatment,
  context: ModelContext,
): Result {
  const terms = members.map(({ element, weight, result, condition }) => {
    if (result.kind !== 'regression') return element.refuse('answers no number');
    return termOf(result.value, weight, condition, treatment, context);
  });
  return { kind: 'regression', value: combine(segmentation, terms, method, context) };
}

function termOf(
  value: Register,
  weight: number,
  condition: Register | undefined,
  treatment: Treatment,
  { lowering: { b } }: ModelContext,
): Term {
  if (treatment !== 'skipSegment') return { value, counts: condition, weight };
  const [present] = b.map([value], { name: 'is-nan' }, { name: 'compare', operator: '==', by: [0] });
  const counts = condition === undefined ? present! : b.combine('and', [present!], [condition])[0]!;
  return { value, counts, weight };
}

/** One number of many. */
function combine(at: Element, terms: readonly Term[], method: Method, context: ModelContext): Register {
  switch (method) {
    case 'sum':
      return sum(terms, false, context).total;
    case 'weightedSum':
      return sum(terms, true, context).total;
    case 'average':
    case 'weightedAverage': {
      const { total, weights } = sum(terms, method === 'weightedAverage', context);
      const { b } = context.lowering;
      const { precision } = context;
      if (weights.kind === 'register') return b.combine('divide', [total], [weights.register])[0]!;
      const operations = [{ name: 'divide', by: [weights.value] }] as const;
      return b.add({ kind: 'map', inputs: [total], precision, operations })[0]!;
    }
    case 'median':
      return median(at, terms, context);
    case 'weightedMedian':
      return at.refuse('takes a weighted median', 'Export it with median or weightedAverage.');
    case 'max':
      return extreme(terms, context);
    default:
      return at.fail(`combines numbers by ${method}`);
  }
}

interface WeightedSum {
  readonly total: Register;
  /** The sum of the weights of what counts. */
  readonly weights:
    | { readonly kind: 'constant'; readonly value: number }
    | { readonly kind: 'register'; readonly register: Register };
}

/** The sum of what counts; NaN when nothing does. */
function sum(terms: readonly Term[], weighted: boolean, { lowering, precision }: ModelContext): WeightedSum {
  const { b } = lowering;
  const weights = terms.map(({ weight }) => (weighted ? weight : 1));
  const zero = lowering.constant(0);
  const inputs = terms.map(({ value, counts }) => {
    return counts === undefined ? value : b.select([counts], [value], [zero])[0]!;
  });
  const total = b.add({
    kind: 'linear',
    inputs,
    inputPrecision: precision,
    accumulator: precision,
    weights: [weights],
    bias: [0],
    missing: 'propagate',
  })[0]!;
  const conditions = terms.map(({ counts }) => counts);
  if (conditions.every((counts) => counts === undefined)) {
    return { total, weights: { kind: 'constant', value: weights.reduce((x, y) => x + y, 0) } };
  }
  const flags = conditions.map((counts) => counts ?? lowering.constant(1));
  const none = b.compare([b.reduce('max', flags)], '==', [0]);
  const value = b.select(none, [lowering.constant(Number.NaN)], [total])[0]!;
  return { total: value, weights: { kind: 'register', register: b.linear(flags, [weights], [0])[0]! } };
}

function median(at: Element, terms: readonly Term[], { lowering }: ModelContext): Register {
  if (terms.some(({ counts }) => counts !== undefined)) {
    at.refuse('takes the median of segments that not always count', 'Export it with average.');
  }
  return medianOf(
    terms.map(({ value }) => value),
    lowering,
  );
}

/** The middle value, or the mean of both; NaN when one is. */
export function medianOf(values: readonly Register[], { b }: ModelContext['lowering']): Register {
  const k = values.length;
  const sorted = b.add({ kind: 'nearest', inputs: values, k }).slice(k);
  const middle = k % 2 === 1 ? [sorted[(k - 1) / 2]!] : [sorted[k / 2 - 1]!, sorted[k / 2]!];
  const last = sorted[k - 1]!;
  // NaN stands last.
  return b.select(b.map([last], { name: 'is-nan' }), [last], [b.reduce('mean', middle)])[0]!;
}

function extreme(terms: readonly Term[], { lowering }: ModelContext): Register {
  const { b } = lowering;
  const low = lowering.constant(Number.NEGATIVE_INFINITY);
  const inputs = terms.map(({ value, counts }) =>
    counts === undefined ? value : b.select([counts], [value], [low])[0]!,
  );
  const greatest = inputs.length === 1 ? inputs[0]! : b.reduce('max', inputs);
  return b.map([greatest], { name: 'impute', missing: Number.NEGATIVE_INFINITY, by: [Number.NaN] })[0]!;
}

function classes(
  segmentation: Element,
  members: readonly Member[],
  method: Method,
  treatment: Treatment,
  context: ModelContext,
): Result {
  const labels = unionOfLabels(members, context);
  const results = members.map(({ element, result }) => {
    if (result.kind !== 'classification') return element.refuse('answers no class');
    return relabel(result, labels, context.lowering);
  });
  switch (method) {
    case 'majorityVote':
    case 'weightedMajorityVote':
      return votes(members, results, labels, method === 'weightedMajorityVote', treatment, context);
    case 'average':
    case 'weightedAverage': {
      const probabilities = labels.map((_, k) => {
        const terms = results.map(({ probabilities }, i) => {
          const { element, weight, condition } = members[i]!;
          const value = probabilities?.[k] ?? element.refuse('gives no probabilities to be averaged');
          return termOf(value, weight, condition, treatment, context);
        });
        return combine(segmentation, terms, method, context);
      });
      return mostProbable(labels, probabilities, context.lowering);
    }
    default:
      // median and max also average the probabilities of the segments that decided.
      return segmentation.refuse(`combines classes by ${method}`, 'Export it with majorityVote or average.');
  }
}

/** Each label's share of the votes. A missing prediction wins when it has more votes than any label. */
function votes(
  members: readonly Member[],
  results: readonly ClassificationResult[],
  labels: readonly string[],
  weighted: boolean,
  treatment: Treatment,
  context: ModelContext,
): ClassificationResult {
  const { lowering } = context;
  const { b } = lowering;
  const cast = results.map(({ predicted }, i) => {
    const { condition } = members[i]!;
    if (condition === undefined) return predicted;
    return b.select([condition], [predicted], [lowering.constant(NOT_CAST)])[0]!;
  });
  const weights = members.map(({ weight }) => (weighted ? weight : 1));
  const count = (operation: 'compare' | 'is-nan', label: number): Register => {
    const flags = b.map(
      cast,
      operation === 'is-nan' ? { name: operation } : { name: operation, operator: '==', by: [label] },
    );
    return b.linear(flags, [weights], [0])[0]!;
  };
  const sums = labels.map((_, k) => count('compare', k));
  const missing = count('is-nan', 0);
  const probabilities = shares(sums, { lowering, precision: 'float64' });
  // No votes at all: 0 / 0.
  const { predicted } = mostProbable(labels, probabilities, lowering);
  const guard = b.select(
    treatment === 'returnMissing'
      ? b.compare([missing], '>', [0])
      : treatment === 'continue'
        ? b.combine('>', [missing], [b.reduce('max', sums)])
        : [lowering.constant(0)],
    [lowering.constant(Number.NaN)],
    [lowering.constant(0)],
  )[0]!;
  return {
    kind: 'classification',
    labels,
    predicted: missingWhere(predicted, guard, lowering),
    probabilities: probabilities.map((probability) => missingWhere(probability, guard, lowering)),
  };
}

/** Stands for no vote; labels are 0 …, a missing prediction NaN. */
const NOT_CAST = -1;
