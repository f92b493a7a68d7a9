import { describe, expect, it } from 'vitest';
import {
  type NdArray,
  PyGlobal,
  type PyObject,
  type PyValue,
  readPickle,
} from '../../../../src/import/pickle/index.ts';
import { pickleFile } from './files.ts';

const PROTOCOLS = [0, 1, 2, 3, 4, 5];

function read(name: string): (key: string) => PyValue | undefined {
  const root = readPickle(name, pickleFile(name)) as Map<string, PyValue>;
  return (key) => root.get(key);
}

describe.each(PROTOCOLS)('plain values, protocol %i', (protocol) => {
  const get = read(`plain-${protocol}.pkl`);

  it('numbers, also those too great for a double', () => {
    expect(get('none')).toBeNull();
    expect(get('flags')).toEqual([true, false]);
    expect(get('integers')).toEqual([
      ...[0, 255, 256, 65535, 65536, -1, -(2 ** 31), 2 ** 31],
      ...[2n ** 53n, 2n ** 53n + 1n, -(2n ** 63n), 2n ** 127n],
    ]);
    expect(get('floats')).toEqual([0, -0, 0.1, 1e300, Infinity, -Infinity, Number.NaN]);
  });

  it('texts and bytes', () => {
    expect(get('texts')).toEqual(['', 'plain', 'Grüße, 世界 🎉', 'line\nfeed \\u0041', 'x'.repeat(300)]);
    expect([...(get('bytes') as Uint8Array)]).toEqual([0, 255]);
    expect(get('again')).toBe(get('texts'));
  });

  it('collections', () => {
    expect(get('tuples')).toEqual([[], [1], [1, 2], [1, 2, 3], [1, 2, 3, 4]]);
    expect(get('set')).toEqual(new Set([1, 2]));
    expect(get('frozenset')).toEqual(new Set([3]));
    expect([...(get('ordered') as Map<string, number>)]).toEqual([
      ['b', 1],
      ['a', 2],
    ]);
    expect(get('default')).toEqual(new Map([['k', 1]]));
    expect((get('slice') as PyObject).args).toEqual([1, 5, null]);
  });
});

describe.each([
  ...PROTOCOLS.map((protocol) => `arrays-${protocol}.pkl`),
  'arrays.joblib',
  'arrays-zlib.joblib',
  'arrays-gzip.joblib',
])('arrays, %s', (file) => {
  const get = read(file);
  const array = (key: string): NdArray => get(key) as NdArray;

  it('of floats, in C order whatever the file has', () => {
    expect(array('float64').shape).toEqual([2, 3]);
    expect([...array('float64').numbers()]).toEqual([1.5, -2, Number.NaN, Infinity, 0.1, -0]);
    expect([...array('fortran').numbers()]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...array('cube').numbers()]).toEqual(Array.from({ length: 24 }, (_, i) => i));
    expect([...array('big_endian').numbers()]).toEqual([1.5, 2.5]);
    expect([...array('float32').numbers()]).toEqual([Math.fround(0.1)]);
    expect([...array('float16').numbers()]).toEqual([0.0999755859375, 2 ** -24, 65504, Infinity]);
  });

  it('of integers and booleans', () => {
    const integers = get('integers') as NdArray[];
    expect(integers.map((each) => [...each.numbers()])).toEqual(Array.from({ length: 8 }, () => [1, 200]));
    expect(array('flags').values()).toEqual([true, false]);
    expect([...array('flags').numbers()]).toEqual([1, 0]);
  });

  it('of texts and objects', () => {
    expect(array('texts').values()).toEqual(['a', 'Grüße', '']);
    expect(array('objects').values()).toEqual(['a', null, 1, 2.5, Number.NaN]);
    expect(array('grid').values()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('of no element, of one, of records', () => {
    expect(array('empty').shape).toEqual([0, 3]);
    expect([...array('empty').numbers()]).toEqual([]);
    expect(array('point').shape).toEqual([]);
    expect([...array('point').numbers()]).toEqual([7]);
    expect(get('scalar')).toBe(2.5);
    expect(get('text_scalar')).toBe('yes');
    expect([...array('record').field('id')!]).toEqual([1, 3]);
    expect([...array('record').field('value')!]).toEqual([2.5, 4.5]);
    expect(array('record').field('other')).toBeUndefined();
  });

  it('names of functions and objects of scipy as data', () => {
    expect(get('log')).toBeInstanceOf(PyGlobal);
    expect((get('log') as PyGlobal).name).toBe('log1p');
    const sparse = get('sparse') as PyObject;
    expect(sparse.type.name).toBe('csr_matrix');
    expect([...(sparse.attribute('data') as NdArray).numbers()]).toEqual([1, 2]);
  });
});

it('says how to save again what Node cannot unpack', () => {
  expect(() => readPickle('model.joblib', pickleFile('arrays-xz.joblib'))).toThrow(
    expect.objectContaining({
      code: 'PGS_UNSUPPORTED',
      message: expect.stringContaining('xz'),
      hint: expect.stringContaining('compress=3'),
    }),
  );
});

it('texts are no numbers', () => {
  const get = read('arrays-4.pkl');
  expect(() => (get('texts') as NdArray).numbers()).toThrow(/array of numbers holds "a"/);
});
