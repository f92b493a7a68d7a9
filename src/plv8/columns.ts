/**
 * Constants as text: a column of numbers is a JSON array or the base64 of a typed array, or codes into a column of
 * distinct values where that is shorter. `src/codegen/pack-columns.ts` writes what is read here.
 */

export type ColumnType = 'u8' | 'u16' | 'i32' | 'f32' | 'f64';

/**
 * The elements, as a JSON array or as base64 of their little-endian bytes; for coded columns also the values that
 * they stand for.
 */
export type PackedColumn = readonly [type: ColumnType, text: string, dictionary?: PackedColumn];

export type NumberArray = Uint8Array | Uint16Array | Int32Array | Float32Array | Float64Array;

/** The numbers of a packed column. Linear in its length, no memory but the result's and one copy. */
export function unpackColumn([type, text, dictionary]: PackedColumn): NumberArray {
  const elements = createArray(type, text.startsWith('[') ? JSON.parse(text) : decodeBase64(text));
  if (dictionary === undefined) return elements;
  const values = unpackColumn(dictionary);
  const out = new (values.constructor as new (length: number) => NumberArray)(elements.length);
  for (let i = 0; i < out.length; i++) out[i] = values[elements[i]!]!;
  return out;
}

/** From numbers (or their text), or over bytes. */
function createArray(type: ColumnType, source: ArrayBuffer): NumberArray {
  switch (type) {
    case 'u8':
      return new Uint8Array(source);
    case 'u16':
      return new Uint16Array(source);
    case 'i32':
      return new Int32Array(source);
    case 'f32':
      return new Float32Array(source);
    case 'f64':
      return new Float64Array(source);
  }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Neither PL/v8 nor PLJS has atob. `text` is base64 with its padding; nothing else is checked. */
function decodeBase64(text: string): ArrayBuffer {
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] !== 1) {
    throw new Error('pgscore: the constants of large models are little-endian, this machine is not');
  }
  const sextets = new Uint8Array(128);
  for (let i = 0; i < 64; i++) sextets[ALPHABET.charCodeAt(i)] = i;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  for (let i = 0, o = 0; i < text.length; i += 4) {
    const bits =
      (sextets[text.charCodeAt(i)]! << 18) |
      (sextets[text.charCodeAt(i + 1)]! << 12) |
      (sextets[text.charCodeAt(i + 2)]! << 6) |
      sextets[text.charCodeAt(i + 3)]!;
    // Writes past the end, which the padding leads to, are ignored.
    bytes[o++] = bits >> 16;
    bytes[o++] = bits >> 8;
    bytes[o++] = bits;
  }
  return bytes.buffer;
}
