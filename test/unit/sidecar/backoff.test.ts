import { expect, test } from 'vitest';
import { Backoff } from '../../../src/sidecar/backoff.ts';

test('pauses double up to the limit, and begin anew after a success', () => {
  const backoff = new Backoff({ firstMs: 100, maxMs: 1000, random: () => 1 });
  expect(Array.from({ length: 6 }, () => backoff.next())).toEqual([100, 200, 400, 800, 1000, 1000]);
  backoff.reset();
  expect(backoff.next()).toBe(100);
});

test('half of a pause is chance', () => {
  const backoff = new Backoff({ firstMs: 100, maxMs: 1000, random: () => 0 });
  expect([backoff.next(), backoff.next()]).toEqual([50, 100]);
});

test('no number of failures overflows', () => {
  const backoff = new Backoff({ firstMs: 100, maxMs: 5000, random: () => 1 });
  for (let i = 0; i < 5000; i++) backoff.next();
  expect(backoff.next()).toBe(5000);
});
