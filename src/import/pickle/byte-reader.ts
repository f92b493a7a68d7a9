import { corrupt, type PickleOrigin } from './values.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const EMPTY = new Uint8Array(0);

/** Reads a stream from front to back; everything that would pass its end throws PGS_FILE. */
export class ByteReader {
  readonly bytes: Uint8Array;
  position = 0;
  private readonly view: DataView;
  private readonly origin: PickleOrigin;

  constructor(bytes: Uint8Array, origin: PickleOrigin) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.origin = origin;
  }

  fail(problem: string): never {
    return corrupt(this.origin, `${problem} at byte ${this.position}`);
  }

  /** Passes `count` bytes and returns where they start. */
  private advance(count: number): number {
    const start = this.position;
    const left = this.bytes.length - start;
    if (count > left) this.fail(`${count} bytes are announced, but only ${left} follow`);
    this.position = start + count;
    return start;
  }

  byte(): number {
    return this.bytes[this.advance(1)]!;
  }

  uint16(): number {
    return this.view.getUint16(this.advance(2), true);
  }

  uint32(): number {
    return this.view.getUint32(this.advance(4), true);
  }

  int32(): number {
    return this.view.getInt32(this.advance(4), true);
  }

  /** A length of 8 bytes; one too great for a double is too great for any file. */
  uint64(): number {
    return Number(this.view.getBigUint64(this.advance(8), true));
  }

  /** Python writes floats big-endian. */
  float64(): number {
    return this.view.getFloat64(this.advance(8), false);
  }

  /** A view, not a copy. */
  take(count: number): Uint8Array {
    if (count === 0) return EMPTY;
    const start = this.advance(count);
    return this.bytes.subarray(start, this.position);
  }

  utf8(count: number): string {
    if (count === 0) return '';
    const bytes = this.take(count);
    try {
      return decoder.decode(bytes);
    } catch {
      return this.fail('a text is no UTF-8');
    }
  }

  /** The text up to the next line feed, each byte one character. */
  line(): string {
    const end = this.bytes.indexOf(10, this.position);
    if (end === -1) this.fail('a line has no end');
    const text = latin1(this.bytes.subarray(this.position, end));
    this.position = end + 1;
    return text;
  }
}

export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
