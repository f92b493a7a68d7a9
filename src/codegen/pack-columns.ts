import type { ColumnType, NumberArray, PackedColumn } from '../plv8/columns.ts';

const ELEMENTS = {
  u8: Uint8Array,
  u16: Uint16Array,
  i32: Int32Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;

/** A coded column has at most as many distinct values as a u16 can number. */
const MAX_DISTINCT = 65536;

/**
 * Columns up to this length are decimal text in JSON, longer ones base64. JSON.parse is native: on PL/v8 the 20,000
 * numbers of 100 trees are there in 1 ms, and in 11 ms when a loop that is not compiled yet decodes base64. In long
 * columns that loop is compiled soon, and base64 takes half the space.
 */
const MAX_DECIMAL = 65536;

/** Short columns of float64, at 18 characters each in decimal and 11 in base64, are base64 too: 3 ms at the most. */
const MIN_DECIMAL_FLOAT64 = 2049;

/** The shortest exact text of a column; `unpackColumn` reads it back, -0 and NaN included. */
export function packColumn(values: ArrayLike<number>): PackedColumn {
  const type = narrowestType(values);
  const plain = plainColumn(values, type);
  const distinct = type === 'u8' ? undefined : findDistinct(values);
  if (distinct === undefined) return plain;
  const [codeType, codes] = plainColumn(distinct.codes, distinct.values.length <= 256 ? 'u8' : 'u16');
  const coded: PackedColumn = [codeType, codes, plainColumn(distinct.values, type)];
  return packedLength(coded) < packedLength(plain) ? coded : plain;
}

/** Characters of a packed column's text. */
export function packedLength([, text, dictionary]: PackedColumn): number {
  return text.length + (dictionary === undefined ? 0 : packedLength(dictionary));
}

/** Whether float32 holds every value exactly. */
export function fitsFloat32(values: ArrayLike<number>): boolean {
  for (let i = 0; i < values.length; i++) if (!Object.is(Math.fround(values[i]!), values[i])) return false;
  return true;
}

function narrowestType(values: ArrayLike<number>): ColumnType {
  let least = 0;
  let greatest = 0;
  let whole = true;
  for (let i = 0; i < values.length && whole; i++) {
    const value = values[i]!;
    whole = Object.is(value | 0, value);
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  if (!whole) return fitsFloat32(values) ? 'f32' : 'f64';
  if (least < 0) return 'i32';
  return greatest < 256 ? 'u8' : greatest < 65536 ? 'u16' : 'i32';
}

function plainColumn(values: ArrayLike<number>, type: ColumnType): PackedColumn {
  if (values.length <= MAX_DECIMAL && (type !== 'f64' || values.length >= MIN_DECIMAL_FLOAT64)) {
    return [type, `[${Array.from(values, type === 'f32' ? float32Text : numberText).join()}]`];
  }
  const elements: NumberArray = new ELEMENTS[type](values.length);
  elements.set(values);
  return [type, Buffer.from(elements.buffer).toString('base64')];
}

/** JSON that an element of a typed array is made from: it has -0, but infinities are numbers too great, NaN a text. */
function numberText(value: number): string {
  if (Number.isNaN(value)) return '"NaN"';
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? String(value) : value > 0 ? '1e999' : '-1e999';
}

/** The digits that a float32 needs are fewer than those of the float64 of equal value. */
function float32Text(value: number): string {
  const exact = numberText(value);
  for (let digits = 6; digits <= 9 && exact.length > digits; digits++) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) return String(shorter);
  }
  return exact;
}

/** The distinct values in order of appearance and each element's code; undefined when there are too many. */
function findDistinct(values: ArrayLike<number>): { values: number[]; codes: Uint16Array } | undefined {
  const codeOf = new Map<number | string, number>();
  const distinct: number[] = [];
  const codes = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const key = Object.is(value, -0) ? '-0' : value;
    let code = codeOf.get(key);
    if (code === undefined) {
      code = distinct.length;
      if (code === MAX_DISTINCT) return undefined;
      codeOf.set(key, code);
      distinct.push(value);
    }
    codes[i] = code;
  }
  return { values: distinct, codes };
}
