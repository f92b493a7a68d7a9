import { describe, expect, it } from 'vitest';
import { PgscoreError } from '../../../../src/errors.ts';
import { UbjsonReader } from '../../../../src/import/xgboost/ubjson.ts';

/** Bytes from texts, byte values and big-endian numbers. */
function over(...parts: (string | number | { readonly long: number } | { readonly double: number })[]) {
  return new UbjsonReader('m.ubj', Buffer.concat(parts.map(encode)));
}

function encode(part: string | number | { readonly long: number } | { readonly double: number }): Uint8Array {
  if (typeof part === 'string') return Buffer.from(part);
  if (typeof part === 'number') return Uint8Array.from([part]);
  const bytes = Buffer.alloc(8);
  if ('long' in part) bytes.writeBigInt64BE(BigInt(part.long));
  else bytes.writeDoubleBE(part.double);
  return bytes;
}

const long = (value: number) => ({ long: value });

describe('UBJSON reader', () => {
  it('reads typed arrays of every type, big-endian', () => {
    expect([...over('[$d#L', long(2), 0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0).floats()]).toEqual([1, -2.5]);
    expect([...over('[$D#L', long(1), { double: 0.1 }).floats()]).toEqual([Math.fround(0.1)]);
    expect([...over('[$i#L', long(2), 0xff, 2).integers()]).toEqual([-1, 2]);
    expect([...over('[$U#L', long(2), 0xff, 2).integers()]).toEqual([255, 2]);
    expect([...over('[$I#L', long(1), 0xff, 0xfe).integers()]).toEqual([-2]);
    expect([...over('[$l#L', long(1), 0xff, 0xff, 0xff, 0xff).integers()]).toEqual([-1]);
    expect([...over('[$L#L', long(2), long(-5), long(2 ** 40)).wideIntegers()]).toEqual([-5, 2 ** 40]);
    expect([...over('[$U#L', long(2), 1, 0).flags()]).toEqual([1, 0]);
  });

  it('reads arrays with a count, and up to the closing bracket', () => {
    expect([...over('[#L', long(3), 'i', 1, 'T', 'F').flags()]).toEqual([1, 1, 0]);
    expect([...over('[i', 1, 'U', 200, ']').integers()]).toEqual([1, 200]);
    const counted: number[] = [];
    const reader = over('[#L', long(2), 'i', 7, 'l', 0, 0, 1, 0);
    expect(reader.array(() => counted.push(reader.integer()))).toBe(2);
    expect(counted).toEqual([7, 256]);
    reader.end();
  });

  it('reads objects, and keys whose length is not 64 bits', () => {
    const reader = over('{L', long(1), 'aSL', long(2), 'é', 'i', 1, 'b', 'SU', 1, 'x', '}');
    const entries: string[] = [];
    reader.object((key) => entries.push(key, reader.text()));
    expect(entries).toEqual(['a', 'é', 'b', 'x']);
    reader.end();
  });

  it('passes over every kind of value', () => {
    const value = ['{L', long(1), 'a', '[$d#L', long(1), 0, 0, 0, 0, 'L', long(1), 'b', '[ZTF]'] as const;
    const reader = over(...value, 'L', long(1), 'c', '[#L', long(2), '{}SL', long(0), '}', 'Z');
    reader.skip();
    reader.skip();
    reader.end();
  });

  it.each([
    ['a length beyond the file', over('SL', long(100), 'abc'), 'text', 'length of 100'],
    ['a negative length', over('SL', long(-1)), 'text', 'length of -1'],
    ['a typed array beyond the file', over('[$d#L', long(5), 0, 0, 0, 0, 0), 'floats', '20 bytes are needed'],
    ['a count beyond the file', over('[#L', long(2 ** 40), 'Z'), 'floats', 'length of'],
    ['an unknown element type', over('[$Q#L', long(1), 0), 'floats', "'Q' is no type"],
    ['text for a number', over('SL', long(1), 'x'), 'integer', 'expected a number'],
    ['a float for a whole number', over('d', 0, 0, 0, 0), 'integer', 'expected a whole number'],
    ['a number too large', over('L', long(2 ** 60)), 'integer', 'too large'],
    ['33 bits in a column', over('[$L#L', long(1), long(2 ** 32)), 'integers', '32 bits'],
    ['broken UTF-8', over('SL', long(1), 0xff), 'text', 'UTF-8'],
    ['nothing', over(), 'integer', 'the file ends'],
    ['a bomb', over('['.repeat(10_000)), 'skip', 'nested more than 512'],
    ['an unknown value', over('[?]'), 'skip', "expected a value, but found '?'"],
    ['a key without a length', over('{?'), 'skip', 'a length'],
  ] as const)('refuses %s', (_, reader, method, message) => {
    const read = () => reader[method]();
    expect(read).toThrow(PgscoreError);
    reader.seek(0);
    expect(read).toThrow(message);
  });
});
