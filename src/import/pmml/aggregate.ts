import type { Register } from '../../ir/model.ts';
import { decideByRank, greatest } from './decisive.ts';
import type { Element } from './element.ts';
import { medianOf, type Term, type Weight, weighedMiddle } from './middle.ts';
import { type Combination, unionOfLabels } from './mining.ts';
import type { ModelContext } from './model-context.ts';
import { shares } from './regression.ts';
import {
  asClasses,
  type ClassificationResult,
  missingWhere,
  mostProbable,
  onlyWhere,
  type Result,
  registersOf,
  relabel,
} from './result.ts';

/** A segment's answer; it counts where the condition is 1. */
export interface Member {
  readonly element: Element;
  readonly weight: Weight;
  readonly result: Result;
  readonly condition: Register | undefined;
}

export type Treatment = 'continue' | 'skipSegment' | 'returnMissing';

/** What a missing answer of a segment does to the whole. */
export function treatmentOf(segmentation: Element): Treatment {
  return segmentation.choice(
    vendorName(segmentation, 'missingPredictionTreatment'),
    ['continue', 'skipSegment', 'returnMissing'],
    'continue',
  );
}

/** The share of segments without an answer above which the whole has none. */
export function thresholdOf(segmentation: Element): number {
  const threshold = segmentation.number(vendorName(segmentation, 'missingThreshold'), 1);
  if (threshold >= 0 && threshold <= 1) return threshold;
  return segmentation.fail('needs a missingThreshold from 0 to 1');
}

/** Before PMML 4.4 had the attributes, converters wrote them with x- before. */
function vendorName(element: Element, name: string): string {
  return !element.has(name) && element.has(`x-${name}`) ? `x-${name}` : name;
}

/** The answers of all segments that count, as one. */
export function aggregate(
  segmentation: Element,
  members: readonly Member[],
  method: Combination,
  context: ModelContext,
): Result {
  const treatment = treatmentOf(segmentation);
  const isVote = method.endsWith('Vote');
  const result =
    context.function === 'classification' || (context.function === 'clustering' && isVote)
      ? classes(segmentation, members.map(withClasses), method, treatment, context)
      : numbers(segmentation, members, method, treatment, context);
  if (treatment === 'returnMissing' || (treatment === 'continue' && !isVote)) return result;
  const enough = enoughAnswers(segmentation, members, method.startsWith('weighted'), context);
  return enough === undefined ? result : onlyWhere(enough, result, context.lowering);
}

/** Clusters are voted for by their ids. */
function withClasses(member: Member): Member {
  return { ...member, result: asClasses(member.result) };
}

/** 1 where the share of segments without an answer, by weight where the method weighs, is within the missingThreshold. */
function enoughAnswers(
  segmentation: Element,
  members: readonly Member[],
  weighted: boolean,
  { lowering }: ModelContext,
): Register | undefined {
  const threshold = thresholdOf(segmentation);
  if (threshold === 1) return undefined;
  const { b } = lowering;
  const counts = members.map(({ condition }) => condition ?? lowering.constant(1));
  const answers = members.map(({ result }) => registersOf(result)[0]!);
  const missing = b.combine('and', b.map(answers, { name: 'is-nan' }), counts);
  const weights = members.map(({ weight }) => (weighted ? weight : 1));
  const [lost, all] = [missing, counts].map((flags) => weigh(flags, weights, 'float64', lowering));
  const share = b.combine('divide', [lost!], [all!]);
  return b.compare(share, '<=', [threshold])[0]!;
}

function numbers(
  segmentation: Element,
  members: readonly Member[],
  method: Combination,
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
  weight: Weight,
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
function combine(at: Element, terms: readonly Term[], method: Combination, context: ModelContext): Register {
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
      return medianOf(terms, context.lowering);
    case 'weightedMedian':
      return weighedMiddle(terms, context.lowering).lower;
    case 'max':
      return greatest(terms, context.lowering);
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
  const total = weigh(inputs, weights, precision, lowering);
  const conditions = terms.map(({ counts }) => counts);
  const fixed = weights.filter((weight) => typeof weight === 'number');
  if (fixed.length === weights.length && conditions.every((counts) => counts === undefined)) {
    return { total, weights: { kind: 'constant', value: fixed.reduce((x, y) => x + y, 0) } };
  }
  const flags = conditions.map((counts) => counts ?? lowering.constant(1));
  const none = b.compare([b.reduce('max', flags)], '==', [0]);
  const value = b.select(none, [lowering.constant(Number.NaN)], [total])[0]!;
  return {
    total: value,
    weights: { kind: 'register', register: weigh(flags, weights, 'float64', lowering) },
  };
}

/** Σ input * weight. */
function weigh(
  inputs: readonly Register[],
  weights: readonly Weight[],
  precision: ModelContext['precision'],
  { b }: ModelContext['lowering'],
): Register {
  const products = inputs.map((input, i) => {
    const weight = weights[i]!;
    return typeof weight === 'number' ? input : b.combine('multiply', [input], [weight.register])[0]!;
  });
  return b.add({
    kind: 'linear',
    inputs: products,
    inputPrecision: precision,
    accumulator: precision,
    weights: [weights.map((weight) => (typeof weight === 'number' ? weight : 1))],
    bias: [0],
    missing: 'propagate',
  })[0]!;
}

function classes(
  segmentation: Element,
  members: readonly Member[],
  method: Combination,
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
    case 'sum':
    case 'weightedSum':
      return segmentation.refuse(`combines classes by ${method}`, 'Export it with majorityVote or average.');
    default: {
      const terms = labels.map((_, k) =>
        results.map(({ probabilities }, i) => {
          const { element, weight, condition } = members[i]!;
          const value = probabilities?.[k] ?? element.refuse('gives no probabilities to be combined');
          return termOf(value, weight, condition, treatment, context);
        }),
      );
      if (method !== 'average' && method !== 'weightedAverage')
        return decideByRank(terms, labels, method, context);
      const probabilities = terms.map((own) => combine(segmentation, own, method, context));
      return mostProbable(labels, probabilities, context.lowering);
    }
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
    return weigh(flags, weights, 'float64', lowering);
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
