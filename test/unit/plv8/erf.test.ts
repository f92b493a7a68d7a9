import { expect, it } from 'vitest';
import { erf } from '../../../src/plv8/erf.ts';

/** Computed by the power series in arithmetic of 80 digits. */
const VALUES: readonly (readonly [number, number])[] = [
  [0.001, 0.0011283787909692365],
  [0.1, 0.1124629160182849],
  [0.25, 0.27632639016823696],
  [0.46875, 0.49261347321793797],
  [0.469, 0.4928398949625797],
  [0.5, 0.5204998778130465],
  [0.75, 0.7111556336535151],
  [1, 0.8427007929497149],
  [1.5, 0.9661051464753108],
  [2, 0.9953222650189527],
  [2.5, 0.999593047982555],
  [3, 0.9999779095030014],
  [3.5, 0.9999992569016276],
  [4, 0.9999999845827421],
  [4.001, 0.9999999847092178],
  [4.5, 0.9999999998033839],
  [5, 0.9999999999984626],
  [5.5, 0.9999999999999927],
  [5.9, 0.9999999999999999],
];

it('is right to 4e-16 relative', () => {
  for (const [x, expected] of VALUES) {
    expect(Math.abs(erf(x) - expected)).toBeLessThanOrEqual(4e-16 * expected);
    expect(erf(-x)).toBe(-erf(x));
  }
});

it('has its limits', () => {
  expect([erf(0), erf(-0), erf(7), erf(-Infinity), erf(1e-300), erf(Number.NaN)]).toEqual([
    0,
    -0,
    1,
    -1,
    1e-300 * (2 / Math.sqrt(Math.PI)),
    Number.NaN,
  ]);
});
