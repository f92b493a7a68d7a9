-- Up Migration

-- What every writer pays for. A CHECK is compiled anew by each statement, which took a quarter of what the job of a single
-- row costs; only pgscore's own functions write jobs. Keys are compared for equality alone: by bytes, whatever the
-- database's collation, which an upgrade of the operating system may change under an index, too.
ALTER TABLE pgscore_internal.jobs
  DROP CONSTRAINT jobs_priority_known,
  DROP CONSTRAINT jobs_key_or_keys,
  ALTER COLUMN key TYPE text COLLATE "C";

-- Down Migration

ALTER TABLE pgscore_internal.jobs
  ALTER COLUMN key TYPE text COLLATE "default",
  ADD CONSTRAINT jobs_priority_known CHECK (priority IN (0, 1)),
  ADD CONSTRAINT jobs_key_or_keys CHECK ((key IS NULL) <> (keys IS NULL));
