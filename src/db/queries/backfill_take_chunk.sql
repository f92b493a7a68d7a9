-- The oldest chunk of run $1 that no worker holds, locked.
SELECT c.id, c.after_key, c.end_key, c.rows, c.epoch, c.epoch = r.epoch AS current
FROM pgscore_internal.backfill_chunks AS c
JOIN pgscore_internal.backfills AS r ON r.id = c.backfill
WHERE c.backfill = $1 AND c.not_before <= clock_timestamp()
ORDER BY c.id
LIMIT 1
FOR UPDATE OF c SKIP LOCKED
