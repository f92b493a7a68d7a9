-- Where model $1 is attached: the tables, whether each is the one that $2 names, and how its rows are looked up by key.
SELECT b.id, b.relation::text AS relation, b.key_columns AS "keyColumns",
       coalesce(b.relation = to_regclass($2), false) AS matches,
       to_regproc(format('pgscore_internal.binding_%s_read', b.id)) IS NOT NULL AS readable
FROM pgscore_internal.bindings AS b
WHERE b.model = $1
ORDER BY b.id
