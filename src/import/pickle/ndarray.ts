import type { Dtype, DtypeField } from './dtype.ts';
import { corrupt, describeValue, type PickleOrigin, type PyValue } from './values.ts';

/** An array that says it has more elements than this is not believed; each takes at least a byte anyhow. */
const MAX_ELEMENTS = 2 ** 31;

/**
 * A numpy array as it stands in the file: bytes (a view) or Python objects, decoded on demand. Empty until `fill`:
 * numpy pickles the object first and its content after.
 */
export class NdArray {
  shape: readonly number[] = [0];
  dtype: Dtype | undefined;
  private fortran = false;
  private data: Uint8Array | PyValue[] = [];
  private decoded: readonly PyValue[] | undefined;
  private decodedNumbers: Float64Array | undefined;
  private readonly origin: PickleOrigin;

  constructor(origin: PickleOrigin) {
    this.origin = origin;
  }

  /** @throws PgscoreError PGS_FILE when the data is not what shape and dtype need. */
  fill(shape: readonly number[], dtype: Dtype, fortran: boolean, data: Uint8Array | PyValue[]): void {
    const count = elementCount(shape);
    if (count === undefined) corrupt(this.origin, 'an array has an impossible shape');
    const has = dtype.hasObjects ? data.length : data.length / Math.max(dtype.size, 1);
    if (dtype.hasObjects !== Array.isArray(data) || has !== count || dtype.size === 0) {
      // numpy writes empty texts ('<U0') as width 1; an element of no bytes could be repeated for ever.
      if (count !== 0)
        corrupt(this.origin, `an array of ${count} elements comes with ${describeValue(data)}`);
    }
    this.shape = shape;
    this.dtype = dtype;
    // numpy lists objects in C order, whatever the flag says.
    this.fortran = fortran && shape.length > 1 && !dtype.hasObjects;
    this.data = data;
    this.decoded = undefined;
    this.decodedNumbers = undefined;
  }

  get length(): number {
    return elementCount(this.shape) ?? 0;
  }

  /** All elements as numbers in C order. Booleans are 0 and 1; None is NaN. @throws PgscoreError PGS_FILE for texts. */
  numbers(): Float64Array {
    this.decodedNumbers ??= this.toNumbers();
    return this.decodedNumbers;
  }

  private toNumbers(): Float64Array {
    const { dtype, data } = this;
    if (
      dtype?.kind === 'f' &&
      dtype.size === 8 &&
      dtype.littleEndian &&
      !this.fortran &&
      !Array.isArray(data)
    ) {
      return new Float64Array(new Uint8Array(data).buffer);
    }
    return Float64Array.from(this.values(), (value) => {
      if (value === null) return Number.NaN;
      if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
        return Number(value);
      return corrupt(this.origin, `an array of numbers holds ${describeValue(value)}`);
    });
  }

  /** All elements in C order, as Python values. */
  values(): readonly PyValue[] {
    this.decoded ??= this.toValues();
    return this.decoded;
  }

  private toValues(): readonly PyValue[] {
    const { dtype, data, length } = this;
    if (dtype === undefined || length === 0) return [];
    const stored = Array.isArray(data)
      ? data
      : decode(dtype, data, { count: length, stride: dtype.size, offset: 0 }, this.origin);
    return this.fortran ? toRowMajor(stored, this.shape) : stored;
  }

  /** A column of an array of records as numbers, or undefined when the records have none of that name. */
  field(name: string): Float64Array | undefined {
    const field: DtypeField | undefined = this.dtype?.fields?.get(name);
    if (field === undefined || Array.isArray(this.data)) return undefined;
    const place = { count: this.length, stride: this.dtype!.size, offset: field.offset };
    return Float64Array.from(decode(field.dtype, this.data, place, this.origin), Number);
  }
}

/** The product of a shape, or undefined when it is no shape of an array in memory. */
export function elementCount(shape: readonly number[]): number | undefined {
  if (shape.length > 32) return undefined;
  let count = 1;
  for (const length of shape) {
    if (!Number.isInteger(length) || length < 0) return undefined;
    count *= length;
  }
  return count <= MAX_ELEMENTS ? count : undefined;
}

interface Place {
  readonly count: number;
  readonly stride: number;
  readonly offset: number;
}

/** Elements in stored order. */
function decode(dtype: Dtype, bytes: Uint8Array, place: Place, origin: PickleOrigin): PyValue[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = elementReader(dtype, view, origin);
  const out = new Array<PyValue>(place.count);
  for (let i = 0, at = place.offset; i < place.count; i++, at += place.stride) out[i] = read(at);
  return out;
}

function elementReader(dtype: Dtype, view: DataView, origin: PickleOrigin): (at: number) => PyValue {
  const { kind, size, littleEndian: little } = dtype;
  switch (`${kind}${size}`) {
    case 'f8':
      return (at) => view.getFloat64(at, little);
    case 'f4':
      return (at) => view.getFloat32(at, little);
    case 'f2':
      return (at) => float16(view.getUint16(at, little));
    case 'i8':
      return (at) => narrow(view.getBigInt64(at, little));
    case 'u8':
      return (at) => narrow(view.getBigUint64(at, little));
    case 'i4':
      return (at) => view.getInt32(at, little);
    case 'u4':
      return (at) => view.getUint32(at, little);
    case 'i2':
      return (at) => view.getInt16(at, little);
    case 'u2':
      return (at) => view.getUint16(at, little);
    case 'i1':
      return (at) => view.getInt8(at);
    case 'u1':
      return (at) => view.getUint8(at);
    case 'b1':
      return (at) => view.getUint8(at) !== 0;
  }
  if (kind === 'U') return (at) => utf32(view, at, size / 4, little, origin);
  return corrupt(origin, `an array of dtype ${kind}${size} stands where numbers or texts belong`);
}

function narrow(value: bigint): number | bigint {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value;
}

function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Fixed width, padded with NUL characters, which numpy does not count. */
function utf32(view: DataView, at: number, width: number, little: boolean, origin: PickleOrigin): string {
  let text = '';
  let zeros = 0;
  for (let i = 0; i < width; i++) {
    const code = view.getUint32(at + i * 4, little);
    if (code > 0x10ffff) corrupt(origin, 'a text holds a character that does not exist');
    if (code === 0) {
      zeros += 1;
      continue;
    }
    text += '\0'.repeat(zeros) + String.fromCodePoint(code);
    zeros = 0;
  }
  return text;
}

/** Fortran order counts the first index fastest. */
function toRowMajor(stored: readonly PyValue[], shape: readonly number[]): PyValue[] {
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((a, b) => a * b, 1));
  const index = shape.map(() => 0);
  return Array.from({ length: stored.length }, () => {
    const at = index.reduce((sum, i, axis) => sum + i * strides[axis]!, 0);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = index[axis]! + 1;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
    return stored[at]!;
  });
}
