import { expect, test } from 'vitest';
import { RunSize } from '../../../src/sidecar/run-size.ts';

/** The size of most runs, once it has learnt from batches whose runs cost what `msPerRow` says. */
function settled(msPerRow: (rows: number) => number, batch: number): number {
  const size = new RunSize();
  const counts = new Map<number, number>();
  for (let b = 0; b < 200; b++) {
    for (let waiting = batch; waiting > 0; ) {
      const rows = size.next(waiting);
      if (b >= 100) counts.set(rows, (counts.get(rows) ?? 0) + rows);
      size.learn(rows, msPerRow(rows) * rows);
      waiting -= rows;
    }
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]![0];
}

test.each([
  ['64 rows fit the cache', (rows: number) => (rows <= 64 ? 1 + 10 / rows : 3), 500, 64],
  ['each run costs the same', (rows: number) => 100 / rows, 1000, 512],
  ['in larger batches, too', (rows: number) => 100 / rows, 10_000, 4096],
  ['each row costs the same: the first that it measured', () => 1, 1000, 256],
  ['one row at a time is best', (rows: number) => rows, 500, 1],
])('%s', (_, cost, batch, expected) => {
  expect(settled(cost, batch)).toBe(expected);
});

test('never asks for more rows than wait, nor for none', () => {
  const size = new RunSize();
  for (let waiting = 1; waiting < 3000; waiting++) {
    const rows = size.next(waiting);
    expect(rows).toBeGreaterThanOrEqual(1);
    expect(rows).toBeLessThanOrEqual(waiting);
    size.learn(rows, 1);
  }
});

test('goes along when the machine changes', () => {
  const size = new RunSize();
  const run = (cost: (rows: number) => number) => {
    for (let i = 0; i < 400; i++) {
      const rows = size.next(4096);
      size.learn(rows, cost(rows) * rows);
    }
  };
  run((rows) => (rows <= 64 ? 1 : 3));
  expect(size.next(4096)).toBeLessThanOrEqual(128);
  run((rows) => 1000 / rows);
  expect(size.next(4096)).toBeGreaterThanOrEqual(1024);
});
