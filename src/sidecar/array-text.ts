import { numberOf } from '../number-text.ts';
import { ValueError } from './row-error.ts';

/** Numbers in row-major order with the shape that the brackets gave them. */
export interface NumberArray {
  readonly values: Float64Array | BigInt64Array;
  readonly shape: readonly number[];
}

export interface ArrayForm {
  /** Whole numbers as bigint: float64 would round those past 2^53. */
  readonly whole: boolean;
  /** What the bytes of a bytea are: float32 numbers in little-endian order, or one number a byte. */
  readonly bytea: 'float32' | 'uint8';
}

/** PostgreSQL's arrays have at most six. */
const MAX_RANK = 16;

/**
 * Reads an array as PostgreSQL or JSON writes it: '{1,2}', '{{1,2},{3,4}}', '[0:1]={1,2}' (bounds are ignored),
 * pgvector's and JSON's '[1,2]', and a bytea '\x…' of raw numbers, whose shape is flat. NULL among floats is NaN.
 * Time and memory are linear in the text. @throws ValueError
 */
export function parseArray(text: string, form: ArrayForm): NumberArray {
  if (text.startsWith('\\x')) return bytesToNumbers(text, form);
  return (form.whole ? undefined : parseJson(text)) ?? new Scanner(text, form.whole).read();
}

/** '[0:1][1:2]=' before an array whose indices do not begin with 1. */
const BOUNDS = /^(?:\[[+-]?\d+:[+-]?\d+\])+=/;

const COMMA = ','.charCodeAt(0);
const SPACE = ' '.charCodeAt(0);
const OPENING = new Set(['{', '['].map((bracket) => bracket.charCodeAt(0)));
const CLOSING = new Set(['}', ']'].map((bracket) => bracket.charCodeAt(0)));

class Scanner {
  readonly #text: string;
  readonly #read: (start: number, end: number) => number | bigint;
  readonly #values: Float64Array | BigInt64Array;
  #count = 0;
  /** The length so far of each list that is open, outermost first. */
  readonly #open: number[] = [];
  readonly #shape: number[] = [];
  /** At what depth the numbers are. */
  #leaf: number | undefined;
  /** What stands before the position. */
  #before: 'opening' | 'comma' | 'item' = 'opening';

  constructor(text: string, whole: boolean) {
    this.#text = text;
    // Two characters are the least that an element takes.
    const most = (text.length >> 1) + 1;
    this.#values = whole ? new BigInt64Array(most) : new Float64Array(most);
    this.#read = whole ? (start, end) => this.#bigint(start, end) : (start, end) => this.#number(start, end);
  }

  read(): NumberArray {
    const text = this.#text;
    let position = BOUNDS.exec(text)?.[0].length ?? 0;
    if (!OPENING.has(text.charCodeAt(position))) this.#fail('it does not begin with { or [');
    while (position < text.length) {
      const code = text.charCodeAt(position);
      if (code > SPACE && this.#before === 'item' && this.#open.length === 0) {
        this.#fail('text follows after its last bracket');
      }
      if (code <= SPACE) position++;
      else if (code === COMMA) position = this.#comma(position);
      else if (OPENING.has(code)) position = this.#enter(position);
      else if (CLOSING.has(code)) position = this.#leave(position);
      else position = this.#element(position);
    }
    if (this.#open.length > 0) this.#fail('its last bracket is missing');
    return { values: this.#values.subarray(0, this.#count), shape: this.#shape };
  }

  #comma(position: number): number {
    if (this.#before !== 'item') this.#fail('an element is missing before a comma');
    this.#before = 'comma';
    return position + 1;
  }

  #enter(position: number): number {
    const depth = this.#open.length;
    if (depth >= MAX_RANK) this.#fail(`brackets nest more than ${MAX_RANK} deep`);
    if (depth === this.#leaf) this.#fail('it mixes numbers and lists');
    if (depth > 0) this.#countItem();
    this.#open.push(0);
    this.#before = 'opening';
    return position + 1;
  }

  #leave(position: number): number {
    if (this.#before === 'comma') this.#fail('an element is missing after a comma');
    const length = this.#open.pop();
    if (length === undefined) this.#fail('a bracket closes nothing');
    const depth = this.#open.length;
    this.#shape[depth] ??= length;
    if (this.#shape[depth] !== length) {
      this.#fail(`its lists are ${this.#shape[depth]} and ${length} long at the same depth`);
    }
    this.#before = 'item';
    return position + 1;
  }

  #element(start: number): number {
    const depth = this.#open.length;
    this.#leaf ??= this.#shape.length > depth ? this.#shape.length : depth;
    if (depth !== this.#leaf) this.#fail('it mixes numbers and lists');
    this.#countItem();
    let end = start + 1;
    while (end < this.#text.length && !isDelimiter(this.#text.charCodeAt(end))) end++;
    this.#values[this.#count++] = this.#read(start, end) as never;
    this.#before = 'item';
    return end;
  }

  #countItem(): void {
    if (this.#before === 'item') this.#fail('a comma is missing between two elements');
    this.#open[this.#open.length - 1]!++;
  }

  #number(start: number, end: number): number {
    const text = this.#token(start, end);
    if (/^null$/i.test(text)) return Number.NaN;
    return numberOf(text) ?? this.#failElement(text, 'no number');
  }

  #bigint(start: number, end: number): bigint {
    const text = this.#token(start, end);
    if (/^null$/i.test(text)) this.#failElement(text, 'a missing value, which whole numbers do not have');
    const value = wholeNumber(text) ?? this.#failElement(text, 'no whole number');
    return BigInt.asIntN(64, value) === value ? value : this.#failElement(text, 'beyond 64 bits');
  }

  /** JSON has NaN and infinities in quotes only. */
  #token(start: number, end: number): string {
    return this.#text
      .slice(start, end)
      .trim()
      .replace(/^"(.*)"$/, '$1');
  }

  #failElement(text: string, what: string): never {
    throw new ValueError(
      `element ${this.#count} of the array is ${what}: ${JSON.stringify(text.slice(0, 60))}`,
    );
  }

  #fail(problem: string): never {
    const shown = JSON.stringify(this.#text.length > 60 ? `${this.#text.slice(0, 60)}…` : this.#text);
    throw new ValueError(`${shown} is no array of numbers: ${problem}`);
  }
}

function isDelimiter(code: number): boolean {
  return code === COMMA || CLOSING.has(code) || OPENING.has(code);
}

/** A whole number as bigint, from its text or from that of a float8 (1e+15). Undefined for others. */
export function wholeNumber(text: string): bigint | undefined {
  if (/^[+-]?\d{1,40}$/.test(text)) return BigInt(text.replace(/^\+/, ''));
  const number = numberOf(text);
  return number !== undefined && Number.isInteger(number) ? BigInt(number) : undefined;
}

/**
 * The engine's own parser of JSON, which reads numbers six times faster than the scanner does; undefined for anything
 * that is no JSON list of numbers, or of lists of one length: the scanner then reads it, or says what is wrong.
 */
function parseJson(text: string): NumberArray | undefined {
  const json = text.startsWith('{')
    ? text.replaceAll('{', '[').replaceAll('}', ']').replaceAll('NULL', 'null')
    : text;
  let list: unknown;
  try {
    list = JSON.parse(json);
  } catch {
    return undefined;
  }
  const shape = shapeOfFirst(list);
  const size = shape.reduce((product, length) => product * length, 1);
  // More than the text can hold: lists that are shorter than the first.
  if (size > text.length) return undefined;
  const values = new Float64Array(size);
  return fillFrom(list, shape, 0, values, 0) === size ? { values, shape } : undefined;
}

function shapeOfFirst(list: unknown): number[] {
  const shape: number[] = [];
  for (let at = list; Array.isArray(at) && shape.length < MAX_RANK; at = at[0]) shape.push(at.length);
  return shape;
}

/** Returns the position after the last number, or NaN when the list has not the shape. */
function fillFrom(
  list: unknown,
  shape: readonly number[],
  depth: number,
  values: Float64Array,
  start: number,
): number {
  if (!Array.isArray(list) || list.length !== shape[depth]) return Number.NaN;
  let position = start;
  for (const item of list as unknown[]) {
    if (depth < shape.length - 1) position = fillFrom(item, shape, depth + 1, values, position);
    else if (typeof item === 'number') values[position++] = item;
    else if (item === null) values[position++] = Number.NaN;
    else return Number.NaN;
  }
  return position;
}

function bytesToNumbers(text: string, { whole, bytea }: ArrayForm): NumberArray {
  const bytes = Buffer.from(text.slice(2), 'hex');
  if (bytes.length * 2 !== text.length - 2) throw new ValueError('its bytes are no whole hexadecimal text');
  if (bytea === 'uint8') {
    const values = whole ? BigInt64Array.from(bytes, BigInt) : Float64Array.from(bytes);
    return { values, shape: [values.length] };
  }
  if (whole) {
    throw new ValueError(
      'a bytea holds float32 numbers, and this input takes whole ones: use an integer array',
    );
  }
  if (bytes.length % 4 !== 0) {
    throw new ValueError(`${bytes.length} bytes are no float32 numbers, which have 4 bytes each`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const values = new Float64Array(bytes.length / 4);
  for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(4 * i, true);
  return { values, shape: [values.length] };
}
