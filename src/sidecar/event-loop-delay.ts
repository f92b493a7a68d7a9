import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 10;

/** How late the main process's timers are: what a run or a big result set in the wrong place would show in. */
export class EventLoopDelay {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.#histogram.enable();
  }

  /** Milliseconds that 99 of 100 timers are late at most, since the last reset. */
  get p99Ms(): number {
    // A histogram without a sample answers NaN or its resolution, by release.
    if (this.#histogram.count === 0) return 0;
    // What is measured is the whole time between two ticks: the resolution is no delay.
    return Math.max(0, this.#histogram.percentile(99) / 1e6 - RESOLUTION_MS);
  }

  /** The same, and begins anew: each scrape tells of the time since the last one. */
  takeP99Ms(): number {
    const found = this.p99Ms;
    this.#histogram.reset();
    return found;
  }

  stop(): void {
    this.#histogram.disable();
  }
}
