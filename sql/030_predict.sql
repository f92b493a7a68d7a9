-- predict() and its siblings: any model by name, from a row or from jsonb.

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

-- Writes predict(), predict_label(), predict_proba() and predict_raw() anew, one branch a model: a call costs no
-- dynamic SQL, and each branch is planned, and its privileges checked, only when it is taken. The functions run with
-- their caller's rights and search_path; every name and operator in them is qualified.
CREATE OR REPLACE FUNCTION pgscore_internal.rebuild_dispatch()
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  form record;
  branches text;
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
      ('predict', 'float8', 'pgscore_models.%2$I(features)', '__from_jsonb', ''),
      ('predict_label', 'text', 'pgscore_models.%3$I(pgscore_models.%2$I(features))', '__outputs_from_jsonb', '__label'),
      ('predict_proba', 'jsonb', 'pgscore_models.%3$I(pgscore_models.%2$I(features))', '__outputs_from_jsonb', '__proba'),
      ('predict_raw', 'float8[]', 'pgscore_models.%3$I(pgscore_models.%2$I(features))', '__outputs_from_jsonb', '__raw')
    ) AS forms (name, result, call, score, part)
  LOOP
    SELECT string_agg(
      format(E'  IF model OPERATOR(pg_catalog.=) %1$L THEN\n    RETURN ' || form.call || E';\n  END IF;\n',
             m.name, m.name || form.score, m.name || form.part), '' ORDER BY m.name)
    INTO branches
    FROM pgscore_internal.models AS m
    WHERE m.champion IS NOT NULL;
    EXECUTE format($function$
CREATE OR REPLACE FUNCTION pgscore.%I(model text, features jsonb)
RETURNS %s LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $dispatch$
BEGIN
  IF features IS NULL THEN
    RETURN NULL;
  END IF;
%s  RAISE EXCEPTION 'there is no model %%', coalesce(pg_catalog.quote_literal(model), 'NULL')
    USING ERRCODE = 'undefined_object', HINT = 'SELECT name FROM pgscore.models lists the models.';
END
$dispatch$
    $function$, form.name, form.result, branches);
  END LOOP;
END
$$;
COMMENT ON FUNCTION pgscore_internal.rebuild_dispatch() IS 'writes predict() and its siblings anew, one branch a model';

DO $$ BEGIN PERFORM pgscore_internal.rebuild_dispatch(); END $$;

COMMENT ON FUNCTION pgscore.predict(text, jsonb) IS
  'the champion''s value for one row: regression value, probability of the positive class, index of the predicted class';
COMMENT ON FUNCTION pgscore.predict_label(text, jsonb) IS 'the name of the predicted class, NULL for models without classes';
COMMENT ON FUNCTION pgscore.predict_proba(text, jsonb) IS 'the probability of each class, {label: probability}; NULL for models without';
COMMENT ON FUNCTION pgscore.predict_raw(text, jsonb) IS 'the model''s scores before the link (margins, log-odds)';

-- The other forms a row may come in: a literal, json, a table's row. With these four, no call needs a cast.
-- (SQL functions cannot take a record, hence plpgsql for that form.)

CREATE OR REPLACE FUNCTION pgscore.predict(model text, features json)
RETURNS float8 LANGUAGE sql STABLE PARALLEL SAFE
RETURN pgscore.predict(model, features::jsonb);
COMMENT ON FUNCTION pgscore.predict(text, json) IS 'as predict(text, jsonb), for features as json';

CREATE OR REPLACE FUNCTION pgscore.predict(model text, features text)
RETURNS float8 LANGUAGE sql STABLE PARALLEL SAFE
RETURN pgscore.predict(model, features::jsonb);
COMMENT ON FUNCTION pgscore.predict(text, text) IS 'as predict(text, jsonb), for features as text';

CREATE OR REPLACE FUNCTION pgscore.predict(model text, features record)
RETURNS float8 LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
BEGIN
  RETURN pgscore.predict(model, pg_catalog.to_jsonb(features));
END
$$;
COMMENT ON FUNCTION pgscore.predict(text, record) IS 'as predict(text, jsonb), for features as a table''s row';

CREATE OR REPLACE FUNCTION pgscore.predict_label(model text, features json)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN pgscore.predict_label(model, features::jsonb);
COMMENT ON FUNCTION pgscore.predict_label(text, json) IS 'as predict_label(text, jsonb), for features as json';

CREATE OR REPLACE FUNCTION pgscore.predict_label(model text, features text)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN pgscore.predict_label(model, features::jsonb);
COMMENT ON FUNCTION pgscore.predict_label(text, text) IS 'as predict_label(text, jsonb), for features as text';

CREATE OR REPLACE FUNCTION pgscore.predict_label(model text, features record)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
BEGIN
  RETURN pgscore.predict_label(model, pg_catalog.to_jsonb(features));
END
$$;
COMMENT ON FUNCTION pgscore.predict_label(text, record) IS 'as predict_label(text, jsonb), for features as a table''s row';

CREATE OR REPLACE FUNCTION pgscore.predict_proba(model text, features json)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE
RETURN pgscore.predict_proba(model, features::jsonb);
COMMENT ON FUNCTION pgscore.predict_proba(text, json) IS 'as predict_proba(text, jsonb), for features as json';

CREATE OR REPLACE FUNCTION pgscore.predict_proba(model text, features text)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE
RETURN pgscore.predict_proba(model, features::jsonb);
COMMENT ON FUNCTION pgscore.predict_proba(text, text) IS 'as predict_proba(text, jsonb), for features as text';

CREATE OR REPLACE FUNCTION pgscore.predict_proba(model text, features record)
RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
BEGIN
  RETURN pgscore.predict_proba(model, pg_catalog.to_jsonb(features));
END
$$;
COMMENT ON FUNCTION pgscore.predict_proba(text, record) IS 'as predict_proba(text, jsonb), for features as a table''s row';

CREATE OR REPLACE FUNCTION pgscore.predict_raw(model text, features json)
RETURNS float8[] LANGUAGE sql STABLE PARALLEL SAFE
RETURN pgscore.predict_raw(model, features::jsonb);
COMMENT ON FUNCTION pgscore.predict_raw(text, json) IS 'as predict_raw(text, jsonb), for features as json';

CREATE OR REPLACE FUNCTION pgscore.predict_raw(model text, features text)
RETURNS float8[] LANGUAGE sql STABLE PARALLEL SAFE
RETURN pgscore.predict_raw(model, features::jsonb);
COMMENT ON FUNCTION pgscore.predict_raw(text, text) IS 'as predict_raw(text, jsonb), for features as text';

CREATE OR REPLACE FUNCTION pgscore.predict_raw(model text, features record)
RETURNS float8[] LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
BEGIN
  RETURN pgscore.predict_raw(model, pg_catalog.to_jsonb(features));
END
$$;
COMMENT ON FUNCTION pgscore.predict_raw(text, record) IS 'as predict_raw(text, jsonb), for features as a table''s row';
