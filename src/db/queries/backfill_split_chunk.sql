-- Puts two chunks in the place of chunk $1: $3 rows up to key $2, and the others.
WITH whole AS (
  DELETE FROM pgscore_internal.backfill_chunks AS c WHERE c.id = $1
  RETURNING c.backfill, c.epoch, c.after_key, c.end_key, c.rows
)
INSERT INTO pgscore_internal.backfill_chunks (backfill, epoch, after_key, end_key, rows)
SELECT w.backfill, w.epoch, w.after_key, $2, $3 FROM whole AS w
UNION ALL
SELECT w.backfill, w.epoch, $2, w.end_key, greatest(w.rows - $3, 1) FROM whole AS w
