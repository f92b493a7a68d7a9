-- The queue: how writers add jobs and how sidecars take them. Every sidecar, whatever its release, works through these
-- functions alone.
--
-- A sidecar's transaction, READ COMMITTED, with lock_timeout below deadlock_timeout, so that it is not the others who
-- lose a deadlock that their own triggers may bring about:
--   claim(binding, …)             jobs, locked FOR UPDATE SKIP LOCKED
--   binding_<id>_read(keys)       features and version (xmin) of each row; rows that are gone are absent
--   (the model runs)
--   hold_version(binding, version) false: another version is wanted, or is about to be: roll back
--   binding_<id>_lock(keys)       the rows that can be locked now, FOR NO KEY UPDATE SKIP LOCKED, with their versions
--   binding_<id>_read(keys)       again, of rows whose version changed, and of all rows when "reads" is true in
--                                 sidecar_bindings(): where a feature differs, the row is kept
--   binding_<id>_write(keys, …)   one UPDATE of the rows that were locked and are as they were read
--   finish(binding, …)            jobs are deleted, except for the rows that were kept; COMMIT
--
-- Why no change is lost and nobody waits for a model, held by test/db/queue-interleavings.test.ts:
-- 1. Nothing is lost by a crash. A job is held by a row lock and deleted in the transaction that writes the prediction:
--    whatever ends the transaction, both have happened or neither.
-- 2. A late result never lands. A row that its sidecar has locked cannot change before COMMIT. Its version tells whether
--    it has changed since it was read; a row that somebody else has locked may be changing, and is kept.
-- 3. A writer that finds a job of its row need not add one. It holds the row's lock, until it commits. The sidecar that
--    holds the job cannot lock the row, and keeps it; or it had locked the row first, and then the writer has waited for
--    its COMMIT and finds the job gone: ON CONFLICT DO NOTHING looks at what is, not at a snapshot, and waits for a
--    DELETE that is under way.
--    So only UPDATE relies on a job that is there. A row that INSERT made was not there for the sidecar to lock: where its
--    key has a job (left by a row that is gone) INSERT adds a page. And where a sidecar finds no row for a key, finish()
--    looks once more when the job is deleted, and adds a page if there is one by then.
--    An UPDATE of many rows relies on pages too, and locks them FOR KEY SHARE SKIP LOCKED: no sidecar holds them, and none
--    can claim them until it has committed.
--    Features from other tables change under no lock of the row: writers there rely on no job, they always add pages, and
--    a sidecar reads such features again after it has locked the row.
-- 4. Pages have no unique key: adding one waits for nobody and cannot fail. Under REPEATABLE READ and SERIALIZABLE, where
--    ON CONFLICT may raise a serialization failure because of a job that the snapshot does not show, writers add pages
--    alone and read nothing here, so the queue adds no dependency between them. What remains is PostgreSQL's rule: they
--    fail (40001) when they update a row that a sidecar has written since their snapshot, as after any other UPDATE.
-- 5. No deadlock. Whoever wants both locks rows of the table before jobs; a sidecar waits for no lock of either. Per-row
--    jobs are added by the holder of the row's lock alone: sidecars, retry() and backfills add pages.
-- 6. Nobody waits for a model. Row locks are taken after it has run. While it runs, a sidecar holds locks of jobs alone,
--    which no writer waits for, and ACCESS SHARE on the table, which DDL alone waits for.
-- 7. Nothing is written twice. A row may be named by two jobs, a page and one of its own, and be scored by both; the
--    UPDATE leaves alone what says the same already.
-- 8. A result of a version that is not wanted never lands. hold_version() compares the champion under the model's lock,
--    which promote() holds exclusively until it commits.

-- Jobs of a binding, locked until the transaction ends: live ones before those of a backfill, each in the order in which
-- they came. Their rows sum up to max_rows or a little more; at least one job, if there is one. Dead rows of jobs lie at
-- the head of the index until vacuum may remove them, which a snapshot held elsewhere delays: whoever claims in a loop
-- passes the last ids that it saw, so that a claim does not walk over them all, and every second or so starts from 0 again.
CREATE OR REPLACE FUNCTION pgscore_internal.claim(
  binding integer, max_rows integer, after_id bigint DEFAULT 0, after_backfill_id bigint DEFAULT 0
)
RETURNS TABLE (id bigint, priority smallint, keys text[], attempts integer, enqueued_at timestamptz)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
-- The table's statistics are those of some moment; the index is right always.
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
  -- Fetched one by one: only jobs that are returned are locked.
  jobs CURSOR (wanted smallint, after bigint, at timestamptz) FOR
    SELECT j.id, j.priority, coalesce(j.keys::text[], ARRAY[j.key]), j.attempts, j.enqueued_at, j.row_count
    FROM pgscore_internal.jobs AS j
    WHERE j.binding = claim.binding AND j.priority = wanted AND j.id > after AND j.not_before <= at
    ORDER BY j.id
    FOR UPDATE SKIP LOCKED;
  rows integer;
  taken integer := 0;
BEGIN
  FOR p IN 0 .. 1 LOOP
    OPEN jobs (p::smallint, CASE p WHEN 0 THEN after_id ELSE after_backfill_id END, clock_timestamp());
    WHILE taken < max_rows LOOP
      FETCH jobs INTO id, priority, keys, attempts, enqueued_at, rows;
      EXIT WHEN NOT FOUND;
      RETURN NEXT;
      taken := taken + rows;
    END LOOP;
    CLOSE jobs;
  END LOOP;
END
$$;
COMMENT ON FUNCTION pgscore_internal.claim(integer, integer, bigint, bigint) IS 'locks and returns the next jobs of a binding';

-- Where jobs lie that this transaction has claimed: nobody moves them. Each is looked up by the whole primary key: a list of
-- ids may become a filter over all jobs of the binding, the dead ones too, which the planner takes for few.
CREATE OR REPLACE FUNCTION pgscore_internal.places_of(binding integer, ids bigint[])
RETURNS tid[] LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
  SELECT ARRAY(
    SELECT j.place
    FROM unnest(ids) AS i (id)
    CROSS JOIN (VALUES (0::smallint), (1::smallint)) AS p (priority)
    CROSS JOIN LATERAL (
      SELECT j.ctid FROM pgscore_internal.jobs AS j
      WHERE j.binding = places_of.binding AND j.priority = p.priority AND j.id = i.id
      OFFSET 0
    ) AS j (place))
$$;
COMMENT ON FUNCTION pgscore_internal.places_of(integer, bigint[]) IS 'the places of claimed jobs in their table';

-- For pages that are longer than what a sidecar wants to run at once. In a transaction of its own, right after claim().
CREATE OR REPLACE FUNCTION pgscore_internal.split(binding integer, ids bigint[], max_rows integer)
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
  WITH whole AS (
    DELETE FROM pgscore_internal.jobs AS j
    WHERE j.ctid = ANY (pgscore_internal.places_of(split.binding, ids)) AND j.keys IS NOT NULL
    RETURNING j.*
  )
  INSERT INTO pgscore_internal.jobs (binding, priority, keys, row_count, attempts, last_error, not_before, enqueued_at)
  SELECT w.binding, w.priority, part.keys::text, cardinality(part.keys), w.attempts, w.last_error, w.not_before, w.enqueued_at
  FROM whole AS w
  CROSS JOIN LATERAL generate_series(1, w.row_count, max_rows) AS s (first)
  CROSS JOIN LATERAL (SELECT (w.keys::text[])[s.first : s.first + max_rows - 1]) AS part (keys)
  ORDER BY w.id, s.first
$$;
COMMENT ON FUNCTION pgscore_internal.split(integer, bigint[], integer) IS 'replaces claimed pages by pages of so many rows';

-- Whether a version is the one that the binding wants, which is then true until the transaction ends. Waits for nobody:
-- a promotion that is under way is an answer too.
CREATE OR REPLACE FUNCTION pgscore_internal.hold_version(binding integer, version integer)
RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  held boolean := (SELECT pg_try_advisory_xact_lock_shared(pgscore_internal.model_lock(b.model))
                   FROM pgscore_internal.bindings AS b WHERE b.id = hold_version.binding);
BEGIN
  -- A statement of its own: its snapshot is younger than the lock.
  RETURN coalesce(held, false) AND EXISTS (
    SELECT FROM pgscore_internal.bindings AS b JOIN pgscore_internal.models AS m ON m.name = b.model
    WHERE b.id = hold_version.binding AND m.champion = hold_version.version);
END
$$;
COMMENT ON FUNCTION pgscore_internal.hold_version(integer, integer) IS 'whether results of a version may still be written; holds it so';

-- Ends claimed jobs. What is to become of their rows:
--   kept    rows that were locked by others or have changed: jobs again, in a moment
--   gone    keys without a row
--   failed  rows that were locked and are as they were read, but could not be scored, with the reasons in "errors": jobs
--           again after a pause that doubles each time; after max_attempts in pgscore.errors (the caller has written NULL)
--   all others were written.
-- attempts + 1 >= max_attempts, of a job as claim() gave it, is what makes the next failure its last.
CREATE OR REPLACE FUNCTION pgscore_internal.finish(
  binding integer, version integer, ids bigint[], kept text[] DEFAULT '{}', gone text[] DEFAULT '{}',
  failed text[] DEFAULT '{}', errors text[] DEFAULT '{}', max_attempts integer DEFAULT 5
)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
  places tid[] := pgscore_internal.places_of(binding, ids);
  written text[];
BEGIN
  WITH waiting AS (
    -- A row's own job stays, so that its next change finds it. Others will commit: a sidecar without other work does not
    -- spin on their rows meanwhile.
    UPDATE pgscore_internal.jobs AS j SET not_before = clock_timestamp() + interval '50 ms'
    WHERE kept <> '{}' AND j.ctid = ANY (places) AND j.key = ANY (kept)
  ), ended AS (
    DELETE FROM pgscore_internal.jobs AS j
    WHERE j.ctid = ANY (places)
      AND (j.key IS NULL OR kept = '{}' OR j.key <> ALL (kept))
    RETURNING j.*
  ), again AS (
    -- What is left of a page, a page again: it keeps its age and its attempts.
    INSERT INTO pgscore_internal.jobs (binding, priority, keys, row_count, attempts, last_error, not_before, enqueued_at)
    SELECT e.binding, e.priority, array_agg(k.key)::text, count(*), e.attempts, e.last_error,
           clock_timestamp() + interval '50 ms', e.enqueued_at
    FROM ended AS e, unnest(e.keys::text[]) AS k (key)
    WHERE kept <> '{}' AND k.key = ANY (kept)
    GROUP BY e.binding, e.priority, e.id, e.attempts, e.last_error, e.enqueued_at
  ), failures AS (
    SELECT DISTINCT ON (k.key) k.key, f.error, e.priority, e.attempts + 1 AS attempts, e.enqueued_at
    FROM ended AS e, unnest(coalesce(e.keys::text[], ARRAY[e.key])) AS k (key)
    JOIN unnest(failed, errors) AS f (key, error) ON f.key = k.key
    WHERE failed <> '{}'
    ORDER BY k.key, e.attempts DESC
  ), retries AS (
    INSERT INTO pgscore_internal.jobs (binding, priority, keys, attempts, last_error, not_before, enqueued_at)
    SELECT finish.binding, f.priority, ARRAY[f.key]::text, f.attempts, f.error,
           clock_timestamp() + pgscore_internal.retry_pause(f.attempts), f.enqueued_at
    FROM failures AS f WHERE f.attempts < max_attempts
  ), given_up AS (
    INSERT INTO pgscore_internal.errors (binding, version, operation, row_key, key, sqlstate, message)
    SELECT finish.binding, finish.version, 'SIDECAR', pgscore_internal.key_object(finish.binding, f.key), f.key, '22000', f.error
    FROM failures AS f WHERE f.attempts >= max_attempts
  )
  SELECT array_agg(k.key) INTO written
  FROM ended AS e, unnest(e.keys::text[]) AS k (key)
  WHERE k.key <> ALL (kept || gone || failed);
  -- Rows of pages that have a job of their own as well. Their writers have committed, or the row could not have been
  -- locked: what was written is of the rows as they left them.
  IF written IS NOT NULL THEN
    WITH covered AS (
      SELECT j.ctid FROM pgscore_internal.jobs AS j
      WHERE j.binding + 0 = finish.binding AND j.key = ANY (written) FOR UPDATE SKIP LOCKED
    )
    DELETE FROM pgscore_internal.jobs AS j WHERE j.ctid = ANY (ARRAY(SELECT c.ctid FROM covered AS c));
  END IF;
  -- See 3. above: after the jobs were deleted, in a snapshot younger than that.
  IF gone <> '{}' THEN
    EXECUTE format('SELECT array_agg(key) FROM pgscore_internal.%I($1) AS rows (key)', format('binding_%s_present', binding))
      INTO gone USING gone;
    PERFORM pgscore_internal.add_pages(binding, 0, gone);
  END IF;
END
$$;
COMMENT ON FUNCTION pgscore_internal.finish(integer, integer, bigint[], text[], text[], text[], text[], integer) IS
  'deletes claimed jobs; rows that were kept or failed become jobs again';

-- 1 s, 2 s, 4 s, … up to 5 minutes, each longer by up to a half: what failed together does not come back together.
CREATE OR REPLACE FUNCTION pgscore_internal.retry_pause(attempts integer)
RETURNS interval LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$ SELECT make_interval(secs => least(300, 2 ^ least(attempts - 1, 10)) * (1 + random() / 2)) $$;
COMMENT ON FUNCTION pgscore_internal.retry_pause(integer) IS 'how long a row is left alone after its so many-th failure';

-- Adds keys as pages, 200 to one.
CREATE OR REPLACE FUNCTION pgscore_internal.add_pages(binding integer, priority integer, keys text[])
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
  INSERT INTO pgscore_internal.jobs (binding, priority, keys, row_count)
  SELECT binding, priority, array_agg(k.key)::text, count(*)
  FROM unnest(keys) WITH ORDINALITY AS k (key, position)
  GROUP BY (k.position - 1) / 200
  ORDER BY (k.position - 1) / 200
$$;
COMMENT ON FUNCTION pgscore_internal.add_pages(integer, integer, text[]) IS 'adds jobs for rows, page by page';

CREATE OR REPLACE FUNCTION pgscore_internal.sleep_lock()
RETURNS bigint LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT hashtextextended('pgscore sidecar sleeps', 0) $$;
COMMENT ON FUNCTION pgscore_internal.sleep_lock() IS 'the advisory lock that sidecars hold in shared mode while they sleep';

-- Called by triggers after they have added jobs. Sidecars that sleep hold the lock in shared mode: only then is there
-- somebody to notify. A NOTIFY takes a lock at COMMIT that all notifying transactions of the server share, so it is worth
-- the test; a second try, because another writer may just be testing. Not where transactions are prepared (2PC): they
-- may not have notified. Not into a queue that fills up because some session does not listen: that would end in an
-- error. Sidecars look by themselves every second at the latest.
CREATE OR REPLACE FUNCTION pgscore_internal.wake_sidecars()
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  sleeping CONSTANT bigint := pgscore_internal.sleep_lock();
BEGIN
  IF pg_try_advisory_lock(sleeping) OR pg_try_advisory_lock(sleeping) THEN
    PERFORM pg_advisory_unlock(sleeping);
  ELSIF current_setting('max_prepared_transactions') = '0' AND pg_notification_queue_usage() < 0.5 THEN
    NOTIFY pgscore_jobs;
  END IF;
END
$$;
COMMENT ON FUNCTION pgscore_internal.wake_sidecars() IS 'notifies sidecars when one sleeps';
