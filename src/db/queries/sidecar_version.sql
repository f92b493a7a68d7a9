-- Version $2 of model $1 with content $3 as a worker loads it: a graph beside its file, or the IR.
SELECT v.runs_in, v.graph::text, coalesce(v.file_sha256, encode(sha256(v.ir), 'hex')) AS sha256
FROM pgscore_internal.versions AS v
WHERE v.model = $1 AND v.version = $2 AND v.content_hash = $3
