import { expect, test } from 'vitest';
import { arrayOfArrays, floatArray, textArray } from '../../../src/sidecar/array-literal.ts';

test('texts are quoted, quotes and backslashes escaped', () => {
  expect(textArray([])).toBe('{}');
  expect(textArray(['a', '', null, 'NULL', 'say "x"', 'c:\\d', '{1,2}'])).toBe(
    '{"a","",NULL,"NULL","say \\"x\\"","c:\\\\d","{1,2}"}',
  );
});

test('numbers are their shortest text, NaN is NULL', () => {
  expect(floatArray(Float64Array.of(0.1, -1e300, Number.NaN, Infinity, 5e-324))).toBe(
    '{0.1,-1e+300,NULL,Infinity,5e-324}',
  );
});

test('arrays within keep NaN', () => {
  expect(arrayOfArrays([[1.5, Number.NaN], null, []])).toBe('{"{1.5,NaN}",NULL,"{}"}');
});
