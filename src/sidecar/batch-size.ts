/** What a run should take: long enough that its fixed costs vanish, short enough that a batch is soon written. */
const TARGET_MS = 100;
/** Of a new measurement in the average. */
const WEIGHT = 0.3;
/** A batch grows at most this much at once: the first run of a session is no measure for the others. */
const MAX_GROWTH = 4;

/**
 * How many rows the next batch of one version takes, learnt from what its runs took: as many as run for TARGET_MS,
 * between 1 and `max`.
 */
export class BatchSize {
  readonly #max: number;
  #rows: number;
  #msPerRow: number | undefined;

  constructor(max: number) {
    this.#max = max;
    this.#rows = Math.min(max, 32);
  }

  get rows(): number {
    return this.#rows;
  }

  /** After a run of so many rows. */
  learn(rows: number, milliseconds: number): void {
    if (rows <= 0) return;
    const measured = milliseconds / rows;
    this.#msPerRow =
      this.#msPerRow === undefined ? measured : average(this.#msPerRow, measured, rows / this.#rows);
    const fitting = this.#msPerRow === 0 ? this.#max : TARGET_MS / this.#msPerRow;
    this.#rows = Math.max(1, Math.floor(Math.min(fitting, this.#rows * MAX_GROWTH, this.#max)));
  }
}

/** One for each version. */
export class BatchSizes {
  readonly #max: number;
  readonly #known = new Map<string, BatchSize>();

  constructor(max: number) {
    this.#max = max;
  }

  of(version: string): BatchSize {
    const known = this.#known.get(version) ?? new BatchSize(this.#max);
    this.#known.set(version, known);
    return known;
  }
}

/** A run of a few rows is mostly fixed costs: it counts as much as it is full. */
function average(old: number, measured: number, fullness: number): number {
  const weight = WEIGHT * Math.min(1, fullness);
  return old * (1 - weight) + measured * weight;
}
