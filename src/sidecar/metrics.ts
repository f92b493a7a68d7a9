import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** From a run of some microseconds to one near its timeout. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const ROWS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];

const OF_BINDING = ['model', 'relation', 'column'] as const;
export type BindingLabels = Readonly<Record<(typeof OF_BINDING)[number], string>>;

/** What gauges ask at the moment of a scrape. */
export interface MetricSources {
  readonly eventLoopDelayP99Ms: () => number;
  readonly workers: () => readonly { readonly rss: number; readonly busy: boolean }[];
  readonly troubles: () => readonly string[];
  /** Of all sidecars together. */
  readonly queue: () => Promise<readonly QueueState[]>;
}

/** What waits for one binding. */
export interface QueueState extends BindingLabels {
  readonly depth: number;
  /** Of the oldest live job; 0 when none waits. */
  readonly oldestSeconds: number;
}

/** Everything that a sidecar counts, under the names that the manual lists. A registry a sidecar: nothing is global. */
export class Metrics {
  readonly registry = new Registry();
  readonly scored = this.#counter(
    'pgscore_rows_scored_total',
    'rows whose prediction was written',
    OF_BINDING,
  );
  readonly failed = this.#counter(
    'pgscore_rows_failed_total',
    'attempts of rows that could not be scored',
    OF_BINDING,
  );
  readonly kept = this.#counter(
    'pgscore_rows_kept_total',
    'rows left in the queue because they were locked or had changed meanwhile',
    OF_BINDING,
  );
  readonly batchRows = this.#histogram('pgscore_batch_rows', 'rows a batch', ROWS, OF_BINDING);
  readonly run = this.#histogram(
    'pgscore_run_seconds',
    'time that the model took for a batch',
    SECONDS,
    OF_BINDING,
  );
  readonly latency = this.#histogram(
    'pgscore_latency_seconds',
    'time from the statement that queued a row to the prediction in its column',
    SECONDS,
    OF_BINDING,
  );
  readonly loads = this.#counter('pgscore_model_loads_total', 'versions loaded by workers', ['version']);
  readonly deaths = this.#counter('pgscore_worker_deaths_total', 'workers that ended unasked', ['during']);
  readonly recycled = this.#counter(
    'pgscore_workers_recycled_total',
    'workers replaced to give memory back',
    [],
  );

  constructor({ eventLoopDelayP99Ms, workers, troubles, queue }: MetricSources) {
    this.#ask(
      'pgscore_event_loop_delay_p99_seconds',
      'of the main process, since the last scrape',
      () => eventLoopDelayP99Ms() / 1000,
    );
    this.#ask('pgscore_memory_bytes', 'of the main process', () => process.memoryUsage.rss());
    this.#ask('pgscore_workers_memory_bytes', 'of all workers', () => sum(workers().map(({ rss }) => rss)));
    this.#ask(
      'pgscore_workers_busy',
      'workers that run a model now',
      () => workers().filter((w) => w.busy).length,
    );
    this.#ask('pgscore_troubles', 'what is amiss now: 0 is good', () => troubles().length);
    this.#askQueue(queue);
  }

  /** In Prometheus' text format. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.registry] });
  }

  #histogram<L extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly L[],
  ): Histogram<L> {
    return new Histogram({ name, help, buckets, labelNames: [...labelNames], registers: [this.registry] });
  }

  /** The queue is read once a scrape. While the database is away, these are left out. */
  #askQueue(queue: MetricSources['queue']): void {
    let reading: Promise<readonly QueueState[]> | undefined;
    const read = () => {
      reading ??= queue()
        .catch(() => [])
        .finally(() => {
          reading = undefined;
        });
      return reading;
    };
    const gauge = (name: string, help: string, value: (state: QueueState) => number) =>
      new Gauge({
        name,
        help,
        labelNames: [...OF_BINDING],
        registers: [this.registry],
        async collect() {
          const states = await read();
          this.reset();
          for (const state of states) {
            const { model, relation, column } = state;
            this.set({ model, relation, column }, value(state));
          }
        },
      });
    gauge('pgscore_queue_rows', 'rows that wait', ({ depth }) => depth);
    gauge('pgscore_queue_oldest_seconds', 'age of the oldest live job', (state) => state.oldestSeconds);
  }

  #ask(name: string, help: string, value: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(value());
      },
    });
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
