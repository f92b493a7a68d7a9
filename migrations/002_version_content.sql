-- Up Migration

-- Versions that are no IR models: scorers written by hand, and graphs that the sidecar runs.
ALTER TABLE pgscore_internal.versions
  ALTER COLUMN ir DROP NOT NULL,
  ALTER COLUMN activation DROP NOT NULL,
  ALTER COLUMN engine DROP NOT NULL,
  ADD COLUMN runs_in text NOT NULL DEFAULT 'database' CONSTRAINT versions_runs_in_known CHECK (runs_in IN ('database', 'sidecar')),
  -- For the sidecar: how features become tensors and what the outputs mean; which file; why it is not in the database.
  ADD COLUMN graph jsonb,
  ADD COLUMN file_sha256 text,
  ADD COLUMN assigned_because text,
  ADD CONSTRAINT versions_database_content CHECK (runs_in <> 'database' OR (activation IS NOT NULL AND engine IS NOT NULL)),
  ADD CONSTRAINT versions_sidecar_content CHECK (runs_in <> 'sidecar' OR (graph IS NOT NULL AND file_sha256 IS NOT NULL));
COMMENT ON COLUMN pgscore_internal.versions.ir IS 'the model as pgscore IR: JSON, deflated (RFC 1951); NULL for hand-written scorers and for graphs';
COMMENT ON COLUMN pgscore_internal.versions.graph IS 'GraphModel of src/ir/graph.ts, for versions that the sidecar runs';
COMMENT ON COLUMN pgscore_internal.versions.signature IS '[{"name", "kind": "number" | "text" | "array", "categories", "shape"}] in argument order';

-- Model files for the sidecar, each once however many versions share it.
CREATE TABLE pgscore_internal.model_files (
  sha256 text CONSTRAINT model_files_pkey PRIMARY KEY CONSTRAINT model_files_sha256_form CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  bytes bigint NOT NULL CONSTRAINT model_files_bytes_positive CHECK (bytes > 0),
  chunks integer NOT NULL CONSTRAINT model_files_chunks_positive CHECK (chunks > 0)
);
CREATE TABLE pgscore_internal.model_chunks (
  sha256 text NOT NULL CONSTRAINT model_chunks_sha256_fkey REFERENCES pgscore_internal.model_files (sha256) ON DELETE CASCADE,
  -- From 0.
  chunk integer NOT NULL CONSTRAINT model_chunks_chunk_natural CHECK (chunk >= 0),
  data bytea NOT NULL,
  CONSTRAINT model_chunks_pkey PRIMARY KEY (sha256, chunk)
);
-- Weights do not compress: a chunk is read faster as it is.
ALTER TABLE pgscore_internal.model_chunks ALTER COLUMN data SET STORAGE EXTERNAL;
ALTER TABLE pgscore_internal.versions
  ADD CONSTRAINT versions_file_fkey FOREIGN KEY (file_sha256) REFERENCES pgscore_internal.model_files (sha256);

-- Down Migration

DROP VIEW IF EXISTS pgscore.versions, pgscore.models;
DELETE FROM pgscore_internal.promotions AS p USING pgscore_internal.versions AS v
WHERE p.model = v.model AND p.version = v.version AND (v.runs_in = 'sidecar' OR v.ir IS NULL);
UPDATE pgscore_internal.models AS m SET champion = NULL
FROM pgscore_internal.versions AS v
WHERE v.model = m.name AND v.version = m.champion AND (v.runs_in = 'sidecar' OR v.ir IS NULL);
DELETE FROM pgscore_internal.versions WHERE runs_in = 'sidecar' OR ir IS NULL;
ALTER TABLE pgscore_internal.versions
  DROP COLUMN runs_in, DROP COLUMN graph, DROP COLUMN file_sha256, DROP COLUMN assigned_because,
  ALTER COLUMN ir SET NOT NULL, ALTER COLUMN activation SET NOT NULL, ALTER COLUMN engine SET NOT NULL;
DROP TABLE pgscore_internal.model_chunks, pgscore_internal.model_files;
