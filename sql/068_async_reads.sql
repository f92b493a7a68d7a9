-- Features that are read from other tables: a change there queues the rows that it concerns. The features say which tables
-- and which of their columns hold the key of the row: {"sql": "(SELECT avg(x) FROM readings AS r WHERE r.customer = id)",
-- "reads": {"readings": "customer"}}; several columns as an array, in the order of the key; null for a table whose
-- changes are to queue nothing.

-- What is to be watched: one row a table and key. Raises when a feature reads a table that it does not name.
CREATE OR REPLACE FUNCTION pgscore_internal.resolve_reads(b pgscore_internal.bindings, fed jsonb)
RETURNS TABLE (relation regclass, key_columns text[], inputs text[]) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  feature jsonb;
  named jsonb;
  unnamed text;
BEGIN
  FOR feature IN SELECT e FROM jsonb_array_elements(fed) AS f (e) WHERE e ? 'sql' LOOP
    named := pgscore_internal.named_tables(b, feature);
    SELECT string_agg((t ->> 'relation')::oid::regclass::text, ', ') INTO unnamed
    FROM jsonb_array_elements(feature -> 'tables') AS r (t) WHERE NOT named ? (t ->> 'relation');
    IF unnamed IS NOT NULL THEN
      RAISE EXCEPTION 'feature % reads %, and does not say which rows a change there concerns', quote_ident(feature ->> 'name'), unnamed
        USING ERRCODE = 'invalid_parameter_value',
              HINT = format('Name the columns that hold the key of %s: {"sql": …, "reads": {%s: "column"}}, or null in place of '
                            'a column when changes there are to queue nothing.', b.relation, to_json(unnamed));
    END IF;
    RETURN QUERY
      SELECT n.key::oid::regclass, pgscore_internal.require_read_columns(b, n.key::oid::regclass, n.value),
             coalesce((SELECT ARRAY(SELECT jsonb_array_elements_text(t -> 'columns'))
                       FROM jsonb_array_elements(feature -> 'tables') AS r (t) WHERE t ->> 'relation' = n.key),
                      -- It is read by some function: by any column.
                      ARRAY(SELECT a.attname::text FROM pg_attribute AS a
                            WHERE a.attrelid = n.key::oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''))
      FROM jsonb_each(named) AS n WHERE n.value <> 'null';
  END LOOP;
END
$$;
COMMENT ON FUNCTION pgscore_internal.resolve_reads(pgscore_internal.bindings, jsonb) IS 'the tables that a binding''s features are read from';

-- {"oid": columns} of a feature's "reads", whose names mean what they mean to whoever attached.
CREATE OR REPLACE FUNCTION pgscore_internal.named_tables(b pgscore_internal.bindings, feature jsonb)
RETURNS jsonb LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  entry record;
  found jsonb := '{}';
  relation oid;
BEGIN
  IF jsonb_typeof(coalesce(feature -> 'reads', '{}')) <> 'object' THEN
    RAISE EXCEPTION 'reads of feature % is %, expected an object {table: column}', quote_ident(feature ->> 'name'), feature -> 'reads'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  FOR entry IN SELECT * FROM jsonb_each(coalesce(feature -> 'reads', '{}')) LOOP
    PERFORM set_config('search_path', b.search_path, true);
    relation := to_regclass(entry.key);
    PERFORM set_config('search_path', 'pg_catalog, pg_temp', true);
    IF relation IS NULL OR entry.value <> 'null' AND (SELECT c.relkind NOT IN ('r', 'p') FROM pg_class AS c WHERE c.oid = relation) THEN
      RAISE EXCEPTION 'reads of feature % names %, which is no table', quote_ident(feature ->> 'name'), entry.key
        USING ERRCODE = 'undefined_table', HINT = 'Name it as SQL does: readings, sales.readings, "Readings".';
    END IF;
    found := found || jsonb_build_object(relation::text, entry.value);
  END LOOP;
  RETURN found;
END
$$;
COMMENT ON FUNCTION pgscore_internal.named_tables(pgscore_internal.bindings, jsonb) IS 'a feature''s "reads" by table';

-- The columns of another table that hold the key, which must have the same text there as in the key itself.
CREATE OR REPLACE FUNCTION pgscore_internal.require_read_columns(b pgscore_internal.bindings, relation regclass, wanted jsonb)
RETURNS text[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  names jsonb := CASE jsonb_typeof(wanted) WHEN 'string' THEN jsonb_build_array(wanted) ELSE wanted END;
  columns text[];
  problem text;
BEGIN
  IF jsonb_typeof(names) <> 'array' OR jsonb_array_length(names) <> cardinality(b.key_columns) THEN
    RAISE EXCEPTION 'reads names % of %, expected as many columns as the key of % has: %', wanted, relation, b.relation,
      array_to_string(b.key_columns, ', ') USING ERRCODE = 'invalid_parameter_value';
  END IF;
  columns := ARRAY(SELECT jsonb_array_elements_text(names));
  SELECT CASE WHEN a.attnum IS NULL THEN format('%s has no column %I', relation, c.name)
              ELSE format('column %I of %s is of type %s, and %I of %s of type %s', c.name, relation, format_type(a.atttypid, -1), k.name, b.relation, k.type) END
  INTO problem
  FROM unnest(columns) WITH ORDINALITY AS c (name, position)
  JOIN pgscore_internal.table_key(b.relation) AS k ON k.position = c.position
  LEFT JOIN pg_attribute AS a ON a.attrelid = relation AND a.attname = c.name AND a.attnum > 0 AND NOT a.attisdropped
  WHERE a.attnum IS NULL OR NOT EXISTS (
    SELECT FROM (VALUES (ARRAY['int2', 'int4', 'int8']::regtype[]), (ARRAY['text', 'varchar', 'bpchar']::regtype[]), (ARRAY[k.type_oid]::regtype[])) AS alike (types)
    WHERE pgscore_internal.domain_base(a.atttypid) = ANY (alike.types) AND pgscore_internal.domain_base(k.type_oid) = ANY (alike.types));
  IF problem IS NOT NULL THEN
    RAISE EXCEPTION '%', problem USING ERRCODE = 'datatype_mismatch', HINT = 'Name the columns that hold the key of the row.';
  END IF;
  RETURN columns;
END
$$;
COMMENT ON FUNCTION pgscore_internal.require_read_columns(pgscore_internal.bindings, regclass, jsonb) IS 'columns of another table that hold a key, or an error';

DROP FUNCTION IF EXISTS pgscore_internal.build_reads(pgscore_internal.bindings, jsonb);
CREATE OR REPLACE FUNCTION pgscore_internal.record_reads(b pgscore_internal.bindings, fed jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pgscore_internal.drop_reads(b.id);
  INSERT INTO pgscore_internal.binding_reads (binding, position, relation, key_columns, inputs)
  SELECT b.id, row_number() OVER (ORDER BY r.relation::oid, r.key_columns), r.relation, r.key_columns, array_agg(DISTINCT i.name)
  FROM pgscore_internal.resolve_reads(b, fed) AS r, unnest(r.inputs || r.key_columns) AS i (name)
  GROUP BY r.relation, r.key_columns;
END
$$;
COMMENT ON FUNCTION pgscore_internal.record_reads(pgscore_internal.bindings, jsonb) IS 'notes the tables that a binding''s features are read from';

-- Any number of writers may concern the same row, none of which holds its lock: they add pages, and never rely on a job
-- that is there. UPDATE queues the rows of which a column that is read differs, by their keys before and after.
CREATE OR REPLACE FUNCTION pgscore_internal.reads_trigger_function(b pgscore_internal.bindings, read pgscore_internal.binding_reads)
RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  key text := pgscore_internal.key_text(read.relation, read.key_columns, 'n');
  complete text := (SELECT string_agg(format('n.%I IS NOT NULL', c), ' AND ') FROM unnest(read.key_columns) AS columns (c));
  version text := (SELECT format('ROW(%s)::text', string_agg(format('n.%I', i), ', ')) FROM unnest(read.inputs) AS columns (i));
  add_pages CONSTANT text := E'INSERT INTO pgscore_internal.jobs (binding, keys, row_count)\n'
    '    SELECT %s, array_agg(s.key)::text, count(*)\n'
    '    FROM (SELECT d.key, (row_number() OVER () - 1) / 200 AS page FROM (SELECT DISTINCT r.key FROM (%s) AS r) AS d) AS s GROUP BY s.page';
  rows_of CONSTANT text := format('SELECT %s AS key, %s AS version FROM %%s AS n WHERE %s', key, version, complete);
BEGIN
  RETURN format(E'CREATE OR REPLACE FUNCTION pgscore_internal.%I()\nRETURNS trigger LANGUAGE plpgsql SECURITY DEFINER\n'
                 'SET search_path = pg_catalog, pg_temp SET jit = off %s\nAS %L',
    format('binding_%s_reads_%s', b.id, read.position),
    pgscore_internal.text_settings(),
    format($body$
-- Queues the rows of %1$s that changes of %2$s concern.
#variable_conflict use_column
DECLARE
  added integer;
BEGIN
  IF TG_OP = 'INSERT' THEN
    %3$s;
  ELSIF TG_OP = 'DELETE' THEN
    %4$s;
  ELSIF TG_OP = 'UPDATE' THEN
    %5$s;
  ELSE
    EXECUTE format('INSERT INTO pgscore_internal.jobs (binding, keys, row_count) '
                   'SELECT %6$s, array_agg(s.key)::text, count(*) '
                   'FROM (SELECT %%s AS key, (row_number() OVER () - 1) / 200 AS page FROM %%s AS n) AS s GROUP BY s.page',
                   %7$L, pgscore_internal.binding_table(%6$s));
  END IF;
  GET DIAGNOSTICS added = ROW_COUNT;
  IF added > 0 THEN
    PERFORM pgscore_internal.wake_sidecars();
  END IF;
  RETURN NULL;
END
$body$,
      b.relation, read.relation,
      format(add_pages, b.id, format(rows_of, 'new_rows')),
      format(add_pages, b.id, format(rows_of, 'old_rows')),
      format(add_pages, b.id, format('((%1$s) EXCEPT ALL (%2$s)) UNION ALL ((%2$s) EXCEPT ALL (%1$s))',
                                     format(rows_of, 'old_rows'), format(rows_of, 'new_rows'))),
      b.id, pgscore_internal.key_text(b.relation, b.key_columns, 'n')));
END
$$;
COMMENT ON FUNCTION pgscore_internal.reads_trigger_function(pgscore_internal.bindings, pgscore_internal.binding_reads) IS
  'the CREATE FUNCTION of the trigger function on a table that features are read from';

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
