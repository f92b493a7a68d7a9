import { foldCase, lowerCase, masked, upperCase } from './evaluate-terms.ts';
import type {
  ChangeText,
  DatePart,
  FormatDate,
  FormatNumber,
  Register,
  TextChange,
  TextMaker,
} from './model.ts';

/** The text of each register that holds one, or null. */
export type Texts = ReadonlyMap<Register, string | null>;

/** The text that a step makes. */
export function makeText(step: TextMaker, registers: readonly number[], texts: Texts): string | null {
  switch (step.kind) {
    case 'change-text':
      return changeAll(step, texts.get(step.input)!);
    case 'join-texts': {
      const parts = step.inputs.map((input) => texts.get(input) ?? null);
      if (parts.some((part) => part === null)) return null;
      return step.texts.map((text, i) => text + (parts[i] ?? '')).join('');
    }
    case 'choose-text': {
      const all = [...step.texts, ...step.inputs.map((input) => texts.get(input) ?? null)];
      return all[registers[step.index]!] ?? null;
    }
    case 'format-number':
      return formatNumber(step, registers[step.input]!);
    case 'format-date':
      return formatDate(step, registers[step.input]!);
  }
}

function changeAll({ changes, missing }: ChangeText, text: string | null): string | null {
  const changed = changes.reduce<string | null>(
    (current, change) => (current === null ? null : changeText(change, current)),
    text,
  );
  return changed ?? missing;
}

/** A text after one change. */
export function changeText(change: TextChange, text: string): string | null {
  switch (change.name) {
    case 'lowercase':
      return lowerCase(text);
    case 'uppercase':
      return upperCase(text);
    case 'fold-case':
      return foldCase(text);
    case 'trim':
      return text.replace(/^[\0- ]+|[\0- ]+$/g, '');
    case 'slice':
      return text.slice(change.start, change.start + change.length);
    case 'map': {
      const position = change.from.indexOf(text);
      return position === -1 ? text : change.to[position]!;
    }
    case 'replace':
      return replace(change, text);
  }
}

function replace({ pattern, by }: Extract<TextChange, { name: 'replace' }>, text: string): string {
  let end = 0;
  let replaced = '';
  for (const { indices } of masked(text).matchAll(new RegExp(pattern, 'dgsu'))) {
    const [start, next] = indices![0]!;
    replaced += text.slice(end, start);
    for (const part of by) {
      replaced += typeof part === 'string' ? part : text.slice(...(indices![part] ?? [0, 0]));
    }
    end = next;
  }
  return replaced + text.slice(end);
}

/** A number as FormatNumber writes it. */
export function formatNumber(format: Omit<FormatNumber, 'kind' | 'input'>, x: number): string | null {
  if (Number.isNaN(x)) return null;
  const sign = x < 0 || Object.is(x, -0) ? '-' : format.plus;
  const digits = Number.isFinite(x) ? digitsOf(format, Math.abs(x)) : 'inf';
  const { width } = format;
  if (format.fill === 'after') return (sign + digits).padEnd(width);
  if (format.fill === 'zeros' && Number.isFinite(x)) return sign + digits.padStart(width - sign.length, '0');
  return (sign + digits).padStart(width);
}

function digitsOf({ conversion, precision }: Omit<FormatNumber, 'kind' | 'input'>, x: number): string {
  if (conversion !== 'e') return fixed(x, precision);
  if (x === 0) return `${fixed(0, precision)}e+00`;
  // One more digit than there are, so that nothing is rounded.
  let exponent = Number(x.toExponential(100).split('e')[1]);
  let digits = roundDigits(exactDigits(x).slice(0, 800), precision + 1);
  if (digits.length > precision + 1) {
    exponent++;
    digits = digits.slice(0, -1);
  }
  const size = String(Math.abs(exponent)).padStart(2, '0');
  const mantissa = precision === 0 ? digits : `${digits[0]}.${digits.slice(1)}`;
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${size}`;
}

/** The number times 10^1100, exactly: a float64 has no more than 1074 binary, and so decimal, places. */
function scaled(x: number): bigint {
  let shift = 0;
  let whole = x;
  while (!Number.isInteger(whole)) {
    whole *= 2;
    shift++;
  }
  return (BigInt(whole) * 10n ** 1100n) / 2n ** BigInt(shift);
}

/** All decimal digits of a number greater than 0, from the first that is not 0. */
function exactDigits(x: number): string {
  return scaled(x).toString();
}

function fixed(x: number, precision: number): string {
  const unit = 10n ** BigInt(1100 - precision);
  const value = scaled(x);
  const below = value / unit;
  const twice = (value % unit) * 2n;
  const up = twice > unit || (twice === unit && below % 2n === 1n);
  const digits = (below + (up ? 1n : 0n)).toString().padStart(precision + 1, '0');
  if (precision === 0) return digits;
  return `${digits.slice(0, -precision)}.${digits.slice(-precision)}`;
}

/** The first digits, rounded: one more digit where all were 9. */
function roundDigits(digits: string, count: number): string {
  const rest = digits.slice(count).padEnd(1, '0');
  const below = BigInt(digits.slice(0, count).padEnd(count, '0'));
  const half = rest[0] === '5' && /^0*$/.test(rest.slice(1));
  const up = half ? below % 2n === 1n : rest[0]! >= '5';
  return (below + (up ? 1n : 0n)).toString();
}

const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
];
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

function formatDate({ parts }: FormatDate, seconds: number): string | null {
  const date = new Date(Math.floor(seconds) * 1000);
  const year = date.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) return null;
  return parts.map((part) => (typeof part === 'string' ? datePart(part, date) : part.text)).join('');
}

function datePart(part: DatePart, date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const year = String(date.getUTCFullYear()).padStart(4, '0');
  switch (part) {
    case 'Y':
      return year;
    case 'C':
      return year.slice(0, 2);
    case 'y':
      return year.slice(2);
    case 'm':
      return two(date.getUTCMonth() + 1);
    case 'B':
      return MONTHS[date.getUTCMonth()]!;
    case 'b':
      return MONTHS[date.getUTCMonth()]!.slice(0, 3);
    case 'd':
      return two(date.getUTCDate());
    case 'j': {
      const start = new Date(date);
      start.setUTCMonth(0, 1);
      return String(Math.round((date.getTime() - start.getTime()) / 86_400_000) + 1).padStart(3, '0');
    }
    case 'A':
      return WEEKDAYS[date.getUTCDay()]!;
    case 'a':
      return WEEKDAYS[date.getUTCDay()]!.slice(0, 3);
    case 'H':
      return two(date.getUTCHours());
    case 'I':
      return two(((date.getUTCHours() + 11) % 12) + 1);
    case 'M':
      return two(date.getUTCMinutes());
    case 'S':
      return two(date.getUTCSeconds());
  }
}
