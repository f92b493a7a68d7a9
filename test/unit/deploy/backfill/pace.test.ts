import { expect, test } from 'vitest';
import { ChunkSize, Throttle } from '../../../../src/deploy/backfill/pace.ts';

test('a chunk grows to what takes 300 ms, at most twofold at a time', () => {
  const size = new ChunkSize(undefined, undefined);
  const seen = Array.from({ length: 6 }, () => {
    const { rows } = size;
    size.learn(rows, rows / 20);
    return rows;
  });
  expect(seen).toEqual([1000, 2000, 4000, 6000, 6000, 6000]);
});

test('and shrinks where rows are dear, down to one', () => {
  const size = new ChunkSize(undefined, undefined);
  for (let i = 0; i < 12; i++) size.learn(size.rows, size.rows * 1000);
  expect(size.rows).toBe(1);
});

test('neither a short last chunk nor a fixed size teaches it anything', () => {
  const size = new ChunkSize(undefined, undefined);
  size.learn(10, 0.1);
  expect(size.rows).toBe(1000);
  const fixed = new ChunkSize(77, undefined);
  fixed.learn(77, 1);
  expect(fixed.rows).toBe(77);
});

test('a throttled chunk is a quarter of a second at the most', () => {
  const size = new ChunkSize(undefined, 2000);
  size.learn(500, 1);
  expect(size.rows).toBe(500);
  expect(new ChunkSize(undefined, 1).rows).toBe(1);
});

test('rows are waited for, from when the work on them began', async () => {
  const { signal } = new AbortController();
  const throttle = new Throttle(1000);
  const start = await throttle.wait(signal);
  throttle.spend(50, start);
  // Timers may be a millisecond early.
  expect((await throttle.wait(signal)) - start).toBeGreaterThan(48);
});

test('rows that took their time are paid for, and without a limit all are', async () => {
  const { signal } = new AbortController();
  const slow = new Throttle(0.001);
  slow.spend(1, performance.now() - 1e9);
  await slow.wait(signal);
  const free = new Throttle(undefined);
  free.spend(1e9, await free.wait(signal));
  await free.wait(signal);
});

test('a wait ends when it is called off', async () => {
  const stop = new AbortController();
  const throttle = new Throttle(1);
  throttle.spend(1_000_000, performance.now());
  const waiting = throttle.wait(stop.signal);
  stop.abort();
  await waiting;
});
