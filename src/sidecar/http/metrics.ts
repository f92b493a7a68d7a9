import { Counter, Histogram, type Registry } from 'prom-client';

export interface HttpMetrics {
  readonly requests: Counter<'route' | 'status'>;
  readonly rows: Counter<'model' | 'version'>;
  readonly seconds: Histogram<'model'>;
}

/** The server's own measures. Labels come from routes and deployed models, never from what clients write. */
export function httpMetrics(registry: Registry): HttpMetrics {
  const registers = [registry];
  return {
    requests: new Counter({
      name: 'pgscore_http_requests_total',
      help: 'Requests answered, by route and status',
      labelNames: ['route', 'status'],
      registers,
    }),
    rows: new Counter({
      name: 'pgscore_http_rows_total',
      help: 'Rows scored for HTTP requests',
      labelNames: ['model', 'version'],
      registers,
    }),
    seconds: new Histogram({
      name: 'pgscore_http_prediction_seconds',
      help: 'From a request for a prediction that was read to its answer',
      labelNames: ['model'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
  };
}
