import { DATE_PARTS, type DatePart } from '../../ir/text-makers.ts';
import { asDate, daysSince, isDate, secondsSince, secondsSinceMidnight } from './dates.ts';
import type { Element } from './element.ts';
import type { BuiltIn } from './functions.ts';
import { openText } from './texts.ts';
import type { NumberValue, Value } from './values.ts';

/** The number of a constant year. */
function yearOf(value: Value | undefined, at: Element): number {
  const year = value?.kind === 'constant' ? Number(value.value ?? Number.NaN) : Number.NaN;
  if (Number.isInteger(year) && year >= 0 && year <= 9999) return year;
  return at.refuse('counts from a year that is no constant from 0 to 9999');
}

function sinceYear(make: typeof daysSince): BuiltIn {
  return (values, at, lowering) => {
    if (values.length !== 2) at.fail(`takes 2 values, but is given ${values.length}`);
    return make(values[0]!, yearOf(values[1], at), at, lowering);
  };
}

const sinceMidnight: BuiltIn = (values, at, lowering) => {
  if (values.length !== 1) at.fail(`takes 1 value, but is given ${values.length}`);
  return secondsSinceMidnight(values[0]!, at, lowering);
};

/** Conversions that are several others. */
const LONG: ReadonlyMap<string, string> = new Map([
  ['F', '%Y-%m-%d'],
  ['D', '%m/%d/%y'],
  ['T', '%H:%M:%S'],
  ['R', '%H:%M'],
  ['h', '%b'],
]);

const OF_TIME: ReadonlySet<string> = new Set(['H', 'I', 'M', 'S']);

/** A pattern of strftime, of conversions that C and Java write alike in English. */
function partsOf(pattern: string, at: Element): (DatePart | { readonly text: string })[] {
  const plain = pattern.replace(/%([%A-Za-z])/g, (whole, letter: string) => LONG.get(letter) ?? whole);
  return [...plain.matchAll(/%([\s\S]?)|[^%]+/g)].map(([whole, letter]) => {
    if (letter === undefined) return { text: whole };
    if (letter === '%') return { text: '%' };
    return (
      DATE_PARTS.find((part) => part === letter) ??
      at.refuse(
        `writes a date by %${letter}`,
        `Those that are known: ${[...DATE_PARTS, ...LONG.keys()].map((part) => `%${part}`).join(' ')}.`,
      )
    );
  });
}

/** Texts of dates: https://dmg.org/pmml/v4-4-1/BuiltinFunctions.html */
const formatDatetime: BuiltIn = (values, at, lowering) => {
  const [value, pattern] = values;
  if (value === undefined || values.length !== 2) at.fail(`takes 2 values, but is given ${values.length}`);
  if (pattern?.kind !== 'constant' || typeof pattern.value !== 'string') {
    return at.refuse('writes a date by a pattern that is no constant');
  }
  if (!isDate(value!))
    at.refuse('writes as a date what is none', 'Declare the field as a date, time or dateTime.');
  const { type } = value as NumberValue;
  const parts = partsOf(pattern.value, at);
  const absent = parts.find((part) => typeof part === 'string' && isAbsent(part, type));
  if (absent !== undefined) at.refuse(`writes a ${type} by %${String(absent)}, which it has not`);
  // A time of day is one of the first day.
  const date = asDate(value!, type === 'time' ? 'time' : 'dateTime', at, lowering);
  const text = lowering.makeText({ kind: 'format-date', input: date.register, parts }, at);
  return openText(text, [], lowering);
};

function isAbsent(part: DatePart, type: string): boolean {
  return type === 'date' ? OF_TIME.has(part) : type === 'time' && !OF_TIME.has(part);
}

export const DATE_FUNCTIONS: readonly (readonly [string, BuiltIn])[] = [
  ['dateDaysSinceYear', sinceYear(daysSince)],
  ['dateSecondsSinceYear', sinceYear(secondsSince)],
  ['dateSecondsSinceMidnight', sinceMidnight],
  ['formatDatetime', formatDatetime],
];
