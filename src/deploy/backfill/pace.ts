import { setTimeout } from 'node:timers/promises';

/** A chunk's transaction should take about this long: it holds the locks of its rows for that time. */
const TARGET_MS = 300;
const FIRST_ROWS = 1000;
const MAX_ROWS = 50_000;

/** How many rows the next chunk is to have: a fixed number, or what the chunks so far say fits TARGET_MS. */
export class ChunkSize {
  readonly #fixed: number | undefined;
  readonly #max: number;
  #rows: number;

  /** `rowsPerSecond` is the throttle's: its rows shall come evenly, not in gulps. */
  constructor(fixed: number | undefined, rowsPerSecond: number | undefined) {
    this.#fixed = fixed;
    this.#max = Math.max(1, Math.min(MAX_ROWS, Math.floor((rowsPerSecond ?? Infinity) / 4)));
    this.#rows = Math.min(FIRST_ROWS, this.#max);
  }

  get rows(): number {
    return this.#fixed ?? this.#rows;
  }

  /** A chunk of that many rows took so long. The size at most doubles or halves at a time. */
  learn(rows: number, milliseconds: number): void {
    if (rows < this.#rows / 2) return;
    const fitting = (rows * TARGET_MS) / Math.max(milliseconds, 1);
    const bounded = Math.min(Math.max(fitting, this.#rows / 2), this.#rows * 2);
    this.#rows = Math.max(1, Math.min(Math.round(bounded), this.#max));
  }
}

/** Holds the workers of a process to so many rows a second together. */
export class Throttle {
  readonly #rowsPerSecond: number;
  #free = -Infinity;

  constructor(rowsPerSecond: number | undefined) {
    this.#rowsPerSecond = rowsPerSecond ?? Infinity;
  }

  /** Waits until the rows spent so far are paid for with time; resolves to the time now. */
  async wait(signal: AbortSignal): Promise<number> {
    await pause(this.#free - performance.now(), signal);
    return performance.now();
  }

  /** So many rows were worked on since that time. */
  spend(rows: number, since: number): void {
    this.#free = Math.max(this.#free, since) + (rows / this.#rowsPerSecond) * 1000;
  }
}

/** Resolves after the time, or early when the signal is given. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds <= 0 || signal.aborted) return;
  await setTimeout(milliseconds, undefined, { signal }).catch(() => undefined);
}
