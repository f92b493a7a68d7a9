import { describe, expect, it } from 'vitest';
import { cityHash64 } from '../../../src/ir/city-hash.ts';
import { hashText } from '../../../src/plv8/city-hash.ts';

/** n letters, the i-th being number 7 i + n modulo 26 of the alphabet. */
function letters(n: number): string {
  return String.fromCharCode(...Array.from({ length: n }, (_, i) => 97 + ((i * 7 + n) % 26)));
}

describe('the low half of CityHash64 1.0', () => {
  /** What the C++ of version 1.0.2 gives: each way of its code at its least and its greatest length. */
  it.each([
    [0, 797982799],
    [1, 1982436109],
    [3, 1681563550],
    [4, 2170975508],
    [8, 1551415931],
    [9, 3092225072],
    [16, 3308496309],
    [17, 2981278326],
    [32, 716110397],
    [33, 447214206],
    [64, 2044042429],
    [65, 2321049513],
    [128, 3252595265],
    [129, 826990738],
    [199, 284583399],
  ])('of %i letters', (n, expected) => {
    expect(hashText(letters(n), 0)).toBe(expected);
    expect(Number(cityHash64(new TextEncoder().encode(letters(n))) & 0xffffffffn)).toBe(expected);
  });

  it('is that of UTF-8, and nothing of NULL', () => {
    for (const text of ['é'.repeat(40), '日本語', '👍🏽 x']) {
      expect(hashText(text, 0)).toBe(Number(cityHash64(new TextEncoder().encode(text)) & 0xffffffffn));
    }
    expect(hashText(null, -1)).toBe(-1);
  });
});
