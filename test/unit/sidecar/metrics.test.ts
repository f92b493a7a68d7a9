import { expect, test } from 'vitest';
import { Counters } from '../../../src/sidecar/counters.ts';
import { type MetricSources, Metrics } from '../../../src/sidecar/metrics.ts';
import { readExposition } from '../../harness/exposition.ts';

const BINDING = {
  id: 7,
  model: 'churn',
  version: 3,
  contentHash: 'x',
  relation: 'public.customers',
  valueColumn: 'score',
  takes: 'value',
  hasLabel: false,
  reads: false,
} as const;

const waiting = async () => [
  { model: 'churn', relation: 'public.customers', column: 'score', depth: 7, oldestSeconds: 2.5 },
];

function createMetrics(queue: MetricSources['queue'] = waiting): Metrics {
  return new Metrics({
    queue,
    eventLoopDelayP99Ms: () => 4,
    workers: () => [
      { rss: 100, busy: true },
      { rss: 50, busy: false },
    ],
    troubles: () => ['database'],
  });
}

test('batches are counted by binding', async () => {
  const metrics = createMetrics();
  const counters = new Counters(metrics);
  const latenciesMs = [
    { rows: 8, milliseconds: 30 },
    { rows: 0, milliseconds: 9000 },
  ];
  counters.add(BINDING, { scored: 8, failed: 1, kept: 2, runMs: 40, latenciesMs });
  counters.add(BINDING, {
    scored: 2,
    failed: 0,
    kept: 0,
    runMs: 10,
    latenciesMs: [{ rows: 2, milliseconds: 10 }],
  });
  expect(counters.all).toEqual([{ binding: 7, scored: 10, failed: 1, run_ms: 50, latency_ms: 260 }]);
  const text = await metrics.text();
  const labels = '{model="churn",relation="public.customers",column="score"}';
  expect(text).toContain(`pgscore_rows_scored_total${labels} 10\n`);
  expect(text).toContain(`pgscore_rows_failed_total${labels} 1\n`);
  expect(text).toContain(`pgscore_rows_kept_total${labels} 2\n`);
  expect(text).toContain(`pgscore_latency_seconds_count${labels} 2\n`);
  expect(text).toContain(`pgscore_run_seconds_sum${labels} 0.05\n`);
});

test('the state of the process is asked for when it is read', async () => {
  const text = await createMetrics().text();
  expect(text).toContain('pgscore_event_loop_delay_p99_seconds 0.004\n');
  expect(text).toContain('pgscore_workers_memory_bytes 150\n');
  expect(text).toContain('pgscore_workers_busy 1\n');
  expect(text).toContain('pgscore_troubles 1\n');
});

test('two sidecars in one process count apart', async () => {
  const [first, second] = [createMetrics(), createMetrics()];
  first.scored.inc({ model: 'm', relation: 'r', column: 'c' }, 5);
  expect(await second.text()).not.toContain('} 5');
});

test('the queue is read when it is asked for, and left out while the database is away', async () => {
  const labels = '{model="churn",relation="public.customers",column="score"}';
  const text = await createMetrics().text();
  expect(text).toContain(`pgscore_queue_rows${labels} 7\n`);
  expect(text).toContain(`pgscore_queue_oldest_seconds${labels} 2.5\n`);
  const away = await createMetrics(() => Promise.reject(new Error('away'))).text();
  expect(away).not.toContain('pgscore_queue_rows{');
  expect(away).toContain('pgscore_troubles 1\n');
});

test('Prometheus can read what is counted, whatever names contain', async () => {
  const metrics = createMetrics();
  const labels = { model: 'a"b\\c\nd', relation: 'public."Té{l}c,o"', column: 'x="1"} 5' };
  metrics.scored.inc(labels, 3);
  metrics.batchRows.observe(labels, 3);
  metrics.latency.observe(labels, 1e9);
  metrics.loads.inc({ version: '1' });
  const families = readExposition(await metrics.text());
  expect(families.get('pgscore_rows_scored_total')).toEqual({
    help: 'rows whose prediction was written',
    type: 'counter',
    samples: [
      {
        name: 'pgscore_rows_scored_total',
        labels: { model: 'a\\"b\\\\c\\nd', relation: 'public.\\"Té{l}c,o\\"', column: 'x=\\"1\\"} 5' },
        value: 3,
      },
    ],
  });
});
