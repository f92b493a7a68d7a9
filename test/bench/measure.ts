import type pg from 'pg';

/** One of several ways to do the same. Each has a session of its own: engines keep state per session. */
export interface Variant {
  readonly name: string;
  /** What is timed. */
  readonly run: () => Promise<unknown>;
  /** Runs before each timing, untimed. */
  readonly before?: () => Promise<unknown>;
}

/** Milliseconds of each repetition. */
export type Samples = readonly number[];

export function statement(name: string, client: pg.ClientBase, sql: string): Variant {
  return { name, run: () => client.query(sql) };
}

/**
 * Runs each variant once to warm its session up, then all of them in turn, again and again, each round beginning with
 * another one, so that noise on the machine hits all alike. The samples are in the order of the variants.
 */
export async function alternate(variants: readonly Variant[], repetitions: number): Promise<Samples[]> {
  const samples: number[][] = variants.map(() => []);
  for (const variant of variants) await measure(variant);
  for (let round = 0; round < repetitions; round++) {
    for (let k = 0; k < variants.length; k++) {
      const v = (round + k) % variants.length;
      samples[v]!.push(await measure(variants[v]!));
    }
  }
  return samples;
}

async function measure({ run, before }: Variant): Promise<number> {
  await before?.();
  return timed(run);
}

/** Milliseconds that the work took, as the client sees it. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

export function median(samples: Samples): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
