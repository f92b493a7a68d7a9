import { decodeUtf8, Growing, MAX_NESTING, Place, type Reader } from './reader.ts';

/** How many bytes a number of each type takes. */
const NUMBER_SIZE: Readonly<Record<string, number>> = { i: 1, U: 1, C: 1, I: 2, l: 4, L: 8, d: 4, D: 8 };
const WHOLE = 'iUCIlL';

/**
 * UBJSON draft 12 as XGBoost writes it: big-endian; objects run to '}'; arrays run to ']', or state a count
 * (`[#L…`), or a type and a count (`[$d#L…`). Counts and lengths of any whole type are read.
 * https://github.com/dmlc/xgboost/blob/v3.3.0/src/common/json.cc
 */
export class UbjsonReader implements Reader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly place: Place;
  private at = 0;

  constructor(file: string, bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.place = new Place(file);
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
    if (this.at < this.bytes.length) this.fail(`expected the end of the file, but found ${this.found()}`);
  }

  object(field: (key: string) => void): void {
    this.expect('{', 'an object');
    while (this.peek() !== '}') {
      const key = this.characters();
      this.place.enter(key);
      field(key);
      this.place.leave();
    }
    this.at++;
  }

  array(element: (index: number) => void): number {
    this.expect('[', 'an array');
    if (this.peek() === '$') this.fail('expected an array of values, but found one of numbers');
    const stated = this.count();
    let i = 0;
    this.place.enter(0);
    for (; stated === undefined ? this.peek() !== ']' : i < stated; i++) {
      this.place.move(i);
      element(i);
    }
    this.place.leave();
    if (stated === undefined) this.at++;
    return i;
  }

  text(): string {
    this.expect('S', 'a text');
    return this.characters();
  }

  integer(): number {
    return this.wholeOf(this.numberType(), 'a whole number');
  }

  floats(): Float32Array {
    return this.numbers(
      (size) => new Float32Array(size),
      (type) => this.numberOf(type),
    );
  }

  integers(): Int32Array {
    return this.numbers(
      (size) => new Int32Array(size),
      (type) => {
        const value = this.wholeOf(type, 'a whole number');
        if ((value | 0) !== value) this.fail(`expected a whole number of 32 bits, but found ${value}`);
        return value;
      },
    );
  }

  wideIntegers(): Float64Array {
    return this.numbers(
      (size) => new Float64Array(size),
      (type) => this.wholeOf(type, 'a whole number'),
    );
  }

  flags(): Uint8Array {
    return this.numbers(
      (size) => new Uint8Array(size),
      (type) => {
        const value = type === 'T' ? 1 : type === 'F' ? 0 : this.wholeOf(type, '0, 1, true or false');
        if (value !== 0 && value !== 1) this.fail(`expected 0, 1, true or false, but found ${value}`);
        return value;
      },
    );
  }

  /** Open containers hold the number of values still to come, or -1 for an object, -2 for an array without a count. */
  skip(): void {
    const open: number[] = [];
    do {
      const left = open.at(-1);
      if (left === 0 || (left === -1 && this.peek() === '}') || (left === -2 && this.peek() === ']')) {
        open.pop();
        if (left !== 0) this.at++;
        continue;
      }
      if (left !== undefined && left > 0) open[open.length - 1] = left - 1;
      if (left === -1) this.passCharacters();
      const container = this.passOrOpen();
      if (container !== undefined) open.push(container);
      if (open.length > MAX_NESTING) this.fail(`values are nested more than ${MAX_NESTING} deep`);
    } while (open.length > 0);
  }

  /** Passes a value without parts; of a container passes the head and returns its entry for `skip`. */
  private passOrOpen(): number | undefined {
    const type = this.take();
    const size = NUMBER_SIZE[type];
    if (size !== undefined) this.pass(size);
    else if (type === 'S') this.passCharacters();
    else if (type === '{') return -1;
    else if (type === '[') return this.passArrayHead();
    else if (type !== 'Z' && type !== 'T' && type !== 'F') {
      this.at--;
      this.fail(`expected a value, but found ${this.found()}`);
    }
    return undefined;
  }

  private passArrayHead(): number | undefined {
    if (this.peek() !== '$') return this.count() ?? -2;
    this.at++;
    const type = this.elementType();
    const count = this.count() ?? this.fail("expected '#'");
    this.pass(count * NUMBER_SIZE[type]!);
    return undefined;
  }

  private numbers<T extends Float32Array | Float64Array | Int32Array | Uint8Array>(
    make: (size: number) => T,
    read: (type: string) => number,
  ): T {
    this.expect('[', 'an array of numbers');
    if (this.peek() === '$') return this.typedNumbers(make, read);
    const stated = this.count();
    const values = new Growing(make);
    for (let i = 0; stated === undefined ? this.peek() !== ']' : i < stated; i++)
      values.push(read(this.take()));
    if (stated === undefined) this.at++;
    return values.done();
  }

  private typedNumbers<T extends Float32Array | Float64Array | Int32Array | Uint8Array>(
    make: (size: number) => T,
    read: (type: string) => number,
  ): T {
    this.at++;
    const type = this.elementType();
    const count = this.count() ?? this.fail("expected '#'");
    this.need(count * NUMBER_SIZE[type]!);
    const values = make(count);
    for (let i = 0; i < count; i++) values[i] = read(type);
    return values;
  }

  private elementType(): string {
    const type = this.take();
    if (NUMBER_SIZE[type] === undefined) this.fail(`'${type}' is no type of numbers`);
    return type;
  }

  private numberType(): string {
    const type = this.take();
    if (NUMBER_SIZE[type] !== undefined) return type;
    this.at--;
    return this.fail(`expected a number, but found ${this.found()}`);
  }

  private wholeOf(type: string, what: string): number {
    if (!WHOLE.includes(type)) this.fail(`expected ${what}, but found type '${type}'`);
    const value = this.numberOf(type);
    if (!Number.isSafeInteger(value)) this.fail(`the number ${value} is too large`);
    return value;
  }

  private numberOf(type: string): number {
    const { view, at } = this;
    const size = NUMBER_SIZE[type] ?? this.fail(`expected a number, but found type '${type}'`);
    this.pass(size);
    switch (type) {
      case 'i':
        return view.getInt8(at);
      case 'U':
      case 'C':
        return view.getUint8(at);
      case 'I':
        return view.getInt16(at);
      case 'l':
        return view.getInt32(at);
      case 'L':
        return view.getInt32(at) * 2 ** 32 + view.getUint32(at + 4);
      case 'd':
        return view.getFloat32(at);
      default:
        return view.getFloat64(at);
    }
  }

  /** The count behind '#', or undefined when no '#' stands here. Every value takes at least one byte. */
  private count(): number | undefined {
    if (this.peek() !== '#') return undefined;
    this.at++;
    return this.length();
  }

  private length(): number {
    const value = this.wholeOf(this.take(), 'a length');
    if (value < 0 || value > this.bytes.length - this.at) {
      this.fail(`a length of ${value} is stated, but ${this.bytes.length - this.at} bytes are left`);
    }
    return value;
  }

  private characters(): string {
    const size = this.length();
    const start = this.at;
    this.pass(size);
    return decodeUtf8(this.bytes.subarray(start, this.at)) ?? this.fail('a text is not valid UTF-8');
  }

  private passCharacters(): void {
    this.pass(this.length());
  }

  private pass(size: number): void {
    this.need(size);
    this.at += size;
  }

  private need(size: number): void {
    const left = this.bytes.length - this.at;
    if (size > left) this.fail(`${size} bytes are needed, but ${left} are left`);
  }

  private peek(): string {
    const byte = this.bytes[this.at];
    if (byte === undefined) this.fail('the file ends');
    return String.fromCharCode(byte);
  }

  private take(): string {
    const type = this.peek();
    this.at++;
    return type;
  }

  private expect(type: string, what: string): void {
    if (this.peek() !== type) this.fail(`expected ${what}, but found ${this.found()}`);
    this.at++;
  }

  private found(): string {
    const byte = this.bytes[this.at];
    if (byte === undefined) return 'the end of the file';
    return byte > 0x20 && byte < 0x7f ? `'${String.fromCharCode(byte)}'` : `byte 0x${byte.toString(16)}`;
  }
}
