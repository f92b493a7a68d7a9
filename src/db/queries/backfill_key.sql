-- The columns of table $1 that put its rows in order: those of the primary key, else of the smallest index that is
-- unique, complete and never null. "schemas" are those of the comparison operators, beyond pg_catalog.
SELECT
  jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, -1)) ORDER BY k.position) AS columns,
  coalesce(array_agg(DISTINCT n.nspname::text) FILTER (WHERE n.nspname <> 'pg_catalog'), '{}') AS schemas
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_am AS m ON m.oid = c.relam AND m.amname = 'btree'
CROSS JOIN LATERAL unnest(i.indkey::smallint[], i.indclass::oid[], i.indcollation::oid[], i.indoption::smallint[])
  WITH ORDINALITY AS k (attnum, opclass, collation_oid, options, position)
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
JOIN pg_catalog.pg_opclass AS o ON o.oid = k.opclass
JOIN pg_catalog.pg_amop AS op ON op.amopfamily = o.opcfamily AND op.amopmethod = m.oid
  AND op.amoplefttype = o.opcintype AND op.amoprighttype = o.opcintype AND op.amopstrategy = 5
JOIN pg_catalog.pg_operator AS p ON p.oid = op.amopopr
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.oprnamespace
WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
  AND k.position <= i.indnkeyatts
GROUP BY i.indexrelid, i.indisprimary, i.indnkeyatts
-- A not-null constraint that is not validated holds for new rows alone.
HAVING bool_and(a.attnotnull AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_constraint AS v
    WHERE v.conrelid = a.attrelid AND v.contype = 'n' AND NOT v.convalidated AND v.conkey = ARRAY[a.attnum]))
  -- ORDER BY and the comparisons of the same columns mean this index's order.
  AND bool_and(o.opcdefault AND k.collation_oid = a.attcollation)
  AND count(DISTINCT k.options) = 1 AND min(k.options) IN (0, 3)
ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid
LIMIT 1
