import { PgscoreError } from '../errors.ts';

const NO_JSON_NUMBERS: ReadonlySet<unknown> = new Set(['NaN', 'Infinity', '-Infinity']);

/**
 * A value inside of a JSON document with its place, for readers that say precisely what is wrong.
 * All methods throw PgscoreError PGS_USAGE.
 */
export class JsonCursor {
  readonly #document: string;
  readonly #path: string;
  readonly #value: unknown;

  private constructor(document: string, path: string, value: unknown) {
    this.#document = document;
    this.#path = path;
    this.#value = value;
  }

  /** `document` names the text in messages. */
  static parse(document: string, text: string): JsonCursor {
    try {
      return new JsonCursor(document, '', JSON.parse(text));
    } catch (error) {
      throw new PgscoreError('PGS_USAGE', `${document}: no JSON: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  fail(problem: string): never {
    const place = this.#path === '' ? '' : `${this.#path} `;
    throw new PgscoreError('PGS_USAGE', `${this.#document}: ${place}${problem}`);
  }

  #expected(what: string): never {
    return this.fail(`is ${JSON.stringify(this.#value)?.slice(0, 60)}, expected ${what}`);
  }

  isText(): boolean {
    return typeof this.#value === 'string';
  }

  isList(): boolean {
    return Array.isArray(this.#value);
  }

  isNull(): boolean {
    return this.#value === null;
  }

  /** Whether `number` reads it. */
  isNumber(): boolean {
    return Number.isFinite(this.#value) || NO_JSON_NUMBERS.has(this.#value);
  }

  #isObject(): boolean {
    return typeof this.#value === 'object' && this.#value !== null && !Array.isArray(this.#value);
  }

  /** The value of each key that is there. Refuses keys that are not among `known`, when that is given. */
  object(known?: readonly string[]): ReadonlyMap<string, JsonCursor> {
    if (!this.#isObject()) this.#expected('an object');
    const entries = Object.entries(this.#value as object);
    const unknown = known === undefined ? undefined : entries.find(([key]) => !known.includes(key));
    if (unknown !== undefined) {
      this.fail(`has the key ${JSON.stringify(unknown[0])}; known are ${known!.join(', ')}`);
    }
    return new Map(
      entries.map(([key, value]) => [
        key,
        this.#child(/^\w+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`, value),
      ]),
    );
  }

  list(): readonly JsonCursor[] {
    if (!Array.isArray(this.#value)) this.#expected('a list');
    return (this.#value as unknown[]).map((value, k) => this.#child(`[${k}]`, value));
  }

  text(): string {
    if (typeof this.#value !== 'string') this.#expected('a text');
    return this.#value as string;
  }

  texts(): readonly string[] {
    const texts = this.list().map((each) => each.text());
    const seen = new Set<string>();
    const repeated = texts.find((text) => seen.size === seen.add(text).size);
    if (repeated !== undefined) this.fail(`has ${JSON.stringify(repeated)} twice`);
    return texts;
  }

  /** Finite, or one of the texts "NaN", "Infinity", "-Infinity", which JSON has no numbers for. */
  number(): number {
    return this.isNumber() ? Number(this.#value) : this.#expected('a number');
  }

  natural(): number {
    const value = this.#value;
    if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
    return this.#expected('a whole number from 0');
  }

  oneOf<T extends string>(choices: readonly T[]): T {
    const found = choices.find((choice) => choice === this.#value);
    return found ?? this.#expected(`one of ${choices.join(', ')}`);
  }

  #child(step: string, value: unknown): JsonCursor {
    return new JsonCursor(this.#document, `${this.#path}${step}`.replace(/^\./, ''), value);
  }
}
