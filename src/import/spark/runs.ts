import { getMaxDefinitionLevel, getMaxRepetitionLevel } from 'hyparquet/src/schema.js';
import type { ColumnDecoder, DataPageHeaderV2, Encoding } from 'hyparquet/src/types.js';

/**
 * Throws where a run-length encoded part of a page repeats a value more often than the page has values: the decoder
 * would write out every repetition. `v2` is given for pages of the second version, whose levels state their lengths.
 * https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE
 */
export function checkRuns(
  page: Uint8Array,
  encoding: Encoding,
  values: number,
  { schemaPath, type }: ColumnDecoder,
  v2?: DataPageHeaderV2,
): void {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  let at = 0;
  const levels = (greatest: number, length: number | undefined): void => {
    if (greatest === 0) return;
    const size = length ?? view.getUint32(at, true);
    if (length === undefined) at += 4;
    checkPart(view, at, at + size, bitWidth(greatest), values);
    at += size;
  };
  levels(getMaxRepetitionLevel(schemaPath), v2?.repetition_levels_byte_length);
  levels(getMaxDefinitionLevel(schemaPath), v2?.definition_levels_byte_length);
  if (!encoding.endsWith('_DICTIONARY') || at >= page.length) return;
  if (type === 'BOOLEAN') throw new Error('truth values are encoded by a dictionary');
  checkPart(view, at + 1, page.length, view.getUint8(at), values);
}

function bitWidth(value: number): number {
  return 32 - Math.clz32(value);
}

function checkPart(view: DataView, start: number, end: number, width: number, values: number): void {
  if (end > view.byteLength || width > 32) throw new Error('a page has runs beyond its end');
  let at = start;
  let seen = 0;
  while (seen < values && at < end && width > 0) {
    const { header, next } = varint(view, at);
    const count = header >>> 1;
    const packed = (header & 1) === 1;
    at = next + (packed ? count * width : (width + 7) >> 3);
    seen += packed ? count * 8 : count;
    // The last group of eight may be filled up.
    if (seen > values + (packed ? 7 : 0)) throw new Error('a page repeats a value beyond its end');
  }
}

function varint(view: DataView, at: number): { readonly header: number; readonly next: number } {
  let header = 0;
  for (let i = 0; i < 5; i++) {
    const byte = view.getUint8(at + i);
    header |= (byte & 0x7f) << (7 * i);
    if (byte < 128) return { header: header >>> 0, next: at + i + 1 };
  }
  throw new Error('a run is longer than any page');
}
