-- The queue, for people, programs and autoscalers.

-- Reads each waiting job once: pages make a million rows of a bulk two thousand jobs.
CREATE OR REPLACE VIEW pgscore.queue AS
WITH waiting AS (
  SELECT
    j.binding,
    sum(j.row_count) AS depth,
    sum(j.row_count) FILTER (WHERE j.not_before <= clock.now) AS ready,
    sum(j.row_count) FILTER (WHERE j.attempts > 0) AS retrying,
    sum(j.row_count) FILTER (WHERE j.priority = 1) AS backfill,
    min(j.enqueued_at) FILTER (WHERE j.priority = 0) AS oldest,
    sum(j.row_count) FILTER (WHERE j.priority = 0 AND j.attempts = 0 AND j.enqueued_at > clock.now - interval '10 s') AS recent
  FROM pgscore_internal.jobs AS j, (SELECT clock_timestamp() AS now) AS clock
  GROUP BY j.binding
), served AS (
  SELECT c.binding, sum(c.rate) AS rate, sum(c.rate * c.latency) / nullif(sum(c.rate), 0) AS latency
  FROM pgscore_internal.sidecar_counters AS c
  WHERE c.reported_at > clock_timestamp() - interval '10 s'
  GROUP BY c.binding
), rates AS (
  SELECT
    b.id,
    coalesce(s.rate, 0) AS service,
    -- What came in the last 10 seconds and waits, and what came and is done: of rows that had waited for longer, none.
    coalesce(w.recent, 0)::float8 / 10 + coalesce(s.rate * greatest(0, 1 - s.latency / 10), 0) AS arrival
  FROM pgscore_internal.bindings AS b
  LEFT JOIN waiting AS w ON w.binding = b.id
  LEFT JOIN served AS s ON s.binding = b.id
)
SELECT
  b.id AS binding,
  b.model,
  b.relation,
  b.value_column,
  coalesce(w.depth, 0)::bigint AS depth,
  coalesce(w.ready, 0)::bigint AS ready,
  coalesce(w.retrying, 0)::bigint AS retrying,
  coalesce(w.backfill, 0)::bigint AS backfill,
  CASE WHEN w.oldest IS NOT NULL THEN greatest(clock_timestamp() - w.oldest, interval '0') END AS oldest,
  r.arrival AS arrival_rate,
  r.service AS service_rate,
  CASE WHEN w.depth IS NULL THEN interval '0'
       WHEN r.service > r.arrival THEN make_interval(secs => least(w.depth / (r.service - r.arrival), 1e9)) END AS time_to_drain,
  b.max_lag,
  b.max_lag >= coalesce(clock_timestamp() - w.oldest, interval '0') AS within_target,
  (SELECT count(*) FROM pgscore_internal.sidecars AS s
   WHERE s.state = 'running' AND s.seen_at > clock_timestamp() - interval '10 s') AS sidecars
FROM pgscore_internal.bindings AS b
JOIN rates AS r ON r.id = b.id
LEFT JOIN waiting AS w ON w.binding = b.id
WHERE b.mode = 'async';
COMMENT ON VIEW pgscore.queue IS 'what waits for sidecars, a row for each async binding';
COMMENT ON COLUMN pgscore.queue.binding IS 'number of the binding';
COMMENT ON COLUMN pgscore.queue.model IS 'the model';
COMMENT ON COLUMN pgscore.queue.relation IS 'the table';
COMMENT ON COLUMN pgscore.queue.value_column IS 'the column that takes the value';
COMMENT ON COLUMN pgscore.queue.depth IS 'rows that wait, or are being scored';
COMMENT ON COLUMN pgscore.queue.ready IS 'those of them that are not paused after a failure';
COMMENT ON COLUMN pgscore.queue.retrying IS 'those that have failed before; after the fifth time they are in pgscore.errors';
COMMENT ON COLUMN pgscore.queue.backfill IS 'those that a backfill has queued; they come after all others';
COMMENT ON COLUMN pgscore.queue.oldest IS 'how long the oldest row waits, backfills left out; NULL when none does';
COMMENT ON COLUMN pgscore.queue.arrival_rate IS 'rows queued a second, estimated over the last 10 seconds';
COMMENT ON COLUMN pgscore.queue.service_rate IS 'rows scored a second, by what sidecars reported in the last 10 seconds';
COMMENT ON COLUMN pgscore.queue.time_to_drain IS 'when the queue is empty at these rates; NULL when it is not getting shorter';
COMMENT ON COLUMN pgscore.queue.max_lag IS 'how old a row may get, as attach() was told';
COMMENT ON COLUMN pgscore.queue.within_target IS 'whether oldest is within max_lag; NULL without one';
COMMENT ON COLUMN pgscore.queue.sidecars IS 'sidecars that were seen in the last 10 seconds';

CREATE OR REPLACE VIEW pgscore.sidecars AS
SELECT
  s.id,
  s.host,
  s.pid,
  s.release,
  CASE WHEN s.state <> 'stopped' AND s.seen_at < clock_timestamp() - interval '10 s' THEN 'lost' ELSE s.state END AS state,
  s.started_at,
  s.seen_at,
  coalesce(c.scored, 0)::bigint AS scored,
  coalesce(c.failed, 0)::bigint AS failed
FROM pgscore_internal.sidecars AS s
LEFT JOIN (
  SELECT n.sidecar, sum(n.scored) AS scored, sum(n.failed) AS failed FROM pgscore_internal.sidecar_counters AS n GROUP BY n.sidecar
) AS c ON c.sidecar = s.id;
COMMENT ON VIEW pgscore.sidecars IS 'the sidecars that were seen in the last day';
COMMENT ON COLUMN pgscore.sidecars.id IS 'made anew each time that one starts';
COMMENT ON COLUMN pgscore.sidecars.host IS 'the machine';
COMMENT ON COLUMN pgscore.sidecars.pid IS 'the process';
COMMENT ON COLUMN pgscore.sidecars.release IS 'version of pgscore';
COMMENT ON COLUMN pgscore.sidecars.state IS 'running, draining, stopped, or lost: not seen for 10 seconds';
COMMENT ON COLUMN pgscore.sidecars.started_at IS 'when it started';
COMMENT ON COLUMN pgscore.sidecars.seen_at IS 'its last report';
COMMENT ON COLUMN pgscore.sidecars.scored IS 'rows that it has written';
COMMENT ON COLUMN pgscore.sidecars.failed IS 'runs of rows that failed';
