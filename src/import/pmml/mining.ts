import { aggregate, type Member } from './aggregate.ts';
import type { Element } from './element.ts';
import type { Lowered } from './families.ts';
import { lowerForest } from './forest.ts';
import { lowerModel } from './model.ts';
import type { ModelContext } from './model-context.ts';
import { isAlwaysTrue, isTrue, type Predicate, predicateIn } from './predicates.ts';
import { onlyWhere, type Result, registersOf, relabel, withRegisters } from './result.ts';
import { MODELS } from './scan.ts';
import { Scope } from './scope.ts';

export const METHODS = [
  'majorityVote',
  'weightedMajorityVote',
  'average',
  'weightedAverage',
  'median',
  'weightedMedian',
  'max',
  'sum',
  'weightedSum',
  'selectFirst',
  'selectAll',
  'modelChain',
] as const;
export type Method = (typeof METHODS)[number];

/** One <Segment>. */
export interface Segment {
  readonly element: Element;
  readonly model: Element;
  readonly weight: number;
}

/** https://dmg.org/pmml/v4-4-1/MultipleModels.html */
export function lowerMining(model: Element, context: ModelContext): Lowered {
  model.allow(...context.commonParts, 'Segmentation');
  const segmentation = model.required('Segmentation');
  segmentation.allow('Segment');
  const method = segmentation.choice('multipleModelMethod', METHODS);
  const segments = segmentation.all('Segment').map(scanSegment);
  if (segments.length === 0) segmentation.fail('has no <Segment>');
  if (method === 'modelChain') return chain(segments, context);
  const forest = lowerForest(segmentation, segments, method, context);
  if (forest !== undefined) return { result: forest };
  const members = segments.map((segment) => lowerSegment(segment, context.scope, context));
  if (method === 'selectFirst') return { result: selectFirst(members, context) };
  if (method === 'selectAll') {
    if (members.length > 1) segmentation.refuse('selects all results', 'Export one model for each segment.');
    return { result: selectFirst(members, context) };
  }
  return { result: aggregate(segmentation, members, method, context) };
}

function scanSegment(element: Element): Segment {
  if (element.optional('VariableWeight') !== undefined) element.refuse('has a weight that rows vary');
  return { element, model: element.only(MODELS, 'model'), weight: element.number('weight', 1) };
}

function lowerSegment({ element, model, weight }: Segment, scope: Scope, context: ModelContext): Member {
  const predicate = predicateIn(element, scope);
  const { result } = lowerModel(model, scope, false);
  return { element, weight, result, condition: conditionOf(predicate, context) };
}

/** undefined when the segment always counts. */
function conditionOf(predicate: Predicate, { lowering }: ModelContext): number | undefined {
  return isAlwaysTrue(predicate) ? undefined : isTrue(predicate, lowering);
}

/** The first segment whose predicate is true. */
function selectFirst(members: readonly Member[], context: ModelContext): Result {
  const { lowering } = context;
  const results = alike(members, context);
  const last = results.length - 1;
  const nothing = lowering.constant(Number.NaN);
  return results.reduceRight<Result | undefined>((rest, result, k) => {
    const { condition } = members[k]!;
    if (condition === undefined) return result;
    if (rest === undefined || k === last) return onlyWhere(condition, result, lowering);
    const others = registersOf(rest);
    return withRegisters(
      result,
      lowering.b.select([condition], registersOf(result), others.length === 0 ? [nothing] : others),
    );
  }, undefined)!;
}

/** The members' results with the same registers: classes in one order. */
function alike(members: readonly Member[], context: ModelContext): readonly Result[] {
  const [first, ...others] = members;
  const kinds = new Set(members.map(({ result }) => result.kind));
  const other = others.find(({ result }) => result.kind !== first!.result.kind);
  if (kinds.size > 1) other!.element.refuse('answers another kind of result than the segment before it');
  if (first!.result.kind === 'clustering') {
    if (members.length > 1) others[0]!.element.refuse('is a second cluster model');
    return [first!.result];
  }
  if (first!.result.kind === 'regression') return members.map(({ result }) => result);
  const labels = unionOfLabels(members, context);
  const aligned = members.map(({ result }) => {
    return result.kind === 'classification' ? relabel(result, labels, context.lowering) : result;
  });
  const all = aligned.every(
    (result) => result.kind === 'classification' && result.probabilities !== undefined,
  );
  if (all) return aligned;
  return aligned.map((result) => {
    if (result.kind !== 'classification') return result;
    return { kind: 'classification', labels: result.labels, predicted: result.predicted };
  });
}

export function unionOfLabels(
  members: readonly Member[],
  { labels }: Pick<ModelContext, 'labels'>,
): readonly string[] {
  const all = members.flatMap(({ result }) => (result.kind === 'classification' ? result.labels : []));
  return [...new Set([...(labels ?? []), ...all])];
}

/** Each segment may read the outputs of those before it; the last one that counts answers. */
function chain(segments: readonly Segment[], context: ModelContext): Lowered {
  const { lowering } = context;
  const scope = new Scope(lowering, context.scope);
  const members: Member[] = [];
  for (const segment of segments) {
    const { element, model, weight } = segment;
    const predicate = predicateIn(element, scope);
    const condition = conditionOf(predicate, context);
    const { result, outputs } = lowerModel(model, scope, false);
    members.push({ element, weight, result, condition });
    for (const field of model.optional('Output')?.all('OutputField') ?? []) {
      const name = field.string('name');
      scope.declare(name, () => {
        const value = outputs.resolve(name, field);
        if (condition === undefined || value.kind === 'constant') return value;
        const [register] = lowering.b.select([condition], [value.register], [lowering.constant(Number.NaN)]);
        return { ...value, register: register!, present: false };
      });
    }
  }
  const last = members.at(-1)!;
  if (last.condition === undefined) return { result: last.result, scope };
  // Segments of another kind only prepare the last ones.
  const answering = members.filter(({ result }) => result.kind === last.result.kind);
  if (answering.length < members.length) {
    lowering.note('A row for which no segment of the last kind is true has no prediction.');
  }
  return { result: selectFirst(answering.reverse(), context), scope };
}
