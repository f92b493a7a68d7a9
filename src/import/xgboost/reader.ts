import { PgscoreError } from '../../errors.ts';

/**
 * Reads one model file from front to back, without building a tree of it: the caller says what it expects next.
 * Memory is bounded by what the caller keeps, whatever the file holds. JSON and UBJSON share this face.
 *
 * Every method throws PgscoreError PGS_FILE, with the place in the file, when something else stands there.
 */
export interface Reader {
  /** Calls `field` at each value, in file order; `field` must read or skip exactly that value. */
  object(field: (key: string) => void): void;
  /** Calls `element` at each value; it must read or skip exactly that value. Returns how many there were. */
  array(element: (index: number) => void): number;
  text(): string;
  /** A whole number that a double holds exactly. */
  integer(): number;
  /** An array of numbers, each the nearest float32. NaN and infinities are allowed. */
  floats(): Float32Array;
  /** An array of whole numbers of 32 bits. */
  integers(): Int32Array;
  /** An array of whole numbers that doubles hold exactly. */
  wideIntegers(): Float64Array;
  /** An array of booleans or of 0 and 1. */
  flags(): Uint8Array;
  /** Passes over one value of any kind. */
  skip(): void;
  /** Where the next value starts; `seek` returns there. */
  position(): number;
  seek(position: number): void;
  /** Nothing may follow the value that was read. */
  end(): void;
  /** Throws, naming the file, the value's path and the byte. */
  fail(message: string): never;
}

export const SAVE_AGAIN =
  "Save the model again with XGBoost's save_model('model.json') or save_model('model.ubj').";

/** The longest array that is looked at as a whole, and the deepest nesting of a value that is passed over. */
export const MAX_NESTING = 512;

/** The path to the value being read, as messages show it: learner.gradient_booster.model.trees[3]. */
export class Place {
  private readonly parts: (string | number)[] = [];
  private readonly file: string;

  constructor(file: string) {
    this.file = file;
  }

  enter(part: string | number): void {
    this.parts.push(part);
  }

  leave(): void {
    this.parts.pop();
  }

  /** Names the element of the array that is being walked. */
  move(index: number): void {
    this.parts[this.parts.length - 1] = index;
  }

  fail(message: string, byte: number): never {
    const path = this.parts
      .map((part) => (typeof part === 'number' ? `[${part}]` : `.${shorten(part)}`))
      .join('')
      .replace(/^\./, '');
    const where = path === '' ? `byte ${byte}` : `${path} (byte ${byte})`;
    throw new PgscoreError('PGS_FILE', `${this.file}: not a sound XGBoost model: at ${where}, ${message}.`, {
      hint: `The file is truncated or damaged. ${SAVE_AGAIN}`,
    });
  }
}

/** A text from the file as a message shows it. */
export function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** Numbers of unknown count; grows by doubling, so that reading is linear. */
export class Growing<T extends Float32Array | Float64Array | Int32Array | Uint8Array> {
  private values: T;
  private count = 0;
  private readonly make: (size: number) => T;

  constructor(make: (size: number) => T) {
    this.make = make;
    this.values = make(16);
  }

  push(value: number): void {
    if (this.count === this.values.length) {
      const wider = this.make(this.count * 2);
      wider.set(this.values);
      this.values = wider;
    }
    this.values[this.count++] = value;
  }

  done(): T {
    return this.values.slice(0, this.count) as T;
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of UTF-8 bytes, or undefined when they are none. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
