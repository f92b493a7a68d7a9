-- Queues the rows of a range for binding {binding}, behind those that are written meanwhile.
WITH chunk AS (
  SELECT array_agg({key}) AS keys FROM {table} AS t WHERE {condition}
), queued AS (
  SELECT count(pgscore_internal.add_pages({binding}, 1, c.keys)), count(pgscore_internal.wake_sidecars())
  FROM chunk AS c WHERE c.keys IS NOT NULL
)
SELECT coalesce(cardinality(c.keys), 0) AS rows FROM chunk AS c, queued
