import { PgscoreError } from '../../errors.ts';

/** A line of the file: bytes [start, end), without its line break. Lines count from 1. */
export interface Line {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;

const SPECIAL_NUMBERS: ReadonlyMap<string, number> = new Map([
  ['inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
  ['-infinity', Number.NEGATIVE_INFINITY],
  ['nan', Number.NaN],
  ['-nan', Number.NaN],
]);

/** The longest number that LightGBM prints has some 25 characters; longer tokens are no numbers. */
const LONGEST_NUMBER = 64;

const HINT =
  'The file may be cut off, or changed after LightGBM wrote it: save the model again (Booster.save_model).';

/**
 * The bytes of a model file, read line by line and number by number: lines become texts only where a caller asks,
 * so that the size of what is built follows from what is used, not from the size of the file.
 */
export class ModelText {
  readonly name: string;
  readonly #bytes: Buffer;
  #position = 0;
  #number = 0;

  constructor(name: string, bytes: Uint8Array) {
    this.name = name;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The next line, or undefined at the end of the file. */
  next(): Line | undefined {
    const start = this.#position;
    if (start >= this.#bytes.length) return undefined;
    const found = this.#bytes.indexOf(NEWLINE, start);
    const stop = found === -1 ? this.#bytes.length : found;
    this.#position = stop + 1;
    this.#number += 1;
    const end = stop > start && this.#bytes[stop - 1] === RETURN ? stop - 1 : stop;
    return { number: this.#number, start, end };
  }

  /** Reads the line again at the next call of `next`. */
  back(line: Line): void {
    this.#position = line.start;
    this.#number = line.number - 1;
  }

  /** Whether the line begins with the ASCII text. */
  startsWith(line: Line, text: string): boolean {
    if (line.end - line.start < text.length) return false;
    return this.#bytes.toString('latin1', line.start, line.start + text.length) === text;
  }

  /** What stands before the first '=' (the whole line without one), cut to 40 characters. */
  key(line: Line): string {
    const head = this.#bytes.toString('latin1', line.start, Math.min(line.end, line.start + 40));
    const equals = head.indexOf('=');
    return equals === -1 ? head : head.slice(0, equals);
  }

  /** The line without its first `skip` bytes. */
  after(line: Line, skip: number): Line {
    return { number: line.number, start: Math.min(line.start + skip, line.end), end: line.end };
  }

  /** The line as text. Fails when it is longer than `limit` bytes, or no UTF-8. */
  text(line: Line, limit: number): string {
    if (line.end - line.start > limit)
      this.fail(line, `is ${line.end - line.start} bytes long, more than ${limit}`);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
        this.#bytes.subarray(line.start, line.end),
      );
    } catch {
      return this.fail(line, 'is no UTF-8 text');
    }
  }

  /** How many values, separated by spaces, the line holds. */
  count(line: Line): number {
    let count = 0;
    let inside = false;
    for (let i = line.start; i < line.end; i++) {
      const space = this.#bytes[i] === SPACE;
      if (!space && !inside) count += 1;
      inside = !space;
    }
    return count;
  }

  /** Exactly `count` whole numbers of at most 10 digits. `what` names the line in messages. */
  integers(line: Line, count: number, what: string): number[] {
    return this.#values(line, count, what, (start, end) => this.#integer(start, end));
  }

  /** Exactly `count` decimal numbers, rounded correctly to float64; inf and nan are read as such. */
  doubles(line: Line, count: number, what: string): number[] {
    return this.#values(line, count, what, (start, end) => this.#double(start, end));
  }

  /** Throws PGS_FILE: the line is not what it must be. */
  fail(line: Line, problem: string): never {
    throw new PgscoreError('PGS_FILE', `${this.name}: line ${line.number} ${problem}.`, { hint: HINT });
  }

  /** Throws PGS_FILE: the file lacks something. */
  failFile(problem: string): never {
    throw new PgscoreError('PGS_FILE', `${this.name}: ${problem}.`, { hint: HINT });
  }

  #values(
    line: Line,
    count: number,
    what: string,
    parse: (start: number, end: number) => number | undefined,
  ): number[] {
    const values: number[] = [];
    let at = line.start;
    while (at < line.end) {
      if (this.#bytes[at] === SPACE) {
        at += 1;
        continue;
      }
      let end = at + 1;
      while (end < line.end && this.#bytes[end] !== SPACE) end += 1;
      if (values.length === count) break;
      const value = parse(at, end);
      if (value === undefined)
        this.fail(line, `(${what}) holds ${this.#quote(at, end)} where a number must stand`);
      values.push(value);
      at = end;
    }
    if (values.length < count || at < line.end) {
      this.fail(line, `(${what}) must hold ${count} numbers, but holds ${this.count(line)}`);
    }
    return values;
  }

  #quote(start: number, end: number): string {
    return JSON.stringify(this.#bytes.toString('utf8', start, Math.min(end, start + 40)));
  }

  #integer(start: number, end: number): number | undefined {
    const negative = this.#bytes[start] === MINUS;
    const first = negative ? start + 1 : start;
    if (first === end || end - first > 10) return undefined;
    let value = 0;
    for (let i = first; i < end; i++) {
      const byte = this.#bytes[i]!;
      if (byte < ZERO || byte > NINE) return undefined;
      value = value * 10 + (byte - ZERO);
    }
    return negative ? 0 - value : value;
  }

  #double(start: number, end: number): number | undefined {
    if (end - start > LONGEST_NUMBER) return undefined;
    const token = this.#bytes.toString('latin1', start, end);
    const value = Number(token);
    // Number() also takes 0x10, Infinity and ''; a number of the file ends in a digit or '.' and holds no letter but e.
    if (Number.isNaN(value) || !/^[-+.\deE]+$/.test(token)) return SPECIAL_NUMBERS.get(token.toLowerCase());
    return value;
  }
}
