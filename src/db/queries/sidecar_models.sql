-- The versions of model $1, or of all; version $2, or all, the newest first.
SELECT v.model, v.version, v.content_hash AS "contentHash", coalesce(m.champion = v.version, false) AS "isChampion",
       v.runs_in AS "runsIn", v.task, v.signature AS features, v.labels, v.graph::text, v.format,
       -- Only the database runs scorers written by hand.
       v.ir IS NULL AND v.graph IS NULL AS "byHand"
FROM pgscore_internal.versions AS v
JOIN pgscore_internal.models AS m ON m.name = v.model
WHERE v.model = coalesce($1, v.model) AND v.version = coalesce($2, v.version)
ORDER BY v.model, v.version DESC
