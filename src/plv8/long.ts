/**
 * Unsigned integers of 64 bits as halves of 32: several times faster than BigInt. Halves are any int32 or uint32; only
 * their bits count.
 */
export interface Long {
  readonly high: number;
  readonly low: number;
}

export function long(high: number, low: number): Long {
  return { high: high | 0, low: low | 0 };
}

export function add(a: Long, b: Long): Long {
  const low = (a.low >>> 0) + (b.low >>> 0);
  return long(a.high + b.high + (low > 0xffffffff ? 1 : 0), low);
}

export function subtract(a: Long, b: Long): Long {
  const borrow = a.low >>> 0 < b.low >>> 0 ? 1 : 0;
  return long(a.high - b.high - borrow, a.low - b.low);
}

export function multiply(a: Long, b: Long): Long {
  const cross = (Math.imul(a.low, b.high) + Math.imul(a.high, b.low)) | 0;
  return long(highOfProduct(a.low, b.low) + cross, Math.imul(a.low, b.low));
}

/** The upper half of the product of two uint32, by halves of 16 bits. */
function highOfProduct(a: number, b: number): number {
  const [a0, a1, b0, b1] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  const carry = (middle & 0xffff) + a0 * b1;
  return a1 * b1 + Math.floor(middle / 65536) + Math.floor(carry / 65536);
}

export function xor(a: Long, b: Long): Long {
  return long(a.high ^ b.high, a.low ^ b.low);
}

/** To the right, by 1 to 63 bits but not 32. */
export function rotate({ high, low }: Long, bits: number): Long {
  const n = bits & 31;
  const right = long((high >>> n) | (low << (32 - n)), (low >>> n) | (high << (32 - n)));
  return bits < 32 ? right : long(right.low, right.high);
}

/** value ^ (value >> 47) */
export function shiftMix({ high, low }: Long): Long {
  return long(high, low ^ (high >>> 15));
}

export function sum(...terms: readonly Long[]): Long {
  return terms.reduce(add);
}
