import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Connection } from '../db/connect.ts';
import { cacheDirectory } from '../db/local/binaries.ts';
import { packageVersion } from '../package-version.ts';
import { BatchSizes } from './batch-size.ts';
import { Control } from './control.ts';
import { Counters } from './counters.ts';
import { Dispatcher } from './dispatcher.ts';
import { EventLoopDelay } from './event-loop-delay.ts';
import { HttpScoring } from './http/scoring.ts';
import { type HttpServer, startHttp } from './http/server.ts';
import type { Readiness } from './http/service.ts';
import { Lane } from './lane.ts';
import { Link } from './link.ts';
import { createLogger, type Logger, TroubleLog } from './log.ts';
import { Metrics } from './metrics.ts';
import { ModelCache } from './model-cache.ts';
import { DEFAULTS, type SidecarOptions, threadsPerWorker } from './options.ts';
import { type AsyncBinding, readQueueState } from './queue.ts';
import { ScoringService } from './scoring-service.ts';
import { Versions } from './versions.ts';
import { type WorkerEvent, WorkerPool } from './worker-pool.ts';

/** Between two lanes' claims the server may need this long, beside what a run takes. */
const TRANSACTION_SLACK_MS = 60_000;

/**
 * A running sidecar: claims jobs of async bindings, has workers run the models, writes predictions. It keeps to work
 * whatever happens to its database or its workers.
 */
export class Sidecar {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly scoring: ScoringService;
  /** The HTTP server, when one was asked for. Rejects when it cannot listen; the sidecar ends then. */
  readonly http: Promise<HttpServer | undefined>;
  /** Resolves when it has ended, with its connections closed and its workers gone. */
  readonly done: Promise<void>;
  readonly #options: SidecarOptions;
  readonly #troubles: TroubleLog;
  readonly #delay = new EventLoopDelay();
  readonly #dispatcher = new Dispatcher<AsyncBinding>();
  readonly #pool: WorkerPool;
  readonly #control: Control;
  readonly #links: readonly Link[];
  /** For questions that belong to no batch. */
  readonly #asking: Link;
  readonly #lanes: readonly Lane[];
  /** No new batches. */
  readonly #stopping = new AbortController();
  /** Nor the ones in hand. */
  readonly #abandoning = new AbortController();

  constructor(connection: Connection, given: Partial<SidecarOptions> = {}, log?: Logger) {
    const options: SidecarOptions = { ...DEFAULTS, ...given };
    this.#options = options;
    this.log = log ?? createLogger(options.logLevel);
    this.#troubles = new TroubleLog(this.log);
    this.#pool = this.#startPool();
    this.metrics = new Metrics({
      eventLoopDelayP99Ms: () => this.#delay.takeP99Ms(),
      workers: () => this.#pool.workers,
      troubles: () => this.#troubles.current,
      queue: async () => readQueueState(await this.#asking.client()),
    });
    const counters = new Counters(this.metrics);
    this.#control = new Control({
      connection,
      dispatcher: this.#dispatcher,
      troubles: this.#troubles,
      log: this.log,
      pollMs: options.pollMs,
      identity: { id: randomUUID(), host: hostname(), release: packageVersion(), startedAt: new Date() },
      counters: () => counters.all,
      signal: this.#stopping.signal,
    });
    const versions = new Versions(() => this.#control.client());
    this.#asking = new Link(connection, this.#troubles);
    this.scoring = new ScoringService(() => this.#asking.client(), versions, this.#pool);
    const sizes = new BatchSizes(options.batch);
    // One more than workers: while a model runs, the database reads and writes for the next and the last batch.
    this.#links = Array.from({ length: options.workers + 1 }, () => new Link(connection, this.#troubles));
    this.#lanes = this.#links.map(
      (link) =>
        new Lane({
          dispatcher: this.#dispatcher,
          link,
          pool: this.#pool,
          versions,
          sizes,
          troubles: this.#troubles,
          prepare: () => this.#control.keepsSessions,
          idleTimeoutMs: options.timeoutSeconds * 1000 * 2 + TRANSACTION_SLACK_MS,
          onBatch: (binding, result) => counters.add(binding, result),
          onVersionChanged: () => this.#control.refresh(),
          onSessionLost: () => this.#control.distrustSessions(),
          signal: this.#abandoning.signal,
        }),
    );
    this.http = this.#serve();
    this.done = this.#run();
  }

  /** Whether the database was reached and its bindings are known. */
  get ready(): boolean {
    return this.#control.ready && !this.#troubles.current.includes('database');
  }

  /** The workers that run now. */
  get workers(): WorkerPool['workers'] {
    return this.#pool.workers;
  }

  /** How late timers of this process are, at the 99th percentile, in milliseconds. */
  get eventLoopDelayP99Ms(): number {
    return this.#delay.p99Ms;
  }

  /** Takes no more jobs, and ends when the batches in hand are written, or after the time to drain. Again: at once. */
  stop(reason: string): void {
    if (this.#stopping.signal.aborted) {
      this.#abandoning.abort();
      return;
    }
    this.log.info(
      { reason, drain_seconds: this.#options.drainSeconds },
      'stopping: batches in hand are finished',
    );
    this.#stopping.abort();
    this.#dispatcher.stop();
  }

  #startPool(): WorkerPool {
    const { workers, timeoutSeconds, maxMemoryMb, maxLoads, cache, program } = this.#options;
    return new WorkerPool({
      workers,
      cache: new ModelCache({ directory: cache ?? join(cacheDirectory(), 'models') }),
      timeoutMs: timeoutSeconds * 1000,
      maxMemoryMb,
      threads: threadsPerWorker(workers),
      ...(maxLoads === undefined ? {} : { maxLoads }),
      ...(program === undefined ? {} : { program }),
      onEvent: (event) => this.#note(event),
    });
  }

  async #run(): Promise<void> {
    const { workers, once } = this.#options;
    this.log.info({ version: packageVersion(), workers, lanes: this.#lanes.length }, 'the sidecar runs');
    const control = this.#control.run();
    const lanes = Promise.all(this.#lanes.map((lane) => lane.run()));
    if (once) void this.#stopWhenEmpty();
    this.http.catch(() => this.stop('HTTP cannot be served'));
    await this.#untilStopping();
    const answered = this.http.then(
      (server) => server?.close(),
      () => undefined,
    );
    await Promise.race([Promise.all([lanes, answered]), this.#untilAbandoning()]);
    await this.#end(lanes, control);
    await this.http;
  }

  async #serve(): Promise<HttpServer | undefined> {
    const { http } = this.#options;
    if (http === undefined) return undefined;
    const scoring = new HttpScoring(
      this.scoring,
      () => this.#asking.client(),
      () => this.#readiness(),
    );
    const server = await startHttp(scoring, this.metrics.registry, this.log, http);
    this.log.info({ url: server.url, token: http.tokens.length > 0 }, 'HTTP is served');
    return server;
  }

  #readiness(): Readiness {
    if (this.#stopping.signal.aborted) return { ready: false, reason: 'the sidecar is stopping' };
    return this.ready ? { ready: true } : { ready: false, reason: 'the database cannot be reached' };
  }

  async #untilStopping(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#stopping.signal.addEventListener('abort', () => resolve(), { once: true });
      if (this.#stopping.signal.aborted) resolve();
    });
  }

  async #untilAbandoning(): Promise<void> {
    await setTimeout(this.#options.drainSeconds * 1000, undefined, {
      signal: this.#abandoning.signal,
      ref: false,
    }).catch(() => undefined);
  }

  async #end(lanes: Promise<unknown>, control: Promise<void>): Promise<void> {
    // What is still in hand is rolled back by the server when its connection goes: the jobs are free at once.
    this.#abandoning.abort();
    await Promise.all([...this.#links, this.#asking].map((link) => link.close()));
    await this.#pool.close();
    await Promise.all([lanes, control]);
    await this.#control.close();
    this.#troubles.close();
    this.#delay.stop();
    this.log.info('the sidecar has ended');
  }

  async #stopWhenEmpty(): Promise<void> {
    await this.#control.untilReady();
    await this.#dispatcher.untilQuiet();
    this.stop('the queue is empty');
  }

  #note(event: WorkerEvent): void {
    const { kind, ...details } = event;
    if (event.kind === 'loaded') {
      this.metrics.loads.inc({ version: event.version });
      this.log.info(details, 'a version was loaded');
    } else if (event.kind === 'died') {
      this.metrics.deaths.inc({ during: event.during });
      this.log.warn(details, 'a worker ended; another one takes its place');
    } else {
      this.metrics.recycled.inc();
      this.log.info({ kind, ...details }, 'a worker is replaced');
    }
  }
}
