import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decompress } from '../../../../src/import/spark/decompress.ts';
import { parquetBudget, readParquet } from '../../../../src/import/spark/parquet.ts';
import { parquet } from './files.ts';

/** A Zstandard frame of one block. https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1 */
function zstd(size: number, block: Uint8Array, type: 'raw' | 'rle', blockSize: number): Uint8Array {
  const frame = Buffer.alloc(12);
  frame.writeUInt32LE(0xfd2fb528, 0);
  // One segment, whose size takes four bytes.
  frame.writeUInt8(0xa0, 4);
  frame.writeUInt32LE(size, 5);
  frame.writeUIntLE((blockSize << 3) | (type === 'rle' ? 2 : 0) | 1, 9, 3);
  return new Uint8Array(Buffer.concat([frame, block]));
}

/** An LZ4 block that copies its input. https://github.com/lz4/lz4/blob/v1.10.0/doc/lz4_Block_format.md */
function lz4(bytes: Uint8Array): Uint8Array {
  const more = bytes.length - 15;
  const lengths = [...new Array<number>(Math.floor(more / 255)).fill(255), more % 255];
  return more < 0 ? Uint8Array.of(bytes.length << 4, ...bytes) : Uint8Array.of(0xf0, ...lengths, ...bytes);
}

/** The same, as Hadoop frames it: both sizes before the block, the greatest byte first. */
function hadoopLz4(bytes: Uint8Array): Uint8Array {
  const block = lz4(bytes);
  const sizes = Buffer.alloc(8);
  sizes.writeUInt32BE(bytes.length, 0);
  sizes.writeUInt32BE(block.length, 4);
  return new Uint8Array(Buffer.concat([sizes, block]));
}

const CODECS = {
  GZIP: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)),
  ZSTD: (bytes: Uint8Array) => zstd(bytes.length, bytes, 'raw', bytes.length),
  LZ4_RAW: lz4,
  LZ4: hadoopLz4,
};

describe('pages', () => {
  const rows = Array.from({ length: 300 }, (_, id) => ({ id, name: `n${id % 3}` }));

  it.each(Object.keys(CODECS) as (keyof typeof CODECS)[])('packed by %s are read', (codec) => {
    const bytes = parquet({ id: 'int', name: 'text' }, rows, codec, CODECS);
    expect(readParquet(bytes, parquetBudget())).toEqual(rows);
  });

  it('packed by anything else are refused', () => {
    expect(() => decompress(new Uint8Array(4), 4, 'LZO')).toThrow(/packed by LZO/);
  });
});

describe('a page that unpacks to more than it states', () => {
  it.each<[string, Parameters<typeof decompress>[2], Uint8Array]>([
    ['gzip', 'GZIP', new Uint8Array(gzipSync(Buffer.alloc(50e6)))],
    ['a Zstandard run', 'ZSTD', zstd(10, Uint8Array.of(1), 'rle', 100_000)],
    ['a Zstandard frame of a false size', 'ZSTD', zstd(0xffffffff, Uint8Array.of(1), 'rle', 100_000)],
    ['LZ4', 'LZ4_RAW', lz4(new Uint8Array(1000))],
  ])('%s is refused, or cut', (_, codec, packed) => {
    const before = process.memoryUsage().arrayBuffers;
    try {
      expect(decompress(packed, 10, codec).length).toBe(10);
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20e6);
  });
});
