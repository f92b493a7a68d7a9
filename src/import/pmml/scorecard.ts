import type { Register } from '../../ir/model.ts';
import { once } from '../once.ts';
import type { Element } from './element.ts';
import { expressionIn, lowerExpression } from './expressions.ts';
import type { ModelContext } from './model-context.ts';
import { isTrue, type Predicate, predicateIn } from './predicates.ts';
import { onlyWhere, type ReasonCodes, type Result } from './result.ts';

/** One <Characteristic> in a row. */
interface Partial {
  readonly element: Element;
  readonly score: Register;
  /** The position of the attribute that is true; NaN where none is. */
  readonly attribute: Register;
}

/** https://dmg.org/pmml/v4-4-1/Scorecard.html */
export function lowerScorecard(model: Element, context: ModelContext): Result {
  model.allow(...context.commonParts, 'Characteristics');
  const { lowering } = context;
  const characteristics = model.required('Characteristics').all('Characteristic');
  if (characteristics.length === 0) model.fail('has no <Characteristic>');
  const partials = characteristics.map((characteristic) => partialScore(characteristic, context));
  const scores = partials.map(({ score }) => score);
  const initial = [model.number('initialScore', 0)];
  const [value] = lowering.b.linear(scores, [scores.map(() => 1)], initial);
  if (!model.boolean('useReasonCodes', true)) return { kind: 'regression', value: value! };
  const reasons = reasonCodes(model, partials, context);
  if (reasons === undefined) return { kind: 'regression', value: value! };
  // Without a score there is no reason for it.
  const [scored] = lowering.b.map([value!], { name: 'is-nan' }, { name: 'compare', operator: '==', by: [0] });
  return onlyWhere(scored!, { kind: 'regression', value: value!, reasons }, lowering);
}

/** The first attribute whose predicate is true, and its score; NaN when none is. */
function partialScore(element: Element, context: ModelContext): Partial {
  const { lowering, scope } = context;
  const attributes = element.all('Attribute').map((attribute) => {
    const complex = attribute.optional('ComplexPartialScore');
    const score =
      complex === undefined
        ? lowering.constant(attribute.number('partialScore'))
        : lowering.register(lowerExpression(expressionIn(complex), scope), complex);
    return { predicate: predicateIn(attribute, scope), score };
  });
  const first = (values: readonly Register[]): Register =>
    attributes.reduceRight<Register>(
      (rest, { predicate }, i) => whereTrue(predicate, values[i]!, rest, context),
      lowering.constant(Number.NaN),
    );
  const score = first(attributes.map((attribute) => attribute.score));
  return { element, score, attribute: first(attributes.map((_, i) => lowering.constant(i))) };
}

function whereTrue(predicate: Predicate, yes: Register, no: Register, { lowering }: ModelContext): Register {
  if (predicate.kind === 'constant') return predicate.value === true ? yes : no;
  return lowering.b.select([isTrue(predicate, lowering)], [yes], [no])[0]!;
}

/** undefined where the file names no codes. */
function reasonCodes(
  model: Element,
  partials: readonly Partial[],
  { lowering }: ModelContext,
): ReasonCodes | undefined {
  const { b } = lowering;
  const codes = partials.map(({ element }) =>
    element
      .all('Attribute')
      .map((attribute) => attribute.attributes.reasonCode ?? element.attributes.reasonCode),
  );
  const names = [...new Set(codes.flat())].filter((name) => name !== undefined);
  if (names.length === 0) return undefined;
  const incomplete = partials.find((_, i) => codes[i]!.includes(undefined));
  if (incomplete !== undefined) incomplete.element.fail('has an attribute without a reasonCode');
  const isBelow =
    model.choice('reasonCodeAlgorithm', ['pointsBelow', 'pointsAbove'], 'pointsBelow') === 'pointsBelow';
  const differences = partials.map(({ element, score }) => {
    const baseline = element.optionalNumber('baselineScore') ?? model.number('baselineScore');
    const [above] = b.map([score], { name: 'subtract', by: [baseline] });
    return isBelow ? b.unary([above!], 'negate')[0]! : above!;
  });
  const places = partials.map(({ attribute }, i) =>
    b.pick(
      attribute,
      codes[i]!.map((code) => names.indexOf(code!)),
    ),
  );
  const points = names.map((_, k) => pointsOf(k, places, differences, lowering));
  return { names, points, places: once(() => rankedPlaces(points, lowering)) };
}

/** The sum over the characteristics with that code. */
function pointsOf(
  code: number,
  places: readonly Register[],
  differences: readonly Register[],
  lowering: ModelContext['lowering'],
): Register {
  const { b } = lowering;
  const isOwn = b.compare(places, '==', [code]);
  const own = b.select(isOwn, differences, [lowering.constant(0)]);
  const [any, sum] = own.length === 1 ? [isOwn[0]!, own[0]!] : [b.reduce('max', isOwn), b.reduce('sum', own)];
  return b.select([any], [sum], [lowering.constant(Number.NaN)])[0]!;
}

function rankedPlaces(points: readonly Register[], lowering: ModelContext['lowering']): Register[] {
  const { b } = lowering;
  // NaN stands last.
  const [nothing] = [lowering.constant(Number.NaN)];
  const counted = b.select(b.compare(points, '>=', [0]), b.unary(points, 'negate'), [nothing]);
  const found = b.add({ kind: 'nearest', inputs: counted, k: points.length });
  const missing = b.map(found.slice(points.length), { name: 'is-nan' });
  return b.select(missing, [nothing], found.slice(0, points.length));
}
