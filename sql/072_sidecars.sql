-- What sidecars report of themselves: a row a process and one a binding, every few seconds, never one a batch.

-- "counters" is [{"binding", "scored", "failed", "run_ms", "latency_ms"}], sums since the process started. Reports of
-- processes that were not seen for a day are removed.
CREATE OR REPLACE FUNCTION pgscore_internal.sidecar_report(
  id uuid, host text, pid integer, release text, started_at timestamptz, state text, counters jsonb DEFAULT '[]'
)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  INSERT INTO pgscore_internal.sidecars AS s (id, host, pid, release, state, started_at, seen_at)
  VALUES (sidecar_report.id, sidecar_report.host, sidecar_report.pid, sidecar_report.release, sidecar_report.state,
          sidecar_report.started_at, clock_timestamp())
  ON CONFLICT (id) DO UPDATE SET state = excluded.state, seen_at = excluded.seen_at;
  INSERT INTO pgscore_internal.sidecar_counters AS c (sidecar, binding, scored, failed, run_ms, latency_ms, rate, latency)
  SELECT sidecar_report.id, n.binding, n.scored, n.failed, n.run_ms, n.latency_ms,
         n.scored / greatest(extract(epoch FROM clock_timestamp() - sidecar_report.started_at)::float8, 1),
         n.latency_ms / greatest(n.scored, 1) / 1000
  FROM jsonb_to_recordset(counters) AS n (binding integer, scored bigint, failed bigint, run_ms float8, latency_ms float8)
  ON CONFLICT (sidecar, binding) DO UPDATE
  SET scored = excluded.scored, failed = excluded.failed, run_ms = excluded.run_ms, latency_ms = excluded.latency_ms,
      reported_at = excluded.reported_at,
      rate = (excluded.scored - c.scored) / greatest(extract(epoch FROM excluded.reported_at - c.reported_at)::float8, 0.001),
      latency = (excluded.latency_ms - c.latency_ms) / greatest(excluded.scored - c.scored, 1) / 1000;
  DELETE FROM pgscore_internal.sidecars AS s
  WHERE s.id IN (SELECT o.id FROM pgscore_internal.sidecars AS o
                 WHERE o.seen_at < clock_timestamp() - interval '1 day' FOR UPDATE SKIP LOCKED);
END
$$;
COMMENT ON FUNCTION pgscore_internal.sidecar_report(uuid, text, integer, text, timestamptz, text, jsonb) IS
  'records that a sidecar is alive, and what it has done';

-- Puts rows that sidecars gave up back into the queue, as many as it returns. As pages: nobody waits for this transaction.
CREATE OR REPLACE FUNCTION pgscore.retry(model text, relation regclass DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  again record;
  returned bigint := 0;
BEGIN
  PERFORM pgscore_internal.require_model(model);
  FOR again IN
    WITH deleted AS (
      DELETE FROM pgscore_internal.errors AS e USING pgscore_internal.bindings AS b
      WHERE b.id = e.binding AND b.model = retry.model AND (retry.relation IS NULL OR b.relation = retry.relation)
        AND e.operation = 'SIDECAR' AND e.key IS NOT NULL
      RETURNING e.binding, e.key
    )
    SELECT d.binding, array_agg(DISTINCT d.key) AS keys FROM deleted AS d GROUP BY d.binding
  LOOP
    PERFORM pgscore_internal.add_pages(again.binding, 0, again.keys);
    returned := returned + cardinality(again.keys);
  END LOOP;
  IF returned > 0 THEN
    PERFORM pgscore_internal.wake_sidecars();
  END IF;
  RETURN returned;
END
$$;
COMMENT ON FUNCTION pgscore.retry(text, regclass) IS 'queues the rows of pgscore.errors that sidecars gave up once more; returns how many';
