/** Dates and times of day in numbers and back, in the Gregorian calendar and no time zone. No Date is made: it has one. */

const DAY = 86400;

const DATE_TIME =
  /^(\d{4,6})-(\d\d)-(\d\d)(?:[T ]([\d:.]+)(?:Z|([-+])(\d\d)(?::?([0-5]\d)(?::?([0-5]\d))?)?)?)?$/;
const TIME = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(\.\d{1,9})?)?$/;

/** Days since 1970-01-01, NaN for what is no date. */
export function readDate(text: string): number {
  const seconds = readDateTime(text);
  return seconds % DAY === 0 ? seconds / DAY : Number.NaN;
}

/** Seconds since 1970-01-01T00:00:00, at UTC where the text has an offset; NaN for what is no date. */
export function readDateTime(text: string): number {
  const found = DATE_TIME.exec(text);
  if (found === null) return Number.NaN;
  const [year, month, day] = [Number(found[1]), Number(found[2]), Number(found[3])];
  if (month < 1 || month > 12 || day < 1 || day > daysOfMonth(year, month)) return Number.NaN;
  const time = TIME.exec(found[4] ?? '00:00');
  const hours = Number(found[6] ?? 0);
  if (time === null || hours > 15) return Number.NaN;
  const size = hours * 3600 + Number(found[7] ?? 0) * 60 + Number(found[8] ?? 0);
  const offset = found[5] === '-' ? -size : size;
  return daysOf(year, month, day) * DAY + wholeSeconds(time) - offset + Number(time[4] ?? 0);
}

/** Seconds since midnight, NaN for what is no time of day. */
export function readTime(text: string): number {
  const found = TIME.exec(text);
  return found === null ? Number.NaN : wholeSeconds(found) + Number(found[4] ?? 0);
}

function wholeSeconds(time: RegExpExecArray): number {
  return Number(time[1]) * 3600 + Number(time[2]) * 60 + Number(time[3] ?? 0);
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** Days before each month in a year that is no leap year, and in the whole of it. */
const BEFORE = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

function daysBefore(year: number, month: number): number {
  return BEFORE[month - 1]! + (month > 2 && isLeap(year) ? 1 : 0);
}

function daysOfMonth(year: number, month: number): number {
  return daysBefore(year, month + 1) - daysBefore(year, month);
}

/** Days from 1970-01-01 to the first day of a year, which is not negative. */
function daysToYear(year: number): number {
  const before = year - 1;
  const leaps = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  // 719162 days from 0001-01-01 to 1970-01-01.
  return 365 * before + leaps - 719162;
}

function daysOf(year: number, month: number, day: number): number {
  return daysToYear(year) + daysBefore(year, month) + day - 1;
}

const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
];
const WEEKDAYS = ['Thursday', 'Friday', 'Saturday', 'Sunday', 'Monday', 'Tuesday', 'Wednesday'];

/** A conversion of strftime, or a text between two. */
export type DatePart = string | { readonly text: string };

/** A function that writes seconds since 1970-01-01T00:00:00 as a text; null outside of the years 0 to 9999. */
export function createDateFormat(parts: readonly DatePart[]): (seconds: number) => string | null {
  return (seconds) => {
    // First: the least number below 0, over a day's seconds, is none.
    const whole = Math.floor(seconds);
    const days = Math.floor(whole / DAY);
    if (!(days >= daysToYear(0) && days < daysToYear(10000))) return null;
    const date = fieldsOf(days, whole - days * DAY);
    let text = '';
    for (const part of parts) text += typeof part === 'string' ? date[part]!() : part.text;
    return text;
  };
}

function fieldsOf(days: number, seconds: number): Record<string, () => string> {
  let year = 1970 + Math.floor(days / 365.2425);
  while (daysToYear(year) > days) year--;
  while (daysToYear(year + 1) <= days) year++;
  const ofYear = days - daysToYear(year);
  let month = 12;
  while (daysBefore(year, month) > ofYear) month--;
  const digits = pad(year, 4);
  const hour = Math.floor(seconds / 3600);
  return {
    Y: () => digits,
    C: () => digits.slice(0, 2),
    y: () => digits.slice(2),
    m: () => pad(month, 2),
    B: () => MONTHS[month - 1]!,
    b: () => MONTHS[month - 1]!.slice(0, 3),
    d: () => pad(ofYear - daysBefore(year, month) + 1, 2),
    j: () => pad(ofYear + 1, 3),
    A: () => weekday(days),
    a: () => weekday(days).slice(0, 3),
    H: () => pad(hour, 2),
    I: () => pad(hour % 12 === 0 ? 12 : hour % 12, 2),
    M: () => pad(Math.floor(seconds / 60) % 60, 2),
    S: () => pad(seconds % 60, 2),
  };
}

function weekday(days: number): string {
  return WEEKDAYS[((days % 7) + 7) % 7]!;
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}
