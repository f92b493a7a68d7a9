import { lowerApply } from './apply.ts';
import { castToDate, castToSince, isDate, isDateType, isSinceType, type SinceType } from './dates.ts';
import type { Element } from './element.ts';
import { parseNumber } from './element.ts';
import type { Lowering } from './lowering.ts';
import { lowerNormContinuous } from './normalize.ts';
import { dataTypeOf, storedType } from './scan.ts';
import type { Scope } from './scope.ts';
import { lowerDiscretize, lowerMapValues, lowerNormDiscrete } from './tables.ts';
import { lowerTextIndex } from './text-index.ts';
import { changedSource, withSource } from './texts.ts';
import { parseConstant, roundTo } from './types.ts';
import {
  type ConstantValue,
  codeOf,
  constant,
  type DataType,
  MISSING,
  number,
  type Value,
} from './values.ts';

/** Where an expression stands: what its names mean. */
export type Context = Pick<Scope, 'resolve' | 'lowering'> & Partial<Pick<Scope, 'parameters'>>;

const EXPRESSIONS: ReadonlySet<string> = new Set([
  'Constant',
  'FieldRef',
  'NormContinuous',
  'NormDiscrete',
  'Discretize',
  'MapValues',
  'Apply',
  'TextIndex',
  'Aggregate',
  'Lag',
]);

/** The expression inside a <DerivedField>, <DefineFunction>, <OutputField>, <PredictorTerm>. */
export function expressionIn(element: Element): Element {
  return element.only(EXPRESSIONS, 'expression');
}

export function expressionsIn(element: Element): readonly Element[] {
  element.allow(...EXPRESSIONS);
  return element.children;
}

export function lowerDerivedField(field: Element, context: Context): Value {
  field.allow(...EXPRESSIONS, 'Value', 'Interval');
  const plain = lowerExpression(expressionIn(field), context);
  // The fields of a neural network's inputs need no type.
  const value = field.has('dataType') ? cast(plain, dataTypeOf(field), field, context.lowering) : plain;
  const order = field.all('Value').map((each) => each.string('value'));
  return order.length > 0 && value.kind === 'text' && field.attributes.optype === 'ordinal'
    ? { ...value, order }
    : value;
}

export function lowerExpression(element: Element, context: Context): Value {
  context.lowering.count(element);
  switch (element.name) {
    case 'Constant':
      // SAS writes the parameters of its functions so.
      if (!element.has('dataType') && context.parameters?.has(element.text))
        return context.resolve(element.text, element);
      return lowerConstant(element);
    case 'FieldRef':
      return replaceMissing(
        context.resolve(element.string('field'), element),
        element.attributes.mapMissingTo,
        element,
        context.lowering,
      );
    case 'NormContinuous':
      return lowerNormContinuous(element, context);
    case 'NormDiscrete':
      return lowerNormDiscrete(element, context);
    case 'Discretize':
      return lowerDiscretize(element, context);
    case 'MapValues':
      return lowerMapValues(element, context);
    case 'Apply':
      return lowerApply(element, context);
    case 'TextIndex':
      return lowerTextIndex(element, context);
    case 'Aggregate':
    case 'Lag':
      return element.refuse('looks at several rows', 'Aggregate before the model, in SQL.');
    default:
      return element.refuse('is no expression that is known');
  }
}

function lowerConstant(element: Element): ConstantValue {
  if (element.boolean('missing', false)) return MISSING;
  const written = element.attributes.dataType;
  const text = element.text;
  if (written === undefined) {
    const guess = parseNumber(text);
    if (guess === undefined) return constant(text, 'string');
    return constant(guess, /^\s*[-+]?\d+\s*$/.test(text) ? 'integer' : 'double');
  }
  const type = storedType(dataTypeOf(element));
  if (type === 'string') return constant(text, 'string');
  return text.trim() === '' ? MISSING : constant(parseConstant(element, text, type), type);
}

/** The value, or what the text says where it is missing. */
export function replaceMissing(
  value: Value,
  text: string | undefined,
  at: Element,
  lowering: Lowering,
): Value {
  if (text === undefined) return value;
  if (value.kind === 'constant') {
    if (value.value !== null) return value;
    if (isDateType(value.type)) return constant(parseConstant(at, text, value.type), value.type);
    return constant(parseNumber(text) ?? text, parseNumber(text) === undefined ? 'string' : 'double');
  }
  if (value.present) return value;
  let by: number;
  let target = value;
  if (value.kind === 'number') by = parseConstant(at, text, value.type);
  else {
    by = codeOf(value, text);
    if (by === -1) {
      target = { ...value, texts: [...value.texts, text] };
      by = value.texts.length;
    }
  }
  const register = lowering.b.map([value.register], { name: 'impute', missing: Number.NaN, by: [by] })[0]!;
  if (target.kind === 'number') return { ...target, register, present: true };
  const { known, ...rest } = withSource(target, changedSource(target.source, [], text, at, lowering));
  return { ...rest, register, present: true, ...(known !== undefined && by < known ? { known } : {}) };
}

/** A value in another data type. */
export function cast(value: Value, type: DataType | SinceType, at: Element, lowering: Lowering): Value {
  if (isSinceType(type)) return castToSince(value, type, at, lowering);
  if (isDateType(type)) return castToDate(value, type, at, lowering);
  if (value.kind === 'constant') return castConstant(value, type, at);
  if (type === 'string') {
    if (isDate(value)) at.refuse('makes a text of a date', 'Write it with formatDatetime.');
    if (value.kind === 'text' || value.type !== 'boolean') return value;
    return {
      kind: 'text',
      register: value.register,
      texts: ['false', 'true'],
      open: false,
      known: 2,
      present: value.present,
    };
  }
  if (value.kind === 'text' && type === 'boolean') return textToBoolean(value, lowering);
  const numeric = lowering.asNumber(value, at);
  if (numeric.type === type) return numeric;
  if (type === 'float') return { ...numeric, type, register: toFloat(numeric.register, lowering) };
  return { ...numeric, type };
}

function castConstant(value: ConstantValue, type: DataType, at: Element): ConstantValue {
  if (value.value === null || value.type === type) return value;
  if (isDateType(value.type)) at.refuse(`makes a ${type} of a ${value.type}`);
  if (type === 'string') return constant(String(value.value), 'string');
  const number = typeof value.value === 'number' ? value.value : parseConstant(at, value.value, type);
  return constant(roundTo(number, type), type);
}

function textToBoolean(value: Extract<Value, { kind: 'text' }>, lowering: Lowering): Value {
  const codes = value.texts.map((text) => (text === 'true' ? 1 : text === 'false' ? 0 : Number.NaN));
  return number(lowering.gather(value.register, codes), 'boolean', value.present);
}

export function toFloat(register: number, { b }: Lowering): number {
  return b.add({
    kind: 'map',
    inputs: [register],
    precision: 'float32',
    operations: [{ name: 'multiply', by: [1] }],
  })[0]!;
}
