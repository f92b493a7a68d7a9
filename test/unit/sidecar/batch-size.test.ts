import { expect, test } from 'vitest';
import { BatchSize, BatchSizes } from '../../../src/sidecar/batch-size.ts';

/** As if each row took that long, after so many runs. */
function learnt(max: number, msPerRow: number, runs: number): number {
  const size = new BatchSize(max);
  for (let run = 0; run < runs; run++) size.learn(size.rows, size.rows * msPerRow);
  return size.rows;
}

test('a batch takes as many rows as run for 100 ms', () => {
  expect(learnt(1000, 0.5, 20)).toBe(200);
  expect(learnt(1000, 50, 20)).toBe(2);
});

test('it stays between one row and the limit', () => {
  expect(learnt(1000, 5000, 5)).toBe(1);
  expect(learnt(1000, 0.001, 20)).toBe(1000);
  expect(learnt(7, 0.001, 1)).toBe(7);
  expect(learnt(1000, 0, 20)).toBe(1000);
});

test('it grows fourfold at most, so that one lucky measurement cannot make a batch endless', () => {
  const size = new BatchSize(100_000);
  const before = size.rows;
  size.learn(before, 0.001);
  expect(size.rows).toBe(4 * before);
});

test('a model that gets slower gets smaller batches', () => {
  const size = new BatchSize(1000);
  for (let run = 0; run < 20; run++) size.learn(size.rows, size.rows * 0.1);
  expect(size.rows).toBe(1000);
  for (let run = 0; run < 40; run++) size.learn(size.rows, size.rows * 10);
  expect(size.rows).toBe(10);
});

test('a run of a few rows, mostly fixed costs, hardly counts', () => {
  const size = new BatchSize(1000);
  for (let run = 0; run < 20; run++) size.learn(size.rows, size.rows * 0.5);
  const before = size.rows;
  size.learn(1, 20);
  expect(size.rows).toBeGreaterThan(before * 0.9);
});

test('each version has a size of its own', () => {
  const sizes = new BatchSizes(1000);
  sizes.of('a').learn(32, 32 * 100);
  expect(sizes.of('a').rows).toBe(1);
  expect(sizes.of('b').rows).toBe(32);
});
