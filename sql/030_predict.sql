-- predict() and its siblings: any model by name, from a row or from JSON.

-- Called in place of a result when the scoring function could not read the features: finds out what is wrong with
-- them and raises. Never returns. SECURITY DEFINER to read the signature, which it reveals to whoever may call predict().
CREATE OR REPLACE FUNCTION pgscore_internal.reject_features(model text, version integer, features jsonb)
RETURNS float8 LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  feature record;
  given jsonb;
  absent text[] := '{}';
  wrong text[] := '{}';
BEGIN
  IF jsonb_typeof(features) <> 'object' THEN
    RAISE EXCEPTION 'model %: the features are a JSON %, expected an object {feature: value, …}', model, jsonb_typeof(features)
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  FOR feature IN
    SELECT f ->> 'name' AS name, f ->> 'kind' AS kind
    FROM pgscore_internal.versions AS v, jsonb_array_elements(v.signature) WITH ORDINALITY AS s (f, position)
    WHERE v.model = reject_features.model AND v.version = reject_features.version
    ORDER BY position
  LOOP
    given := features -> feature.name;
    IF given IS NULL THEN
      absent := absent || quote_ident(feature.name);
    ELSIF NOT pgscore_internal.feature_fits(feature.kind, given) THEN
      wrong := wrong || format('%I is %s, expected a %s', feature.name, left(given::text, 100), feature.kind);
    END IF;
  END LOOP;
  RAISE EXCEPTION 'model %: %', model, concat_ws('; ',
      CASE WHEN absent <> '{}' THEN 'absent: ' || array_to_string(absent[1:20], ', ')
             || CASE WHEN cardinality(absent) > 20 THEN format(' and %s more', cardinality(absent) - 20) ELSE '' END END,
      nullif(array_to_string(wrong[1:20], '; '), ''))
    USING ERRCODE = 'invalid_parameter_value',
          HINT = 'Every feature must be given; null means missing. Numbers are JSON numbers (or "NaN", "Infinity", '
                 '"-Infinity"), texts JSON strings; true and false feed numbers as 1 and 0.';
END
$$;
COMMENT ON FUNCTION pgscore_internal.reject_features(text, integer, jsonb) IS 'raises the error that says which features are absent or of a wrong type';

CREATE OR REPLACE FUNCTION pgscore_internal.feature_fits(kind text, given jsonb)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE jsonb_typeof(given)
    WHEN 'null' THEN true
    WHEN 'string' THEN kind = 'text' OR given IN ('"NaN"', '"Infinity"', '"-Infinity"')
    WHEN 'boolean' THEN kind = 'number'
    -- Numbers that float8 cannot hold are refused, not turned into an infinity.
    WHEN 'number' THEN kind = 'number' AND abs((given #>> '{}')::numeric) <= 1.7976931348623157e308
    ELSE false
  END
$$;
COMMENT ON FUNCTION pgscore_internal.feature_fits(text, jsonb) IS 'whether a JSON value can feed a feature of this kind';

-- Writes predict(), predict_label(), predict_proba() and predict_raw() anew, from json and from jsonb, one branch a model:
-- a call costs no dynamic SQL, and each branch is planned, and its privileges checked, only when it is taken. The functions
-- run with their caller's rights and search_path; every name and operator in them is qualified.
CREATE OR REPLACE FUNCTION pgscore_internal.rebuild_dispatch()
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  form record;
  branches text;
  -- By way of a variable: a costly argument that is used several times would keep the function from being inlined.
  from_outputs text := E'outputs := pgscore_models.%2$I(features);\n    RETURN pgscore_models.%3$I(outputs);';
  refusal text := $refusal$RAISE EXCEPTION 'model %1$s runs in the sidecar: %4$s() cannot score rows with it'
      USING ERRCODE = 'feature_not_supported',
            HINT = 'Attach it, SELECT pgscore.attach(''%1$s'', table, mode => ''async''), and read the column; or ask pgscore sidecar over HTTP.';$refusal$;
BEGIN
  -- Deploys of two models at once would update the same functions. The second one has to see the first one's model.
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'models come and go in transactions of isolation level READ COMMITTED only, and this one is %',
        upper(current_setting('transaction_isolation'))
      USING ERRCODE = 'invalid_transaction_state', HINT = 'BEGIN ISOLATION LEVEL READ COMMITTED.';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('pgscore dispatch', 0));
  FOR form IN
    SELECT * FROM (VALUES
      ('predict', 'float8', 'RETURN pgscore_models.%2$I(features);', '__from_', ''),
      ('predict_label', 'text', from_outputs, '__outputs_from_', '__label'),
      ('predict_proba', 'jsonb', from_outputs, '__outputs_from_', '__proba'),
      ('predict_raw', 'float8[]', from_outputs, '__outputs_from_', '__raw')
    ) AS forms (name, result, statements, score, part), (VALUES ('json'), ('jsonb')) AS types (type)
  LOOP
    SELECT string_agg(
      format(E'  IF model OPERATOR(pg_catalog.=) %1$L THEN\n    '
               || CASE v.runs_in WHEN 'database' THEN form.statements ELSE refusal END || E'\n  END IF;\n',
             m.name, m.name || form.score || form.type, m.name || form.part, form.name), '' ORDER BY m.name)
    INTO branches
    FROM pgscore_internal.models AS m
    JOIN pgscore_internal.versions AS v ON v.model = m.name AND v.version = m.champion;
    EXECUTE format($function$
CREATE OR REPLACE FUNCTION pgscore.%I(model text, features %s)
RETURNS %s LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $dispatch$
DECLARE
  outputs pg_catalog.float8[];
BEGIN
  IF features IS NULL THEN
    RETURN NULL;
  END IF;
%s  RAISE EXCEPTION 'there is no model %%', coalesce(pg_catalog.quote_literal(model), 'NULL')
    USING ERRCODE = 'undefined_object', HINT = 'SELECT name FROM pgscore.models lists the models.';
END
$dispatch$
    $function$, form.name, form.type, form.result, branches);
  END LOOP;
END
$$;
COMMENT ON FUNCTION pgscore_internal.rebuild_dispatch() IS 'writes predict() and its siblings anew, one branch a model';

DO $$ BEGIN
  PERFORM pgscore_internal.read_json_as_jsonb(m.name) FROM pgscore_internal.models AS m
  JOIN pgscore_internal.versions AS v ON v.model = m.name AND v.version = m.champion
  WHERE v.runs_in = 'database'
    AND NOT EXISTS (SELECT FROM pg_proc AS p
                    WHERE p.pronamespace = 'pgscore_models'::regnamespace AND p.proname = m.name || '__from_json');
  PERFORM pgscore_internal.rebuild_dispatch();
END $$;

COMMENT ON FUNCTION pgscore.predict(text, jsonb) IS
  'the champion''s value for one row: regression value, probability of the positive class, index of the predicted class';
COMMENT ON FUNCTION pgscore.predict(text, json) IS 'as predict(text, jsonb), for features as json';
COMMENT ON FUNCTION pgscore.predict_label(text, jsonb) IS 'the name of the predicted class, NULL for models without classes';
COMMENT ON FUNCTION pgscore.predict_label(text, json) IS 'as predict_label(text, jsonb), for features as json';
COMMENT ON FUNCTION pgscore.predict_proba(text, jsonb) IS 'the probability of each class, {label: probability}; NULL for models without';
COMMENT ON FUNCTION pgscore.predict_proba(text, json) IS 'as predict_proba(text, jsonb), for features as json';
COMMENT ON FUNCTION pgscore.predict_raw(text, jsonb) IS 'the model''s scores before the link (margins, log-odds)';
COMMENT ON FUNCTION pgscore.predict_raw(text, json) IS 'as predict_raw(text, jsonb), for features as json';

-- A row as row_to_json() gives it, except where that gives something else than SQL casts do, and than a trigger therefore
-- sees: a real by its shortest digits (0.1, not 0.10000000149011612), a char(n) with its padding. Costs a look into the
-- catalog for a table's row, some 7 µs; 2 µs for any other row.
CREATE OR REPLACE FUNCTION pgscore.features_as_json(row_of_table record)
RETURNS json LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
DECLARE
  sent pg_catalog.bytea;
BEGIN
  IF pg_catalog.pg_typeof(row_of_table) OPERATOR(pg_catalog.<>) 'pg_catalog.record'::pg_catalog.regtype THEN
    -- A domain over a row type has no columns of its own.
    IF (
      SELECT t.typrelid OPERATOR(pg_catalog.<>) 0 AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid OPERATOR(pg_catalog.=) t.typrelid AND a.attnum OPERATOR(pg_catalog.>) 0
          AND (a.atttypid OPERATOR(pg_catalog.=) 700 OR a.atttypid OPERATOR(pg_catalog.=) 1042
               OR a.atttypid OPERATOR(pg_catalog.>=) 16384))
      FROM pg_catalog.pg_type AS t
      WHERE t.oid OPERATOR(pg_catalog.=) pg_catalog.pg_typeof(row_of_table)::pg_catalog.oid
    ) THEN
      RETURN pg_catalog.row_to_json(row_of_table);
    END IF;
  ELSE
    -- The row of a query has no entry in the catalog. Its binary form names its types by number: real 700, char 1042. A
    -- domain over these is not noticed here.
    sent := pg_catalog.record_send(row_of_table);
    IF pg_catalog.position(sent, pg_catalog.decode('000002bc', 'hex')) OPERATOR(pg_catalog.=) 0
       AND pg_catalog.position(sent, pg_catalog.decode('00000412', 'hex')) OPERATOR(pg_catalog.=) 0 THEN
      RETURN pg_catalog.row_to_json(row_of_table);
    END IF;
  END IF;
  RETURN pgscore.exact_features(row_of_table, pg_catalog.row_to_json(row_of_table));
END
$$;
COMMENT ON FUNCTION pgscore.features_as_json(record) IS 'part of predict() and features(): a table''s row as json, what a trigger on the table would read';

CREATE OR REPLACE FUNCTION pgscore.features(row_of_table record)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
BEGIN
  RETURN pgscore.features_as_json(row_of_table)::pg_catalog.jsonb;
END
$$;
COMMENT ON FUNCTION pgscore.features(record) IS 'a table''s row as features for predict(): what a trigger on the table would read';
DROP FUNCTION IF EXISTS pgscore.exact_features(record, jsonb);

-- The binary form of a row: the number of columns, then for each its type, its length (-1: NULL) and its bytes. What is
-- exact is appended: of members that share a name, the last counts.
CREATE OR REPLACE FUNCTION pgscore.exact_features(row_of_table record, features json)
RETURNS json LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  sent bytea := record_send(row_of_table);
  names text[] := ARRAY(SELECT k FROM json_object_keys(features) WITH ORDINALITY AS keys (k, n) ORDER BY n);
  exact text := '';
  at integer := 5;
  type oid;
BEGIN
  FOR i IN 1 .. cardinality(names) LOOP
    type := ('x' || encode(substring(sent FROM at FOR 4), 'hex'))::bit(32)::integer;
    at := at + 8 + greatest(('x' || encode(substring(sent FROM at + 4 FOR 4), 'hex'))::bit(32)::integer, 0);
    WHILE type >= 16384 AND EXISTS (SELECT FROM pg_type AS t WHERE t.oid = type AND t.typtype = 'd') LOOP
      type := (SELECT t.typbasetype FROM pg_type AS t WHERE t.oid = type);
    END LOOP;
    -- Of columns that share a name, the last counts too.
    CONTINUE WHEN names[i] = ANY (names[i + 1:]);
    IF type = 'float4'::regtype THEN
      exact := exact || format(',%s:%s', to_json(names[i]), coalesce(to_json((features ->> names[i])::float4::float8), 'null'));
    ELSIF type = 'bpchar'::regtype THEN
      exact := exact || format(',%s:%s', to_json(names[i]), coalesce(to_json((features ->> names[i])::bpchar::text), 'null'));
    END IF;
  END LOOP;
  RETURN left(features::text, -1) || exact || '}';
END
$$;
COMMENT ON FUNCTION pgscore.exact_features(record, json) IS
  'part of features_as_json(): corrects what row_to_json() made of real and char(n) columns';

-- The other forms a row may come in: a literal, a table's row. With these four, no call needs a cast.
-- (SQL functions cannot take a record, hence plpgsql for that form.)

CREATE OR REPLACE FUNCTION pgscore.predict(model text, features text)
RETURNS float8 LANGUAGE sql STABLE PARALLEL SAFE
RETURN pgscore.predict(model, features::json);
COMMENT ON FUNCTION pgscore.predict(text, text) IS 'as predict(text, json), for features as text';

CREATE OR REPLACE FUNCTION pgscore.predict(model text, features record)
RETURNS float8 LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
BEGIN
  RETURN pgscore.predict(model, pgscore.features_as_json(features));
END
$$;
COMMENT ON FUNCTION pgscore.predict(text, record) IS 'as predict(text, json), for features as a table''s row';

CREATE OR REPLACE FUNCTION pgscore.predict_label(model text, features text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN pgscore.predict_label(model, features::json);
COMMENT ON FUNCTION pgscore.predict_label(text, text) IS 'as predict_label(text, json), for features as text';

CREATE OR REPLACE FUNCTION pgscore.predict_label(model text, features record)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
BEGIN
  RETURN pgscore.predict_label(model, pgscore.features_as_json(features));
END
$$;
COMMENT ON FUNCTION pgscore.predict_label(text, record) IS 'as predict_label(text, json), for features as a table''s row';

CREATE OR REPLACE FUNCTION pgscore.predict_proba(model text, features text)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE
RETURN pgscore.predict_proba(model, features::json);
COMMENT ON FUNCTION pgscore.predict_proba(text, text) IS 'as predict_proba(text, json), for features as text';

CREATE OR REPLACE FUNCTION pgscore.predict_proba(model text, features record)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
BEGIN
  RETURN pgscore.predict_proba(model, pgscore.features_as_json(features));
END
$$;
COMMENT ON FUNCTION pgscore.predict_proba(text, record) IS 'as predict_proba(text, json), for features as a table''s row';

CREATE OR REPLACE FUNCTION pgscore.predict_raw(model text, features text)
RETURNS float8[] LANGUAGE sql STABLE PARALLEL SAFE
RETURN pgscore.predict_raw(model, features::json);
COMMENT ON FUNCTION pgscore.predict_raw(text, text) IS 'as predict_raw(text, json), for features as text';

CREATE OR REPLACE FUNCTION pgscore.predict_raw(model text, features record)
RETURNS float8[] LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
BEGIN
  RETURN pgscore.predict_raw(model, pgscore.features_as_json(features));
END
$$;
COMMENT ON FUNCTION pgscore.predict_raw(text, record) IS 'as predict_raw(text, json), for features as a table''s row';
