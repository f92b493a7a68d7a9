import { add, type Long, long, multiply, rotate, shiftMix, subtract, sum, xor } from './long.ts';
import { utf8 } from './utf8.ts';

const K0 = long(0xc3a5c85c, 0x97cb3127);
const K1 = long(0xb492b66f, 0xbe98f273);
const K2 = long(0x9ae16a3b, 0x2f90404f);
const K3 = long(0xc949d7c7, 0x509e6557);
const FOLD = long(0x9ddfea08, 0xeb382d69);

/**
 * The low 32 bits of a text's CityHash64, version 1.0, as CatBoost hashes categories; null gives `missing`.
 * https://github.com/catboost/catboost/blob/v1.2/util/digest/city.cpp
 */
export function hashText(text: string | null, missing: number): number {
  return text === null ? missing : cityHash64(utf8(text)).low >>> 0;
}

function cityHash64(b: Uint8Array): Long {
  const n = b.length;
  if (n > 64) return hashMany(b, n);
  if (n > 32) return hashTo64(b, n);
  if (n > 16) return hashTo32(b, n);
  if (n > 8) {
    const last = eight(b, n - 8);
    return xor(fold(eight(b, 0), rotate(add(last, long(0, n)), n)), last);
  }
  if (n > 3) {
    const first = four(b, 0);
    return fold(add(long(first >>> 29, first << 3), long(0, n)), long(0, four(b, n - 4)));
  }
  if (n === 0) return K2;
  const y = long(0, b[0]! + (b[n >> 1]! << 8));
  const z = long(0, n + (b[n - 1]! << 2));
  return multiply(shiftMix(xor(multiply(y, K2), multiply(z, K3))), K2);
}

/** Little-endian. */
function four(b: Uint8Array, i: number): number {
  return b[i]! | (b[i + 1]! << 8) | (b[i + 2]! << 16) | (b[i + 3]! << 24);
}

function eight(b: Uint8Array, i: number): Long {
  return long(four(b, i + 4), four(b, i));
}

function fold(u: Long, v: Long): Long {
  const a = shiftMix(multiply(xor(u, v), FOLD));
  return multiply(shiftMix(multiply(xor(v, a), FOLD)), FOLD);
}

function hashTo32(b: Uint8Array, n: number): Long {
  const a = multiply(eight(b, 0), K1);
  const middle = eight(b, 8);
  const c = multiply(eight(b, n - 8), K2);
  const d = multiply(eight(b, n - 16), K0);
  const left = sum(rotate(subtract(a, middle), 43), rotate(c, 30), d);
  return fold(left, add(subtract(add(a, rotate(xor(middle, K3), 20)), c), long(0, n)));
}

/** Two results of 32 bytes that begin with `a`, whose others are given in the order of their use. */
function half(a: Long, z: Long, second: Long, third: Long): readonly [Long, Long] {
  const both = add(a, second);
  const all = add(both, third);
  return [add(all, z), sum(rotate(add(a, z), 52), rotate(all, 31), rotate(a, 37), rotate(both, 7))];
}

function hashTo64(b: Uint8Array, n: number): Long {
  const a = add(eight(b, 0), multiply(add(long(0, n), eight(b, n - 16)), K0));
  const [vf, vs] = half(a, eight(b, 24), eight(b, 8), eight(b, 16));
  const start = add(eight(b, 16), eight(b, n - 32));
  const [wf, ws] = half(start, eight(b, n - 8), eight(b, n - 24), eight(b, n - 16));
  const r = shiftMix(add(multiply(add(vf, ws), K2), multiply(add(wf, vs), K0)));
  return multiply(shiftMix(add(multiply(r, K0), vs)), K2);
}

/** Two results of the 32 bytes at i. */
function seeded(b: Uint8Array, i: number, first: Long, second: Long): readonly [Long, Long] {
  const a = add(first, eight(b, i));
  const z = eight(b, i + 24);
  const all = sum(a, eight(b, i + 8), eight(b, i + 16));
  return [add(all, z), sum(rotate(sum(second, a, z), 21), rotate(all, 44), a)];
}

function hashMany(b: Uint8Array, n: number): Long {
  let y = xor(eight(b, n - 16), K1);
  let v = seeded(b, n - 64, long(0, n), y);
  let w = seeded(b, n - 32, multiply(long(0, n), K1), K0);
  let z = add(xor(eight(b, n - 56), K0), multiply(shiftMix(v[1]), K1));
  let x = multiply(rotate(add(z, eight(b, 0)), 39), K1);
  y = multiply(rotate(y, 33), K1);
  for (let i = 0; i < n - 64; i += 64) {
    const mixed = xor(multiply(rotate(sum(x, y, v[0], eight(b, i + 16)), 37), K1), w[1]);
    y = xor(multiply(rotate(sum(y, v[1], eight(b, i + 48)), 42), K1), v[0]);
    x = rotate(xor(z, w[0]), 33);
    v = seeded(b, i, multiply(v[1], K1), add(mixed, w[0]));
    w = seeded(b, i + 32, add(x, w[1]), y);
    z = mixed;
  }
  const left = sum(fold(v[0], w[0]), multiply(shiftMix(y), K1), z);
  return fold(left, add(fold(v[1], w[1]), x));
}
