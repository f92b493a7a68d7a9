import { measureText } from '../../ir/evaluate-text.ts';
import type { Register } from '../../ir/model.ts';
import type { Element } from './element.ts';
import type { Lowering } from './lowering.ts';
import { type ConstantValue, constant, type NumberValue, number, type Value } from './values.ts';

/**
 * Dates are days since 1970-01-01, dates with a time seconds since its midnight, times seconds since midnight: what stands
 * in their registers. https://dmg.org/pmml/v4-4-1/DataDictionary.html
 */
export type DateType = 'date' | 'time' | 'dateTime';

/** Data types of numbers that stand for a date: days or seconds since the first midnight of a year, or since midnight. */
export type SinceType = 'timeSeconds' | `dateDaysSince[${number}]` | `dateTimeSecondsSince[${number}]`;

const DAY = 86_400;

/** What a text that cannot be read is measured as; no date is it. */
const UNREADABLE = -Infinity;

const MEASURES = { date: 'date', time: 'time', dateTime: 'date-time' } as const;

export function isDateType(type: string): type is DateType {
  return Object.hasOwn(MEASURES, type);
}

export function isSinceType(type: string): type is SinceType {
  return /^(?:timeSeconds|date(?:Days|TimeSeconds)Since\[(?:0|[1-9]\d{0,3})\])$/.test(type);
}

/** A literal of the file. @throws PgscoreError PGS_FILE for one that is none. */
export function parseDate(at: Element, text: string, type: DateType): number {
  const value = measureText({ name: MEASURES[type], invalid: UNREADABLE }, text.trim());
  if (value === UNREADABLE)
    at.fail(`needs a ${type} of ISO 8601, but has ${JSON.stringify(text.slice(0, 60))}`);
  return value;
}

/** What a text of ISO 8601 says; `unreadable` is 1 where it is none. */
export function readDate(
  text: Register,
  type: DateType | 'number',
  lowering: Lowering,
): { readonly register: Register; readonly unreadable: Register } {
  const { b } = lowering;
  const name = type === 'number' ? type : MEASURES[type];
  const measure = { name, invalid: UNREADABLE } as const;
  const [measured] = b.add({ kind: 'measure-text', input: text, measure, missing: Number.NaN });
  const [unreadable] = b.compare([measured!], '==', [UNREADABLE]);
  const [register] = b.map([measured!], { name: 'impute', missing: UNREADABLE, by: [Number.NaN] });
  return { register: register!, unreadable: unreadable! };
}

/** A value as a date or time; a text that is none makes no prediction. */
export function castToDate(value: Value, type: DateType, at: Element, lowering: Lowering): Value {
  if (value.kind === 'constant') {
    if (value.value === null || value.type === type) return value;
    if (typeof value.value === 'string') return constant(parseDate(at, value.value, type), type);
  }
  if (value.kind === 'text') {
    const { register, unreadable } = readDate(lowering.textRegister(value, at), type, lowering);
    lowering.guard(unreadable);
    return number(register, type, value.present);
  }
  if (!isDateType(value.type)) return at.refuse(`makes a ${type} of a number`);
  if (value.kind === 'constant')
    return at.refuse('casts a constant date', 'Write it in the type that is needed.');
  return number(dateRegister(value, type, at, lowering), type, value.present);
}

/** The register of a date in another one's unit. */
function dateRegister(value: NumberValue, type: DateType, at: Element, { b }: Lowering): Register {
  const { register } = value;
  switch (`${value.type} ${type}`) {
    case 'date date':
    case 'time time':
    case 'dateTime dateTime':
      return register;
    case 'date dateTime':
      return b.map([register], { name: 'multiply', by: [DAY] })[0]!;
    case 'dateTime date':
      return b.map([register], { name: 'divide', by: [DAY] }, { name: 'floor' })[0]!;
    case 'dateTime time':
      return b.map([register], { name: 'modulo', by: [DAY] })[0]!;
    default:
      return at.refuse(`makes a ${type} of a ${value.type}`);
  }
}

/** Days or seconds since a year's first midnight, or since midnight; what is a number already stays as it is. */
export function castToSince(value: Value, type: SinceType, at: Element, lowering: Lowering): Value {
  if (value.kind === 'constant' && value.value === null) return value;
  if (value.kind !== 'text' && !isDateType(value.type)) {
    return { ...lowering.asNumber(value, at), type: 'integer' };
  }
  const year = /\[(\d+)\]/.exec(type)?.[1];
  if (year === undefined) return secondsSinceMidnight(value, at, lowering);
  return type.startsWith('dateDays')
    ? daysSince(value, Number(year), at, lowering)
    : secondsSince(value, Number(year), at, lowering);
}

/** Whole days from the first of January of a year. */
export function daysSince(value: Value, year: number, at: Element, lowering: Lowering): Value {
  return since(asDate(value, 'date', at, lowering), daysTo(year), lowering);
}

/** Whole seconds from the first midnight of a year; a fraction is cut off. */
export function secondsSince(value: Value, year: number, at: Element, lowering: Lowering): Value {
  return since(asDate(value, 'dateTime', at, lowering), daysTo(year) * DAY, lowering);
}

export function secondsSinceMidnight(value: Value, at: Element, lowering: Lowering): Value {
  return since(asDate(value, 'time', at, lowering), 0, lowering);
}

function since({ register, present }: NumberValue, start: number, { b }: Lowering): NumberValue {
  const [difference] = b.map([register], { name: 'subtract', by: [start] }, { name: 'truncate' });
  return number(difference!, 'integer', present);
}

function daysTo(year: number): number {
  return measureText({ name: 'date', invalid: UNREADABLE }, `${String(year).padStart(4, '0')}-01-01`);
}

/** The value as a date; constants too. */
export function asDate(value: Value, type: DateType, at: Element, lowering: Lowering): NumberValue {
  const date = castToDate(value, type, at, lowering);
  return date.kind === 'number' ? date : constantDate(date as ConstantValue, type, lowering);
}

function constantDate({ value }: ConstantValue, type: DateType, lowering: Lowering): NumberValue {
  return number(lowering.constant(value === null ? Number.NaN : Number(value)), type, value !== null);
}

/** Whether a value is a date or a time. */
export function isDate(value: Value): boolean {
  return value.kind !== 'text' && isDateType(value.type);
}
