-- The triggers of async bindings: statements on the table, and on the tables that features are read from, add jobs.

-- Writes all that an async binding needs, for the present champion.
CREATE OR REPLACE FUNCTION pgscore_internal.build_async_binding(b pgscore_internal.bindings, fed jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  function text := format('binding_%s', b.id);
BEGIN
  UPDATE pgscore_internal.bindings AS t SET key_columns = pgscore_internal.require_key(b.relation) WHERE t.id = b.id RETURNING t.* INTO b;
  PERFORM pgscore_internal.build_row_functions(b, fed);
  EXECUTE pgscore_internal.async_trigger_function(b);
  EXECUTE format('REVOKE ALL ON FUNCTION pgscore_internal.%I() FROM PUBLIC', function);
  PERFORM pgscore_internal.create_async_triggers(b);
  PERFORM pgscore_internal.build_reads(b, fed);
END
$$;
COMMENT ON FUNCTION pgscore_internal.build_async_binding(pgscore_internal.bindings, jsonb) IS 'writes an async binding''s functions and triggers';

-- On the table, and on every partition of it: a statement fires the triggers of the table that it names. What a partition
-- lacks of TRUNCATE is no loss: a sidecar finds the rows gone.
CREATE OR REPLACE FUNCTION pgscore_internal.create_async_triggers(b pgscore_internal.bindings)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  wanted record;
BEGIN
  FOR wanted IN
    SELECT r.relation, e.kind, e.event, pgscore_internal.trigger_name(b.id, e.kind, b.model) AS name
    FROM pgscore_internal.tables_of(b.relation) AS r (relation)
    CROSS JOIN (VALUES ('insert', 'INSERT ON %s REFERENCING NEW TABLE AS new_rows'), ('delete', 'DELETE ON %s REFERENCING OLD TABLE AS old_rows'),
                       ('update', 'UPDATE ON %s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'), ('truncate', 'TRUNCATE ON %s')) AS e (kind, event)
    WHERE (e.kind <> 'truncate' OR r.relation = b.relation)
      AND NOT EXISTS (SELECT FROM pg_trigger AS t
                      WHERE t.tgrelid = r.relation AND t.tgname = pgscore_internal.trigger_name(b.id, e.kind, b.model))
  LOOP
    EXECUTE format('CREATE TRIGGER %I AFTER %s FOR EACH STATEMENT EXECUTE FUNCTION pgscore_internal.%I()',
                   wanted.name, format(wanted.event, wanted.relation), format('binding_%s', b.id));
  END LOOP;
END
$$;
COMMENT ON FUNCTION pgscore_internal.create_async_triggers(pgscore_internal.bindings) IS 'creates what is missing of an async binding''s triggers';

CREATE OR REPLACE FUNCTION pgscore_internal.tables_of(relation regclass)
RETURNS SETOF regclass LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT relation UNION SELECT p.relid FROM pg_partition_tree(relation) AS p
$$;
COMMENT ON FUNCTION pgscore_internal.tables_of(regclass) IS 'a table and its partitions at all levels';

-- The trigger function of the binding's table. SECURITY DEFINER: whoever may write the table need not be allowed to use
-- the queue. Up to 50 rows become a job each, which adds nothing for a row that waits already; more become pages.
CREATE OR REPLACE FUNCTION pgscore_internal.async_trigger_function(b pgscore_internal.bindings)
RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  key text := pgscore_internal.key_text(b.relation, b.key_columns, 'n');
  same_key text := (SELECT string_agg(format('n.%1$I OPERATOR(%2$s) o.%1$I', k.name, k.equal), ' AND ' ORDER BY k.position)
                    FROM pgscore_internal.table_key(b.relation) AS k);
  -- As records, compared by stored bytes: that exists for every type, and sees changes that an equality would not.
  differs text := coalesce((SELECT format('record_image_ne(ROW(%s), ROW(%s))', string_agg(format('o.%I', i), ', '), string_agg(format('n.%I', i), ', '))
                            FROM unnest(b.inputs) AS columns (i)), 'false');
  changed text := format('FROM new_rows AS n LEFT JOIN old_rows AS o ON %s WHERE o.%I IS NULL OR %s', same_key, b.key_columns[1], differs);
  add_pages text := E'INSERT INTO pgscore_internal.jobs (binding, keys, row_count)\n'
                     '      SELECT %s, array_agg(s.key), count(*)\n'
                     '      FROM (SELECT %s AS key, (row_number() OVER () - 1) / 500 AS page %s) AS s GROUP BY s.page';
BEGIN
  RETURN format(E'CREATE OR REPLACE FUNCTION pgscore_internal.%I()\nRETURNS trigger LANGUAGE plpgsql SECURITY DEFINER\n'
                 'SET search_path = pg_catalog, pg_temp SET jit = off %s\nAS %L',
    format('binding_%s', b.id),
    CASE WHEN pgscore_internal.key_needs_settings(b.relation) THEN pgscore_internal.text_settings() ELSE '' END,
    format($body$
-- Queues rows of %1$s for model %2$s. Why so: the head of pgscore's sql/062_queue.sql.
#variable_conflict use_column
DECLARE
  -- Its snapshot does not show what sidecars do meanwhile: only pages, which need no look at other jobs.
  snapshot_is_old boolean := current_setting('transaction_isolation') IN ('repeatable read', 'serializable');
  keys text[];
  has_new_keys boolean := true;
  added integer := 0;
BEGIN
  IF TG_OP = 'INSERT' OR TG_OP = 'UPDATE' THEN
    IF EXISTS (SELECT FROM new_rows OFFSET 50) THEN
      -- Planned each time, for the rows that there are.
      IF TG_OP = 'INSERT' THEN
        EXECUTE %5$L;
      ELSE
        EXECUTE %6$L;
      END IF;
      GET DIAGNOSTICS added = ROW_COUNT;
      IF added = 0 THEN
        RETURN NULL;
      END IF;
    ELSE
      IF TG_OP = 'INSERT' THEN
        SELECT array_agg(%4$s) INTO keys FROM new_rows AS n;
      ELSE
        SELECT array_agg(%4$s), bool_or(o.%8$I IS NULL) INTO keys, has_new_keys %7$s;
      END IF;
      IF keys IS NULL THEN
        RETURN NULL;
      END IF;
      IF NOT snapshot_is_old THEN
        INSERT INTO pgscore_internal.jobs (binding, key) SELECT %3$s, k.key FROM unnest(keys) AS k (key)
        ON CONFLICT (binding, key) WHERE key IS NOT NULL DO NOTHING;
        GET DIAGNOSTICS added = ROW_COUNT;
      END IF;
      -- A job that a row of the same key has left is none of this row.
      IF snapshot_is_old OR has_new_keys AND added < cardinality(keys) THEN
        INSERT INTO pgscore_internal.jobs (binding, keys, row_count) VALUES (%3$s, keys, cardinality(keys));
      ELSIF added = 0 THEN
        RETURN NULL;
      END IF;
    END IF;
    PERFORM pgscore_internal.wake_sidecars();
  ELSIF snapshot_is_old THEN
    -- A sidecar finds the rows gone.
    RETURN NULL;
  ELSIF TG_OP = 'DELETE' THEN
    EXECUTE %9$L;
  ELSE
    PERFORM pgscore_internal.cancel_jobs(%3$s);
  END IF;
  RETURN NULL;
END
$body$,
      b.relation, b.model, b.id, key,
      format(add_pages, b.id, key, 'FROM new_rows AS n'),
      format(add_pages, b.id, key, changed),
      changed, b.key_columns[1],
      format(E'WITH cancelled AS (\n'
              '      SELECT j.id FROM pgscore_internal.jobs AS j\n'
              '      WHERE j.binding = %s AND j.key IN (SELECT %s FROM old_rows AS n) FOR UPDATE SKIP LOCKED\n'
              '    ) DELETE FROM pgscore_internal.jobs AS j USING cancelled AS c WHERE j.binding = %1$s AND j.priority = 0 AND j.id = c.id',
             b.id, key)));
END
$$;
COMMENT ON FUNCTION pgscore_internal.async_trigger_function(pgscore_internal.bindings) IS 'the CREATE FUNCTION of an async binding''s trigger function';

-- All jobs of a binding that no sidecar holds.
CREATE OR REPLACE FUNCTION pgscore_internal.cancel_jobs(binding integer)
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
  WITH cancelled AS (
    SELECT j.priority, j.id FROM pgscore_internal.jobs AS j WHERE j.binding = cancel_jobs.binding FOR UPDATE SKIP LOCKED
  )
  DELETE FROM pgscore_internal.jobs AS j USING cancelled AS c
  WHERE j.binding = cancel_jobs.binding AND j.priority = c.priority AND j.id = c.id
$$;
COMMENT ON FUNCTION pgscore_internal.cancel_jobs(integer) IS 'removes the jobs of a binding that no sidecar holds';

-- Triggers on the tables that features are read from. Any number of writers there may concern the same row, none of which
-- holds its lock: they add pages, and never rely on a job that is there.
CREATE OR REPLACE FUNCTION pgscore_internal.build_reads(b pgscore_internal.bindings, fed jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pgscore_internal.drop_reads(b.id);
END
$$;
COMMENT ON FUNCTION pgscore_internal.build_reads(pgscore_internal.bindings, jsonb) IS 'writes the triggers on tables that features are read from';

CREATE OR REPLACE FUNCTION pgscore_internal.drop_reads(binding integer)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  function record;
  trigger record;
BEGIN
  DELETE FROM pgscore_internal.binding_reads AS r WHERE r.binding = drop_reads.binding;
  FOR function IN
    SELECT p.oid, p.proname FROM pg_proc AS p
    WHERE p.pronamespace = 'pgscore_internal'::regnamespace AND starts_with(p.proname, format('binding_%s_reads_', binding))
  LOOP
    FOR trigger IN SELECT t.tgname, t.tgrelid::regclass AS relation FROM pg_trigger AS t WHERE t.tgfoid = function.oid LOOP
      EXECUTE format('DROP TRIGGER %I ON %s', trigger.tgname, trigger.relation);
    END LOOP;
    EXECUTE format('DROP FUNCTION pgscore_internal.%I()', function.proname);
  END LOOP;
END
$$;
COMMENT ON FUNCTION pgscore_internal.drop_reads(integer) IS 'removes a binding''s triggers on other tables';
