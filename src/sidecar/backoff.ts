export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  /** From [0, 1); Math.random unless given. */
  readonly random?: () => number;
}

/**
 * Growing pauses between attempts: the n-th is at most firstMs · 2ⁿ, never above maxMs, and at least half of that; the
 * rest is chance, so that processes that failed together do not come back together.
 */
export class Backoff {
  readonly #options: Required<BackoffOptions>;
  #attempt = 0;

  constructor(options: BackoffOptions) {
    this.#options = { random: Math.random, ...options };
  }

  /** How long to wait now, in milliseconds. */
  next(): number {
    const { firstMs, maxMs, random } = this.#options;
    const limit = Math.min(maxMs, firstMs * 2 ** Math.min(this.#attempt, 30));
    this.#attempt += 1;
    return limit * (0.5 + random() / 2);
  }

  /** After a success: the next pause is the first one again. */
  reset(): void {
    this.#attempt = 0;
  }
}
