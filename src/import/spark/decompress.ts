import { gunzipSync } from 'node:zlib';
import type { CompressionCodec } from 'hyparquet';
import { snappyUncompress } from 'hyparquet/src/snappy.js';
import { decompressLz4, decompressLz4Raw, decompressZstd } from 'hyparquet-compressors';

/** A page's bytes, exactly `size` of them: memory is bounded by that, whatever the packed bytes say. */
export function decompress(packed: Uint8Array, size: number, codec: CompressionCodec): Uint8Array {
  const bytes = unpacked(packed, size, codec);
  if (bytes.length !== size) throw new Error(`a page unpacks to ${bytes.length} bytes instead of ${size}`);
  return bytes;
}

function unpacked(packed: Uint8Array, size: number, codec: CompressionCodec): Uint8Array {
  switch (codec) {
    case 'UNCOMPRESSED':
      return packed;
    case 'SNAPPY': {
      const bytes = new Uint8Array(size);
      snappyUncompress(packed, bytes);
      return bytes;
    }
    case 'GZIP':
      return new Uint8Array(gunzipSync(packed, { maxOutputLength: Math.max(size, 1) }));
    case 'ZSTD':
      return decompressZstd(packed, new Uint8Array(size));
    case 'LZ4':
      return decompressLz4(packed, size);
    case 'LZ4_RAW':
      return decompressLz4Raw(packed, size);
    default:
      throw new Error(`pages are packed by ${codec}`);
  }
}
