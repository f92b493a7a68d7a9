import { PgscoreError } from '../../errors.ts';

export const SAVE_AGAIN = "Save the model again with CatBoost's save_model('model.json', format='json').";

/** The error of a file that reads well but makes no sense. */
export function corrupt(file: string, message: string): PgscoreError {
  return new PgscoreError('PGS_FILE', `${file}: not a sound CatBoost model: ${message}.`, {
    hint: `The file is truncated or damaged. ${SAVE_AGAIN}`,
  });
}

/**
 * One value of a parsed JSON file together with its path, so that whatever stands there instead of what is expected is
 * refused by name. Every method throws PgscoreError PGS_FILE. CatBoost writes null for an empty list or object: null
 * counts as absent.
 */
export class Field {
  readonly value: unknown;
  readonly path: string;
  private readonly file: string;

  constructor(value: unknown, path: string, file: string) {
    this.value = value;
    this.path = path;
    this.file = file;
  }

  fail(message: string): never {
    throw corrupt(this.file, `${this.path === '' ? 'the whole file' : this.path} ${message}`);
  }

  /** The field of an object, or undefined where it is absent or null. */
  optional(key: string): Field | undefined {
    const object = this.record();
    if (!Object.hasOwn(object, key) || object[key] === null) return undefined;
    return new Field(object[key], this.path === '' ? key : `${this.path}.${shorten(key)}`, this.file);
  }

  get(key: string): Field {
    return this.optional(key) ?? this.fail(`has no '${key}'`);
  }

  /** The elements of the list at `key`; none where it is absent or null. */
  list(key: string): Field[] {
    return this.optional(key)?.elements() ?? [];
  }

  /** The names of an object's fields. */
  keys(): string[] {
    return Object.keys(this.record());
  }

  elements(): Field[] {
    const { value } = this;
    if (!Array.isArray(value)) this.fail(`must be a list, but is ${show(value)}`);
    return value.map((element: unknown, i) => new Field(element, `${this.path}[${i}]`, this.file));
  }

  /** A list of numbers, without a Field for each: lists of leaves are long. */
  numbers(): readonly number[] {
    const { value } = this;
    if (!Array.isArray(value)) this.fail(`must be a list of numbers, but is ${show(value)}`);
    const wrong = value.findIndex((element) => !isNumber(element));
    if (wrong !== -1) this.fail(`must hold numbers only, but [${wrong}] is ${show(value[wrong])}`);
    return value as number[];
  }

  number(): number {
    const { value } = this;
    return isNumber(value) ? value : this.fail(`must be a number, but is ${show(value)}`);
  }

  /** A whole number from `least` to `most`, both included. */
  integer(least: number, most: number): number {
    const value = this.number();
    if (!Number.isInteger(value) || value < least || value > most) {
      this.fail(`must be a whole number from ${least} to ${most}, but is ${value}`);
    }
    return value;
  }

  text(): string {
    const { value } = this;
    return typeof value === 'string' ? value : this.fail(`must be a text, but is ${show(value)}`);
  }

  boolean(): boolean {
    const { value } = this;
    return typeof value === 'boolean' ? value : this.fail(`must be true or false, but is ${show(value)}`);
  }

  private record(): Readonly<Record<string, unknown>> {
    const { value } = this;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.fail(`must be an object, but is ${show(value)}`);
    }
    return value as Record<string, unknown>;
  }
}

/** JSON.parse gives Infinity for 1e999, which no model holds. */
function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** A text from the file as a message shows it. */
export function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return shorten(JSON.stringify(value) ?? 'absent');
}
