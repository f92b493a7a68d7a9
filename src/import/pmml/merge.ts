import type { Register } from '../../ir/model.ts';
import { asDate, isDateType } from './dates.ts';
import type { Element } from './element.ts';
import type { Lowering } from './lowering.ts';
import { openText, withSource } from './texts.ts';
import {
  type DataType,
  isAnyText,
  MISSING,
  type NumberValue,
  number,
  type TextValue,
  type Value,
} from './values.ts';

/** The one value where the condition is 1, the other where it is 0. Texts of both go into one list. */
export function merge(condition: Register, yes: Value, no: Value, at: Element, lowering: Lowering): Value {
  const { b } = lowering;
  if (isText(yes) || isText(no)) {
    const [a, c] = [textOf(yes, at, lowering), textOf(no, at, lowering)];
    const texts = [...new Set([...a.texts, ...c.texts])];
    const sameList = a.texts === c.texts;
    // A list that grows keeps its identity only when both sides have it.
    if (!sameList && (isAnyText(a) || isAnyText(c))) return mergeAny(condition, a, c, at, lowering);
    const list = sameList ? a.texts : texts;
    const register = b.select([condition], [lowering.recode(a, list)], [lowering.recode(c, list)])[0]!;
    const known = sameList ? maxKnown(a, c) : texts.length;
    return {
      kind: 'text',
      register,
      texts: list,
      open: sameList && (a.open || c.open),
      present: a.present && c.present,
      ...(known === undefined ? {} : { known }),
    };
  }
  const type = commonType(yes, no);
  const [x, y] = [yes, no].map((value) =>
    isDateType(type) ? asDate(value, type, at, lowering).register : lowering.register(value, at),
  );
  const register = b.select([condition], [x!], [y!])[0]!;
  return number(register, type, presentNumber(yes) && presentNumber(no));
}

/** Two texts of which at least one may be any. */
function mergeAny(
  condition: Register,
  yes: TextValue,
  no: TextValue,
  at: Element,
  lowering: Lowering,
): TextValue {
  if ([yes, no].some((value) => isAnyText(value) && value.source === undefined)) {
    at.refuse(
      'chooses between texts of which not all are known',
      'Declare the values of the fields in the data dictionary.',
    );
  }
  const inputs = [no, yes].map((value) => lowering.textRegister(value, at));
  const text = lowering.makeText({ kind: 'choose-text', index: condition, texts: [], inputs }, at);
  return openText(text, [], lowering, yes.present && no.present);
}

/** The value where the condition is 1, or always when there is none; else missing. */
export function onlyWhereTrue(condition: Register | undefined, value: Value, lowering: Lowering): Value {
  if (condition === undefined || value.kind === 'constant') return value;
  const missing = lowering.constant(Number.NaN);
  const register = lowering.b.select([condition], [value.register], [missing])[0]!;
  const rest = value.kind === 'text' ? withSource(value, undefined) : value;
  return { ...rest, register, present: false };
}

function maxKnown(a: TextValue, b: TextValue): number | undefined {
  return a.known === undefined || b.known === undefined ? undefined : Math.max(a.known, b.known);
}

function isText(value: Value): boolean {
  return value.kind === 'text' || (value.kind === 'constant' && typeof value.value === 'string');
}

function presentNumber(value: Value): boolean {
  return value.kind === 'constant' ? value.value !== null : value.present;
}

/** A text value of any kind, constants too. */
export function textOf(value: Value, at: Element, lowering: Lowering): TextValue {
  if (value.kind === 'text') return value;
  if (value.kind === 'number' && value.type === 'integer') return decimal(value, at, lowering);
  if (value.kind === 'number') {
    return at.refuse('takes a number for a text', 'Write the number as a text where the data are prepared.');
  }
  const texts = value.value === null ? [] : [String(value.value)];
  return {
    kind: 'text',
    register: lowering.constant(value.value === null ? Number.NaN : 0),
    texts,
    open: false,
    known: texts.length,
    present: value.value !== null,
  };
}

/** A whole number in digits. */
function decimal({ register, present }: NumberValue, at: Element, lowering: Lowering): TextValue {
  const format = { conversion: 'd', precision: 0, width: 0, fill: 'before', plus: '' } as const;
  const text = lowering.makeText({ kind: 'format-number', input: register, ...format }, at);
  return openText(text, [], lowering, present);
}

/** The type of a result of two numbers: the widest of both. Dates have no common type but with their like. */
export function commonType(...values: readonly Value[]): NumberValue['type'] {
  const types = values.filter((value) => value !== MISSING).map(typeOf);
  const [first] = types;
  if (first !== undefined && isDateType(first) && types.every((type) => type === first)) return first;
  for (const type of ['double', 'float', 'integer'] as const) if (types.includes(type)) return type;
  return types.includes('boolean') ? 'boolean' : 'double';
}

function typeOf(value: Value): DataType {
  return value.kind === 'text' ? 'string' : value.type;
}
