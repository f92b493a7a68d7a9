/** The pauses before a binding that had no jobs is asked again; after the last one it sleeps until it is woken. */
const POLLS_MS = [5, 10, 20];
/** How often the queue's head is looked at again while batches follow one another: jobs of late commits, kept ones. */
const HEAD_EVERY_MS = 200;
/** At most this share of the time goes into the head, which is slow to read where dead rows cannot be removed yet. */
const HEAD_SHARE = 0.1;

export interface DispatcherOptions {
  /** Between questions of a binding that sleeps, where nothing wakes it; Infinity (the default) leaves it to `wake`. */
  readonly pollMs?: number;
}

/** The last jobs that claims saw, by priority; 0n is the head. */
export interface Position {
  readonly live: bigint;
  readonly backfill: bigint;
}

const HEAD: Position = { live: 0n, backfill: 0n };

/** A binding in the hands of a lane, from before its claim to the end of the transaction. */
export interface Turn<B> {
  readonly binding: B;
  /** Where in the queue the claim begins. */
  readonly after: Position;
  /** After the claim; from now on other lanes may claim from the binding. */
  claimed(result: ClaimResult): void;
  /** At the end of the transaction, whatever became of it; `pauseMs` keeps the binding from being asked that long. */
  end(pauseMs?: number): void;
}

export interface ClaimResult {
  /** Whether there was a job at all. */
  readonly found: boolean;
  /** The last jobs that it saw. */
  readonly last: Position;
  /** Whether there is likely more. */
  readonly full: boolean;
  readonly milliseconds: number;
}

interface State<B> {
  binding: B;
  /** By performance.now(); Infinity while it sleeps. */
  due: number;
  pauseUntil: number;
  claiming: boolean;
  after: Position;
  headAt: number;
  headCostMs: number;
  /** Index into POLLS_MS of the next pause. */
  polls: number;
  /** Number of its last turn: bindings with work take turns. */
  turn: number;
}

/**
 * Which binding a lane serves next, and when. Bindings with work take turns; one whose queue is empty is asked again
 * after short pauses and then sleeps.
 */
export class Dispatcher<B extends { readonly id: number }> {
  readonly #pollMs: number;
  #states = new Map<number, State<B>>();
  #inHand = 0;
  #turns = 0;
  #waiters: (() => void)[] = [];
  #stopped = false;
  #watchers: (() => void)[] = [];
  /** Claims that found jobs. */
  #found = 0;

  constructor({ pollMs = Infinity }: DispatcherOptions = {}) {
    this.#pollMs = pollMs;
  }

  /** The bindings there are now, as they are now. New ones are asked at once. */
  update(bindings: readonly B[]): void {
    const old = this.#states;
    this.#states = new Map(
      bindings.map((binding) => {
        const state = old.get(binding.id) ?? newState(binding);
        state.binding = binding;
        return [binding.id, state];
      }),
    );
    this.#notify();
  }

  /** All bindings are asked now, from the head of their queues: once, or again after the usual pauses. */
  wake(how: 'once' | 'again' = 'again'): void {
    const now = performance.now();
    for (const state of this.#states.values()) {
      state.due = now;
      state.polls = how === 'once' ? POLLS_MS.length : 0;
      if (now - state.headAt > state.headCostMs / HEAD_SHARE) state.after = HEAD;
    }
    this.#notify();
  }

  /** Ends all waiting: `next` gives undefined from now on. */
  stop(): void {
    this.#stopped = true;
    this.#notify();
  }

  /** Whether every binding sleeps and no lane has one in hand. */
  get quiet(): boolean {
    return this.#inHand === 0 && [...this.#states.values()].every(({ due }) => due === Infinity);
  }

  /** Resolves when it is quiet, or stopped; true, at once, when a claim finds jobs before that. */
  async untilQuiet({ orFound = false } = {}): Promise<boolean> {
    const found = this.#found;
    while (!this.quiet && !this.#stopped) {
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
      if (orFound && this.#found > found) return true;
    }
    return false;
  }

  /** The binding whose turn it is, when there is one to be asked; undefined after `stop`. */
  async next(): Promise<Turn<B> | undefined> {
    while (!this.#stopped) {
      const now = performance.now();
      const state = this.#choose(now);
      if (state !== undefined) return this.#take(state, now);
      await this.#untilDue(now);
    }
    return undefined;
  }

  #choose(now: number): State<B> | undefined {
    let chosen: State<B> | undefined;
    for (const state of this.#states.values()) {
      if (state.claiming || readyAt(state) > now) continue;
      if (chosen === undefined || state.turn < chosen.turn) chosen = state;
    }
    return chosen;
  }

  #take(state: State<B>, now: number): Turn<B> {
    state.claiming = true;
    state.turn = ++this.#turns;
    this.#inHand += 1;
    if (now - state.headAt > Math.max(HEAD_EVERY_MS, state.headCostMs / HEAD_SHARE)) state.after = HEAD;
    const { binding, after } = state;
    let claiming = true;
    return {
      binding,
      after,
      claimed: (result) => {
        claiming = false;
        state.claiming = false;
        this.#learn(state, after, result);
        this.#notify();
      },
      end: (pauseMs = 0) => {
        if (claiming) state.claiming = false;
        const end = performance.now();
        if (pauseMs > 0) {
          state.pauseUntil = end + pauseMs;
          state.due = Math.min(state.due, state.pauseUntil);
        }
        this.#inHand -= 1;
        this.#notify();
      },
    };
  }

  #learn(state: State<B>, after: Position, { found, last, full, milliseconds }: ClaimResult): void {
    const now = performance.now();
    const fromHead = after.live === 0n && after.backfill === 0n;
    if (fromHead) Object.assign(state, { headAt: now, headCostMs: milliseconds });
    if (found) {
      this.#found += 1;
      state.after = {
        live: greater(state.after.live, last.live),
        backfill: greater(state.after.backfill, last.backfill),
      };
      state.polls = 0;
      state.due = full ? now : now + POLLS_MS[0]!;
    } else if (!fromHead && state.polls === POLLS_MS.length) {
      // Before it sleeps, the whole queue must have been seen empty: when the head's share of the time allows it.
      const headDue = state.headAt + state.headCostMs / HEAD_SHARE;
      if (headDue <= now) Object.assign(state, { after: HEAD, headAt: Number.NEGATIVE_INFINITY, due: now });
      else state.due = Math.min(headDue, now + POLLS_MS.at(-1)!);
    } else {
      state.due = now + (POLLS_MS[state.polls] ?? this.#pollMs);
      state.polls = Math.min(state.polls + 1, POLLS_MS.length);
    }
  }

  async #untilDue(now: number): Promise<void> {
    const idle = [...this.#states.values()].filter(({ claiming }) => !claiming);
    const delay = Math.min(...idle.map((state) => readyAt(state) - now));
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#waiters.push(resolve);
      if (delay < Infinity) timer = setTimeout(resolve, Math.max(0, Math.ceil(delay)));
    });
    clearTimeout(timer);
  }

  #notify(): void {
    const woken = [...this.#waiters, ...this.#watchers];
    this.#waiters = [];
    this.#watchers = [];
    for (const resolve of woken) resolve();
  }
}

function newState<B>(binding: B): State<B> {
  const start = performance.now();
  return {
    binding,
    due: start,
    pauseUntil: 0,
    claiming: false,
    after: HEAD,
    headAt: start,
    headCostMs: 0,
    polls: 0,
    turn: 0,
  };
}

function readyAt({ due, pauseUntil }: State<unknown>): number {
  return Math.max(due, pauseUntil);
}

function greater(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
