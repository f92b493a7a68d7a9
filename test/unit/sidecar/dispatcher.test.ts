import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Dispatcher, type Turn } from '../../../src/sidecar/dispatcher.ts';

interface Binding {
  readonly id: number;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** What a claim answered, and the end of its transaction. */
function answer(turn: Turn<Binding>, jobs: bigint | undefined, full = false): void {
  turn.claimed({
    found: jobs !== undefined,
    last: { live: jobs ?? 0n, backfill: 0n },
    full,
    milliseconds: 0,
  });
  turn.end();
}

/** Notes when the next turn comes, in milliseconds from now. */
async function nextTurn(dispatcher: Dispatcher<Binding>): Promise<{ turn: Turn<Binding>; after: number }> {
  const start = performance.now();
  const next = dispatcher.next().then((turn) => ({ turn: turn!, after: performance.now() - start }));
  let found: Awaited<typeof next> | undefined;
  void next.then((turn) => {
    found = turn;
  });
  for (let i = 0; i < 5000; i++) {
    await vi.advanceTimersByTimeAsync(found === undefined && i > 0 ? 1 : 0);
    if (found !== undefined) return found;
  }
  throw new Error('no turn within 5 s');
}

async function sleeping(): Promise<Dispatcher<Binding>> {
  const dispatcher = new Dispatcher<Binding>();
  dispatcher.update([{ id: 1 }]);
  for (let poll = 0; poll < 4; poll++) answer((await nextTurn(dispatcher)).turn, undefined);
  return dispatcher;
}

test('an empty queue is asked again after 5, 10 and 20 ms, then not before it is woken', async () => {
  const dispatcher = new Dispatcher<Binding>();
  dispatcher.update([{ id: 1 }]);
  const pauses: number[] = [];
  for (let poll = 0; poll < 4; poll++) {
    const { turn, after } = await nextTurn(dispatcher);
    pauses.push(after);
    answer(turn, undefined);
  }
  expect(pauses).toEqual([0, 5, 10, 20]);
  expect(dispatcher.quiet).toBe(true);
  const next = nextTurn(dispatcher);
  const woken = expect(next).resolves.toMatchObject({ turn: { binding: { id: 1 } } });
  dispatcher.wake();
  await woken;
});

test('a full batch is followed by the next at once, one that was not full after 5 ms', async () => {
  const dispatcher = new Dispatcher<Binding>();
  dispatcher.update([{ id: 1 }]);
  answer((await nextTurn(dispatcher)).turn, 10n, true);
  const second = await nextTurn(dispatcher);
  expect(second).toMatchObject({ after: 0, turn: { after: { live: 10n } } });
  answer(second.turn, 20n);
  expect(await nextTurn(dispatcher)).toMatchObject({ after: 5, turn: { after: { live: 20n } } });
});

test('while a lane claims from a binding no other does, and then another may', async () => {
  const dispatcher = new Dispatcher<Binding>();
  dispatcher.update([{ id: 1 }]);
  const first = (await dispatcher.next())!;
  let second: Turn<Binding> | undefined;
  void dispatcher.next().then((turn) => {
    second = turn;
  });
  await vi.advanceTimersByTimeAsync(1000);
  expect(second).toBeUndefined();
  first.claimed({ found: true, last: { live: 3n, backfill: 0n }, full: true, milliseconds: 1 });
  await vi.advanceTimersByTimeAsync(0);
  expect(second?.after.live).toBe(3n);
});

test('bindings with work take turns', async () => {
  const dispatcher = new Dispatcher<Binding>();
  dispatcher.update([{ id: 1 }, { id: 2 }, { id: 3 }]);
  const order: number[] = [];
  for (let i = 0; i < 9; i++) {
    const { turn } = await nextTurn(dispatcher);
    order.push(turn.binding.id);
    answer(turn, 1n, true);
  }
  expect(order.slice(0, 3).sort()).toEqual([1, 2, 3]);
  expect(order.slice(3)).toEqual([...order.slice(0, 3), ...order.slice(0, 3)]);
});

test('a binding that failed is left alone for its pause, the others are not', async () => {
  const dispatcher = new Dispatcher<Binding>();
  dispatcher.update([{ id: 1 }, { id: 2 }]);
  const first = (await nextTurn(dispatcher)).turn;
  first.end(500);
  const other = first.binding.id === 1 ? 2 : 1;
  for (let i = 0; i < 3; i++) {
    const { turn } = await nextTurn(dispatcher);
    expect(turn.binding.id).toBe(other);
    answer(turn, undefined);
  }
  answer((await nextTurn(dispatcher)).turn, undefined);
  const { turn, after } = await nextTurn(dispatcher);
  expect(turn.binding.id).toBe(first.binding.id);
  expect(after).toBeGreaterThan(400);
});

test('the head of the queue is looked at again every 200 ms while work goes on', async () => {
  const dispatcher = new Dispatcher<Binding>();
  dispatcher.update([{ id: 1 }]);
  answer((await nextTurn(dispatcher)).turn, 100n);
  let heads = 0;
  const start = performance.now();
  while (performance.now() - start < 2000) {
    const { turn } = await nextTurn(dispatcher);
    if (turn.after.live === 0n) heads += 1;
    answer(turn, 100n);
  }
  expect(heads).toBeGreaterThanOrEqual(8);
  expect(heads).toBeLessThanOrEqual(10);
});

test('a head that is slow to read is read less often', async () => {
  const dispatcher = new Dispatcher<Binding>();
  dispatcher.update([{ id: 1 }]);
  const { turn } = await nextTurn(dispatcher);
  turn.claimed({ found: true, last: { live: 5n, backfill: 0n }, full: true, milliseconds: 100 });
  turn.end();
  const start = performance.now();
  for (;;) {
    const next = await nextTurn(dispatcher);
    if (next.turn.after.live === 0n) break;
    answer(next.turn, 5n);
  }
  expect(performance.now() - start).toBeGreaterThan(1000);
});

test('before it sleeps the queue was seen empty from its head', async () => {
  const dispatcher = new Dispatcher<Binding>();
  dispatcher.update([{ id: 1 }]);
  answer((await nextTurn(dispatcher)).turn, 7n);
  let last: Turn<Binding> | undefined;
  while (!dispatcher.quiet) {
    last = (await nextTurn(dispatcher)).turn;
    answer(last, undefined);
  }
  expect(last?.after).toEqual({ live: 0n, backfill: 0n });
});

test('a head that is slow to read is not read each time that the queue is empty: meanwhile its end is polled', async () => {
  const dispatcher = new Dispatcher<Binding>();
  dispatcher.update([{ id: 1 }]);
  const { turn } = await nextTurn(dispatcher);
  turn.claimed({ found: true, last: { live: 5n, backfill: 0n }, full: false, milliseconds: 100 });
  turn.end();
  const start = performance.now();
  const pauses: number[] = [];
  let last: Turn<Binding> | undefined;
  while (!dispatcher.quiet) {
    const next = await nextTurn(dispatcher);
    last = next.turn;
    pauses.push(next.after);
    answer(last, undefined);
  }
  expect(performance.now() - start).toBeGreaterThanOrEqual(1000);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(21);
  expect(last?.after).toEqual({ live: 0n, backfill: 0n });
});

test('untilQuiet tells work from quiet', async () => {
  const dispatcher = await sleeping();
  dispatcher.wake('once');
  const quiet = dispatcher.untilQuiet({ orFound: true });
  answer((await nextTurn(dispatcher)).turn, undefined);
  expect(await quiet).toBe(false);
  dispatcher.wake('once');
  const found = dispatcher.untilQuiet({ orFound: true });
  answer((await nextTurn(dispatcher)).turn, 1n);
  expect(await found).toBe(true);
});

test('bindings come and go', async () => {
  const dispatcher = await sleeping();
  dispatcher.update([{ id: 1 }, { id: 2 }]);
  expect((await nextTurn(dispatcher)).turn.binding.id).toBe(2);
  dispatcher.update([]);
  dispatcher.wake();
  const next = dispatcher.next();
  dispatcher.stop();
  expect(await next).toBeUndefined();
});
