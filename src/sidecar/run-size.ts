/** Of a new measurement in a size's average. */
const WEIGHT = 0.3;
/** Once every size is known, a neighbour of the best one is measured again in so many runs. */
const AGAIN_EVERY = 8;
/** Another size must be better by so much: timings are noisy. */
const BETTER_BY = 0.05;
/** Runs take 2^0 … 2^12 rows. */
const MAX_LEVEL = 12;

/**
 * How many rows one run of a graph takes, learnt from what runs took. What a graph's layers pass to each other fits into
 * the processor's caches up to some number of rows only, which no description of the graph tells: the telco network takes
 * a fifth less time in runs of 64 rows than in runs of 500.
 */
export class RunSize {
  /** Milliseconds a row, by level. */
  readonly #costs: (number | undefined)[] = new Array(MAX_LEVEL + 1).fill(undefined);
  #best: number | undefined;
  #runs = 0;

  /** Rows of the next run when so many wait. Each size is tried once, the largest first. */
  next(waiting: number): number {
    this.#runs += 1;
    const largest = Math.min(MAX_LEVEL, Math.floor(Math.log2(waiting)));
    const untried = this.#costs.findLastIndex((cost, level) => cost === undefined && level <= largest);
    const level = untried >= 0 ? untried : this.#known(largest);
    return Math.min(waiting, 2 ** level);
  }

  /** After a run of so many rows. A size that is no power of 2, the rest of a batch, teaches nothing. */
  learn(rows: number, milliseconds: number): void {
    const level = Math.log2(rows);
    // The first run of a session is no measure for the others.
    if (this.#runs === 1 || !Number.isInteger(level) || level > MAX_LEVEL) return;
    const cost = milliseconds / rows;
    const known = this.#costs[level];
    this.#costs[level] = known === undefined ? cost : known + WEIGHT * (cost - known);
    this.#best = this.#costs.reduce<number | undefined>(
      (best, _, other) => (this.#isBetter(other, best) ? other : best),
      this.#best,
    );
  }

  #known(largest: number): number {
    const best = this.#best ?? largest;
    if (this.#runs % AGAIN_EVERY !== 0) return best;
    const near = this.#runs % (2 * AGAIN_EVERY) === 0 ? best + 1 : best - 1;
    return near >= 0 && near <= largest ? near : best;
  }

  #isBetter(level: number, than: number | undefined): boolean {
    const cost = this.#costs[level];
    if (cost === undefined) return false;
    return than === undefined || cost < this.#costs[than]! * (1 - BETTER_BY);
  }
}
