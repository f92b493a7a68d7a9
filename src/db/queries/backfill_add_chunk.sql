-- Adds the chunk of $3 rows that ends at key $2 to run $1.
WITH run AS (
  SELECT r.id, r.epoch, r.cut_key FROM pgscore_internal.backfills AS r WHERE r.id = $1
), chunk AS (
  INSERT INTO pgscore_internal.backfill_chunks (backfill, epoch, after_key, end_key, rows)
  SELECT run.id, run.epoch, run.cut_key, $2, $3 FROM run
)
UPDATE pgscore_internal.backfills AS r SET cut_key = $2 WHERE r.id = $1
