import type { Register } from '../../ir/model.ts';
import { once } from '../once.ts';
import { aggregate, type Member, thresholdOf, treatmentOf } from './aggregate.ts';
import { compose, EMBEDDED } from './composition.ts';
import { type Element, parseNumber } from './element.ts';
import type { Lowered } from './families.ts';
import { lowerForest } from './forest.ts';
import { onlyWhereTrue } from './merge.ts';
import type { Weight } from './middle.ts';
import { lowerModel } from './model.ts';
import type { ModelContext } from './model-context.ts';
import { outputFields } from './outputs.ts';
import { isAlwaysTrue, isTrue, type Predicate, predicateIn } from './predicates.ts';
import { asClasses, onlyWhere, type Result, registersOf, relabel, withRegisters } from './result.ts';
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

/** What converters wrote before PMML 4.4 had these. */
const VENDOR_METHODS = ['x-weightedMedian', 'x-weightedSum'] as const;

/** Those that make one answer of several. */
export type Combination = Exclude<Method, 'selectFirst' | 'selectAll' | 'modelChain'>;

/** One <Segment>. */
export interface Segment {
  readonly element: Element;
  readonly model: Element;
  readonly weight: number;
  /** The field whose value the weight is multiplied by. */
  readonly variable: Element | undefined;
}

/** https://dmg.org/pmml/v4-4-1/MultipleModels.html */
export function lowerMining(model: Element, context: ModelContext): Lowered {
  model.allow(...context.commonParts, 'Segmentation', ...EMBEDDED);
  if (model.optional('Segmentation') === undefined) return compose(model, context);
  const segmentation = model.required('Segmentation');
  segmentation.allow('Segment');
  const written = segmentation.choice('multipleModelMethod', [...METHODS, ...VENDOR_METHODS]);
  const method = written.replace(/^x-/, '') as Method;
  const segments = segmentation.all('Segment').map(scanSegment);
  if (segments.length === 0) segmentation.fail('has no <Segment>');
  const { scope } = context;
  const segment = segmentsById(segments, context);
  switch (method) {
    case 'modelChain':
      return chain(segmentation, segments, context);
    case 'selectFirst': {
      const members = segments.map((each) => lowerSegment(each, scope, context));
      return { result: firstOf(withAnswers(segmentation, members, context), context), segment };
    }
    case 'selectAll':
      return { result: selectOnly(model, segmentation, segments, context), segment };
    default: {
      const forest = lowerForest(segmentation, segments, method, context);
      if (forest !== undefined) return { result: forest, segment };
      const members = segments.map((each) => lowerSegment(each, scope, context));
      return { result: aggregate(segmentation, members, method, context), segment };
    }
  }
}

/** Segments for the output fields that name them, each lowered when it is first asked for. */
function segmentsById(
  segments: readonly Segment[],
  context: ModelContext,
): (id: string) => Member | undefined {
  const members = new Map<string, Member>();
  return (id) => {
    const known = members.get(id);
    if (known !== undefined) return known;
    const found = segments.find(({ element }) => element.attributes.id === id);
    if (found === undefined) return undefined;
    const member = lowerSegment(found, context.scope, context);
    members.set(id, member);
    return member;
  };
}

function scanSegment(element: Element): Segment {
  const variable = element.optional('VariableWeight');
  return { element, model: element.only(MODELS, 'model'), weight: element.number('weight', 1), variable };
}

function lowerSegment(segment: Segment, scope: Scope, context: ModelContext): Member {
  const { element, model } = segment;
  const predicate = predicateIn(element, scope);
  const { result, outputs } = lowerModel(model, scope, false);
  const condition = conditionOf(predicate, context);
  const weight = weightOf(segment, condition, outputs, context);
  return { element, weight, result, condition };
}

/** By a field of the row, or one that the segment's own model puts out; 0 where the segment does not count. */
function weightOf(
  { weight, variable }: Segment,
  condition: Register | undefined,
  outputs: Scope,
  { lowering }: ModelContext,
): Weight {
  if (variable === undefined) return weight;
  const { b } = lowering;
  const field = lowering.register(outputs.resolve(variable.string('field'), variable), variable);
  const [register] = b.map([field], { name: 'multiply', by: [weight] });
  if (condition === undefined) return { register: register! };
  return { register: b.select([condition], [register!], [lowering.constant(0)])[0]! };
}

/** undefined when the segment always counts. */
function conditionOf(predicate: Predicate, { lowering }: ModelContext): number | undefined {
  return isAlwaysTrue(predicate) ? undefined : isTrue(predicate, lowering);
}

/** With skipSegment, the members count only where they answer. */
function withAnswers(
  segmentation: Element,
  members: readonly Member[],
  { lowering }: ModelContext,
): readonly Member[] {
  if (treatmentOf(segmentation) !== 'skipSegment') return members;
  if (thresholdOf(segmentation) !== 1)
    segmentation.refuse('selects the first result, with a missingThreshold', 'Export it without one.');
  const { b } = lowering;
  return members.map((member) => {
    const [first] = registersOf(member.result);
    const answers = b.map([first!], { name: 'is-nan' }, { name: 'compare', operator: '==', by: [0] })[0]!;
    const own = member.condition;
    return { ...member, condition: own === undefined ? answers : b.combine('and', [own], [answers])[0]! };
  });
}

/**
 * selectAll has one answer where no two segments hold in a row, or where the <Output> names one of them alone. Other segments
 * that answer numbers all do, and the first that counts is the value.
 */
function selectOnly(
  model: Element,
  segmentation: Element,
  segments: readonly Segment[],
  context: ModelContext,
): Result {
  const named = new Set(outputFields(model).map((field) => field.attributes.segmentId));
  const [id] = named;
  const chosen =
    named.size === 1 && id !== undefined
      ? segments.filter(({ element }) => element.attributes.id === id)
      : segments;
  if (chosen.length === 0)
    model.fail(`names the segment ${JSON.stringify(id!.slice(0, 60))}, which is not there`);
  const members = chosen.map((each) => lowerSegment(each, context.scope, context));
  const first = selectFirst(members, context);
  if (chosen.length === 1 || areExclusive(chosen)) return first;
  if (first.kind !== 'regression' || model.optional('Targets') !== undefined) {
    return segmentation.refuse(
      'selects all results, which are no plain numbers, and more than one segment may hold',
      'Export one model for each segment, or let the <Output> name one segment.',
    );
  }
  const { lowering } = context;
  lowering.note('The value is that of the first segment that holds; raw holds the values of all segments.');
  const all = members.map(({ result, condition }) => {
    const [answer] = registersOf(result);
    if (condition === undefined) return answer!;
    return lowering.b.select([condition], [answer!], [lowering.constant(Number.NaN)])[0]!;
  });
  return { ...first, all };
}

/** Whether each asks one field for another value. */
function areExclusive(segments: readonly Segment[]): boolean {
  const predicates = segments.map(({ element }) => element.optional('SimplePredicate'));
  // 1 and 1.0 may be the same value.
  const values = new Set(
    predicates.map((each) => parseNumber(each?.attributes.value ?? '') ?? each?.attributes.value),
  );
  const field = predicates[0]?.attributes.field;
  return (
    values.size === segments.length &&
    predicates.every((each) => each?.attributes.field === field && each?.attributes.operator === 'equal')
  );
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

/** The same with the id of the segment that answers, where all have one. */
function firstOf(members: readonly Member[], context: ModelContext): Result {
  const { lowering } = context;
  const result = selectFirst(members, context);
  const names = members.map(({ element }) => element.attributes.id);
  if (!names.every((name) => name !== undefined)) return result;
  const entities = once(() => {
    const place = members.reduceRight<Register>((rest, { condition }, i) => {
      const own = lowering.constant(i);
      return condition === undefined ? own : lowering.b.select([condition], [own], [rest])[0]!;
    }, lowering.constant(Number.NaN));
    return { names, places: [place] };
  });
  return { ...result, entities };
}

/** The members' results with the same registers: classes in one order. */
function alike(members: readonly Member[], context: ModelContext): readonly Result[] {
  const [first, ...others] = members;
  if (others.length > 0 && members.every(({ result }) => result.kind === 'clustering')) {
    return alike(
      members.map((member) => ({ ...member, result: asClasses(member.result) })),
      context,
    );
  }
  const kinds = new Set(members.map(({ result }) => result.kind));
  const other = others.find(({ result }) => result.kind !== first!.result.kind);
  if (kinds.size > 1) other!.element.refuse('answers another kind of result than the segment before it');
  if (first!.result.kind === 'clustering') return [first!.result];
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
function chain(segmentation: Element, segments: readonly Segment[], context: ModelContext): Lowered {
  const { lowering } = context;
  const treatment = treatmentOf(segmentation);
  if (treatment === 'skipSegment')
    segmentation.refuse('skips segments of a chain', 'The specification advises against it: use continue.');
  const scope = new Scope(lowering, context.scope);
  const members: Member[] = [];
  for (const segment of segments) {
    const { element, model, weight } = segment;
    const predicate = predicateIn(element, scope);
    const condition = conditionOf(predicate, context);
    const { result, outputs } = lowerModel(model, scope, false);
    members.push({ element, weight, result, condition });
    for (const field of outputFields(model)) {
      const name = field.string('name');
      scope.declare(name, () => onlyWhereTrue(condition, outputs.resolve(name, field), lowering));
    }
  }
  const segment = (id: string): Member | undefined =>
    members.find(({ element }) => element.attributes.id === id);
  const result = answerOfChain(members, context);
  if (treatment !== 'returnMissing') return { result, scope, segment };
  const complete = members.map(({ result, condition }) =>
    hasAnswer(registersOf(result)[0]!, condition, context),
  );
  return { result: onlyWhere(lowering.b.reduce('min', complete), result, lowering), scope, segment };
}

/** 1 where there is an answer, or where the condition does not ask for one. */
function hasAnswer(answer: Register, condition: Register | undefined, { lowering }: ModelContext): Register {
  const { b } = lowering;
  const missing = b.map([answer], { name: 'is-nan' });
  const fails = condition === undefined ? missing : b.combine('and', missing, [condition]);
  return b.compare(fails, '==', [0])[0]!;
}

/** The last segment of a chain that counts. */
function answerOfChain(members: readonly Member[], context: ModelContext): Result {
  const last = members.at(-1)!;
  if (last.condition === undefined) return last.result;
  // Segments of another kind only prepare the last ones.
  const answering = members.filter(({ result }) => result.kind === last.result.kind);
  if (answering.length < members.length) {
    context.lowering.note('A row for which no segment of the last kind is true has no prediction.');
  }
  return selectFirst(answering.reverse(), context);
}
