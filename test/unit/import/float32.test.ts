import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearestFloat32, parseFloat32 } from '../../../src/import/float32.ts';

const parse = (text: string) => nearestFloat32(Number(text), () => text);

describe('decimal text to float32', () => {
  it('gives back every float32 from its decimal text', () => {
    fc.assert(
      // Adding 0 makes -0 a 0: String() would lose its sign.
      fc.property(
        fc.float({ noNaN: true }).map((value) => value + 0),
        (value) => {
          expect(parse(String(value))).toBe(value);
          expect(parse(Number(value.toPrecision(9)).toExponential())).toBe(value);
        },
      ),
    );
  });

  it('rounds once where rounding to double first would hit the midpoint between two floats', () => {
    // 1 + 2^-24 lies midway between 1 and 1 + 2^-23. The text is 10^-20 above it, the nearest double is the midpoint.
    const above = '1.00000005960464477540';
    expect(Math.fround(Number(above))).toBe(1);
    expect(parse(above)).toBe(1 + 2 ** -23);
    expect(parse('1.00000005960464477539')).toBe(1);
    expect(parse('1.000000059604644775390625')).toBe(1);
    expect(parse(`-${above}`)).toBe(-1 - 2 ** -23);
  });

  it('decides by the digits next to any midpoint, small and large', () => {
    fc.assert(
      fc.property(fc.float({ min: Math.fround(1e-30), max: Math.fround(1e30), noNaN: true }), (low) => {
        const bits = new Uint32Array(new Float32Array([low]).buffer)[0]! + 1;
        const high = new Float32Array(new Uint32Array([bits]).buffer)[0]!;
        const [digits, exponent] = ((low + high) / 2).toExponential(100).split('e') as [string, string];
        expect(parse(`${digits}1e${exponent}`)).toBe(high);
        const evenOf = bits % 2 === 0 ? high : low;
        expect(parse(`${digits}e${exponent}`)).toBe(evenOf);
      }),
    );
  });

  it('rounds subnormals once, and lets what is too large be infinite', () => {
    // The smallest float32 is 2^-149 = 1.4013e-45; half of it is 7.006492321624085354…e-46.
    expect(parse('7.0064923216240853546e-46')).toBe(0);
    expect(parse('7.0064923216240853547e-46')).toBe(2 ** -149);
    expect(parse('1E-45')).toBe(2 ** -149);
    expect(parse('1e39')).toBe(Number.POSITIVE_INFINITY);
  });

  it('takes texts that are plain numbers only', () => {
    expect(parseFloat32('5E-1')).toBe(0.5);
    expect(parseFloat32('-1.25e+2')).toBe(-125);
    for (const text of ['', ' 1', '0x10', 'NaN', 'Infinity', '1e', '1e999999', '.', '1,5'])
      expect(parseFloat32(text)).toBeNaN();
  });
});
