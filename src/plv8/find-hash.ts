import { add, type Long, long, multiply } from './long.ts';

const FACTOR = long(0x4906ba49, 0x4954cb65);

/**
 * A function from numbers to the position of their combined hash among keys, whose halves of 32 bits are given; to
 * `highs.length` where it is none of them, or a number is not whole. The hash begins with 0, and each number's low 32
 * bits, signed, make it FACTOR * (hash + FACTOR * number).
 */
export function createHashFinder(
  highs: ArrayLike<number>,
  lows: ArrayLike<number>,
): (x: ArrayLike<number>) => number {
  // Keys of one lower half are linked: next[i] is the position after i, or -1.
  const firstOf = new Map<number, number>();
  const next = new Int32Array(highs.length);
  for (let i = highs.length - 1; i >= 0; i--) {
    next[i] = firstOf.get(lows[i]!) ?? -1;
    firstOf.set(lows[i]!, i);
  }
  return (x) => {
    let hash: Long = long(0, 0);
    for (let k = 0; k < x.length; k++) {
      if (!Number.isInteger(x[k]!)) return highs.length;
      const low = x[k]! | 0;
      hash = multiply(FACTOR, add(hash, multiply(FACTOR, long(low >> 31, low))));
    }
    let i = firstOf.get(hash.low) ?? -1;
    while (i !== -1 && highs[i] !== hash.high) i = next[i]!;
    return i === -1 ? highs.length : i;
  };
}
