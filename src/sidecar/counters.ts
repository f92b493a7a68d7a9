import type { BatchResult } from './batch.ts';
import type { BindingLabels, Metrics } from './metrics.ts';
import type { AsyncBinding } from './queue.ts';

/** Sums since the process started, as sidecar_report() takes them. */
export interface BindingCounters {
  readonly binding: number;
  scored: number;
  failed: number;
  run_ms: number;
  latency_ms: number;
}

/** Counts what batches did, for the metrics and for the reports to the database. */
export class Counters {
  readonly #metrics: Metrics;
  readonly #bindings = new Map<number, BindingCounters>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  get all(): readonly BindingCounters[] {
    return [...this.#bindings.values()];
  }

  add(binding: AsyncBinding, { scored, failed, kept, runMs, latenciesMs }: BatchResult): void {
    const labels = labelsOf(binding);
    const metrics = this.#metrics;
    metrics.scored.inc(labels, scored);
    metrics.failed.inc(labels, failed);
    metrics.kept.inc(labels, kept);
    metrics.batchRows.observe(labels, scored + failed + kept);
    metrics.run.observe(labels, runMs / 1000);
    const sums = this.#bindings.get(binding.id) ?? {
      binding: binding.id,
      scored: 0,
      failed: 0,
      run_ms: 0,
      latency_ms: 0,
    };
    this.#bindings.set(binding.id, sums);
    sums.scored += scored;
    sums.failed += failed;
    sums.run_ms += runMs;
    for (const { rows, milliseconds } of latenciesMs) {
      sums.latency_ms += rows * milliseconds;
      // A job is one observation: a page has 500 rows of one age.
      if (rows > 0) metrics.latency.observe(labels, milliseconds / 1000);
    }
  }
}

function labelsOf({ model, relation, valueColumn }: AsyncBinding): BindingLabels {
  return { model, relation, column: valueColumn };
}
