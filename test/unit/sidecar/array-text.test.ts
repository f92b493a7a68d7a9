import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseArray } from '../../../src/sidecar/array-text.ts';

const FLOATS = { whole: false, bytea: 'float32' } as const;
const WHOLES = { whole: true, bytea: 'float32' } as const;

function read(text: string, form: Parameters<typeof parseArray>[1] = FLOATS) {
  const { values, shape } = parseArray(text, form);
  return { values: [...values], shape };
}

describe('what PostgreSQL writes', () => {
  test.each([
    ['{1,2.5,-3e-2}', [1, 2.5, -0.03], [3]],
    ['{{1,2},{3,4},{5,6}}', [1, 2, 3, 4, 5, 6], [3, 2]],
    ['{{{1},{2}}}', [1, 2], [1, 2, 1]],
    // Bounds say where indices begin, not what the elements are.
    ['[0:1][-1:0]={{1,2},{3,4}}', [1, 2, 3, 4], [2, 2]],
    ['{NULL,NaN,Infinity,-Infinity,-0}', [Number.NaN, Number.NaN, Infinity, -Infinity, -0], [5]],
    ['{t,f,true,false}', [1, 0, 1, 0], [4]],
    ['{}', [], [0]],
    // pgvector, and JSON as jsonb prints it.
    ['[0.25,-1]', [0.25, -1], [2]],
    ['[[1, 2], [3, null]]', [1, 2, 3, Number.NaN], [2, 2]],
    ['["NaN", "-Infinity"]', [Number.NaN, -Infinity], [2]],
  ])('%s', (text, values, shape) => {
    expect(read(text)).toEqual({ values, shape });
  });

  test('bytea: float32 in little-endian order', () => {
    // 1.5 = 0x3fc00000, -2 = 0xc0000000 (IEEE 754 binary32).
    expect(read('\\x0000c03f000000c0')).toEqual({ values: [1.5, -2], shape: [2] });
  });

  test('bytea for bytes', () => {
    expect(read('\\x00ff07', { whole: false, bytea: 'uint8' })).toEqual({ values: [0, 255, 7], shape: [3] });
  });

  test('whole numbers past 2^53 keep every digit', () => {
    expect(read('{9007199254740993,-9223372036854775808}', WHOLES).values).toEqual([
      9007199254740993n,
      -9223372036854775808n,
    ]);
  });

  test('whole numbers in the form of floats', () => {
    expect(read('{1e+16,2.0}', WHOLES).values).toEqual([10n ** 16n, 2n]);
  });
});

test.each([
  ['1,2', 'does not begin with { or ['],
  ['', 'does not begin with { or ['],
  ['{1,2', 'last bracket is missing'],
  ['{1,,2}', 'missing before a comma'],
  ['{1,2,}', 'missing after a comma'],
  ['{{1},2}', 'mixes numbers and lists'],
  ['{1,{2}}', 'mixes numbers and lists'],
  ['{{1}{2}}', 'comma is missing'],
  ['{{1,2},{3}}', 'lists are 2 and 1 long'],
  ['{1}}', 'follows after its last bracket'],
  ['{1}x', 'follows after its last bracket'],
  ['{1,two}', 'element 2 of the array is no number: "two"'],
  ['{0x10}', 'no number'],
  ['{1:0.5,3:2}/5', 'no number'],
  [`${'{'.repeat(17)}1${'}'.repeat(17)}`, 'nest more than 16 deep'],
  ['\\x0000c03f00', '5 bytes are no float32 numbers'],
  ['\\xzz', 'no whole hexadecimal text'],
])('%s is refused', (text, problem) => {
  expect(() => parseArray(text, FLOATS)).toThrow(problem);
});

test.each([
  ['{1,NULL}', 'element 2 of the array is a missing value'],
  ['{1.5}', 'no whole number'],
  ['{9223372036854775808}', 'beyond 64 bits'],
  ['\\x0000c03f', 'use an integer array'],
])('%s is refused for whole numbers', (text, problem) => {
  expect(() => parseArray(text, WHOLES)).toThrow(problem);
});

test('a long list before many short ones asks for no more memory than the text', () => {
  const short = ',{}'.repeat(100_000);
  const text = `{{${'0,'.repeat(100_000)}0}${short}}`;
  expect(() => parseArray(text, FLOATS)).toThrow('lists are 100001 and 0 long at the same depth');
});

test('every float64 comes back as it was, however it is printed', () => {
  const printed = fc.oneof(
    fc.double().map((value) => [value, Object.is(value, -0) ? '-0' : String(value)] as const),
    fc
      .tuple(fc.integer({ min: -99_999, max: 99_999 }), fc.integer({ min: 0, max: 10 }))
      .map(([digits, places]) => (digits / 10 ** places).toFixed(places))
      .map((text) => [Number(text), text] as const),
  );
  fc.assert(
    fc.property(fc.array(printed, { minLength: 1 }), (cells) => {
      const { values } = parseArray(`{${cells.map(([, text]) => text).join(',')}}`, FLOATS);
      expect([...values]).toEqual(cells.map(([value]) => value));
    }),
  );
});
