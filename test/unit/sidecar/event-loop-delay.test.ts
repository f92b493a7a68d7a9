import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { EventLoopDelay } from '../../../src/sidecar/event-loop-delay.ts';

/** Keeps the thread busy, again and again, with the loop running in between. */
async function block(milliseconds: number, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const end = performance.now() + milliseconds;
    while (performance.now() < end);
    await setImmediate();
  }
}

test('what blocks the process shows', async () => {
  const delay = new EventLoopDelay();
  await block(60, 5);
  expect(delay.p99Ms).toBeGreaterThan(30);
  expect(delay.takeP99Ms()).toBeGreaterThan(30);
  expect(delay.p99Ms).toBe(0);
  delay.stop();
});
