import { describe, expect, it } from 'vitest';
import { parquetBudget, readParquet } from '../../../../src/import/spark/parquet.ts';
import { parquet, type Type, VECTOR, vector } from './files.ts';

const COLUMNS: Readonly<Record<string, Type>> = {
  id: 'int',
  count: 'long',
  name: 'text',
  vector: VECTOR,
  split: { struct: { featureIndex: 'int', values: { list: 'double' } } },
  lists: { list: { list: 'text' } },
  maps: { map: ['int', { map: ['double', 'int'] }] },
  flag: 'flag',
};
const ROWS = [
  {
    id: 1,
    count: 5n,
    name: 'ä',
    vector: vector(0.1, -2),
    split: { featureIndex: 3, values: [0.5] },
    lists: [['a', 'b'], []],
    maps: new Map([[0, new Map([[1.5, 0]])]]),
    flag: true,
  },
  {
    id: 2,
    count: 6n,
    name: null,
    vector: vector(),
    split: { featureIndex: -1, values: [] },
    lists: [],
    maps: new Map(),
    flag: false,
  },
];

/** Maps are read as objects. */
const READ = ROWS.map((row, i) => ({ ...row, maps: i === 0 ? { 0: { 1.5: 0 } } : {} }));

describe('readParquet', () => {
  it('reads numbers, texts, structs, lists and maps', () => {
    expect(readParquet(parquet(COLUMNS, ROWS), parquetBudget())).toEqual(READ);
  });

  it('reads pages packed by snappy, as Spark writes them', () => {
    expect(readParquet(parquet(COLUMNS, ROWS, 'SNAPPY'), parquetBudget())).toEqual(READ);
  });

  it('reads rows in the order of the file where a dictionary stands for them', () => {
    const rows = Array.from({ length: 5000 }, (_, id) => ({ id: id % 7, name: `n${id % 3}` }));
    expect(readParquet(parquet({ id: 'int', name: 'text' }, rows), parquetBudget())).toEqual(rows);
  });
});
