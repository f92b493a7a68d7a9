import { readFileSync } from 'node:fs';

/** A file of test/models/pickle. */
export function pickleFile(name: string): Buffer {
  return readFileSync(new URL(`../../../models/pickle/${name}`, import.meta.url));
}

/** A pickle written by hand: texts are opcodes and lines, numbers are bytes, buffers stand as they are. */
export function stream(...parts: readonly (string | number | Uint8Array)[]): Buffer {
  return Buffer.concat(
    parts.map((part) =>
      typeof part === 'string'
        ? Buffer.from(part, 'latin1')
        : typeof part === 'number'
          ? Buffer.from([part])
          : part,
    ),
  );
}

/** 4 bytes, little-endian. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** 8 bytes, little-endian. */
export function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}
