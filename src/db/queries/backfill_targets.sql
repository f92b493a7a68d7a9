-- The bindings of model $1: those of table $2 and of column $3, where these are not null.
SELECT
  b.id,
  c.oid::text AS relation,
  format('%I.%I', n.nspname, c.relname) AS table_name,
  c.relkind = 'p' AS partitioned,
  b.value_column,
  b.mode,
  pgscore_internal.key_text(b.relation, b.key_columns, 't') AS key_text
FROM pgscore_internal.bindings AS b
JOIN pg_catalog.pg_class AS c ON c.oid = b.relation
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE b.model = $1
  AND ($2::text IS NULL OR b.relation = $2::oid)
  AND ($3::text IS NULL OR b.value_column = $3)
ORDER BY b.id
