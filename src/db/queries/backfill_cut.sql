-- The key of the last of the next $1 rows in a range of keys, and how many there are; nothing when there is none.
SELECT ARRAY[{texts}] AS end_key, keys.n::integer AS rows
FROM (
  SELECT {keys}, row_number() OVER (ORDER BY {order}) AS n
  FROM {table} AS t
  WHERE {range}
  ORDER BY {order}
  LIMIT $1
) AS keys
ORDER BY keys.n DESC
LIMIT 1
