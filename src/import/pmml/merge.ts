import type { Register } from '../../ir/model.ts';
import type { Element } from './element.ts';
import type { Lowering } from './lowering.ts';
import { type DataType, MISSING, type NumberValue, number, type TextValue, type Value } from './values.ts';

/** The one value where the condition is 1, the other where it is 0. Texts of both go into one list. */
export function merge(condition: Register, yes: Value, no: Value, at: Element, lowering: Lowering): Value {
  const { b } = lowering;
  if (isText(yes) || isText(no)) {
    const [a, c] = [textOf(yes, at, lowering), textOf(no, at, lowering)];
    const texts = [...new Set([...a.texts, ...c.texts])];
    const sameList = a.texts === c.texts;
    // A list that grows keeps its identity only when both sides have it.
    if (!sameList && ((a.open && a.known === undefined) || (c.open && c.known === undefined))) {
      at.refuse(
        'chooses between texts of which not all are known',
        'Declare the values of the fields in the data dictionary.',
      );
    }
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
  const register = b.select([condition], [lowering.register(yes, at)], [lowering.register(no, at)])[0]!;
  return number(register, type, presentNumber(yes) && presentNumber(no));
}

/** The value where the condition is 1, or always when there is none; else missing. */
export function onlyWhereTrue(condition: Register | undefined, value: Value, lowering: Lowering): Value {
  if (condition === undefined || value.kind === 'constant') return value;
  const missing = lowering.constant(Number.NaN);
  const register = lowering.b.select([condition], [value.register], [missing])[0]!;
  return { ...value, register, present: false };
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

/** The type of a result of two numbers: the widest of both. */
export function commonType(...values: readonly Value[]): NumberValue['type'] {
  const types = values.filter((value) => value !== MISSING).map(typeOf);
  for (const type of ['double', 'float', 'integer'] as const) if (types.includes(type)) return type;
  return types.includes('boolean') ? 'boolean' : 'double';
}

function typeOf(value: Value): DataType {
  return value.kind === 'text' ? 'string' : value.type;
}
