import { expect, test } from 'vitest';
import { describeKey, type Key, keyParts, keyRange } from '../../../../src/deploy/backfill/key.ts';

const simple: Key = { columns: [{ name: 'id', type: 'bigint' }], schemas: [] };
const composite: Key = {
  columns: [
    { name: 'a"b', type: 'public."my type"' },
    { name: 'n', type: 'integer' },
  ],
  schemas: [],
};

test('a range of one column is two plain comparisons, which prune partitions', () => {
  expect(keyRange(simple, ['1'], ['9'], 2)).toEqual({
    sql: '(t."id") > ($2::bigint) AND (t."id") <= ($3::bigint)',
    values: ['1', '9'],
  });
});

test('a range of several columns compares rows, and the first column by itself for the planner', () => {
  expect(keyRange(composite, ['x', '1'], ['y', '2'], 1)).toEqual({
    sql:
      '(t."a""b", t."n") > ($1::public."my type", $2::integer) AND t."a""b" >= $1::public."my type" AND ' +
      '(t."a""b", t."n") <= ($3::public."my type", $4::integer) AND t."a""b" <= $3::public."my type"',
    values: ['x', '1', 'y', '2'],
  });
});

test('without bounds a range is the whole table', () => {
  expect(keyRange(simple, null, null, 1)).toEqual({ sql: 'true', values: [] });
  expect(keyRange(simple, null, ['9'], 1)).toEqual({ sql: '(t."id") <= ($1::bigint)', values: ['9'] });
  expect(keyRange(simple, ['9'], null, 1)).toEqual({ sql: '(t."id") > ($1::bigint)', values: ['9'] });
});

test('keys are read under names of their own', () => {
  expect(keyParts(composite)).toEqual({
    texts: 'keys.k0::text, keys.k1::text',
    keys: 't."a""b" AS k0, t."n" AS k1',
    order: 't."a""b", t."n"',
  });
  expect(describeKey(composite, ['x', '1'])).toBe('a"b = x, n = 1');
});
