-- The trigger function and the triggers of one binding, written out for its table and model.

-- Three triggers share the function. "insert" scores new rows; "update" scores rows whose features changed, whoever
-- changed them: a WHEN condition sees what earlier triggers did, UPDATE OF would not; "rewrite" answers a statement
-- that writes the prediction columns itself, so that nobody can make them untrue (the backfill works through it).
-- Names start with zz: triggers fire in the order of their names, and this one must see what the others made of the row.
-- The WHEN conditions also make PostgreSQL refuse to drop or retype a column that feeds the binding.
CREATE OR REPLACE FUNCTION pgscore_internal.build_binding(binding integer)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  b pgscore_internal.bindings;
  champion pgscore_internal.versions;
  fed jsonb;
  read text[];
  predictions text[];
  old_and_new text;
  function text := 'binding_' || binding;
BEGIN
  SELECT t.* INTO b FROM pgscore_internal.bindings AS t WHERE t.id = binding;
  champion := pgscore_internal.require_champion(b.model);
  fed := pgscore_internal.resolve_features(b.model, champion.signature, b.relation, b.features, b.search_path);
  read := ARRAY(SELECT DISTINCT i FROM jsonb_array_elements(fed) AS f (e), jsonb_array_elements_text(e -> 'inputs') AS s (i) ORDER BY i);
  predictions := array_remove(ARRAY[b.value_column, b.label_column, b.version_column, b.time_column], NULL);
  PERFORM pgscore_internal.refuse_own_output(b, read, predictions);
  UPDATE pgscore_internal.bindings AS t
  -- What the map says of features that this version does not have is kept for a version that has them.
  SET features = t.features || (SELECT jsonb_object_agg(e ->> 'name', CASE WHEN e ? 'reads' THEN jsonb_build_object('sql', e -> 'sql', 'reads', e -> 'reads')
                                                            WHEN e ? 'sql' THEN jsonb_build_object('sql', e -> 'sql')
                                                            ELSE jsonb_build_object('column', e -> 'column') END)
                  FROM jsonb_array_elements(fed) AS f (e)),
      inputs = read,
      generated = pgscore_internal.generated_columns(b.relation, fed)
  WHERE t.id = binding
  RETURNING t.* INTO b;

  IF b.mode = 'async' THEN
    PERFORM pgscore_internal.build_async_binding(b, fed);
    RETURN;
  END IF;
  IF EXISTS (SELECT FROM jsonb_each(b.features) AS f WHERE f.value ? 'reads') THEN
    RAISE EXCEPTION '"reads" of feature % is for async bindings: a trigger scores a row when the row is written',
      (SELECT string_agg(quote_ident(f.key), ', ') FROM jsonb_each(b.features) AS f WHERE f.value ? 'reads')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Attach with mode => ''async'', or leave "reads" out.';
  END IF;
  PERFORM pgscore_internal.write_binding_functions(b, fed);
  EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION pgscore_internal.%I()',
                 pgscore_internal.trigger_name(binding, 'insert', b.model), b.relation, function);
  -- As records, compared by stored bytes: that exists for every type, and sees changes that an equality would not.
  -- By function, not by the operators *<> and *=: between two ROW(…) these survive no dump.
  SELECT format('ROW(%s), ROW(%s)', string_agg(format('OLD.%I', i), ', '), string_agg(format('NEW.%I', i), ', '))
  INTO old_and_new
  FROM unnest(read) AS columns (i);
  IF read <> '{}' THEN
    EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE UPDATE ON %s FOR EACH ROW WHEN (pg_catalog.record_image_ne(%s)) EXECUTE FUNCTION pgscore_internal.%I()',
                   pgscore_internal.trigger_name(binding, 'update', b.model), b.relation, old_and_new, function);
  ELSE
    PERFORM pgscore_internal.drop_triggers(binding, ARRAY['update']);
  END IF;
  EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE UPDATE OF %s ON %s FOR EACH ROW %s EXECUTE FUNCTION pgscore_internal.%I()',
                 pgscore_internal.trigger_name(binding, 'rewrite', b.model),
                 (SELECT string_agg(quote_ident(p), ', ') FROM unnest(predictions) AS columns (p)), b.relation,
                 CASE WHEN read <> '{}' THEN format('WHEN (pg_catalog.record_image_eq(%s))', old_and_new) ELSE '' END, function);
END
$$;
COMMENT ON FUNCTION pgscore_internal.build_binding(integer) IS 'writes a binding''s trigger function and triggers for the present champion';

-- The functions that a binding's triggers and sidecars call.
CREATE OR REPLACE FUNCTION pgscore_internal.write_binding_functions(b pgscore_internal.bindings, fed jsonb)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  read pgscore_internal.binding_reads;
BEGIN
  IF b.mode = 'sync' THEN
    PERFORM pgscore_internal.build_key_lookup(b, fed);
    EXECUTE pgscore_internal.trigger_function(b, fed);
  ELSE
    PERFORM pgscore_internal.build_row_functions(b, fed);
    EXECUTE pgscore_internal.async_trigger_function(b);
  END IF;
  EXECUTE format('REVOKE ALL ON FUNCTION pgscore_internal.%I() FROM PUBLIC', format('binding_%s', b.id));
  FOR read IN SELECT r.* FROM pgscore_internal.binding_reads AS r WHERE r.binding = b.id LOOP
    EXECUTE pgscore_internal.reads_trigger_function(b, read);
    EXECUTE format('REVOKE ALL ON FUNCTION pgscore_internal.%I() FROM PUBLIC', format('binding_%s_reads_%s', b.id, read.position));
  END LOOP;
END
$$;
COMMENT ON FUNCTION pgscore_internal.write_binding_functions(pgscore_internal.bindings, jsonb) IS 'writes the functions of a binding';

-- A prediction that feeds its own model would never come to rest.
CREATE OR REPLACE FUNCTION pgscore_internal.refuse_own_output(b pgscore_internal.bindings, inputs text[], predictions text[])
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF inputs && predictions THEN
    RAISE EXCEPTION 'column % of % would feed model % and take its prediction', quote_ident((
        SELECT i FROM unnest(inputs) AS columns (i) WHERE i = ANY (predictions) LIMIT 1)), b.relation, b.model
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Name another column for the prediction.';
  END IF;
END
$$;
COMMENT ON FUNCTION pgscore_internal.refuse_own_output(pgscore_internal.bindings, text[], text[]) IS 'raises when a column both feeds and is written';

-- SECURITY DEFINER: whoever may write the table need not be allowed to call the model. Every name in the body is
-- qualified, so it needs no pinned search_path; one is pinned where a user's expressions are in it.
CREATE OR REPLACE FUNCTION pgscore_internal.trigger_function(b pgscore_internal.bindings, features jsonb)
RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  has_expressions boolean := EXISTS (SELECT FROM jsonb_array_elements(features) AS f (e) WHERE e ? 'sql');
  from_row_source boolean := has_expressions OR b.generated <> '{}';
  source text := CASE WHEN from_row_source THEN (SELECT quote_ident(c.relname) FROM pg_class AS c WHERE c.oid = b.relation) ELSE 'NEW' END;
  arguments text := (
    SELECT pgscore_internal.call_arguments(array_agg(format(e ->> 'argument', source) ORDER BY position),
                                           array_agg(e ->> 'kind' ORDER BY position))
    FROM jsonb_array_elements(features) WITH ORDINALITY AS f (e, position)
  );
  score text := format('pgscore_models.%I(%s)', b.model || CASE WHEN b.label_column IS NULL THEN '' ELSE '__outputs' END, arguments);
  target text := CASE WHEN b.label_column IS NULL THEN format('NEW.%I', b.value_column) ELSE 'outputs' END;
  body text;
BEGIN
  body := CASE
    WHEN from_row_source THEN format(E'  %s := (\n    SELECT %s\n    FROM %s\n  );\n', target, score,
                                     pgscore_internal.row_source(b, source))
    ELSE format(E'  %s := %s;\n', target, score)
  END;
  IF b.label_column IS NOT NULL THEN
    body := body || format(E'  NEW.%I := outputs[1];\n  NEW.%I := pgscore_models.%I(outputs);\n',
                           b.value_column, b.label_column, b.model || '__label');
  END IF;
  IF b.version_column IS NOT NULL THEN
    body := body || format(E'  NEW.%I := pgscore_models.%I();\n', b.version_column, b.model || '__version');
  END IF;
  IF b.time_column IS NOT NULL THEN
    body := body || format(E'  NEW.%I := pg_catalog.now();\n', b.time_column);
  END IF;
  IF b.on_error = 'null' THEN
    body := pgscore_internal.guarded_body(b, body);
  END IF;
  RETURN format(E'CREATE OR REPLACE FUNCTION pgscore_internal.%I()\nRETURNS trigger LANGUAGE plpgsql SECURITY DEFINER%s\nAS %L',
    'binding_' || b.id,
    CASE WHEN has_expressions THEN format(E'\nSET search_path = %s', concat_ws(', ', nullif(b.search_path, ''), 'pg_temp')) ELSE '' END,
    format(E'\n-- Keeps %s.%I true: the prediction of model %s.\n#variable_conflict use_column\n%sBEGIN\n%s  RETURN NEW;\nEND\n',
           b.relation, b.value_column, b.model,
           CASE WHEN b.label_column IS NULL THEN '' ELSE E'DECLARE\n  outputs pg_catalog.float8[];\n' END, body));
END
$$;
COMMENT ON FUNCTION pgscore_internal.trigger_function(pgscore_internal.bindings, jsonb) IS 'the CREATE FUNCTION of a binding''s trigger function';

-- NEW as a row of its table, under the table's name, so that expressions may say customers.tenure or just tenure;
-- generated columns, which are still empty at that time, are computed here as PostgreSQL will compute them.
CREATE OR REPLACE FUNCTION pgscore_internal.row_source(b pgscore_internal.bindings, alias text)
RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('(SELECT stored.*%s FROM (SELECT %s) AS stored) AS %s',
    (SELECT string_agg(format(', (%s) AS %I', g.value, g.key), '' ORDER BY g.key) FROM jsonb_each_text(b.generated) AS g),
    coalesce((SELECT string_agg(format('NEW.%1$I AS %1$I', i), ', ') FROM unnest(b.inputs) AS columns (i)), '1'),
    alias)
$$;
COMMENT ON FUNCTION pgscore_internal.row_source(pgscore_internal.bindings, text) IS 'NEW as a FROM item under the table''s name';

CREATE OR REPLACE FUNCTION pgscore_internal.generated_columns(relation regclass, features jsonb)
RETURNS jsonb LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(jsonb_object_agg(a.attname, pg_get_expr(d.adbin, d.adrelid)), '{}')
  FROM pg_attribute AS a JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = relation AND a.attgenerated <> ''
    AND EXISTS (SELECT FROM jsonb_array_elements(features) AS f (e) WHERE e -> 'generated' ? a.attname)
$$;
COMMENT ON FUNCTION pgscore_internal.generated_columns(regclass, jsonb) IS 'the generated columns that features read, with their expressions';

-- Types that users make come as text, by their output functions: casts of theirs would run with this function's rights.
CREATE OR REPLACE FUNCTION pgscore_internal.row_key(relation regclass)
RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('pg_catalog.jsonb_build_object(%s)', string_agg(format(
      CASE WHEN t.typnamespace = 'pg_catalog'::regnamespace THEN '%L, NEW.%I' ELSE '%L, pg_catalog.format(''%%s'', NEW.%I)' END,
      a.attname, a.attname), ', ' ORDER BY a.attnum))
  FROM pg_index AS i
  JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
  JOIN pg_type AS t ON t.oid = a.atttypid
  WHERE i.indrelid = relation AND i.indisprimary AND a.attgenerated = ''
  HAVING count(*) > 0
$$;
COMMENT ON FUNCTION pgscore_internal.row_key(regclass) IS 'SQL for the primary key of NEW as jsonb, NULL without one';

-- PLJS gives every exception the same message, and what was thrown as the detail, above its stack.
CREATE OR REPLACE FUNCTION pgscore_internal.error_message(message text, detail text)
RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE WHEN message = 'execution error' AND detail <> '' THEN regexp_replace(split_part(detail, E'\n', 1), '^Error: ', '') ELSE message END $$;
COMMENT ON FUNCTION pgscore_internal.error_message(text, text) IS 'the message of an error, or what JavaScript threw';

-- on_error = null: the row is written without a prediction and the error is kept. A cancelled statement still stops.
CREATE OR REPLACE FUNCTION pgscore_internal.guarded_body(b pgscore_internal.bindings, body text)
RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format(E'  BEGIN\n%s  EXCEPTION WHEN OTHERS THEN\n%s'
                 '    DECLARE\n      thrown pg_catalog.text;\n    BEGIN\n'
                 '      GET STACKED DIAGNOSTICS thrown = PG_EXCEPTION_DETAIL;\n'
                 '      INSERT INTO pgscore_internal.errors (binding, version, operation, row_key, sqlstate, message)\n'
                 '      VALUES (%s, pgscore_models.%I(), TG_OP, %s, SQLSTATE, pgscore_internal.error_message(SQLERRM, thrown));\n'
                 '    END;\n  END;\n',
    body,
    (SELECT string_agg(format(E'    NEW.%I := NULL;\n', p), '')
     FROM unnest(array_remove(ARRAY[b.value_column, b.label_column, b.version_column, b.time_column], NULL)) AS columns (p)),
    b.id, b.model || '__version',
    coalesce(pgscore_internal.row_key(b.relation), 'NULL'))
$$;
COMMENT ON FUNCTION pgscore_internal.guarded_body(pgscore_internal.bindings, text) IS 'a trigger body that records errors in place of raising them';
