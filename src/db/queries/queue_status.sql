-- What waits, in seconds and text, for people and programs.
SELECT
  q.model,
  q.relation::text AS table_name,
  q.value_column,
  q.depth::float8,
  q.ready::float8,
  q.retrying::float8,
  q.backfill::float8,
  extract(epoch FROM q.oldest)::float8 AS oldest_seconds,
  q.arrival_rate,
  q.service_rate,
  extract(epoch FROM q.time_to_drain)::float8 AS drain_seconds,
  extract(epoch FROM q.max_lag)::float8 AS max_lag_seconds,
  q.within_target,
  q.sidecars::integer,
  b.problem,
  (SELECT count(*)::integer FROM pgscore_internal.errors AS e WHERE e.binding = q.binding AND e.operation = 'SIDECAR') AS errors
FROM pgscore.queue AS q
JOIN pgscore.bindings AS b ON b.id = q.binding
ORDER BY q.binding
