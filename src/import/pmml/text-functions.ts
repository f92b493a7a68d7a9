import { measureText } from '../../ir/evaluate-text.ts';
import { changeText, formatNumber as writeNumber } from '../../ir/evaluate-text-makers.ts';
import type { FormatNumber, TextChange, TextMeasure } from '../../ir/model.ts';
import { PatternError } from '../patterns/parser.ts';
import { parseReplacement, translatePcre } from '../patterns/pcre.ts';
import type { Element } from './element.ts';
import type { BuiltIn } from './functions.ts';
import type { Lowering } from './lowering.ts';
import { textOf } from './merge.ts';
import { openText } from './texts.ts';
import { constant, isAnyText, number, type TextValue, type Value } from './values.ts';

/** Texts that one result may be. */
const MAX_TEXTS = 10_000;

/** The texts that a value may be. */
function textsOf(value: TextValue): readonly string[] {
  return value.open ? value.texts.slice(0, value.known) : value.texts;
}

/** @throws PgscoreError PGS_UNSUPPORTED for a text that may be any, and that is not there as it is. */
export function needSource(value: TextValue, at: Element): void {
  if (!isAnyText(value) || value.source !== undefined) return;
  at.refuse(
    'computes a text of one that may be any',
    'Declare the values of the field in the data dictionary, or compute the text before the model, in SQL.',
  );
}

/** Changes each known text now, or the text of the row. */
function mapTexts(value: Value, change: TextChange, at: Element, lowering: Lowering): Value {
  if (value.kind === 'constant')
    return value.value === null ? value : constant(changeText(change, String(value.value))!, 'string');
  const text = textOf(value, at, lowering);
  needSource(text, at);
  if (isAnyText(text)) {
    const input = lowering.textRegister(text, at);
    const changed = lowering.makeText({ kind: 'change-text', input, changes: [change], missing: null }, at);
    return openText(changed, [], lowering, text.present);
  }
  const results = textsOf(text).map((each) => changeText(change, each)!);
  const texts = [...new Set(results)];
  const codes = results.map((result) => texts.indexOf(result));
  return {
    kind: 'text',
    register: lowering.gather(text.register, codes),
    texts,
    open: false,
    known: texts.length,
    present: text.present && text.known === undefined,
  };
}

/** A number of each known text now, or of the text of the row. */
function measure(
  value: Value,
  what: TextMeasure,
  type: 'integer' | 'boolean',
  at: Element,
  lowering: Lowering,
): Value {
  if (value.kind === 'constant')
    return value.value === null ? value : constant(measureText(what, String(value.value)), type);
  const text = textOf(value, at, lowering);
  needSource(text, at);
  if (isAnyText(text)) {
    const input = lowering.textRegister(text, at);
    const [measured] = lowering.b.add({ kind: 'measure-text', input, measure: what, missing: Number.NaN });
    return number(measured!, type, text.present);
  }
  const results = textsOf(text).map((each) => measureText(what, each));
  return number(lowering.gather(text.register, results), type, false);
}

function textFunction(change: TextChange): BuiltIn {
  return (values, at, lowering) => mapTexts(take(values, 1, at)[0]!, change, at, lowering);
}

function take(values: readonly Value[], count: number, at: Element): readonly Value[] {
  return values.length === count
    ? values
    : at.fail(`takes ${count} value${count === 1 ? '' : 's'}, but is given ${values.length}`);
}

/** A constant text among the values. */
function textConstant(value: Value, what: string, at: Element): string {
  if (value.kind !== 'constant' || value.value === null)
    return at.refuse(`takes ${what} that is no constant`);
  return String(value.value);
}

const substring: BuiltIn = (values, at, lowering) => {
  const [value, start, length] = values;
  if (values.length !== 3 || start?.kind !== 'constant' || length?.kind !== 'constant') {
    at.refuse('cuts a text at places that are no constants');
  }
  const [from, count] = [
    Number((start as { value: unknown }).value),
    Number((length as { value: unknown }).value),
  ];
  if (!Number.isInteger(from) || !Number.isInteger(count) || from < 1 || count < 0) {
    at.fail('needs a position from 1 and a length from 0');
  }
  return mapTexts(value!, { name: 'slice', start: from - 1, length: count }, at, lowering);
};

const stringLength: BuiltIn = (values, at, lowering) =>
  measure(take(values, 1, at)[0]!, { name: 'length' }, 'integer', at, lowering);

/** What a pattern makes, or the refusal that names it. */
export function withPattern<T>(pattern: string, at: Element, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return at.refuse(
      `has the pattern ${JSON.stringify(pattern.slice(0, 60))}, which ${error.reason}`,
      'Match the text before the model, in SQL.',
    );
  }
}

const matches: BuiltIn = (values, at, lowering) => {
  const [value, second] = take(values, 2, at);
  const pattern = textConstant(second!, 'a pattern', at);
  const { source } = withPattern(pattern, at, () => translatePcre(pattern));
  return measure(value!, { name: 'matches', pattern: source }, 'boolean', at, lowering);
};

const replace: BuiltIn = (values, at, lowering) => {
  const [value, second, third] = take(values, 3, at);
  const pattern = textConstant(second!, 'a pattern', at);
  const replacement = textConstant(third!, 'a replacement', at);
  const change = withPattern(pattern, at, (): TextChange => {
    const translated = translatePcre(pattern);
    if (translated.mayBeEmpty) throw new PatternError('may match an empty text');
    return { name: 'replace', pattern: translated.source, by: parseReplacement(replacement, translated) };
  });
  return mapTexts(value!, change, at, lowering);
};

/** Every combination of the known texts, or the texts of the row one after the other. */
const concat: BuiltIn = (values, at, lowering) => {
  if (values.length === 0) at.fail('takes at least one value');
  const all = values.map((value) => textOf(value, at, lowering));
  for (const text of all) needSource(text, at);
  if (!all.some(isAnyText)) return all.reduce((left, right) => joinKnown(left, right, at, lowering));
  const inputs = all.map((text) => lowering.textRegister(text, at));
  const texts = new Array<string>(inputs.length + 1).fill('');
  const joined = lowering.makeText({ kind: 'join-texts', inputs, texts }, at);
  return openText(
    joined,
    [],
    lowering,
    all.every(({ present }) => present),
  );
};

function joinKnown(left: TextValue, right: TextValue, at: Element, lowering: Lowering): TextValue {
  const [firsts, seconds] = [textsOf(left), textsOf(right)];
  if (firsts.length * seconds.length > MAX_TEXTS) at.refuse(`joins to more than ${MAX_TEXTS} texts`);
  const results = firsts.flatMap((first) => seconds.map((second) => first + second));
  const texts = [...new Set(results)];
  const { b } = lowering;
  const rows = b.map([left.register], { name: 'multiply', by: [seconds.length] });
  const index = b.combine('add', rows, [right.register])[0]!;
  const register = lowering.gather(
    index,
    results.map((result) => texts.indexOf(result)),
  );
  return { kind: 'text', register, texts, open: false, known: texts.length, present: false };
}

type NumberFormat = Omit<FormatNumber, 'kind' | 'input'>;

/** One conversion of printf and the texts around it. */
function parseFormat(
  pattern: string,
  at: Element,
): { readonly format: NumberFormat; readonly texts: readonly [string, string] } {
  const found = /^((?:[^%]|%%)*)%([-+ 0]*)(\d*)(?:\.(\d+))?([dfe])((?:[^%]|%%)*)$/.exec(pattern);
  const [, before, flags, width, precision, conversion, after] =
    found ??
    at.refuse(
      `writes a number by ${JSON.stringify(pattern.slice(0, 40))}`,
      'Patterns have one of %d, %f and %e, with a width, a precision and the flags - + 0 and blank.',
    );
  const digits = conversion === 'd' ? 0 : Number(precision ?? 6);
  if (digits > 50 || Number(width) > 100)
    at.refuse('writes a number with more than 50 digits or 100 characters');
  if (conversion === 'd' && precision !== undefined) at.refuse('writes a whole number with a precision');
  const format: NumberFormat = {
    conversion: conversion as 'd' | 'f' | 'e',
    precision: digits,
    width: Number(width),
    fill: flags!.includes('-') ? 'after' : flags!.includes('0') ? 'zeros' : 'before',
    plus: flags!.includes('+') ? '+' : flags!.includes(' ') ? ' ' : '',
  };
  return { format, texts: [before!.replaceAll('%%', '%'), after!.replaceAll('%%', '%')] };
}

/** As C writes it: https://dmg.org/pmml/v4-4-1/BuiltinFunctions.html */
const formatNumber: BuiltIn = (values, at, lowering) => {
  const [value, second] = take(values, 2, at);
  const { format, texts } = parseFormat(textConstant(second!, 'a pattern', at), at);
  if (format.conversion === 'd' && (value!.kind === 'text' || value!.type !== 'integer')) {
    at.refuse(
      'writes by %d what is declared as no integer',
      'Write it by %.0f, or declare it as an integer.',
    );
  }
  if (value!.kind === 'constant') {
    if (value!.value === null) return value!;
    return constant(texts.join(writeNumber(format, Number(value!.value))!), 'string');
  }
  const { register, present } = lowering.asNumber(value!, at);
  const text = lowering.makeText({ kind: 'format-number', input: register, ...format }, at);
  const isAlone = texts.every((each) => each === '');
  const whole = isAlone ? text : lowering.makeText({ kind: 'join-texts', inputs: [text], texts }, at);
  return openText(whole, [], lowering, present);
};

export const TEXT_FUNCTIONS: readonly (readonly [string, BuiltIn])[] = [
  ['uppercase', textFunction({ name: 'uppercase' })],
  ['lowercase', textFunction({ name: 'lowercase' })],
  ['trimBlanks', textFunction({ name: 'trim' })],
  ['substring', substring],
  ['stringLength', stringLength],
  ['concat', concat],
  ['matches', matches],
  ['replace', replace],
  ['formatNumber', formatNumber],
];
