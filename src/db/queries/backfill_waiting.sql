-- Rows that backfills of binding $1 have in the queue, and sidecars that were seen lately.
SELECT
  coalesce((SELECT sum(j.row_count) FROM pgscore_internal.jobs AS j WHERE j.binding = $1 AND j.priority = 1), 0)::float8 AS rows,
  (SELECT count(*)::integer FROM pgscore_internal.sidecars AS s
   WHERE s.state = 'running' AND s.seen_at > clock_timestamp() - interval '10 s') AS sidecars
