-- What waits, for the metrics: a row for each async binding.
SELECT q.model, format('%I.%I', n.nspname, c.relname) AS relation, q.value_column AS column, q.depth::float8 AS depth,
       coalesce(extract(epoch FROM q.oldest), 0)::float8 AS "oldestSeconds"
FROM pgscore.queue AS q
JOIN pg_class AS c ON c.oid = q.relation
JOIN pg_namespace AS n ON n.oid = c.relnamespace
