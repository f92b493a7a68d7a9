import type { GraphModel } from '../ir/graph.ts';
import type { Request, Results, RunResult, Wanted } from './messages.ts';
import type { FileSource, ModelCache } from './model-cache.ts';
import type { Outputs } from './outputs.ts';
import type { Feeds, RawRow } from './tensors.ts';
import {
  WORKER_PROGRAM,
  type WorkerDied,
  WorkerFailure,
  WorkerProcess,
  type WorkerProgram,
} from './worker-process.ts';

/** A version as the database knows it. */
export interface RunnableVersion {
  /** Names the content: the same key is the same version for ever. */
  readonly key: string;
  /** For messages: `churn version 3`. */
  readonly name: string;
  readonly sha256: string;
  readonly file: FileSource;
  /** Present for graphs; absent for IR models. */
  readonly graph?: GraphModel;
}

export interface WorkerPoolOptions {
  readonly workers: number;
  readonly cache: ModelCache;
  /** Of one run; a load may take ten times as long. */
  readonly timeoutMs: number;
  /** Of one worker, above which it is replaced; what its first model takes and half as much again is always granted. */
  readonly maxMemoryMb: number;
  /** Threads of one run. */
  readonly threads: number;
  /** A worker is replaced after so many loads: onnxruntime does not give all memory of a session back. */
  readonly maxLoads?: number;
  readonly program?: WorkerProgram;
  readonly onEvent?: (event: WorkerEvent) => void;
}

export type WorkerEvent =
  | {
      readonly kind: 'loaded';
      readonly version: string;
      readonly milliseconds: number;
      readonly worker: number;
    }
  | { readonly kind: 'died'; readonly reason: string; readonly during: WorkerDied['during'] }
  | { readonly kind: 'recycled'; readonly reason: string };

/** Measured with the telco network: 100 loads in one process leave some 90 MB behind. */
const MAX_LOADS = 50;
const LOAD_TIMEOUT_FACTOR = 10;

/** The version cannot be run on this machine at present; no row is to blame. */
export class VersionUnavailable extends Error {
  constructor(version: string, cause: Error) {
    super(`${version} cannot be loaded: ${cause.message}`, { cause });
    this.name = 'VersionUnavailable';
  }
}

interface Slot {
  process: WorkerProcess | undefined;
  held: Set<string>;
  loads: number;
  /** Memory above which it is replaced, once it has loaded something. */
  limit: number;
  busy: boolean;
}

interface Waiter {
  readonly key: string;
  readonly take: (slot: Slot) => void;
}

/** Worker processes that are given one request each at a time. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #slots: Slot[];
  readonly #waiters: Waiter[] = [];
  #closed = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.workers }, emptySlot);
    // The others when there is work for them: an idle process has 50 MB.
    this.#start(this.#slots[0]!);
  }

  /**
   * Has the version's file on this machine, so that a run asks the database for nothing. For whoever runs it in a
   * transaction: behind a pooler the sessions that all transactions hold may be all that there are, and none would be left
   * to fetch it with. Throws VersionUnavailable.
   */
  async fetch({ name, sha256, file }: RunnableVersion): Promise<void> {
    try {
      await this.#options.cache.path(sha256, file);
    } catch (error) {
      throw new VersionUnavailable(name, error as Error);
    }
  }

  /**
   * Predictions for some rows in one run.
   * @throws WorkerFailure or WorkerDied (during `run`) when these rows cannot be run together; VersionUnavailable when
   * the version cannot be loaded; the signal's reason when it comes before a worker is free. A run that has begun goes on.
   */
  run(
    version: RunnableVersion,
    rows: readonly RawRow[],
    wanted: Wanted,
    signal?: AbortSignal,
  ): Promise<RunResult> {
    return this.#serve(version, { kind: 'run', key: version.key, rows, wanted }, signal);
  }

  /** All outputs of a graph for its input tensors; errors as of `run`. */
  runTensors(version: RunnableVersion, feeds: Feeds, signal?: AbortSignal): Promise<Outputs> {
    return this.#serve(version, { kind: 'tensors', key: version.key, feeds }, signal);
  }

  /** Memory and load of each worker that runs. */
  get workers(): readonly { readonly pid: number; readonly rss: number; readonly busy: boolean }[] {
    return this.#slots.flatMap(({ process, busy }) =>
      process?.alive === true ? [{ pid: process.pid ?? 0, rss: process.rss, busy }] : [],
    );
  }

  /** Ends all workers at once; what they were doing is rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(
      this.#slots.map(({ process }) => {
        process?.kill('the sidecar ends');
        return process?.ended;
      }),
    );
  }

  async #serve<K extends 'run' | 'tensors'>(
    version: RunnableVersion,
    request: Request & { kind: K },
    signal: AbortSignal | undefined,
  ): Promise<Results[K]> {
    signal?.throwIfAborted();
    const slot = await this.#acquire(version.key, signal);
    try {
      const worker = await this.#load(slot, version);
      return await worker.ask<K>(request, this.#options.timeoutMs);
    } finally {
      this.#release(slot);
    }
  }

  #acquire(key: string, signal: AbortSignal | undefined): Promise<Slot> {
    const idle = this.#slots.filter(({ busy }) => !busy);
    const slot = idle.find(({ held }) => held.has(key)) ?? idle[0];
    if (slot === undefined) return this.#wait(key, signal);
    slot.busy = true;
    return Promise.resolve(slot);
  }

  #wait(key: string, signal: AbortSignal | undefined): Promise<Slot> {
    return new Promise((resolve, reject) => {
      const take = (slot: Slot) => {
        signal?.removeEventListener('abort', giveUp);
        resolve(slot);
      };
      const waiter = { key, take };
      const giveUp = () => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(signal!.reason);
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#waiters.push(waiter);
    });
  }

  #release(slot: Slot): void {
    this.#recycleWhenDue(slot);
    const waiter = this.#waiters.shift();
    if (waiter === undefined) slot.busy = false;
    else waiter.take(slot);
  }

  async #load(slot: Slot, version: RunnableVersion): Promise<WorkerProcess> {
    if (this.#closed) throw new Error('the sidecar ends');
    const worker = slot.process?.alive === true ? slot.process : this.#start(slot);
    try {
      await worker.ready;
      if (!slot.held.has(version.key)) await this.#loadInto(worker, slot, version);
      return worker;
    } catch (error) {
      throw new VersionUnavailable(version.name, error as Error);
    }
  }

  async #loadInto(worker: WorkerProcess, slot: Slot, version: RunnableVersion): Promise<void> {
    const { cache, timeoutMs, maxMemoryMb } = this.#options;
    const { key, name, sha256, graph } = version;
    const load = async () => {
      const path = await cache.path(sha256, version.file);
      const loadable = { key, name, path, sha256, ...(graph === undefined ? {} : { graph }) };
      return worker.ask({ kind: 'load', version: loadable }, timeoutMs * LOAD_TIMEOUT_FACTOR);
    };
    const loaded = await load().catch(async (error: unknown) => {
      // Damaged on this machine's disk, or taken away meanwhile: the database has it still.
      if (!(error instanceof WorkerFailure && error.kind === 'damaged')) throw error;
      await cache.drop(sha256);
      return load();
    });
    slot.held = new Set(loaded.held);
    if (slot.loads === 0) slot.limit = Math.max(maxMemoryMb * 2 ** 20, worker.rss * 1.5);
    slot.loads += 1;
    this.#tell({ kind: 'loaded', version: name, milliseconds: loaded.milliseconds, worker: worker.pid ?? 0 });
  }

  #start(slot: Slot): WorkerProcess {
    const { program = WORKER_PROGRAM, threads, maxMemoryMb } = this.#options;
    const worker = new WorkerProcess({ program, threads, maxMemoryMb });
    Object.assign(slot, { ...emptySlot(), process: worker, busy: slot.busy });
    void worker.ready
      .then(() => worker.ended)
      .then(
        (death) => this.#replace(slot, worker, death),
        () => undefined,
      );
    return worker;
  }

  /** A worker that could be asked is replaced at once; one that never got so far, when it is needed again. */
  #replace(slot: Slot, worker: WorkerProcess, { message, during }: WorkerDied): void {
    if (this.#closed || slot.process !== worker) return;
    this.#tell({ kind: 'died', reason: message, during });
    this.#start(slot);
  }

  #recycleWhenDue(slot: Slot): void {
    const { process: worker, loads, limit } = slot;
    if (worker === undefined || this.#closed) return;
    const { maxLoads = MAX_LOADS } = this.#options;
    if (loads >= maxLoads) this.#recycle(slot, worker, `${loads} loads`);
    else if (worker.rss > limit)
      this.#recycle(slot, worker, `${Math.round(worker.rss / 2 ** 20)} MB in memory`);
  }

  #recycle(slot: Slot, worker: WorkerProcess, reason: string): void {
    if (!worker.alive) return;
    this.#tell({ kind: 'recycled', reason });
    worker.kill(reason);
    this.#start(slot);
  }

  #tell(event: WorkerEvent): void {
    this.#options.onEvent?.(event);
  }
}

function emptySlot(): Slot {
  return { process: undefined, held: new Set(), loads: 0, limit: Infinity, busy: false };
}
