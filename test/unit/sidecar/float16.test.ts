import { expect, test } from 'vitest';
import { fromFloat16, toFloat16 } from '../../../src/sidecar/float16.ts';

// IEEE 754 binary16: sign, 5 bits of exponent (bias 15), 10 bits of fraction.
test.each([
  [0, 0x0000],
  [-0, 0x8000],
  [1, 0x3c00],
  [-2, 0xc000],
  [65504, 0x7bff],
  // Half-way to 65536, and past it.
  [65519.99, 0x7bff],
  [65520, 0x7c00],
  [-Infinity, 0xfc00],
  // The least normal number, the greatest subnormal, the least one, and half of that, which ties to zero.
  [2 ** -14, 0x0400],
  [1023 * 2 ** -24, 0x03ff],
  [2 ** -24, 0x0001],
  [2 ** -25, 0x0000],
  [3 * 2 ** -25, 0x0002],
  // 1 + 2^-11 lies half-way between 1 and 1 + 2^-10: the even one; 1 + 3·2^-11 goes up.
  [1 + 2 ** -11, 0x3c00],
  [1 + 3 * 2 ** -11, 0x3c02],
  // Rounds up into the next power of two.
  [2 - 2 ** -12, 0x4000],
])('%d is %i', (value, bits) => {
  expect(toFloat16(value)).toBe(bits);
});

test('every binary16 number comes back as it was', () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = fromFloat16(bits);
    if (Number.isNaN(value)) expect(toFloat16(value)).toBe(0x7e00);
    else expect(toFloat16(value)).toBe(bits);
  }
});
