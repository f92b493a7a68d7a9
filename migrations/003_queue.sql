-- Up Migration

-- attach() takes one argument more from now on.
DROP FUNCTION IF EXISTS pgscore.attach(text, regclass, text, jsonb, text, text, text, text, text);
DROP FUNCTION IF EXISTS pgscore_internal.attach(text, regclass, text, jsonb, text, text, text, text, text, text);

ALTER TABLE pgscore_internal.bindings
  DROP CONSTRAINT bindings_mode_known,
  ADD CONSTRAINT bindings_mode_known CHECK (mode IN ('sync', 'async')),
  -- How old a job may get: what pgscore.queue and pgscore status hold the binding to.
  ADD COLUMN max_lag interval CONSTRAINT bindings_max_lag_positive CHECK (max_lag > interval '0'),
  -- Of async bindings: the columns that name a row, in the order of its key text.
  ADD COLUMN key_columns text[] NOT NULL DEFAULT '{}';

-- Other tables that an async binding's features are computed from: a change there queues the rows that it concerns.
CREATE TABLE pgscore_internal.binding_reads (
  binding integer NOT NULL CONSTRAINT binding_reads_binding_fkey REFERENCES pgscore_internal.bindings (id) ON DELETE CASCADE,
  -- From 1: the trigger function is binding_<binding>_reads_<position>.
  position integer NOT NULL,
  relation regclass NOT NULL,
  -- Columns of that table that hold the key of the binding's rows.
  key_columns text[] NOT NULL,
  -- Columns that the features read.
  inputs text[] NOT NULL,
  CONSTRAINT binding_reads_pkey PRIMARY KEY (binding, position)
);

-- Rows that wait for a sidecar. A job is one row of a binding's table, or a page of them. A sidecar holds a job by its
-- row lock, in the transaction that writes the prediction and deletes the job.
CREATE TABLE pgscore_internal.jobs (
  -- No foreign key: it would cost every writer more than the job itself. detach() removes a binding's jobs.
  binding integer NOT NULL,
  -- 0: a row was written. 1: a backfill.
  priority smallint NOT NULL DEFAULT 0 CONSTRAINT jobs_priority_known CHECK (priority IN (0, 1)),
  id bigint GENERATED ALWAYS AS IDENTITY,
  -- One of the two: a row's key as text, or those of a page of rows, as the text of an array: of a bulk of rows that
  -- is written faster than an array of texts, and it is shorter.
  key text,
  keys text,
  row_count integer NOT NULL DEFAULT 1,
  -- Runs that failed so far, and why the last one did.
  attempts integer NOT NULL DEFAULT 0,
  last_error text,
  not_before timestamptz NOT NULL DEFAULT '-infinity',
  enqueued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- In the order of claims, so that it needs no index of its own.
  CONSTRAINT jobs_pkey PRIMARY KEY (binding, priority, id),
  CONSTRAINT jobs_key_or_keys CHECK ((key IS NULL) <> (keys IS NULL))
) WITH (
  -- A page of 500 numbers fits a block: kept in one piece, uncompressed, it costs the writer a third.
  toast_tuple_target = 8160,
  -- A queue's table is all dead rows: vacuumed by their number, whatever the table's size.
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0
);
-- The key first: what looks keys up compares binding + 0, so that this is the one index that serves. By a binding alone the
-- planner would walk over all dead rows of jobs, since it takes the table to be as empty as it was when last vacuumed.
CREATE UNIQUE INDEX jobs_row_key ON pgscore_internal.jobs (key, binding) WHERE key IS NOT NULL;
-- Few: a page is hundreds of rows.
CREATE INDEX jobs_pages_idx ON pgscore_internal.jobs (binding) WHERE keys IS NOT NULL;

-- The processes that work on the queue, by what they report every few seconds.
CREATE TABLE pgscore_internal.sidecars (
  id uuid CONSTRAINT sidecars_pkey PRIMARY KEY,
  host text NOT NULL,
  pid integer NOT NULL,
  release text NOT NULL,
  state text NOT NULL CONSTRAINT sidecars_state_known CHECK (state IN ('running', 'draining', 'stopped')),
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- What a sidecar did for a binding since it started, and over the time between its last two reports.
CREATE TABLE pgscore_internal.sidecar_counters (
  sidecar uuid NOT NULL CONSTRAINT sidecar_counters_sidecar_fkey REFERENCES pgscore_internal.sidecars (id) ON DELETE CASCADE,
  binding integer NOT NULL,
  scored bigint NOT NULL,
  failed bigint NOT NULL,
  run_ms double precision NOT NULL,
  latency_ms double precision NOT NULL,
  reported_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Rows a second, and the mean time from enqueued_at to the write in seconds.
  rate double precision NOT NULL DEFAULT 0,
  latency double precision NOT NULL DEFAULT 0,
  CONSTRAINT sidecar_counters_pkey PRIMARY KEY (sidecar, binding)
);
COMMENT ON COLUMN pgscore_internal.sidecar_counters.run_ms IS 'milliseconds that the model ran';
COMMENT ON COLUMN pgscore_internal.sidecar_counters.latency_ms IS 'sum over scored rows of the milliseconds from enqueued_at to the write';

-- Of rows that a sidecar could not score: the key as jobs have it, for pgscore.retry().
ALTER TABLE pgscore_internal.errors ADD COLUMN key text;

-- Down Migration

-- The guard of this version looks at tables that go.
DROP EVENT TRIGGER IF EXISTS pgscore_guard_bindings;
DROP EVENT TRIGGER IF EXISTS pgscore_guard_drops;
-- Async bindings are no longer known: their triggers go, their columns stay. Views and functions of the version before
-- are put back by its own sql/.
DROP VIEW IF EXISTS pgscore.queue, pgscore.sidecars, pgscore.bindings, pgscore.errors;
DO $$
DECLARE
  gone integer[];
  function text;
BEGIN
  WITH deleted AS (DELETE FROM pgscore_internal.bindings WHERE mode = 'async' RETURNING id)
  SELECT array_agg(id) INTO gone FROM deleted;
  FOREACH function IN ARRAY ARRAY(
    SELECT p.oid::regprocedure::text FROM pg_catalog.pg_proc AS p, unnest(gone) AS b (id)
    WHERE p.pronamespace = 'pgscore_internal'::regnamespace AND p.proname ~ format('^binding_%s(_|$)', b.id)
    UNION ALL
    SELECT p.oid::regprocedure::text FROM pg_catalog.pg_proc AS p
    WHERE p.pronamespace IN ('pgscore'::regnamespace, 'pgscore_internal'::regnamespace) AND p.proname IN ('attach', 'retry')
  ) LOOP
    EXECUTE format('DROP FUNCTION %s CASCADE', function);
  END LOOP;
END
$$;
-- CASCADE: functions take a row of binding_reads.
DROP TABLE pgscore_internal.sidecar_counters, pgscore_internal.sidecars, pgscore_internal.jobs, pgscore_internal.binding_reads CASCADE;
ALTER TABLE pgscore_internal.errors DROP COLUMN key;
ALTER TABLE pgscore_internal.bindings
  DROP COLUMN max_lag, DROP COLUMN key_columns,
  DROP CONSTRAINT bindings_mode_known,
  ADD CONSTRAINT bindings_mode_known CHECK (mode IN ('sync'));
