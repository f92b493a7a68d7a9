/** Small helpers with which validate.ts and its parts look at values of unknown shape. */

/** One broken rule: where (`steps[0].trees[12].splits.left[3]`) and what, as a sentence. */
export interface Violation {
  readonly path: string;
  readonly message: string;
}

/** A huge broken model reports this many violations, then one that says that there are more. */
export const MAX_VIOLATIONS = 100;

export type Fields = Readonly<Record<string, unknown>>;

/** Collects violations up to the cap; past it, adding is free, so that a broken model stays cheap. */
export class Violations {
  readonly list: Violation[] = [];

  /** True once nothing more will be recorded: long loops stop early. */
  get full(): boolean {
    return this.list.length > MAX_VIOLATIONS;
  }

  add(path: string, message: string): void {
    if (this.full) return;
    if (this.list.length < MAX_VIOLATIONS) this.list.push({ path, message });
    else
      this.list.push({ path: '', message: `More than ${MAX_VIOLATIONS} violations; the rest is left out.` });
  }
}

/** A value as a message shows it: short whatever it is. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'number' || typeof value === 'boolean')
    return Object.is(value, -0) ? '-0' : String(value);
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** The value as an object's fields, or undefined with a violation. */
export function fieldsOf(value: unknown, path: string, out: Violations): Fields | undefined {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  out.add(path, `Must be an object, but is ${show(value)}.`);
  return undefined;
}

/** The value as an array, or undefined with a violation. */
export function arrayOf(value: unknown, path: string, out: Violations): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  out.add(path, `Must be an array, but is ${show(value)}.`);
  return undefined;
}

/** Records a violation when the value is none of the choices. */
export function oneOf(value: unknown, choices: readonly string[], path: string, out: Violations): boolean {
  if (typeof value === 'string' && choices.includes(value)) return true;
  out.add(path, `Must be one of ${choices.join(', ')}, but is ${show(value)}.`);
  return false;
}

/** A number that is not NaN; infinities pass. */
export function isOrdered(value: unknown): value is number {
  return typeof value === 'number' && !Number.isNaN(value);
}

/** A whole number in [low, high). */
export function isIndex(value: unknown, low: number, high: number): value is number {
  return Number.isInteger(value) && (value as number) >= low && (value as number) < high;
}

export function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

/** Records a violation for each element that is not a number; NaN is one. */
export function numbers(values: readonly unknown[], path: string, out: Violations): boolean {
  return each(values, isNumber, 'a number or NaN', path, out);
}

/** Records a violation for each element that is not a number, or is NaN. */
export function orderedNumbers(values: readonly unknown[], path: string, out: Violations): boolean {
  return each(values, isOrdered, 'a number and not NaN', path, out);
}

/** Records a violation for each element that is not a number, or is NaN or infinite. */
export function finiteNumbers(values: readonly unknown[], path: string, out: Violations): boolean {
  return each(values, Number.isFinite, 'a finite number', path, out);
}

function each(
  values: readonly unknown[],
  holds: (value: unknown) => boolean,
  what: string,
  path: string,
  out: Violations,
): boolean {
  let all = true;
  for (let i = 0; i < values.length && !out.full; i++) {
    if (holds(values[i])) continue;
    out.add(`${path}[${i}]`, `Must be ${what}, but is ${show(values[i])}.`);
    all = false;
  }
  return all;
}

/** Records a violation for each number that is less than the one before it. */
export function notDescending(values: readonly unknown[], path: string, out: Violations): void {
  for (let i = 1; i < values.length && !out.full; i++) {
    if ((values[i] as number) < (values[i - 1] as number)) {
      out.add(
        `${path}[${i}]`,
        `Must not be less than ${show(values[i - 1])} before it, but is ${show(values[i])}.`,
      );
    }
  }
}

/** Records a violation unless there are exactly `length` elements; says where the number comes from. */
export function sameLength(
  values: readonly unknown[],
  length: number,
  what: string,
  path: string,
  out: Violations,
): boolean {
  if (values.length === length) return true;
  out.add(path, `Must have ${length} elements (${what}), but has ${values.length}.`);
  return false;
}

/** Records a violation for each text that an earlier element holds already, and for each that is no text. */
export function uniqueTexts(values: readonly unknown[], path: string, out: Violations): void {
  const seen = new Map<string, number>();
  for (let i = 0; i < values.length && !out.full; i++) {
    const value = values[i];
    if (typeof value !== 'string') {
      out.add(`${path}[${i}]`, `Must be a text, but is ${show(value)}.`);
      continue;
    }
    const first = seen.get(value);
    if (first === undefined) seen.set(value, i);
    else out.add(`${path}[${i}]`, `Repeats ${show(value)} of ${path}[${first}]; each must occur once.`);
  }
}

/** As uniqueTexts, for numbers: no NaN, and 0 equals -0. */
export function uniqueNumbers(values: readonly unknown[], path: string, out: Violations): void {
  if (orderedNumbers(values, path, out)) uniqueNumbersAndNaN(values, path, out);
}

/** As uniqueNumbers, but NaN may occur, once. */
export function uniqueNumbersAndNaN(values: readonly unknown[], path: string, out: Violations): void {
  if (!numbers(values, path, out)) return;
  const seen = new Map<unknown, number>();
  for (let i = 0; i < values.length && !out.full; i++) {
    const first = seen.get(values[i]);
    if (first === undefined) seen.set(values[i], i);
    else out.add(`${path}[${i}]`, `Repeats ${show(values[i])} of ${path}[${first}]; each must occur once.`);
  }
}
