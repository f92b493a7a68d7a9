const K0 = 0xc3a5c85c97cb3127n;
const K1 = 0xb492b66fbe98f273n;
const K2 = 0x9ae16a3b2f90404fn;
const K3 = 0xc949d7c7509e6557n;
const FOLD = 0x9ddfea08eb382d69n;

/**
 * CityHash64, version 1.0, of some bytes, in 64-bit integers as the algorithm is defined.
 * https://github.com/catboost/catboost/blob/v1.2/util/digest/city.cpp
 */
export function cityHash64(bytes: Uint8Array): bigint {
  const size = bytes.length;
  if (size === 0) return K2;
  if (size < 4) return ofThree(bytes);
  const at = reader(bytes);
  if (size <= 8) return fold(BigInt(size) + (at.word(0) << 3n), at.word(size - 4));
  if (size <= 16) {
    const last = at.long(size - 8);
    return fold(at.long(0), rotate(wrap(last + BigInt(size)), size)) ^ last;
  }
  if (size <= 32) return ofThirtyTwo(at, size);
  return size <= 64 ? ofSixtyFour(at, size) : ofMany(at, size);
}

type Pair = readonly [bigint, bigint];

interface Reader {
  word(offset: number): bigint;
  long(offset: number): bigint;
}

function reader(bytes: Uint8Array): Reader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    word: (offset) => BigInt(view.getUint32(offset, true)),
    long: (offset) => view.getBigUint64(offset, true),
  };
}

function wrap(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

function rotate(value: bigint, bits: number): bigint {
  return (value >> BigInt(bits)) | wrap(value << BigInt(64 - bits));
}

function shiftMix(value: bigint): bigint {
  return value ^ (value >> 47n);
}

/** Murmur-inspired hash of two integers. */
function fold(low: bigint, high: bigint): bigint {
  const first = shiftMix(wrap((wrap(low) ^ wrap(high)) * FOLD));
  const second = shiftMix(wrap((wrap(high) ^ first) * FOLD));
  return wrap(second * FOLD);
}

function ofThree(bytes: Uint8Array): bigint {
  const size = bytes.length;
  const first = BigInt(bytes[0]! + (bytes[size >> 1]! << 8));
  const last = BigInt(size + (bytes[size - 1]! << 2));
  return wrap(shiftMix(wrap(first * K2) ^ wrap(last * K3)) * K2);
}

function ofThirtyTwo(at: Reader, size: number): bigint {
  const a = wrap(at.long(0) * K1);
  const b = at.long(8);
  const c = wrap(at.long(size - 8) * K2);
  const d = wrap(at.long(size - 16) * K0);
  return fold(rotate(wrap(a - b), 43) + rotate(c, 30) + d, a + rotate(b ^ K3, 20) - c + BigInt(size));
}

/** Both halves of 33 to 64 bytes are mixed alike, `start` being what the first word of each begins with. */
function ofHalf(start: bigint, z: bigint, second: bigint, third: bigint): Pair {
  const b = rotate(wrap(start + z), 52);
  const moved = wrap(start + second);
  const a = wrap(moved + third);
  const c = rotate(start, 37) + rotate(moved, 7);
  return [wrap(a + z), wrap(b + rotate(a, 31) + c)];
}

function ofSixtyFour(at: Reader, size: number): bigint {
  const start = wrap(at.long(0) + (BigInt(size) + at.long(size - 16)) * K0);
  const v = ofHalf(start, at.long(24), at.long(8), at.long(16));
  const end = wrap(at.long(16) + at.long(size - 32));
  const w = ofHalf(end, at.long(size - 8), at.long(size - 24), at.long(size - 16));
  const r = shiftMix(wrap((v[0] + w[1]) * K2 + (w[0] + v[1]) * K0));
  return wrap(shiftMix(wrap(r * K0 + v[1])) * K2);
}

function weak(at: Reader, offset: number, seedA: bigint, seedB: bigint): Pair {
  const a = wrap(seedA + at.long(offset));
  const last = at.long(offset + 24);
  const moved = wrap(a + at.long(offset + 8) + at.long(offset + 16));
  const b = rotate(wrap(seedB + a + last), 21) + rotate(moved, 44);
  return [wrap(moved + last), wrap(b + a)];
}

function ofMany(at: Reader, size: number): bigint {
  const length = BigInt(size);
  let x = at.long(0);
  let y = at.long(size - 16) ^ K1;
  let z = at.long(size - 56) ^ K0;
  let v = weak(at, size - 64, length, y);
  let w = weak(at, size - 32, wrap(length * K1), K0);
  z = wrap(z + shiftMix(v[1]) * K1);
  x = wrap(rotate(wrap(z + x), 39) * K1);
  y = wrap(rotate(y, 33) * K1);
  for (let offset = 0; offset < size - 64; offset += 64) {
    x = wrap(rotate(wrap(x + y + v[0] + at.long(offset + 16)), 37) * K1) ^ w[1];
    y = wrap(rotate(wrap(y + v[1] + at.long(offset + 48)), 42) * K1) ^ v[0];
    z = rotate(z ^ w[0], 33);
    v = weak(at, offset, wrap(v[1] * K1), wrap(x + w[0]));
    w = weak(at, offset + 32, wrap(z + w[1]), y);
    [x, z] = [z, x];
  }
  return fold(fold(v[0], w[0]) + shiftMix(y) * K1 + z, fold(v[1], w[1]) + x);
}
