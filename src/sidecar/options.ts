import { coresGranted } from './cores.ts';
import type { HttpOptions } from './http/server.ts';
import type { WorkerProgram } from './worker-process.ts';

export interface SidecarOptions {
  /** Worker processes that run models. */
  readonly workers: number;
  /** Rows of a batch at most. */
  readonly batch: number;
  /** Of one worker, in MB, above which it is replaced. */
  readonly maxMemoryMb: number;
  /** How long batches in hand may take after a signal to stop. */
  readonly drainSeconds: number;
  /** Between looks at the queue while nothing happens. */
  readonly pollMs: number;
  /** Of one run of a model. */
  readonly timeoutSeconds: number;
  /** A worker is replaced after so many models were loaded. */
  readonly maxLoads?: number;
  /** Ends when the queue is empty. */
  readonly once: boolean;
  readonly logLevel: string;
  /** Answers HTTP when given. */
  readonly http?: HttpOptions;
  /** Where model files are kept; a folder in the user's cache unless given. */
  readonly cache?: string;
  /** For tests and the benchmark, which run from source. */
  readonly program?: WorkerProgram;
}

/** A worker a core: they give way to this process and to a PostgreSQL beside it, and two runs side by side take less time
 * than one after the other on two threads each. */
export const DEFAULTS: SidecarOptions = {
  workers: coresGranted(),
  batch: 1000,
  maxMemoryMb: 2048,
  drainSeconds: 25,
  pollMs: 1000,
  timeoutSeconds: 60,
  once: false,
  logLevel: 'info',
};

/** Threads of one run, so that all workers together use the cores that there are. */
export function threadsPerWorker(workers: number): number {
  return Math.max(1, Math.floor(coresGranted() / workers));
}
