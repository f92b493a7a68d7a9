import { gunzipSync, inflateSync } from 'node:zlib';
import { corrupt, type PickleOrigin, unsupported } from './values.ts';

/** Most bytes that a compressed file may unpack to. A forest of a million nodes takes about 100 MB. */
const MAX_UNPACKED = 256 * 2 ** 20;

/** Compressions of joblib that Node cannot undo, by their first bytes (latin1). */
const FOREIGN: readonly (readonly [string, string])[] = [
  ['BZh', 'bzip2'],
  ['\xfd7zXZ\x00', 'xz'],
  ['\x5d\x00\x00', 'lzma'],
  ['\x04\x22\x4d\x18', 'lz4'],
  ['ZF', 'a format of joblib before 0.10'],
];

export type Packing = 'zlib' | 'gzip' | 'foreign' | 'none';

/** How a file is compressed, from its first bytes. */
export function packingOf(bytes: Uint8Array): Packing {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'gzip';
  // RFC 1950: deflate with a window of 32 KiB, and a check that makes the two bytes a multiple of 31.
  if (bytes[0] === 0x78 && ((bytes[0] << 8) | (bytes[1] ?? 0)) % 31 === 0) return 'zlib';
  return foreignPacking(bytes) === undefined ? 'none' : 'foreign';
}

function foreignPacking(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.subarray(0, 8)).toString('latin1');
  return FOREIGN.find(([start]) => head.startsWith(start))?.[1];
}

/** The pickle stream of a file. @throws PgscoreError PGS_FILE, PGS_UNSUPPORTED. */
export function unpack(bytes: Uint8Array, origin: PickleOrigin): Uint8Array {
  const packing = packingOf(bytes);
  if (packing === 'none') return bytes;
  if (packing === 'foreign') {
    unsupported(
      origin,
      `the file is compressed with ${foreignPacking(bytes)}`,
      'Save it with joblib.dump(model, path, compress=0), or with zlib: compress=3.',
    );
  }
  try {
    return (packing === 'gzip' ? gunzipSync : inflateSync)(bytes, { maxOutputLength: MAX_UNPACKED });
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code !== 'ERR_BUFFER_TOO_LARGE') return corrupt(origin, `its ${packing} data are damaged`);
    return unsupported(
      origin,
      `the file unpacks to more than ${MAX_UNPACKED / 2 ** 20} MB`,
      'A model of that size belongs in the sidecar: export it to ONNX.',
    );
  }
}
