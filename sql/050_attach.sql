-- Bindings: attach() and detach(), and the triggers that keep a prediction true.

CREATE OR REPLACE FUNCTION pgscore_internal.attach(
  model text, relation regclass, value_column text, features jsonb, label_column text, version_column text,
  time_column text, on_error text, mode text, max_lag interval, search_path text
)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  champion pgscore_internal.versions;
  binding integer;
BEGIN
  IF on_error NOT IN ('raise', 'null') OR on_error IS NULL THEN
    RAISE EXCEPTION 'on_error is %, expected raise or null', quote_nullable(on_error) USING ERRCODE = 'invalid_parameter_value';
  ELSIF mode NOT IN ('sync', 'async') OR mode IS NULL THEN
    RAISE EXCEPTION 'mode is %, expected sync or async', quote_nullable(mode) USING ERRCODE = 'invalid_parameter_value';
  ELSIF max_lag IS NOT NULL AND (mode = 'sync' OR max_lag <= interval '0') THEN
    RAISE EXCEPTION 'max_lag is %, expected %', max_lag,
      CASE mode WHEN 'sync' THEN 'none: a sync binding never lags' ELSE 'more than nothing' END
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pgscore_internal.lock_model(model);
  PERFORM pgscore_internal.forget_gone_tables();
  champion := pgscore_internal.require_champion(model);
  PERFORM pgscore_internal.require_mode(champion, mode);
  PERFORM pgscore_internal.require_table(relation);
  PERFORM pgscore_internal.require_free_column(relation, value_column);
  PERFORM pgscore_internal.require_known_features(champion, features);
  -- Nobody writes rows between the columns and the triggers.
  EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', relation);
  PERFORM pgscore_internal.provide_value_column(relation, value_column, champion);
  PERFORM pgscore_internal.provide_column(relation, label_column, 'text', ARRAY['text', 'varchar', 'bpchar']);
  PERFORM pgscore_internal.provide_column(relation, version_column, 'integer', ARRAY['int4', 'int8', 'int2']);
  PERFORM pgscore_internal.provide_column(relation, time_column, 'timestamp with time zone', ARRAY['timestamptz']);
  INSERT INTO pgscore_internal.bindings (
    model, relation, value_column, label_column, version_column, time_column, features, search_path, on_error, mode, max_lag
  ) VALUES (
    attach.model, attach.relation, attach.value_column, attach.label_column, attach.version_column, attach.time_column,
    attach.features, attach.search_path, attach.on_error, attach.mode, attach.max_lag
  ) RETURNING id INTO binding;
  PERFORM pgscore_internal.build_binding(binding);
  RAISE NOTICE '% is attached to %.%: rows written from now on are scored%; pgscore backfill % scores those that are there',
    model, relation, quote_ident(value_column), CASE mode WHEN 'async' THEN ' by pgscore sidecar' ELSE '' END, model;
END
$$;
COMMENT ON FUNCTION pgscore_internal.attach(text, regclass, text, jsonb, text, text, text, text, text, interval, text) IS
  'attach(), with the search_path that expressions are to be read with';

CREATE OR REPLACE FUNCTION pgscore.attach(
  model text,
  relation regclass,
  value_column text DEFAULT NULL,
  features jsonb DEFAULT '{}',
  label_column text DEFAULT NULL,
  version_column text DEFAULT NULL,
  time_column text DEFAULT NULL,
  on_error text DEFAULT 'raise',
  mode text DEFAULT 'sync',
  max_lag interval DEFAULT NULL
)
-- No search_path of its own: expressions among the features mean what they mean to the caller.
RETURNS void LANGUAGE sql
AS $$
  SELECT pgscore_internal.attach(
    model, relation, coalesce(value_column, model || '_score'), coalesce(features, '{}'::pg_catalog.jsonb),
    label_column, version_column, time_column, on_error, mode, max_lag, pg_catalog.current_setting('search_path')
  )
$$;
COMMENT ON FUNCTION pgscore.attach(text, regclass, text, jsonb, text, text, text, text, text, interval) IS
  'binds a model to a table: features come from columns of the same name, or as the map says ({"feature": "column"} or '
  '{"feature": {"sql": "expression"}}); the prediction columns are created when missing; on_error is raise or null; '
  'mode is sync (scored in the statement) or async (by pgscore sidecar, max_lag being how late it may come)';

CREATE OR REPLACE FUNCTION pgscore_internal.require_champion(model text)
RETURNS pgscore_internal.versions LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pgscore_internal.require_model(model);
  RETURN pgscore_internal.require_version(model, (SELECT m.champion FROM pgscore_internal.models AS m WHERE m.name = model));
END
$$;
COMMENT ON FUNCTION pgscore_internal.require_champion(text) IS 'the model''s champion, or an error';

CREATE OR REPLACE FUNCTION pgscore_internal.require_table(relation regclass)
RETURNS void LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  class pg_class;
BEGIN
  SELECT c.* INTO class FROM pg_class AS c WHERE c.oid = relation;
  IF class.relkind NOT IN ('r', 'p') OR class.relkind IS NULL THEN
    RAISE EXCEPTION '% is no table', coalesce(relation::text, 'NULL')
      USING ERRCODE = 'wrong_object_type', HINT = 'A model is attached to an ordinary or a partitioned table.';
  ELSIF class.relispartition THEN
    RAISE EXCEPTION '% is a partition', relation
      USING ERRCODE = 'wrong_object_type',
            HINT = format('Attach the model to the partitioned table: %s.', pg_partition_root(relation));
  END IF;
END
$$;
COMMENT ON FUNCTION pgscore_internal.require_table(regclass) IS 'raises unless a model can be attached to the relation';

CREATE OR REPLACE FUNCTION pgscore_internal.require_free_column(relation regclass, value_column text)
RETURNS void LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  holder text := (SELECT b.model FROM pgscore_internal.bindings AS b
                  WHERE b.relation = require_free_column.relation AND b.value_column = require_free_column.value_column);
BEGIN
  IF holder IS NOT NULL THEN
    RAISE EXCEPTION '%.% takes the predictions of model % already', relation, quote_ident(value_column), holder
      USING ERRCODE = 'duplicate_object',
            HINT = format('Name another column, or detach it first: SELECT pgscore.detach(%L, %L, %L).', holder, relation, value_column);
  END IF;
END
$$;
COMMENT ON FUNCTION pgscore_internal.require_free_column(regclass, text) IS 'raises when another binding writes to the column';

CREATE OR REPLACE FUNCTION pgscore_internal.require_known_features(champion pgscore_internal.versions, features jsonb)
RETURNS void LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  unknown text;
BEGIN
  IF jsonb_typeof(features) <> 'object' THEN
    RAISE EXCEPTION 'features is a JSON %, expected an object {feature: column or {"sql": expression}}', jsonb_typeof(features)
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT string_agg(quote_ident(k), ', ' ORDER BY k) INTO unknown
  FROM jsonb_object_keys(features) AS keys (k)
  WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(champion.signature) AS s (f) WHERE f ->> 'name' = k);
  IF unknown IS NOT NULL THEN
    RAISE EXCEPTION 'model % has no features named %', champion.model, unknown
      USING ERRCODE = 'undefined_object',
            HINT = format('Its features: %s.', pgscore_internal.argument_list(champion.signature));
  END IF;
END
$$;
COMMENT ON FUNCTION pgscore_internal.require_known_features(pgscore_internal.versions, jsonb) IS
  'raises when the map names features that the model does not have';

-- Creates a prediction column, or checks that the one there can take what will be written. A null name asks for nothing.
CREATE OR REPLACE FUNCTION pgscore_internal.provide_column(relation regclass, column_name text, type text, accepted text[])
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  attribute record;
BEGIN
  SELECT a.attnum, a.attgenerated, a.attidentity, t.typname, t.typnamespace, format_type(a.atttypid, a.atttypmod) AS shown
  INTO attribute
  FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
  WHERE a.attrelid = relation AND a.attname = column_name AND NOT a.attisdropped;
  IF column_name IS NULL THEN
    RETURN;
  ELSIF attribute.attnum IS NULL THEN
    EXECUTE format('ALTER TABLE %s ADD COLUMN %I %s', relation, column_name, type);
  ELSIF attribute.attnum < 0 OR attribute.attgenerated <> '' OR attribute.attidentity <> ''
        OR attribute.typnamespace <> 'pg_catalog'::regnamespace OR attribute.typname <> ALL (accepted) THEN
    RAISE EXCEPTION 'column % of % cannot take predictions: it is %', quote_ident(column_name), relation,
      CASE WHEN attribute.attnum < 0 THEN 'a system column' WHEN attribute.attgenerated <> '' THEN 'generated'
           WHEN attribute.attidentity <> '' THEN 'an identity column' ELSE 'of type ' || attribute.shown END
      USING ERRCODE = 'datatype_mismatch', HINT = format('Expected a column of type %s, or none: it is created then.', type);
  END IF;
END
$$;
COMMENT ON FUNCTION pgscore_internal.provide_column(regclass, text, text, text[]) IS 'creates a prediction column or checks its type';

-- A number for a value. A model that gives arrays (an embedding) fills an array column, or one of pgvector's types.
CREATE OR REPLACE FUNCTION pgscore_internal.provide_value_column(relation regclass, value_column text, champion pgscore_internal.versions)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  present oid := (SELECT a.atttypid FROM pg_attribute AS a
                  WHERE a.attrelid = relation AND a.attname = value_column AND a.attnum > 0 AND NOT a.attisdropped);
  gives_value boolean := champion.graph IS NULL OR champion.graph #> '{output,value}' IS NOT NULL;
  gives_values boolean := champion.graph #> '{output,values}' IS NOT NULL;
BEGIN
  IF gives_values AND pgscore_internal.is_vector(present) THEN
    RETURN;
  ELSIF gives_values AND (NOT gives_value OR present IN ('float8[]'::regtype, 'float4[]'::regtype)) THEN
    PERFORM pgscore_internal.provide_column(relation, value_column, 'double precision[]', ARRAY['_float8', '_float4']);
  ELSE
    PERFORM pgscore_internal.provide_column(relation, value_column, 'double precision', ARRAY['float8', 'float4', 'numeric']);
  END IF;
END
$$;
COMMENT ON FUNCTION pgscore_internal.provide_value_column(regclass, text, pgscore_internal.versions) IS
  'creates the column for a model''s value or array, or checks its type';

CREATE OR REPLACE FUNCTION pgscore.detach(model text, relation regclass, value_column text DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  found integer[];
BEGIN
  PERFORM pgscore_internal.require_model(model);
  PERFORM pgscore_internal.lock_model(model);
  PERFORM pgscore_internal.forget_gone_tables();
  SELECT array_agg(b.id) INTO found FROM pgscore_internal.bindings AS b
  WHERE b.model = detach.model AND b.relation = detach.relation
    AND (detach.value_column IS NULL OR b.value_column = detach.value_column);
  IF found IS NULL THEN
    RAISE EXCEPTION 'model % is not attached to %', model, concat_ws('.', relation::text, quote_ident(value_column))
      USING ERRCODE = 'undefined_object', HINT = 'SELECT * FROM pgscore.bindings lists what is attached.';
  END IF;
  -- As workers of a backfill do it, the table before the binding's own rows: neither blocks the other for good.
  EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', relation);
  -- First: the guard refuses to lose a trigger of a binding that is still known.
  DELETE FROM pgscore_internal.bindings AS b WHERE b.id = ANY (found);
  FOR i IN 1 .. cardinality(found) LOOP
    PERFORM pgscore_internal.drop_triggers(found[i], ARRAY['insert', 'update', 'rewrite', 'delete', 'truncate', 'columns']);
    PERFORM pgscore_internal.forget_binding(found[i]);
  END LOOP;
END
$$;
COMMENT ON FUNCTION pgscore.detach(text, regclass, text) IS
  'removes a binding''s triggers; the prediction columns stay as they are, and are no longer kept true';

-- What is left of a binding whose triggers are gone.
CREATE OR REPLACE FUNCTION pgscore_internal.forget_binding(binding integer)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pgscore_internal.drop_reads(binding);
  PERFORM pgscore_internal.drop_functions(ARRAY(
    SELECT p.oid::regprocedure FROM pg_proc AS p
    WHERE p.pronamespace = 'pgscore_internal'::regnamespace
      AND (p.proname = format('binding_%s', binding) OR starts_with(p.proname, format('binding_%s_', binding)))));
  DELETE FROM pgscore_internal.jobs AS j WHERE j.binding = forget_binding.binding;
END
$$;
COMMENT ON FUNCTION pgscore_internal.forget_binding(integer) IS 'drops a binding''s functions and jobs';

-- The id with leading zeros: bindings of one table fire in the order in which they were attached.
CREATE OR REPLACE FUNCTION pgscore_internal.trigger_name(binding integer, kind text, model text)
RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT left(format('zz_pgscore_%s_%s_%s', lpad(binding::text, 6, '0'), kind, model), 63) $$;
COMMENT ON FUNCTION pgscore_internal.trigger_name(integer, text, text) IS 'name of a binding''s trigger; kind is insert, update, rewrite, delete, truncate or columns';

CREATE OR REPLACE FUNCTION pgscore_internal.drop_triggers(binding integer, kinds text[])
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  trigger record;
BEGIN
  FOR trigger IN
    SELECT t.tgname, t.tgrelid::regclass AS relation FROM pg_trigger AS t
    WHERE t.tgfoid = to_regproc('pgscore_internal.binding_' || binding) AND t.tgparentid = 0
      AND EXISTS (SELECT FROM unnest(kinds) AS s (k) WHERE starts_with(t.tgname, pgscore_internal.trigger_name(binding, k, '')))
  LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', trigger.tgname, trigger.relation);
  END LOOP;
END
$$;
COMMENT ON FUNCTION pgscore_internal.drop_triggers(integer, text[]) IS 'drops triggers of a binding';
