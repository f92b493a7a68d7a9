-- The bindings that a sidecar works for, with the versions that they want now.
SELECT b.id, b.model, b.version, b.content_hash AS "contentHash", b.relation, b.value_column AS "valueColumn",
       b.takes, b.has_label AS "hasLabel", b.reads
FROM pgscore_internal.sidecar_bindings() AS b
