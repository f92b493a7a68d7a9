-- Run $1 from the first row again, with the present champion. Chunks of before are dropped as they are met.
UPDATE pgscore_internal.backfills AS r
SET version = m.champion, epoch = m.xmin::text, cut_key = NULL, cut_all = false,
    rows_seen = 0, rows_scored = 0, restarts = r.restarts + 1
FROM pgscore_internal.bindings AS b
JOIN pgscore_internal.models AS m ON m.name = b.model
WHERE r.id = $1 AND b.id = r.binding
