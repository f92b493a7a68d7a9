-- The open run of binding $1, begun here unless there is one.
INSERT INTO pgscore_internal.backfills (binding, version, epoch, only_missing, key_columns)
SELECT b.id, m.champion, m.xmin::text, $2, $3
FROM pgscore_internal.bindings AS b
JOIN pgscore_internal.models AS m ON m.name = b.model
WHERE b.id = $1
ON CONFLICT (binding) WHERE finished_at IS NULL DO NOTHING
