-- Run $1, and whether its model has another champion by now.
SELECT
  r.version,
  r.epoch,
  r.only_missing,
  r.key_columns,
  r.cut_key,
  r.cut_all,
  r.restarts,
  r.rows_seen::float8,
  r.rows_scored::float8,
  r.started_at,
  r.finished_at IS NOT NULL AS finished,
  m.xmin::text <> r.epoch AS outdated,
  EXISTS (SELECT FROM pgscore_internal.backfill_chunks AS c WHERE c.backfill = r.id) AS has_chunks,
  (SELECT count(*)::integer FROM pgscore_internal.errors AS e
   WHERE r.finished_at IS NOT NULL AND e.binding = b.id AND e.occurred_at >= r.started_at) AS errors
FROM pgscore_internal.backfills AS r
JOIN pgscore_internal.bindings AS b ON b.id = r.binding
JOIN pgscore_internal.models AS m ON m.name = b.model
WHERE r.id = $1
