import { expect, test } from 'vitest';
import { bisect } from '../../../src/sidecar/bisect.ts';

class Poison extends Error {}

async function isolate(rows: number, poison: readonly number[]) {
  const runs: (readonly number[])[] = [];
  const result = await bisect(
    rows,
    async (indexes) => {
      runs.push(indexes);
      const bad = indexes.find((index) => poison.includes(index));
      if (bad !== undefined) throw new Poison(`row ${bad}`);
      return indexes.map((index) => index * 10);
    },
    (error) => error instanceof Poison,
  );
  return { ...result, attempts: runs.length };
}

test('rows that go well are one run', async () => {
  const { runs, failures, attempts } = await isolate(5, []);
  expect(attempts).toBe(1);
  expect(runs).toEqual([{ indexes: [0, 1, 2, 3, 4], result: [0, 10, 20, 30, 40] }]);
  expect(failures).toEqual([]);
});

test('each poison row fails alone, with its own error, and every other row is run once', async () => {
  const { runs, failures } = await isolate(100, [0, 41, 42, 99]);
  expect(failures.map(({ index, error }) => [index, error.message])).toEqual([
    [0, 'row 0'],
    [41, 'row 41'],
    [42, 'row 42'],
    [99, 'row 99'],
  ]);
  const good = runs.flatMap(({ indexes }) => indexes);
  expect(good).toEqual(Array.from({ length: 100 }, (_, i) => i).filter((i) => ![0, 41, 42, 99].includes(i)));
  for (const { indexes, result } of runs) expect(result).toEqual(indexes.map((index) => index * 10));
});

test('one poison row among 1024 costs 20 runs more', async () => {
  expect((await isolate(1024, [700])).attempts).toBe(21);
});

test('no rows are no run', async () => {
  expect((await isolate(0, [])).attempts).toBe(0);
});

test('an error that no row is to blame for ends it', async () => {
  const run = async () => {
    throw new Error('the model cannot be loaded');
  };
  await expect(bisect(8, run, (error) => error instanceof Poison)).rejects.toThrow(
    'the model cannot be loaded',
  );
});
