import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packColumn, packedLength } from '../../../src/codegen/pack-columns.ts';
import { unpackColumn } from '../../../src/plv8/columns.ts';

const special = fc.constantFrom(
  0,
  -0,
  Number.NaN,
  Infinity,
  -Infinity,
  Number.MIN_VALUE,
  2 ** 31,
  -(2 ** 31),
  65536,
);
const column = fc.oneof(
  fc.array(fc.integer({ min: 0, max: 300 })),
  fc.array(fc.integer({ min: 0, max: 70_000 })),
  fc.array(fc.integer()),
  fc.array(fc.float()),
  fc.array(fc.double()),
  fc.array(fc.oneof(fc.integer({ min: 0, max: 3 }), special)),
  fc.array(fc.constantFrom(0.1, 1 / 3, -0, Number.NaN), { minLength: 50, maxLength: 400 }),
);

describe('a packed column', () => {
  test('gives every number back, bit for bit', () => {
    fc.assert(
      fc.property(column, (values) => {
        expect([...unpackColumn(packColumn(values))]).toEqual(values);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['u8', [0, 255]],
    ['u16', [0, 256]],
    ['i32', [0, 65536]],
    ['i32', [0, -1]],
    ['f32', [0.5, 1]],
    ['f32', [-0, 1]],
    ['f64', [0.1, 1]],
  ])('is of type %s for %j', (type, values) => {
    expect(packColumn(values)[0]).toBe(type);
  });

  test('codes into distinct values where that is shorter, and only there', () => {
    const repeated = Array.from({ length: 4000 }, (_, i) => (i % 200) / 7);
    const packed = packColumn(repeated);
    expect(packed[0]).toBe('u8');
    expect(packedLength(packed)).toBeLessThan(4000 * 5);
    const distinct = Array.from({ length: 4000 }, (_, i) => i / 7);
    expect(packColumn(distinct)).toHaveLength(2);
    expect([...unpackColumn(packed)]).toEqual(repeated);
  });

  test('writes float32 with the digits that it needs', () => {
    expect(packColumn([0.1, 3.4028234663852886e38, -0].map(Math.fround))).toEqual([
      'f32',
      '[0.1,3.4028235e+38,-0]',
    ]);
  });

  test('is compact when long', () => {
    const values = Float32Array.from({ length: 100_000 }, (_, i) => i / 7);
    const packed = packColumn(values);
    expect(packedLength(packed)).toBeLessThan(values.length * 5.4);
    expect(unpackColumn(packed)).toEqual(values);
  });

  test('holds more distinct values than codes can number', () => {
    const values = Array.from({ length: 70_000 }, (_, i) => i / 7);
    expect([...unpackColumn(packColumn([...values, ...values]))]).toEqual([...values, ...values]);
  });
});
