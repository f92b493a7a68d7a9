-- Async bindings: the functions that read, lock and write the rows of one binding, written out for its table and model.

-- The columns that put a table's rows in order: those of the primary key, else of the smallest index that is unique,
-- complete and never null. "type" as SQL names it, qualified, without a length; "after" and "equal" are the index's
-- operators, as OPERATOR(…) takes them.
CREATE OR REPLACE FUNCTION pgscore_internal.table_key(relation regclass)
RETURNS TABLE ("position" bigint, name text, type text, type_oid oid, after text, equal text, operator_schema text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  WITH candidates AS (
    SELECT i.indexrelid
    FROM pg_index AS i
    JOIN pg_class AS c ON c.oid = i.indexrelid
    JOIN pg_am AS m ON m.oid = c.relam AND m.amname = 'btree'
    CROSS JOIN LATERAL unnest(i.indkey::smallint[], i.indclass::oid[], i.indcollation::oid[], i.indoption::smallint[])
      WITH ORDINALITY AS k (attnum, opclass, collation_oid, options, position)
    JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    JOIN pg_opclass AS o ON o.oid = k.opclass
    WHERE i.indrelid = relation AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
      AND k.position <= i.indnkeyatts
    GROUP BY i.indexrelid, i.indisprimary, i.indnkeyatts
    -- A not-null constraint that is not validated holds for new rows alone.
    HAVING bool_and(a.attnotnull AND NOT EXISTS (
        SELECT FROM pg_constraint AS v
        WHERE v.conrelid = a.attrelid AND v.contype = 'n' AND NOT v.convalidated AND v.conkey = ARRAY[a.attnum]))
      -- ORDER BY and the comparisons of the same columns mean this index's order.
      AND bool_and(o.opcdefault AND k.collation_oid = a.attcollation)
      AND count(DISTINCT k.options) = 1 AND min(k.options) IN (0, 3)
    ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid
    LIMIT 1
  )
  SELECT k.position, a.attname, format_type(a.atttypid, -1), a.atttypid,
         format('%I.%s', an.nspname, ao.oprname), format('%I.%s', en.nspname, eo.oprname), an.nspname
  FROM candidates AS chosen
  JOIN pg_index AS i ON i.indexrelid = chosen.indexrelid
  CROSS JOIN LATERAL unnest(i.indkey::smallint[], i.indclass::oid[]) WITH ORDINALITY AS k (attnum, opclass, position)
  JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
  JOIN pg_opclass AS o ON o.oid = k.opclass
  JOIN pg_amop AS after ON after.amopfamily = o.opcfamily AND after.amopmethod = o.opcmethod
    AND after.amoplefttype = o.opcintype AND after.amoprighttype = o.opcintype AND after.amopstrategy = 5
  JOIN pg_operator AS ao ON ao.oid = after.amopopr
  JOIN pg_namespace AS an ON an.oid = ao.oprnamespace
  JOIN pg_amop AS equal ON equal.amopfamily = o.opcfamily AND equal.amopmethod = o.opcmethod
    AND equal.amoplefttype = o.opcintype AND equal.amoprighttype = o.opcintype AND equal.amopstrategy = 3
  JOIN pg_operator AS eo ON eo.oid = equal.amopopr
  JOIN pg_namespace AS en ON en.oid = eo.oprnamespace
  WHERE k.position <= i.indnkeyatts
  ORDER BY k.position
$$;
COMMENT ON FUNCTION pgscore_internal.table_key(regclass) IS 'the columns of a table''s key, nothing when it has none';

-- The columns of a table's key that an async binding works by, or an error.
CREATE OR REPLACE FUNCTION pgscore_internal.require_key(relation regclass)
RETURNS text[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  columns text[] := ARRAY(SELECT k.name FROM pgscore_internal.table_key(relation) AS k ORDER BY k.position);
  foreign_type text;
BEGIN
  IF columns = '{}' THEN
    RAISE EXCEPTION '% has no primary key', relation
      USING ERRCODE = 'object_not_in_prerequisite_state',
            DETAIL = 'An async binding names the rows that wait by their key.',
            HINT = format('ALTER TABLE %s ADD PRIMARY KEY (…), or a unique index over columns that are NOT NULL.', relation);
  END IF;
  -- It would run with the rights of whoever attached.
  SELECT k.type INTO foreign_type
  FROM pgscore_internal.table_key(relation) AS k
  JOIN pg_cast AS c ON c.casttarget = pgscore_internal.domain_base(k.type_oid) AND c.castsource = 'text'::regtype
  WHERE c.castmethod = 'f' AND c.castfunc >= 16384;
  IF foreign_type IS NOT NULL THEN
    RAISE EXCEPTION 'the key of % is of type %, which text is cast to by a function that a user made', relation, foreign_type
      USING ERRCODE = 'datatype_mismatch', HINT = 'Drop that cast, or give the table a key of another type.';
  END IF;
  IF row_security_active(relation) THEN
    RAISE EXCEPTION 'row-level security of % would hide rows from %', relation, current_user
      USING ERRCODE = 'insufficient_privilege',
            HINT = 'Let the owner of the table attach the model (without FORCE ROW LEVEL SECURITY), or a role with BYPASSRLS.';
  END IF;
  RETURN columns;
END
$$;
COMMENT ON FUNCTION pgscore_internal.require_key(regclass) IS 'key columns for an async binding, or an error';

-- A row's key as text: one column as it is, several as a JSON array. Types that users make come by their output
-- functions: casts of theirs would run with the rights of the function.
CREATE OR REPLACE FUNCTION pgscore_internal.key_text(relation regclass, columns text[], alias text)
RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE count(*) WHEN 1 THEN min(part) ELSE format('pg_catalog.jsonb_build_array(%s)::pg_catalog.text', string_agg(part, ', ' ORDER BY position)) END
  FROM (
    SELECT format(CASE WHEN t.typnamespace = 'pg_catalog'::regnamespace THEN '%s.%I::pg_catalog.text' ELSE 'pg_catalog.format(''%%s'', %s.%I)' END,
                  alias, a.attname) AS part, c.position
    FROM unnest(columns) WITH ORDINALITY AS c (name, position)
    JOIN pg_attribute AS a ON a.attrelid = relation AND a.attname = c.name
    JOIN pg_type AS t ON t.oid = a.atttypid
  ) AS parts
$$;
COMMENT ON FUNCTION pgscore_internal.key_text(regclass, text[], text) IS 'SQL for a row''s key as text';

-- The same backwards: SQL that is true for the row of that key.
CREATE OR REPLACE FUNCTION pgscore_internal.key_condition(relation regclass, alias text, key text)
RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT string_agg(format('%s.%I OPERATOR(%s) %s::%s', alias, k.name, k.equal,
                           CASE count WHEN 1 THEN key ELSE format('(%s::pg_catalog.jsonb OPERATOR(pg_catalog.->>) %s)', key, k.position - 1) END,
                           format_type(pgscore_internal.domain_base(k.type_oid), -1)), ' AND ' ORDER BY k.position)
  FROM (SELECT t.*, count(*) OVER () AS count FROM pgscore_internal.table_key(relation) AS t) AS k
$$;
COMMENT ON FUNCTION pgscore_internal.key_condition(regclass, text, text) IS 'SQL that compares a row''s key with a key text';

-- For pgscore.errors: {"id": "7"}.
CREATE OR REPLACE FUNCTION pgscore_internal.key_object(binding integer, key text)
RETURNS jsonb LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE cardinality(b.key_columns) WHEN 1 THEN jsonb_build_object(b.key_columns[1], key)
         ELSE (SELECT jsonb_object_agg(c.name, key::jsonb -> (c.position - 1)::integer)
               FROM unnest(b.key_columns) WITH ORDINALITY AS c (name, position)) END
  FROM pgscore_internal.bindings AS b WHERE b.id = binding
$$;
COMMENT ON FUNCTION pgscore_internal.key_object(integer, text) IS 'a key text as {column: text}';

-- Settings that the text of values depends on, for functions that make or read key texts.
CREATE OR REPLACE FUNCTION pgscore_internal.text_settings()
RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT 'SET DateStyle = ''ISO, YMD'' SET IntervalStyle = iso_8601 SET TimeZone = UTC SET extra_float_digits = 1 SET bytea_output = hex' $$;
COMMENT ON FUNCTION pgscore_internal.text_settings() IS 'SET clauses under which values have one text';

-- Whether the text of a binding's keys depends on settings.
CREATE OR REPLACE FUNCTION pgscore_internal.key_needs_settings(relation regclass)
RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (SELECT FROM pgscore_internal.table_key(relation) AS k
                 WHERE pgscore_internal.domain_base(k.type_oid) <> ALL (
                   ARRAY['int2', 'int4', 'int8', 'text', 'varchar', 'bpchar', 'uuid', 'bool', 'numeric', 'oid']::regtype[]::oid[]))
$$;
COMMENT ON FUNCTION pgscore_internal.key_needs_settings(regclass) IS 'whether key texts depend on DateStyle and the like';

-- The table of a binding in FROM and UPDATE, by its present name: not the tables that inherit from it, which do not have
-- its triggers.
CREATE OR REPLACE FUNCTION pgscore_internal.binding_table(binding integer)
RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('%s%I.%I', CASE c.relkind WHEN 'r' THEN 'ONLY ' END, n.nspname, c.relname)
  FROM pgscore_internal.bindings AS b
  JOIN pg_class AS c ON c.oid = b.relation
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
  WHERE b.id = binding
$$;
COMMENT ON FUNCTION pgscore_internal.binding_table(integer) IS 'a binding''s table as FROM and UPDATE take it';

-- The functions of a binding that a sidecar calls. Their statements name the table by what it is called when they run: no
-- function keeps a table from being renamed or dropped. The names of the keys' columns are such as no expression of a user
-- means.

-- Features by key: of every binding whose table has a key, for predictions by primary key.
CREATE OR REPLACE FUNCTION pgscore_internal.build_read_function(b pgscore_internal.bindings, fed jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  alias text := (SELECT quote_ident(c.relname) FROM pg_class AS c WHERE c.oid = b.relation);
  features text[] := ARRAY(
    SELECT format('(%s)::pg_catalog.text', format(e ->> 'argument', alias))
    FROM jsonb_array_elements(fed) WITH ORDINALITY AS f (e, position) ORDER BY position);
BEGIN
  PERFORM pgscore_internal.replace_row_function(b, 'read', 'keys pg_catalog.text[]',
    format('TABLE (key pg_catalog.text, row_version pg_catalog.text%s)',
           (SELECT string_agg(format(', f%s pg_catalog.text', i - 1), '' ORDER BY i) FROM generate_subscripts(features, 1) AS s (i))),
    -- Expressions of users mean what they meant to whoever attached; everything else is qualified.
    concat_ws(', ', nullif(b.search_path, ''), 'pg_temp'),
    format('SELECT "pgscore keys"."pgscore key", %s.xmin::pg_catalog.text%s FROM pg_catalog.unnest($1) AS "pgscore keys" ("pgscore key") JOIN ',
           alias, (SELECT string_agg(', ' || f, '' ORDER BY position) FROM unnest(features) WITH ORDINALITY AS u (f, position))),
    format(' AS %s ON %s', alias, pgscore_internal.key_condition(b.relation, alias, '"pgscore keys"."pgscore key"')), 'keys');
END
$$;
COMMENT ON FUNCTION pgscore_internal.build_read_function(pgscore_internal.bindings, jsonb) IS 'writes the function that reads a binding''s features by key';

-- For a sync binding, which does without keys: no function where the table has none, or none that is safe to look up by.
CREATE OR REPLACE FUNCTION pgscore_internal.build_key_lookup(b pgscore_internal.bindings, fed jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  BEGIN
    UPDATE pgscore_internal.bindings AS t SET key_columns = pgscore_internal.require_key(b.relation) WHERE t.id = b.id RETURNING t.* INTO b;
  EXCEPTION WHEN object_not_in_prerequisite_state OR datatype_mismatch OR insufficient_privilege THEN
    RETURN;
  END;
  IF jsonb_array_length(fed) <= pgscore_internal.most_read_features() THEN
    PERFORM pgscore_internal.build_read_function(b, fed);
  END IF;
END
$$;
COMMENT ON FUNCTION pgscore_internal.build_key_lookup(pgscore_internal.bindings, jsonb) IS 'lets rows of a sync binding be looked up by key, where that can be';

-- A row of a query has 1664 columns at most.
CREATE OR REPLACE FUNCTION pgscore_internal.most_read_features()
RETURNS integer LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT 1500 $$;
COMMENT ON FUNCTION pgscore_internal.most_read_features() IS 'how many features can be read by key';

CREATE OR REPLACE FUNCTION pgscore_internal.build_row_functions(b pgscore_internal.bindings, fed jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  alias text := (SELECT quote_ident(c.relname) FROM pg_class AS c WHERE c.oid = b.relation);
  of_key text := pgscore_internal.key_condition(b.relation, alias, '"pgscore keys"."pgscore key"');
  rows text := 'pg_catalog.unnest($1) AS "pgscore keys" ("pgscore key")';
BEGIN
  IF jsonb_array_length(fed) > pgscore_internal.most_read_features() THEN
    RAISE EXCEPTION 'model % takes % features, and an async binding reads % at most', b.model, jsonb_array_length(fed),
        pgscore_internal.most_read_features()
      USING ERRCODE = 'program_limit_exceeded', HINT = 'Feed an array feature in place of single numbers.';
  END IF;
  PERFORM pgscore_internal.build_read_function(b, fed);
  PERFORM pgscore_internal.replace_row_function(b, 'lock', 'keys pg_catalog.text[]',
    'TABLE (key pg_catalog.text, row_version pg_catalog.text)', 'pg_catalog, pg_temp',
    format('SELECT "pgscore keys"."pgscore key", %s.xmin::pg_catalog.text FROM %s JOIN ', alias, rows),
    format(' AS %1$s ON %2$s FOR NO KEY UPDATE OF %1$s SKIP LOCKED', alias, of_key), 'keys');
  PERFORM pgscore_internal.replace_row_function(b, 'present', 'keys pg_catalog.text[]', 'SETOF pg_catalog.text', 'pg_catalog, pg_temp',
    format('SELECT "pgscore keys"."pgscore key" FROM %s JOIN ', rows), format(' AS %s ON %s', alias, of_key), 'keys');
  PERFORM pgscore_internal.replace_row_function(b, 'write',
    'keys pg_catalog.text[], "values" pg_catalog.float8[], arrays pg_catalog.text[], labels pg_catalog.text[], version pg_catalog.int4',
    -- Other triggers of the table run under it too: what they name unqualified is found where attach() found things.
    'SETOF pg_catalog.text', concat_ws(', ', nullif(b.search_path, ''), 'pg_temp'),
    'UPDATE ',
    format(' AS %s SET %s FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4)) AS "pgscore keys" ("pgscore key", value, "array", label) WHERE %s RETURNING "pgscore keys"."pgscore key"',
           alias, pgscore_internal.assignments(b), concat_ws(' AND ', of_key, pgscore_internal.is_news(b, alias))),
    'keys, "values", arrays, labels, version');
END
$$;
COMMENT ON FUNCTION pgscore_internal.build_row_functions(pgscore_internal.bindings, jsonb) IS 'writes the functions that read, lock and write an async binding''s rows';

-- The columns that predictions are written to, and what is written: SQL over a row of the arrays that binding_<id>_write()
-- takes.
CREATE OR REPLACE FUNCTION pgscore_internal.written_columns(b pgscore_internal.bindings)
RETURNS TABLE (name text, value text, type text) LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT a.attname, w.value, format_type(a.atttypid, CASE t.typcategory WHEN 'S' THEN -1 ELSE a.atttypmod END)
  FROM (VALUES (b.value_column, NULL), (b.label_column, '"pgscore keys".label'), (b.version_column, '$5'),
               -- The row is locked: everything that it contains by then, the prediction is of.
               (b.time_column, 'pg_catalog.statement_timestamp()')) AS c (name, value)
  JOIN pg_attribute AS a ON a.attrelid = b.relation AND a.attname = c.name
  JOIN pg_type AS t ON t.oid = a.atttypid
  CROSS JOIN LATERAL (SELECT coalesce(c.value, CASE
    WHEN t.typelem <> 0 AND t.typcategory = 'A' THEN format('"pgscore keys"."array"::%s', format_type(a.atttypid, -1))
    WHEN t.typnamespace <> 'pg_catalog'::regnamespace
      THEN format('pg_catalog.translate("pgscore keys"."array", ''{}'', ''[]'')::%s', format_type(a.atttypid, -1))
    ELSE '"pgscore keys".value' END)) AS w (value)
$$;
COMMENT ON FUNCTION pgscore_internal.written_columns(pgscore_internal.bindings) IS 'prediction columns of an async binding and what is written to them';

-- SET list of the UPDATE that writes predictions.
CREATE OR REPLACE FUNCTION pgscore_internal.assignments(b pgscore_internal.bindings)
RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT string_agg(format('%I = %s', w.name, w.value), ', ') FROM pgscore_internal.written_columns(b) AS w $$;
COMMENT ON FUNCTION pgscore_internal.assignments(pgscore_internal.bindings) IS 'SET list of the UPDATE that writes predictions';

-- Whether a row's columns say anything else than what is to be written: a row that two jobs name, or a backfill that
-- comes again, costs no second version of the row, and fires no trigger twice. Compared by stored bytes. NULL, and so
-- always written, where a column says when the row was scored.
CREATE OR REPLACE FUNCTION pgscore_internal.is_news(b pgscore_internal.bindings, alias text)
RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('pg_catalog.record_image_ne(ROW(%s), ROW(%s))', string_agg(format('%s.%I', alias, w.name), ', '),
                string_agg(format('(%s)::%s', w.value, w.type), ', '))
  FROM pgscore_internal.written_columns(b) AS w
  HAVING b.time_column IS NULL
$$;
COMMENT ON FUNCTION pgscore_internal.is_news(pgscore_internal.bindings, text) IS 'SQL that is true for a row whose prediction differs from what is there';

-- With the rights of whoever attached: a sidecar needs none on the table. Rows that a policy would hide are an error, not
-- rows that are gone. Dropped first, because the features decide what it returns; whoever attached owns it afterwards, too:
-- another's rights, those of a superuser who promotes, are none that a user's expressions may run with.
CREATE OR REPLACE FUNCTION pgscore_internal.replace_row_function(
  b pgscore_internal.bindings, kind text, arguments text, returns text, path text, before text, after text, given text
)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  name text := format('binding_%s_%s', b.id, kind);
  owner oid;
BEGIN
  SELECT p.proowner INTO owner FROM pg_proc AS p WHERE p.pronamespace = 'pgscore_internal'::regnamespace AND p.proname = name;
  PERFORM pgscore_internal.drop_functions(ARRAY(
    SELECT p.oid::regprocedure FROM pg_proc AS p WHERE p.pronamespace = 'pgscore_internal'::regnamespace AND p.proname = name));
  EXECUTE format(E'CREATE FUNCTION pgscore_internal.%I(%s)\nRETURNS %s LANGUAGE plpgsql SECURITY DEFINER\n'
                 'SET search_path = %s SET row_security = off SET enable_seqscan = off SET jit = off %s\nAS %L',
    name, arguments, returns, path, pgscore_internal.text_settings(),
    format(E'\n#variable_conflict use_column\nBEGIN\n  RETURN QUERY EXECUTE %L || pgscore_internal.binding_table(%s) || %L\n    USING %s;\nEND\n',
           before, b.id, after, given));
  EXECUTE format('REVOKE ALL ON FUNCTION pgscore_internal.%I FROM PUBLIC', name);
  EXECUTE format('GRANT EXECUTE ON FUNCTION pgscore_internal.%I TO %I', name,
                 (SELECT pg_get_userbyid(n.nspowner) FROM pg_namespace AS n WHERE n.nspname = 'pgscore_internal'));
  IF pg_get_userbyid(owner) <> current_user THEN
    EXECUTE format('ALTER FUNCTION pgscore_internal.%I OWNER TO %I', name, pg_get_userbyid(owner));
  END IF;
END
$$;
COMMENT ON FUNCTION pgscore_internal.replace_row_function(pgscore_internal.bindings, text, text, text, text, text, text, text) IS
  'creates one of the functions that a sidecar calls for a binding';

-- What a sidecar has to do, looked at every second: the async bindings, each with the version that its model's name
-- answers with. "reads" says that features come from other tables. "takes" is what value_column takes: value or values.
CREATE OR REPLACE FUNCTION pgscore_internal.sidecar_bindings()
RETURNS TABLE (id integer, model text, version integer, runs_in text, content_hash text, features integer, reads boolean,
               takes text, has_label boolean, relation text, value_column text, max_lag interval)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT b.id, b.model, v.version, v.runs_in, v.content_hash, jsonb_array_length(v.signature),
         EXISTS (SELECT FROM jsonb_each(b.features) AS f WHERE f.value ? 'reads'),
         CASE t.typcategory WHEN 'N' THEN 'value' ELSE 'values' END, b.label_column IS NOT NULL,
         format('%I.%I', n.nspname, c.relname), b.value_column, b.max_lag
  FROM pgscore_internal.bindings AS b
  JOIN pgscore_internal.models AS m ON m.name = b.model
  JOIN pgscore_internal.versions AS v ON v.model = m.name AND v.version = m.champion
  JOIN pg_class AS c ON c.oid = b.relation
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_attribute AS a ON a.attrelid = b.relation AND a.attname = b.value_column AND NOT a.attisdropped
  JOIN pg_type AS t ON t.oid = a.atttypid
  WHERE b.mode = 'async'
  ORDER BY b.id
$$;
COMMENT ON FUNCTION pgscore_internal.sidecar_bindings() IS 'the bindings that sidecars work for, with their champions';

-- What it takes to run a version, read once for each: ir and graph are large.
CREATE OR REPLACE FUNCTION pgscore_internal.sidecar_version(model text, version integer)
RETURNS TABLE (runs_in text, task text, signature jsonb, labels text[], ir bytea, graph jsonb, file_sha256 text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT v.runs_in, v.task, v.signature, v.labels, v.ir, v.graph, v.file_sha256
  FROM pgscore_internal.versions AS v WHERE v.model = sidecar_version.model AND v.version = sidecar_version.version
$$;
COMMENT ON FUNCTION pgscore_internal.sidecar_version(text, integer) IS 'all that a sidecar needs to run a version';
