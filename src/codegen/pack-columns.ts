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

/** The shortest exact text of a column; `unpackColumn` reads it back, -0 and NaN included. */
export function packColumn(values: ArrayLike<number>): PackedColumn {
  const type = narrowestType(values);
  const size = ELEMENTS[type].BYTES_PER_ELEMENT;
  if (size === 1) return plainColumn(values, type);
  const distinct = findDistinct(values);
  if (distinct === undefined) return plainColumn(values, type);
  const codeType = distinct.values.length <= 256 ? 'u8' : 'u16';
  const codedBytes = distinct.values.length * size + values.length * ELEMENTS[codeType].BYTES_PER_ELEMENT;
  if (codedBytes >= values.length * size) return plainColumn(values, type);
  const [, base64] = plainColumn(distinct.codes, codeType);
  return [codeType, base64, plainColumn(distinct.values, type)];
}

/** Characters of a packed column's text. */
export function packedLength([, base64, dictionary]: PackedColumn): number {
  return base64.length + (dictionary === undefined ? 0 : packedLength(dictionary));
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
  const elements: NumberArray = new ELEMENTS[type](values.length);
  elements.set(values);
  return [type, Buffer.from(elements.buffer).toString('base64')];
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
