-- Chunk $2 of run $1 is done: of $3 rows $4 were scored. Not counted when the run has started over since.
WITH done AS (
  DELETE FROM pgscore_internal.backfill_chunks AS c WHERE c.id = $2 RETURNING c.epoch
)
UPDATE pgscore_internal.backfills AS r
SET rows_seen = r.rows_seen + $3, rows_scored = r.rows_scored + $4
FROM done
WHERE r.id = $1 AND r.epoch = done.epoch
RETURNING r.rows_seen::float8
