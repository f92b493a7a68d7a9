import { isContention, isSessionLoss } from '../db/sql-state.ts';
import { Backoff } from './backoff.ts';
import { type BatchResult, processJobs, VersionChanged } from './batch.ts';
import type { BatchSizes } from './batch-size.ts';
import type { Dispatcher, Turn } from './dispatcher.ts';
import type { Link } from './link.ts';
import type { TroubleLog } from './log.ts';
import { type AsyncBinding, type Job, Queue } from './queue.ts';
import type { Versions } from './versions.ts';
import { VersionUnavailable, type WorkerPool } from './worker-pool.ts';

export interface LaneOptions {
  readonly dispatcher: Dispatcher<AsyncBinding>;
  readonly link: Link;
  readonly pool: WorkerPool;
  readonly versions: Versions;
  readonly sizes: BatchSizes;
  readonly troubles: TroubleLog;
  /** Whether the connection keeps prepared statements. */
  readonly prepare: () => boolean;
  /** A transaction that is idle for longer is ended by the server: longer than any run may take. */
  readonly idleTimeoutMs: number;
  readonly onBatch: (binding: AsyncBinding, result: BatchResult) => void;
  /** When a version turned out not to be wanted any more. */
  readonly onVersionChanged: () => void;
  /** When a prepared statement was not there any more. */
  readonly onSessionLost: () => void;
  /** Ends all waiting. */
  readonly signal: AbortSignal;
}

const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 5_000;

/** Works for one binding after the other, a transaction each, on a connection of its own. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #backoffs = new Map<number, Backoff>();

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Until the dispatcher stops. Never throws: whatever fails is tried again. */
  async run(): Promise<void> {
    const { dispatcher, link } = this.#options;
    for (let turn = await dispatcher.next(); turn !== undefined; turn = await dispatcher.next()) {
      let pauseMs = 0;
      try {
        await this.#serve(turn);
        // Not before: a disk that is full lets jobs be claimed, and each attempt to write costs a run.
        link.succeeded();
        this.#wentWell(turn.binding);
      } catch (error) {
        pauseMs = await this.#failed(turn.binding, error);
      }
      turn.end(pauseMs);
    }
    await link.close();
  }

  async #serve(turn: Turn<AsyncBinding>): Promise<void> {
    const { link, sizes, pool, prepare, idleTimeoutMs, onBatch, versions } = this.#options;
    const { binding } = turn;
    const client = await link.client();
    const version = await versions.get(binding);
    await pool.fetch(version);
    const size = sizes.of(version.key);
    const queue = new Queue(client, binding, { prepare: prepare(), idleTimeoutMs });
    const start = performance.now();
    const jobs = await queue.claim(size.rows, turn.after);
    const rows = jobs.reduce((sum, { keys }) => sum + keys.length, 0);
    const isLong = rows > 2 * size.rows && jobs.some(({ keys }) => keys.length > size.rows);
    turn.claimed({
      found: jobs.length > 0,
      last: lastSeen(jobs),
      full: rows * 2 >= size.rows,
      milliseconds: performance.now() - start,
    });
    if (jobs.length === 0) return queue.rollback();
    if (isLong) {
      await queue.split(
        jobs.map(({ id }) => id),
        size.rows,
      );
      return queue.commit();
    }
    const result = await processJobs(queue, pool, binding, version, jobs);
    size.learn(result.scored + result.failed + result.kept, result.runMs);
    onBatch(binding, result);
  }

  #wentWell({ id, relation, valueColumn }: AsyncBinding): void {
    this.#backoffs.get(id)?.reset();
    this.#options.troubles.end(troubleOf(id), `${relation}.${valueColumn} is worked for again`);
  }

  /** Rolls back; returns how long the binding is left alone. */
  async #failed(binding: AsyncBinding, error: unknown): Promise<number> {
    const { link, signal, troubles, onVersionChanged, onSessionLost } = this.#options;
    if (signal.aborted) return 0;
    if (await link.failed(error, signal)) return 0;
    await link.rollback();
    if (error instanceof VersionChanged) {
      onVersionChanged();
      return 0;
    }
    if (isSessionLoss(error)) {
      onSessionLost();
      return this.#backoff(binding.id).next();
    }
    if (!isContention(error)) {
      const { message } = error as Error;
      const what =
        error instanceof VersionUnavailable
          ? message
          : `${binding.relation}.${binding.valueColumn}: ${message}`;
      troubles.begin(troubleOf(binding.id), what, { model: binding.model, version: binding.version });
    }
    return this.#backoff(binding.id).next();
  }

  #backoff(binding: number): Backoff {
    const known =
      this.#backoffs.get(binding) ?? new Backoff({ firstMs: FIRST_PAUSE_MS, maxMs: MAX_PAUSE_MS });
    this.#backoffs.set(binding, known);
    return known;
  }
}

function troubleOf(binding: number): string {
  return `binding ${binding}`;
}

function lastSeen(jobs: readonly Job[]): { live: bigint; backfill: bigint } {
  const last = { live: 0n, backfill: 0n };
  for (const { id, priority } of jobs) {
    if (priority === 0) last.live = id;
    else last.backfill = id;
  }
  return last;
}
