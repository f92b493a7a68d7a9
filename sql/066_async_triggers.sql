-- The triggers of async bindings: statements on the table, and on the tables that features are read from, add jobs.

-- Writes all that an async binding needs, for the present champion.
CREATE OR REPLACE FUNCTION pgscore_internal.build_async_binding(b pgscore_internal.bindings, fed jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  function text := format('binding_%s', b.id);
BEGIN
  UPDATE pgscore_internal.bindings AS t SET key_columns = pgscore_internal.require_key(b.relation) WHERE t.id = b.id RETURNING t.* INTO b;
  PERFORM pgscore_internal.record_reads(b, fed);
  PERFORM pgscore_internal.write_binding_functions(b, fed);
  PERFORM pgscore_internal.create_async_triggers(b);
  PERFORM pgscore_internal.depend_on_columns(b, b.relation, '', function, b.inputs || b.key_columns
    || array_remove(ARRAY[b.value_column, b.label_column, b.version_column, b.time_column], NULL));
  PERFORM pgscore_internal.depend_on_columns(b, r.relation, '_reads_' || r.position, format('%s_reads_%s', function, r.position), r.inputs)
  FROM pgscore_internal.binding_reads AS r WHERE r.binding = b.id;
END
$$;
COMMENT ON FUNCTION pgscore_internal.build_async_binding(pgscore_internal.bindings, jsonb) IS 'writes an async binding''s functions and triggers';

CREATE OR REPLACE FUNCTION pgscore_internal.create_async_triggers(b pgscore_internal.bindings)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  read pgscore_internal.binding_reads;
BEGIN
  PERFORM pgscore_internal.create_statement_triggers(b, b.relation, format('binding_%s', b.id), '');
  FOR read IN SELECT r.* FROM pgscore_internal.binding_reads AS r WHERE r.binding = b.id LOOP
    PERFORM pgscore_internal.create_statement_triggers(b, read.relation, format('binding_%s_reads_%s', b.id, read.position),
                                                       format('_reads_%s', read.position));
  END LOOP;
END
$$;
COMMENT ON FUNCTION pgscore_internal.create_async_triggers(pgscore_internal.bindings) IS 'creates what is missing of an async binding''s triggers';

-- A trigger that never fires: its column list makes PostgreSQL refuse to drop or retype what the binding needs, which a
-- trigger with transition tables may not have.
CREATE OR REPLACE FUNCTION pgscore_internal.depend_on_columns(
  b pgscore_internal.bindings, relation regclass, suffix text, function text, columns text[]
)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER UPDATE OF %s ON %s FOR EACH STATEMENT WHEN (false) EXECUTE FUNCTION pgscore_internal.%I()',
                 pgscore_internal.trigger_name(b.id, 'columns' || suffix, b.model),
                 (SELECT string_agg(DISTINCT quote_ident(c), ', ') FROM unnest(columns) AS u (c)), relation, function);
END
$$;
COMMENT ON FUNCTION pgscore_internal.depend_on_columns(pgscore_internal.bindings, regclass, text, text, text[]) IS
  'keeps columns from being dropped or retyped';

-- On the table, and on every partition of it: a statement fires the triggers of the table that it names. What a partition
-- lacks of TRUNCATE is no loss: a sidecar finds the rows gone.
CREATE OR REPLACE FUNCTION pgscore_internal.create_statement_triggers(
  b pgscore_internal.bindings, relation regclass, function text, suffix text
)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  wanted record;
BEGIN
  FOR wanted IN
    SELECT r.relation, e.event, n.name
    FROM pgscore_internal.tables_of(relation) AS r (relation)
    CROSS JOIN (VALUES ('insert', 'INSERT ON %s REFERENCING NEW TABLE AS new_rows'), ('delete', 'DELETE ON %s REFERENCING OLD TABLE AS old_rows'),
                       ('update', 'UPDATE ON %s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'), ('truncate', 'TRUNCATE ON %s')) AS e (kind, event)
    CROSS JOIN LATERAL (SELECT pgscore_internal.trigger_name(b.id, e.kind || suffix, b.model)) AS n (name)
    WHERE (e.kind <> 'truncate' OR r.relation = create_statement_triggers.relation)
      AND NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = r.relation AND t.tgname = n.name)
  LOOP
    EXECUTE format('CREATE TRIGGER %I AFTER %s FOR EACH STATEMENT EXECUTE FUNCTION pgscore_internal.%I()',
                   wanted.name, format(wanted.event, wanted.relation), function);
  END LOOP;
END
$$;
COMMENT ON FUNCTION pgscore_internal.create_statement_triggers(pgscore_internal.bindings, regclass, text, text) IS
  'creates what is missing of the statement triggers on a table and its partitions';

CREATE OR REPLACE FUNCTION pgscore_internal.tables_of(relation regclass)
RETURNS SETOF regclass LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT relation UNION SELECT p.relid FROM pg_partition_tree(relation) AS p
$$;
COMMENT ON FUNCTION pgscore_internal.tables_of(regclass) IS 'a table and its partitions at all levels';

-- A statement that adds pages for the rows of a FROM clause, where n is a row of the table and "key" its key as text.
-- Keys of fixed length are collected as they are and cut as an array: per row a third of what grouping numbered rows
-- costs (0.06 and 0.28 µs), which is for the others: cutting an array of texts takes time by the square of its length.
-- The page sizes keep a job within a block: 500 numbers, or 200 keys of up to 37 bytes.
CREATE OR REPLACE FUNCTION pgscore_internal.add_pages_statement(b pgscore_internal.bindings, key text, source text)
RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN cardinality(b.key_columns) = 1 AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'uuid'::regtype)
    THEN format(E'INSERT INTO pgscore_internal.jobs (binding, keys, row_count)\n'
                 '        SELECT %1$s, page.keys::pg_catalog.text, pg_catalog.cardinality(page.keys)\n'
                 '        FROM (SELECT pg_catalog.array_agg(n.%3$I) AS keys %4$s) AS w,\n'
                 '          pg_catalog.generate_series(1, pg_catalog.cardinality(w.keys), %2$s) AS s (first),\n'
                 '          LATERAL (SELECT w.keys[s.first : s.first OPERATOR(pg_catalog.+) (%2$s OPERATOR(pg_catalog.-) 1)]) AS page (keys)',
                b.id, CASE a.atttypid WHEN 'uuid'::regtype THEN 200 ELSE 500 END, a.attname, source)
    ELSE format(E'INSERT INTO pgscore_internal.jobs (binding, keys, row_count)\n'
                 '        SELECT %s, pg_catalog.array_agg(s.key)::pg_catalog.text, pg_catalog.count(*)\n'
                 '        FROM (SELECT %s AS key, (pg_catalog.row_number() OVER () OPERATOR(pg_catalog.-) 1) OPERATOR(pg_catalog./) 200 AS page %s) AS s GROUP BY s.page',
                b.id, key, source) END
  FROM pg_attribute AS a WHERE a.attrelid = b.relation AND a.attname = b.key_columns[1]
$$;
COMMENT ON FUNCTION pgscore_internal.add_pages_statement(pgscore_internal.bindings, text, text) IS 'an INSERT of pages into the queue';

-- For an UPDATE of many rows: a job for each row that changed, unless it has one or is in a page that no sidecar holds and
-- that none can claim until the statement's transaction ends. Not more pages are looked at than are worth it: 10, and one
-- for every 50 rows. A row whose key is new relies on no job: such rows become pages. Gives the number of jobs.
CREATE OR REPLACE FUNCTION pgscore_internal.queue_changed_rows(binding integer, key text, is_new text, changed text)
RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format($statement$WITH held AS (
        SELECT j.keys FROM pgscore_internal.jobs AS j
        WHERE j.binding OPERATOR(pg_catalog.=) %1$s AND j.keys IS NOT NULL
        LIMIT (SELECT 10 OPERATOR(pg_catalog.+) pg_catalog.count(*) OPERATOR(pg_catalog./) 50 FROM new_rows) FOR KEY SHARE SKIP LOCKED
      ), waiting (key) AS MATERIALIZED (
        SELECT pg_catalog.unnest(h.keys::pg_catalog.text[]) FROM held AS h
      ), changed (key, is_new) AS MATERIALIZED (
        SELECT %2$s, %3$s %4$s
      ), jobs AS (
        INSERT INTO pgscore_internal.jobs (binding, key)
        SELECT %1$s, c.key FROM changed AS c
        WHERE NOT c.is_new AND NOT EXISTS (SELECT FROM waiting AS w WHERE w.key OPERATOR(pg_catalog.=) c.key)
        ON CONFLICT (binding, key) WHERE key IS NOT NULL DO NOTHING
        RETURNING 1
      ), pages AS (
        INSERT INTO pgscore_internal.jobs (binding, keys, row_count)
        SELECT %1$s, pg_catalog.array_agg(p.key)::pg_catalog.text, pg_catalog.count(*)
        FROM (SELECT c.key, (pg_catalog.row_number() OVER () OPERATOR(pg_catalog.-) 1) OPERATOR(pg_catalog./) 200 AS page
              FROM changed AS c WHERE c.is_new) AS p
        GROUP BY p.page
        RETURNING 1
      ) SELECT (SELECT pg_catalog.count(*) FROM jobs) OPERATOR(pg_catalog.+) (SELECT pg_catalog.count(*) FROM pages)$statement$,
    binding, key, is_new, changed)
$$;
COMMENT ON FUNCTION pgscore_internal.queue_changed_rows(integer, text, text, text) IS 'a statement that adds jobs for the rows that an UPDATE changed';

-- The trigger function of the binding's table. SECURITY DEFINER: whoever may write the table need not be allowed to use
-- the queue. New rows become a job each, up to 50 of them, more become pages; changed rows become a job each, which adds nothing for
-- a row that waits already.
-- Every name and operator in it is qualified, so that it needs no pinned search_path: setting one takes 1 µs of the 10
-- that the INSERT of a row pays for its job. A test that is a function call costs less than a query, and counting the
-- rows less than collecting them.
CREATE OR REPLACE FUNCTION pgscore_internal.async_trigger_function(b pgscore_internal.bindings)
RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  key text := pgscore_internal.key_text(b.relation, b.key_columns, 'n');
  same_key text := (SELECT string_agg(format('n.%1$I OPERATOR(%2$s) o.%1$I', k.name, k.equal), ' AND ' ORDER BY k.position)
                    FROM pgscore_internal.table_key(b.relation) AS k);
  -- As records, compared by stored bytes: that exists for every type, and sees changes that an equality would not.
  differs text := coalesce((SELECT format('pg_catalog.record_image_ne(ROW(%s), ROW(%s))', string_agg(format('o.%I', i), ', '), string_agg(format('n.%I', i), ', '))
                            FROM unnest(b.inputs) AS columns (i)), 'false');
  changed text := format('FROM new_rows AS n LEFT JOIN old_rows AS o ON %s WHERE o.%I IS NULL OR %s', same_key, b.key_columns[1], differs);
BEGIN
  RETURN format(E'CREATE OR REPLACE FUNCTION pgscore_internal.%I()\nRETURNS trigger LANGUAGE plpgsql SECURITY DEFINER %s\nAS %L',
    format('binding_%s', b.id),
    CASE WHEN pgscore_internal.key_needs_settings(b.relation) THEN pgscore_internal.text_settings() ELSE '' END,
    format($body$
-- Queues rows of %1$s for model %2$s. Why so: the head of pgscore's sql/062_queue.sql.
#variable_conflict use_column
DECLARE
  -- Its snapshot does not show what sidecars do meanwhile: only pages, which need no look at other jobs.
  snapshot_is_old pg_catalog.bool := pg_catalog.current_setting('transaction_isolation') OPERATOR(pg_catalog.=) ANY (ARRAY['repeatable read', 'serializable']);
  rows pg_catalog.int4 := 1;
  keys pg_catalog.text[];
  has_new_keys pg_catalog.bool;
  added pg_catalog.int4 := 0;
BEGIN
  IF TG_OP OPERATOR(pg_catalog.=) 'INSERT' THEN
    -- Counted only where there is more than one row.
    IF EXISTS (SELECT FROM new_rows OFFSET 1) THEN
      SELECT pg_catalog.count(*) INTO rows FROM (SELECT FROM new_rows LIMIT 51) AS few;
    END IF;
    IF rows OPERATOR(pg_catalog.<=) 50 AND NOT snapshot_is_old THEN
      INSERT INTO pgscore_internal.jobs (binding, key) SELECT %3$s, %4$s FROM new_rows AS n
      ON CONFLICT (binding, key) WHERE key IS NOT NULL DO NOTHING;
      GET DIAGNOSTICS added = ROW_COUNT;
    END IF;
    -- A job that a row of the same key has left is none of this row.
    IF added OPERATOR(pg_catalog.<) rows THEN
      %5$s;
      GET DIAGNOSTICS added = ROW_COUNT;
    END IF;
    IF added OPERATOR(pg_catalog.=) 0 THEN
      RETURN NULL;
    END IF;
  ELSIF TG_OP OPERATOR(pg_catalog.=) 'UPDATE' THEN
    -- Planned each time, for the rows that there are.
    IF snapshot_is_old THEN
      EXECUTE %6$L;
      GET DIAGNOSTICS added = ROW_COUNT;
    ELSIF EXISTS (SELECT FROM new_rows OFFSET 50) THEN
      EXECUTE %11$L INTO added;
    ELSE
      SELECT pg_catalog.array_agg(%4$s), pg_catalog.bool_or(o.%8$I IS NULL) INTO keys, has_new_keys %7$s;
      INSERT INTO pgscore_internal.jobs (binding, key) SELECT %3$s, k.key FROM pg_catalog.unnest(keys) AS k (key)
      ON CONFLICT (binding, key) WHERE key IS NOT NULL DO NOTHING;
      GET DIAGNOSTICS added = ROW_COUNT;
      IF has_new_keys AND added OPERATOR(pg_catalog.<) pg_catalog.cardinality(keys) THEN
        INSERT INTO pgscore_internal.jobs (binding, keys, row_count) VALUES (%3$s, keys::pg_catalog.text, pg_catalog.cardinality(keys));
      END IF;
    END IF;
    IF added OPERATOR(pg_catalog.=) 0 AND has_new_keys IS NOT TRUE THEN
      RETURN NULL;
    END IF;
  ELSE
    -- Jobs that nobody holds; of the others a sidecar finds the rows gone, and of all of them under an old snapshot.
    IF TG_OP OPERATOR(pg_catalog.=) 'TRUNCATE' AND NOT snapshot_is_old THEN
      PERFORM pgscore_internal.cancel_jobs(%3$s);
    ELSIF NOT snapshot_is_old THEN
      EXECUTE %9$L;
    END IF;
    RETURN NULL;
  END IF;
  -- wake_sidecars(), asked here because a function call costs as much as the answer.
  IF NOT (pg_catalog.pg_try_advisory_lock(%10$s) AND pg_catalog.pg_advisory_unlock(%10$s)) THEN
    PERFORM pgscore_internal.wake_sidecars();
  END IF;
  RETURN NULL;
END
$body$,
      b.relation, b.model, b.id, key,
      pgscore_internal.add_pages_statement(b, key, 'FROM new_rows AS n'),
      pgscore_internal.add_pages_statement(b, key, changed),
      changed, b.key_columns[1],
      format(E'WITH cancelled AS (\n'
              '      SELECT j.ctid FROM pgscore_internal.jobs AS j\n'
              '      WHERE j.binding OPERATOR(pg_catalog.+) 0 OPERATOR(pg_catalog.=) %s AND j.key OPERATOR(pg_catalog.=) ANY (SELECT %s FROM old_rows AS n) FOR UPDATE SKIP LOCKED\n'
              '    ) DELETE FROM pgscore_internal.jobs AS j WHERE j.ctid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT c.ctid FROM cancelled AS c))',
             b.id, key),
      pgscore_internal.sleep_lock(),
      pgscore_internal.queue_changed_rows(b.id, key, format('o.%I IS NULL', b.key_columns[1]), changed)));
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
