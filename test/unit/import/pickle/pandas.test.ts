import { describe, expect, it } from 'vitest';
import { NdArray, type PyValue, readPickle } from '../../../../src/import/pickle/index.ts';
import { pickleFile, stream, uint32 } from './files.ts';

const labels = (value: PyValue | undefined): readonly PyValue[] =>
  value instanceof NdArray ? value.values() : (value as PyValue[]);

describe.each(['1.5', '2.2', '3.0', '3.0-arrow'])('an Index of pandas %s', (version) => {
  it.each(['', '-5'])('is the list of its labels (protocol 4%s)', (protocol) => {
    const name = `index-${version}${protocol}.pkl`;
    const root = readPickle(name, pickleFile(name)) as Map<string, PyValue>;
    expect(labels(root.get('names'))).toEqual(['age', 'Größe', 'city', '']);
    expect(labels(root.get('chosen'))).toEqual(['Größe', 'city']);
    expect(labels(root.get('positions'))).toEqual([0, 1, 2]);
    expect(labels(root.get('numbers'))).toEqual([3, 1]);
  });
});

it('refuses an Index of several levels, and says what to give instead', () => {
  expect(() => readPickle('levels.pkl', pickleFile('index-3.0-levels.pkl'))).toThrow(
    expect.objectContaining({ code: 'PGS_UNSUPPORTED', hint: expect.stringContaining('list(df.columns)') }),
  );
});

describe('hostile lists of labels', () => {
  const INDEX = 'cpandas.core.indexes.base\n_new_Index\ncpandas\nIndex\n';
  const text = (value: string) => stream('X', uint32(value.length), value);
  const bytes = (...parts: readonly Uint8Array[]) => {
    const all = Buffer.concat(parts);
    return stream('cpyarrow.lib\npy_buffer\nB', uint32(all.length), all, 0x85, 'R');
  };

  /** An ArrowStringArray of 32-bit offsets over "ab". */
  const arrow = (count: number, ...offsets: readonly number[]) =>
    stream(
      0x80,
      4,
      INDEX,
      '}',
      text('data'),
      'cpandas.arrays\nArrowStringArray\n)',
      0x81,
      '}',
      text('_pa_array'),
      'cpyarrow.lib\n_restore_array\n(cpyarrow.lib\ntype_for_alias\n',
      text('string'),
      0x85,
      'RJ',
      uint32(count),
      'K',
      0,
      'K',
      0,
      '](N',
      bytes(...offsets.map(uint32)),
      bytes(Buffer.from('ab')),
      'e]Nt',
      0x85,
      'Rsbs',
      0x86,
      'R.',
    );
  const range = (stop: string, step: string) =>
    stream(
      0x80,
      4,
      INDEX,
      '}(',
      text('start'),
      'K',
      0,
      text('stop'),
      `I${stop}\n`,
      text('step'),
      `I${step}\n`,
      'u',
      0x86,
      'R.',
    );

  it('reads sound ones', () => {
    expect(readPickle('model.pkl', arrow(2, 0, 1, 2))).toEqual(['a', 'b']);
    expect(readPickle('model.pkl', range('3', '2'))).toEqual([0, 2]);
  });

  it.each([
    ['offsets that are missing', arrow(3, 0, 1, 2), 'PGS_FILE'],
    ['offsets that run back', arrow(2, 2, 0, 2), 'PGS_FILE'],
    ['offsets past the end', arrow(2, 0, 1, 9), 'PGS_FILE'],
    ['a range without end', range('1000000000000', '1'), 'PGS_UNSUPPORTED'],
    ['a range that does not move', range('5', '0'), 'PGS_UNSUPPORTED'],
    ['no labels at all', stream(0x80, 4, INDEX, 'N', 0x86, 'R.'), 'PGS_FILE'],
  ])('%s', (_, file, code) => {
    expect(() => readPickle('model.pkl', file)).toThrow(expect.objectContaining({ code }));
  });
});
