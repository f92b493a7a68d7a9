-- The columns that put table $1's rows in order; "schemas" are those of the comparison operators, beyond pg_catalog.
SELECT
  jsonb_agg(jsonb_build_object('name', k.name, 'type', k.type) ORDER BY k.position) AS columns,
  coalesce(array_agg(DISTINCT k.operator_schema) FILTER (WHERE k.operator_schema <> 'pg_catalog'), '{}') AS schemas
FROM pgscore_internal.table_key($1) AS k
HAVING count(*) > 0
