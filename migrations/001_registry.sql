-- Up Migration

-- What people call: functions and views. Everything promised to users is in here or in pgscore_models.
CREATE SCHEMA IF NOT EXISTS pgscore;
-- The scoring functions: one stable name a model, one immutable function a version.
CREATE SCHEMA IF NOT EXISTS pgscore_models;
-- Tables and helpers. Private: PUBLIC has no USAGE, so nobody but the owner can name what is inside.
CREATE SCHEMA IF NOT EXISTS pgscore_internal;

COMMENT ON SCHEMA pgscore IS 'pgscore: predict(), attach(), promote() and the views on their state';
COMMENT ON SCHEMA pgscore_models IS 'pgscore: one scoring function for each model and each version';
COMMENT ON SCHEMA pgscore_internal IS 'pgscore: private tables and helpers, no promise of stability';

-- Which pgscore put the functions of sql/ in place.
CREATE TABLE pgscore_internal.installation (
  singleton boolean NOT NULL DEFAULT true CONSTRAINT installation_pkey PRIMARY KEY CONSTRAINT installation_single_row CHECK (singleton),
  pgscore_version text NOT NULL,
  sql_hash text NOT NULL,
  installed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE pgscore_internal.models (
  name text CONSTRAINT models_pkey PRIMARY KEY,
  champion integer,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by text NOT NULL DEFAULT session_user,
  -- A plain identifier: functions are named after it, and PLJS makes a JavaScript identifier of that name.
  -- Two underscores separate a model's helper functions, _v3_1a2b3c4d its versions: neither may be ambiguous.
  CONSTRAINT models_name_is_plain CHECK (
    name ~ '^[a-z][a-z0-9_]{0,39}$' AND name !~ '__' AND name !~ '_$' AND name !~ '_v[0-9]+_[0-9a-f]{8}$'
  )
);

CREATE TABLE pgscore_internal.versions (
  model text NOT NULL CONSTRAINT versions_model_fkey REFERENCES pgscore_internal.models (name),
  version integer NOT NULL CONSTRAINT versions_version_positive CHECK (version >= 1),
  content_hash text NOT NULL,
  function_name text NOT NULL CONSTRAINT versions_function_name_key UNIQUE,
  task text NOT NULL,
  format text NOT NULL,
  format_version text,
  objective text,
  source_file text NOT NULL,
  source_sha256 text NOT NULL,
  signature jsonb NOT NULL,
  labels text[],
  ir bytea NOT NULL,
  activation text NOT NULL,
  metrics jsonb,
  notes text[] NOT NULL,
  engine text NOT NULL CONSTRAINT versions_engine_known CHECK (engine IN ('plv8', 'pljs')),
  pgscore_version text NOT NULL,
  golden_rows integer NOT NULL,
  deployed_at timestamptz NOT NULL DEFAULT now(),
  deployed_by text NOT NULL DEFAULT session_user,
  CONSTRAINT versions_pkey PRIMARY KEY (model, version),
  -- The same content twice is the same version: this is what makes a second deploy a no-op.
  CONSTRAINT versions_content_key UNIQUE (model, content_hash)
);
COMMENT ON COLUMN pgscore_internal.versions.ir IS 'the model as pgscore IR: JSON, deflated (RFC 1951)';
COMMENT ON COLUMN pgscore_internal.versions.activation IS 'the statements that make this version the champion';
COMMENT ON COLUMN pgscore_internal.versions.signature IS '[{"name", "kind": "number" | "text", "categories"}] in argument order';

ALTER TABLE pgscore_internal.models
  ADD CONSTRAINT models_champion_fkey FOREIGN KEY (name, champion)
  REFERENCES pgscore_internal.versions (model, version) DEFERRABLE INITIALLY IMMEDIATE;

-- Every change of a champion, for rollback and for whoever asks later which version gave a score.
CREATE TABLE pgscore_internal.promotions (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT promotions_pkey PRIMARY KEY,
  model text NOT NULL CONSTRAINT promotions_model_fkey REFERENCES pgscore_internal.models (name) ON DELETE CASCADE,
  version integer NOT NULL,
  previous integer,
  promoted_at timestamptz NOT NULL DEFAULT now(),
  promoted_by text NOT NULL DEFAULT session_user,
  rolled_back_at timestamptz
);
CREATE INDEX promotions_model_idx ON pgscore_internal.promotions (model, id);

CREATE TABLE pgscore_internal.bindings (
  id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT bindings_pkey PRIMARY KEY,
  model text NOT NULL CONSTRAINT bindings_model_fkey REFERENCES pgscore_internal.models (name),
  -- regclass: follows a rename of the table, and is dumped by name.
  relation regclass NOT NULL,
  value_column text NOT NULL,
  label_column text,
  version_column text,
  time_column text,
  features jsonb NOT NULL,
  -- What the triggers were written for: stored columns that they read, and the expressions of generated ones.
  inputs text[] NOT NULL DEFAULT '{}',
  generated jsonb NOT NULL DEFAULT '{}',
  -- The search_path that SQL expressions among the features were written for.
  search_path text NOT NULL,
  on_error text NOT NULL CONSTRAINT bindings_on_error_known CHECK (on_error IN ('raise', 'null')),
  mode text NOT NULL CONSTRAINT bindings_mode_known CHECK (mode IN ('sync')),
  attached_at timestamptz NOT NULL DEFAULT now(),
  attached_by text NOT NULL DEFAULT session_user,
  CONSTRAINT bindings_column_key UNIQUE (relation, value_column)
);
COMMENT ON COLUMN pgscore_internal.bindings.features IS
  'feature name to {"column": name} or {"sql": expression}, for every feature of the model';

-- Rows that could not be scored, for bindings with on_error = null.
CREATE TABLE pgscore_internal.errors (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT errors_pkey PRIMARY KEY,
  binding integer NOT NULL CONSTRAINT errors_binding_fkey REFERENCES pgscore_internal.bindings (id) ON DELETE CASCADE,
  version integer,
  operation text NOT NULL,
  row_key jsonb,
  sqlstate text NOT NULL,
  message text NOT NULL,
  occurred_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX errors_binding_idx ON pgscore_internal.errors (binding, id);

-- Backfills: one row a run. The workers of any number of processes cut the table into chunks, one after the other by
-- its key, and score them; a run that was killed is taken up where it stopped.
CREATE TABLE pgscore_internal.backfills (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT backfills_pkey PRIMARY KEY,
  binding integer NOT NULL CONSTRAINT backfills_binding_fkey REFERENCES pgscore_internal.bindings (id) ON DELETE CASCADE,
  -- The champion that the run scores with, and xmin of its row in models: every promotion and rollback changes that.
  version integer NOT NULL,
  epoch text NOT NULL,
  only_missing boolean NOT NULL,
  key_columns text[] NOT NULL,
  -- The last key of the last chunk, as text a column; null before the first one.
  cut_key text[],
  cut_all boolean NOT NULL DEFAULT false,
  rows_seen bigint NOT NULL DEFAULT 0,
  rows_scored bigint NOT NULL DEFAULT 0,
  restarts integer NOT NULL DEFAULT 0,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz
);
CREATE UNIQUE INDEX backfills_open_key ON pgscore_internal.backfills (binding) WHERE finished_at IS NULL;
-- Chunks that are not done yet. A worker holds the lock of its chunk while it scores, and removes it in the same
-- transaction: whatever ends the worker, the chunk is either done or there to be taken.
CREATE TABLE pgscore_internal.backfill_chunks (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT backfill_chunks_pkey PRIMARY KEY,
  backfill bigint NOT NULL CONSTRAINT backfill_chunks_backfill_fkey REFERENCES pgscore_internal.backfills (id) ON DELETE CASCADE,
  epoch text NOT NULL,
  -- Rows past after_key (null: from the first one) up to end_key, which were that many when the chunk was cut.
  after_key text[],
  end_key text[] NOT NULL,
  rows integer NOT NULL,
  -- Later than now for a chunk whose rows were locked by others.
  not_before timestamptz NOT NULL DEFAULT '-infinity'
);
CREATE INDEX backfill_chunks_backfill_idx ON pgscore_internal.backfill_chunks (backfill, id);

-- Down Migration

DROP EVENT TRIGGER IF EXISTS pgscore_guard_bindings;
DROP EVENT TRIGGER IF EXISTS pgscore_guard_drops;
DROP SCHEMA pgscore_models CASCADE;
DROP SCHEMA pgscore CASCADE;
-- The triggers of attached tables go with their functions; the columns stay.
DO $$
DECLARE
  function text;
BEGIN
  FOREACH function IN ARRAY ARRAY(SELECT p.oid::regprocedure::text FROM pg_catalog.pg_proc AS p
                                  WHERE p.pronamespace = 'pgscore_internal'::regnamespace) LOOP
    EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', function);
  END LOOP;
END
$$;
DROP TABLE pgscore_internal.backfill_chunks, pgscore_internal.backfills, pgscore_internal.errors,
  pgscore_internal.bindings, pgscore_internal.promotions CASCADE;
ALTER TABLE pgscore_internal.models DROP CONSTRAINT models_champion_fkey;
DROP TABLE pgscore_internal.versions, pgscore_internal.models, pgscore_internal.installation CASCADE;
