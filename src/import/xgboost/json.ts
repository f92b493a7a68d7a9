import { nearestFloat32 } from '../float32.ts';
import { decodeUtf8, Growing, MAX_NESTING, Place, type Reader } from './reader.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const UPPER_E = 0x45;
const LOWER_E = 0x65;

const IN_WORD = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[-+.0-9a-z]/i.test(String.fromCharCode(byte)) && byte < 0x80 ? 1 : 0,
);

const ESCAPES = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['u', '\\u'],
]);

/** The longest number that is read, in bytes. XGBoost writes at most 16; older versions some 30. */
const MAX_NUMBER = 400;

/** Integers of up to this many digits, and powers of ten up to the 22nd, are exact in a double. */
const EXACT_DIGITS = 15;
const POWERS = Array.from({ length: 23 }, (_, i) => 10 ** i);

/**
 * JSON as XGBoost writes it: RFC 8259, and besides it the bare words NaN, Infinity and -Infinity, which files of
 * XGBoost 1.7 hold. https://github.com/dmlc/xgboost/blob/v3.3.0/src/common/json.cc
 */
export class JsonReader implements Reader {
  private readonly bytes: Uint8Array;
  private readonly place: Place;
  private at = 0;
  /** Whether the number read last had no fraction and no exponent. */
  private whole = true;

  constructor(file: string, bytes: Uint8Array) {
    this.bytes = bytes;
    this.place = new Place(file);
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.at = 3;
  }

  fail(message: string): never {
    return this.place.fail(message, this.at);
  }

  position(): number {
    return this.at;
  }

  seek(position: number): void {
    this.at = position;
  }

  end(): void {
    if (this.next() !== undefined) this.fail(`expected the end of the file, but found ${this.found()}`);
  }

  object(field: (key: string) => void): void {
    this.expect(OPEN_OBJECT, 'an object');
    if (this.next() === CLOSE_OBJECT) {
      this.at++;
      return;
    }
    do {
      const key = this.text();
      this.expect(COLON, "':'");
      this.place.enter(key);
      field(key);
      this.place.leave();
    } while (this.continues(CLOSE_OBJECT, "'}'"));
  }

  array(element: (index: number) => void): number {
    this.expect(OPEN_ARRAY, 'an array');
    if (this.next() === CLOSE_ARRAY) {
      this.at++;
      return 0;
    }
    let count = 0;
    this.place.enter(0);
    do {
      this.place.move(count);
      element(count++);
    } while (this.continues(CLOSE_ARRAY, "']'"));
    this.place.leave();
    return count;
  }

  text(): string {
    this.expect(QUOTE, 'a text');
    const start = this.at;
    this.passText();
    const raw = this.bytes.subarray(start, this.at - 1);
    return raw.includes(BACKSLASH) ? this.unescape(raw) : this.decode(raw);
  }

  integer(): number {
    const value = this.number();
    if (!this.whole || !Number.isSafeInteger(value)) this.fail('expected a whole number');
    return value;
  }

  floats(): Float32Array {
    return this.numbers(
      (size) => new Float32Array(size),
      () => this.float32(),
    );
  }

  integers(): Int32Array {
    return this.numbers(
      (size) => new Int32Array(size),
      () => this.int32(),
    );
  }

  wideIntegers(): Float64Array {
    return this.numbers(
      (size) => new Float64Array(size),
      () => this.integer(),
    );
  }

  flags(): Uint8Array {
    return this.numbers(
      (size) => new Uint8Array(size),
      () => this.flag(),
    );
  }

  skip(): void {
    const closers: number[] = [];
    do {
      const byte = this.next();
      if (byte === undefined) this.fail('the file ends');
      if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        if (closers.length === MAX_NESTING) this.fail(`values are nested more than ${MAX_NESTING} deep`);
        closers.push(byte + 2);
        this.at++;
      } else if (byte === closers.at(-1)) {
        closers.pop();
        this.at++;
      } else if (closers.length > 0 && (byte === COMMA || byte === COLON)) this.at++;
      else if (byte === QUOTE) {
        this.at++;
        this.passText();
      } else this.passWord();
    } while (closers.length > 0);
  }

  /** A number, true, false, null or NaN: whatever is made of letters, digits, signs and dots. */
  private passWord(): void {
    const { bytes } = this;
    let p = this.at;
    for (let byte = bytes[p]; byte !== undefined && IN_WORD[byte] === 1; byte = bytes[p]) p++;
    if (p === this.at) this.fail(`expected a value, but found ${this.found()}`);
    this.at = p;
  }

  private numbers<T extends Float32Array | Float64Array | Int32Array | Uint8Array>(
    make: (size: number) => T,
    read: () => number,
  ): T {
    const values = new Growing(make);
    this.expect(OPEN_ARRAY, 'an array of numbers');
    if (this.next() === CLOSE_ARRAY) this.at++;
    else {
      do values.push(read());
      while (this.continues(CLOSE_ARRAY, "']'"));
    }
    return values.done();
  }

  private float32(): number {
    const value = this.number();
    const end = this.at;
    return nearestFloat32(value, () => this.ascii(this.numberStart, end));
  }

  private int32(): number {
    const value = this.integer();
    if ((value | 0) !== value) this.fail(`expected a whole number of 32 bits, but found ${value}`);
    return value;
  }

  private flag(): number {
    const byte = this.next();
    if (byte === 0x74) return this.word('true') ?? 1;
    if (byte === 0x66) return this.word('false') ?? 0;
    const value = this.integer();
    if (value !== 0 && value !== 1) this.fail(`expected 0, 1, true or false, but found ${value}`);
    return value;
  }

  private numberStart = 0;

  /** One number as a double. Digits and powers of ten that doubles hold exactly need one rounding only. */
  private number(): number {
    const { bytes } = this;
    let p = this.skipSpaces();
    this.numberStart = p;
    const negative = bytes[p] === MINUS;
    if (negative) p++;
    let byte = bytes[p];
    if (byte === 0x4e || byte === 0x49) return this.notFinite(p, negative);
    const first = p;
    let digits = 0;
    let mantissa = 0;
    while (byte !== undefined && byte >= ZERO && byte <= NINE) {
      mantissa = mantissa * 10 + (byte - ZERO);
      if (mantissa > 0) digits++;
      byte = bytes[++p];
    }
    if (p === first) this.fail(`expected a number, but found ${this.found()}`);
    let scale = 0;
    this.whole = byte !== DOT && byte !== UPPER_E && byte !== LOWER_E;
    if (byte === DOT) {
      const fraction = ++p;
      byte = bytes[p];
      while (byte !== undefined && byte >= ZERO && byte <= NINE) {
        mantissa = mantissa * 10 + (byte - ZERO);
        if (mantissa > 0) digits++;
        byte = bytes[++p];
      }
      scale = fraction - p;
    }
    this.at = p;
    if (byte === UPPER_E || byte === LOWER_E) scale += this.exponent();
    const size = this.at - this.numberStart;
    if (size > MAX_NUMBER) this.fail(`expected a number, but found ${size} digits`);
    if (digits > EXACT_DIGITS || scale > 22 || scale < -22)
      return Number(this.ascii(this.numberStart, this.at));
    const value = scale < 0 ? mantissa / POWERS[-scale]! : mantissa * POWERS[scale]!;
    return negative ? -value : value;
  }

  /** Reads from the letter e on; capped, because Number() reads the text again when it is out of range. */
  private exponent(): number {
    const { bytes } = this;
    const sign = bytes[++this.at];
    if (sign === MINUS || sign === 0x2b) this.at++;
    const first = this.at;
    let value = 0;
    let byte = bytes[first];
    while (byte !== undefined && byte >= ZERO && byte <= NINE) {
      value = Math.min(value * 10 + (byte - ZERO), 99_999);
      byte = bytes[++this.at];
    }
    if (this.at === first) this.fail('expected the digits of an exponent');
    return sign === MINUS ? -value : value;
  }

  private notFinite(from: number, negative: boolean): number {
    this.at = from;
    this.whole = false;
    if (this.bytes[from] === 0x4e) {
      this.word('NaN');
      return Number.NaN;
    }
    this.word('Infinity');
    return negative ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  /** Steps over `word`, which the next byte starts. */
  private word(word: string): undefined {
    for (let i = 0; i < word.length; i++) {
      if (this.bytes[this.at + i] !== word.charCodeAt(i)) this.fail(`expected ${word}`);
    }
    this.at += word.length;
  }

  /** From behind the opening quote to behind the closing one. */
  private passText(): void {
    const { bytes } = this;
    const start = this.at;
    for (;;) {
      const byte = bytes[this.at++];
      if (byte === QUOTE) return;
      if (byte === BACKSLASH) this.at++;
      else if (byte === undefined) {
        this.at = start;
        this.fail('a text has no closing quote');
      }
    }
  }

  private decode(raw: Uint8Array): string {
    return decodeUtf8(raw) ?? this.fail('a text is not valid UTF-8');
  }

  /** XGBoost leaves a backslash alone that stands before the letter u, so `\user` is a backslash and `user`. */
  private unescape(raw: Uint8Array): string {
    return this.decode(raw).replace(/\\(?:u([0-9a-f]{4})|(.))/gis, (_, code?: string, letter?: string) => {
      if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
      return ESCAPES.get(letter!) ?? this.fail(`a text holds the unknown escape \\${letter}`);
    });
  }

  private ascii(start: number, end: number): string {
    return String.fromCharCode(...this.bytes.subarray(start, end));
  }

  private skipSpaces(): number {
    const { bytes } = this;
    let p = this.at;
    for (;;) {
      const byte = bytes[p];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
      p++;
    }
    this.at = p;
    return p;
  }

  /** The next byte that is no white space, or undefined at the end. */
  private next(): number | undefined {
    return this.bytes[this.skipSpaces()];
  }

  private expect(byte: number, what: string): void {
    if (this.next() !== byte) this.fail(`expected ${what}, but found ${this.found()}`);
    this.at++;
  }

  /** Whether a comma follows, rather than the closing bracket. */
  private continues(close: number, what: string): boolean {
    const byte = this.next();
    if (byte !== COMMA && byte !== close) this.fail(`expected ',' or ${what}, but found ${this.found()}`);
    this.at++;
    return byte === COMMA;
  }

  private found(): string {
    const byte = this.next();
    if (byte === undefined) return 'the end of the file';
    return byte > 0x20 && byte < 0x7f ? `'${String.fromCharCode(byte)}'` : `byte 0x${byte.toString(16)}`;
  }
}
