-- Registering, proving, promoting and dropping versions.

-- The argument list of a version's functions as text, to compare two versions by.
CREATE OR REPLACE FUNCTION pgscore_internal.argument_list(signature jsonb)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT string_agg(format('%I %s', f ->> 'name', f ->> 'kind'), ', ' ORDER BY position)
  FROM jsonb_array_elements(signature) WITH ORDINALITY AS features (f, position)
$$;
COMMENT ON FUNCTION pgscore_internal.argument_list(jsonb) IS 'the argument list of a version, for comparing versions';

-- The signature's arguments as SQL over a jsonb object named g, cast to their types: 'NaN' and 'Infinity' are texts
-- there. Above 99 features the functions take arrays.
CREATE OR REPLACE FUNCTION pgscore_internal.arguments_from_jsonb(signature jsonb)
RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  expressions text[];
  kinds text[];
BEGIN
  SELECT array_agg(format(CASE f ->> 'kind' WHEN 'number' THEN '(g ->> %L)::pg_catalog.float8' ELSE 'g ->> %L' END, f ->> 'name')
                   ORDER BY position),
         array_agg(f ->> 'kind' ORDER BY position)
  INTO expressions, kinds
  FROM jsonb_array_elements(signature) WITH ORDINALITY AS features (f, position);
  RETURN pgscore_internal.call_arguments(expressions, kinds);
END
$$;
COMMENT ON FUNCTION pgscore_internal.arguments_from_jsonb(jsonb) IS 'arguments of a scoring function, read from a jsonb object named g';

-- How a list of argument expressions is handed to a scoring function: as scalars up to 100, above as arrays.
CREATE OR REPLACE FUNCTION pgscore_internal.call_arguments(expressions text[], kinds text[])
RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  numbers text;
  texts text;
BEGIN
  IF cardinality(expressions) <= 100 THEN
    RETURN array_to_string(expressions, ', ');
  END IF;
  SELECT string_agg(e, ', ' ORDER BY position) FILTER (WHERE k = 'number'),
         string_agg(e, ', ' ORDER BY position) FILTER (WHERE k = 'text')
  INTO numbers, texts
  FROM unnest(expressions, kinds) WITH ORDINALITY AS arguments (e, k, position);
  RETURN concat_ws(', ', CASE WHEN numbers IS NOT NULL THEN format('ARRAY[%s]::pg_catalog.float8[]', numbers) END,
                   CASE WHEN texts IS NOT NULL THEN format('ARRAY[%s]::pg_catalog.text[]', texts) END);
END
$$;
COMMENT ON FUNCTION pgscore_internal.call_arguments(text[], text[]) IS 'argument expressions as scalars, or as arrays above 100';

CREATE OR REPLACE FUNCTION pgscore_internal.differs(got float8, expected float8, tolerance float8)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  -- PostgreSQL holds NaN equal to NaN, and infinities have no distance: equal values never differ.
  SELECT CASE
    WHEN got IS NOT DISTINCT FROM expected THEN false
    WHEN got IS NULL OR expected IS NULL THEN true
    WHEN got IN ('NaN', 'Infinity', '-Infinity') OR expected IN ('NaN', 'Infinity', '-Infinity') THEN true
    ELSE abs(got - expected) > tolerance * (1 + abs(expected))
  END
$$;
COMMENT ON FUNCTION pgscore_internal.differs(float8, float8, float8) IS '|got - expected| > tolerance * (1 + |expected|), NaN equal to NaN';

-- The proof of a deploy: scores the golden rows with the functions just created, by their scalar arguments and by
-- jsonb, and raises on the first differences. A golden row is {"row": n, "features": {…}} with any of "value",
-- "label", "raw" and "values" as the training framework gave them.
CREATE OR REPLACE FUNCTION pgscore_internal.verify_golden_rows(
  function_name text, signature jsonb, labels text[], raw_count integer, golden_rows jsonb, tolerance float8
)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  golden jsonb;
  g jsonb;
  outputs float8[];
  value float8;
  failures text[] := '{}';
  failed integer := 0;
  checked integer := 0;
  score text := format('SELECT pgscore_models.%1$I(%2$s), pgscore_models.%3$I(%2$s) FROM (SELECT $1 AS g) AS golden',
                       function_name, pgscore_internal.arguments_from_jsonb(signature), function_name || '__outputs');
  problems text[];
BEGIN
  FOR golden IN SELECT e FROM jsonb_array_elements(golden_rows) AS rows (e) LOOP
    g := golden -> 'features';
    EXECUTE score INTO value, outputs USING g;
    problems := pgscore_internal.golden_differences(golden, value, outputs, labels, raw_count, tolerance);
    IF problems <> '{}' THEN
      failed := failed + 1;
      IF failed <= 5 THEN
        failures := failures || format('row %s: %s', golden ->> 'row', array_to_string(problems, '; '));
      END IF;
    END IF;
    checked := checked + 1;
  END LOOP;
  IF failed > 0 THEN
    RAISE EXCEPTION '% of % golden rows differ from what % gives by more than %', failed, checked, function_name, tolerance
      USING ERRCODE = 'check_violation',
            DETAIL = array_to_string(failures, E'\n'),
            HINT = 'Nothing was deployed. Compare the golden rows with the model file: another version of the model, '
                   'another column order, or values rounded when they were written down are the usual reasons.';
  END IF;
END
$$;
COMMENT ON FUNCTION pgscore_internal.verify_golden_rows(text, jsonb, text[], integer, jsonb, float8) IS
  'scores golden rows with a version''s functions and raises when one differs';

CREATE OR REPLACE FUNCTION pgscore_internal.golden_differences(
  golden jsonb, value float8, outputs float8[], labels text[], raw_count integer, tolerance float8
)
RETURNS text[] LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  problems text[] := '{}';
  label text := labels[outputs[2]::integer + 1];
  got float8;
  expected jsonb;
  part record;
BEGIN
  IF pgscore_internal.differs(outputs[1], value, 0) THEN
    problems := problems || format('the value and the outputs function disagree: %s and %s', value, outputs[1]);
  END IF;
  IF golden ? 'value' AND pgscore_internal.differs(value, (golden ->> 'value')::float8, tolerance) THEN
    problems := problems || format('value is %s, expected %s', value, (golden ->> 'value')::float8);
  END IF;
  IF golden ? 'label' AND label IS DISTINCT FROM golden ->> 'label' THEN
    problems := problems || format('label is %s, expected %s', coalesce(quote_literal(label), 'NULL'), golden -> 'label');
  END IF;
  -- outputs: value, predicted class, raw…, values…, probabilities…
  FOR part IN SELECT * FROM (VALUES ('raw', 2), ('values', 2 + raw_count)) AS parts (name, start) LOOP
    FOR i IN 0 .. coalesce(jsonb_array_length(golden -> part.name), 0) - 1 LOOP
      expected := golden -> part.name -> i;
      got := outputs[part.start + 1 + i];
      IF pgscore_internal.differs(got, (expected #>> '{}')::float8, tolerance) THEN
        problems := problems || format('%s[%s] is %s, expected %s', part.name, i, got, (expected #>> '{}')::float8);
      END IF;
    END LOOP;
  END LOOP;
  RETURN problems;
END
$$;
COMMENT ON FUNCTION pgscore_internal.golden_differences(jsonb, float8, float8[], text[], integer, float8) IS
  'what differs between a golden row and its score, in words';

CREATE OR REPLACE FUNCTION pgscore_internal.model_lock(model text)
RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT hashtextextended('pgscore:' || model, 0) $$;
COMMENT ON FUNCTION pgscore_internal.model_lock(text) IS 'the advisory lock of a model';

-- Held to the end of the transaction: deploys, promotions and bindings of one model come one after the other.
CREATE OR REPLACE FUNCTION pgscore_internal.lock_model(model text)
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$ SELECT pg_advisory_xact_lock(pgscore_internal.model_lock(model)) $$;
COMMENT ON FUNCTION pgscore_internal.lock_model(text) IS 'waits until no other transaction changes the model';

-- Makes the model known and locks it. True when the number is free; false when the same content is a version already, which
-- it says; an error when the number has other content.
CREATE OR REPLACE FUNCTION pgscore_internal.claim_version(model text, version integer, content_hash text)
RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  known record;
  problem text := pgscore_internal.model_name_problem(model);
BEGIN
  IF problem IS NOT NULL THEN
    RAISE EXCEPTION '%', problem USING ERRCODE = 'invalid_name';
  END IF;
  PERFORM pgscore_internal.lock_model(model);
  INSERT INTO pgscore_internal.models (name) VALUES (model) ON CONFLICT DO NOTHING;
  SELECT v.version, v.content_hash INTO known
  FROM pgscore_internal.versions AS v
  WHERE v.model = claim_version.model
    AND (v.content_hash = claim_version.content_hash OR v.version = claim_version.version)
  ORDER BY v.content_hash = claim_version.content_hash DESC
  LIMIT 1;
  IF known.content_hash = claim_version.content_hash THEN
    RAISE NOTICE '% version % is this model already: nothing to do', model, known.version;
    RETURN false;
  ELSIF known.version IS NOT NULL THEN
    RAISE EXCEPTION 'model % has a version % already, with other content', model, version
      USING ERRCODE = 'unique_violation',
            HINT = 'Write the migration again, so that it takes the next free number: pgscore deploy … --write.';
  END IF;
  RETURN true;
END
$$;
COMMENT ON FUNCTION pgscore_internal.claim_version(text, integer, text) IS 'whether a version is to be registered: false when it is there';

CREATE OR REPLACE FUNCTION pgscore_internal.make_first_champion(model text, version integer)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  IF (SELECT m.champion FROM pgscore_internal.models AS m WHERE m.name = make_first_champion.model) IS NULL THEN
    PERFORM pgscore_internal.activate(model, version, false);
    INSERT INTO pgscore_internal.promotions (model, version, previous)
    VALUES (make_first_champion.model, make_first_champion.version, NULL);
    PERFORM pgscore_internal.rebuild_dispatch();
  END IF;
END
$$;
COMMENT ON FUNCTION pgscore_internal.make_first_champion(text, integer) IS 'the first version of a model becomes its champion';

-- Called by every deploy's migration, last. Registers the version; the first version of a model becomes its
-- champion at once. The same content again is a no-op that says so; another content under the same number is an error.
CREATE OR REPLACE FUNCTION pgscore_internal.register_version(
  model text, version integer, content_hash text, function_name text, task text, format text, format_version text,
  objective text, source_file text, source_sha256 text, signature jsonb, labels text[], ir bytea, activation text,
  metrics jsonb, notes text[], engine text, pgscore_version text, golden_rows integer
)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  IF NOT pgscore_internal.claim_version(model, version, content_hash) THEN
    -- Written for another number, the migration has made functions that nobody would know of.
    IF NOT EXISTS (SELECT FROM pgscore_internal.versions AS v WHERE v.function_name = register_version.function_name) THEN
      PERFORM pgscore_internal.drop_version_functions(function_name);
    END IF;
    RETURN;
  END IF;
  INSERT INTO pgscore_internal.versions (
    model, version, content_hash, function_name, task, format, format_version, objective, source_file,
    source_sha256, signature, labels, ir, activation, metrics, notes, engine, pgscore_version, golden_rows
  ) VALUES (
    register_version.model, register_version.version, register_version.content_hash, register_version.function_name,
    register_version.task, register_version.format, register_version.format_version, register_version.objective,
    register_version.source_file, register_version.source_sha256, register_version.signature,
    register_version.labels, register_version.ir, register_version.activation, register_version.metrics,
    register_version.notes, register_version.engine, register_version.pgscore_version, register_version.golden_rows
  );
  PERFORM pgscore_internal.make_first_champion(model, version);
END
$$;
COMMENT ON FUNCTION pgscore_internal.register_version(
  text, integer, text, text, text, text, text, text, text, text, jsonb, text[], bytea, text, jsonb, text[], text, text, integer
) IS 'registers a version whose functions exist; the first one becomes champion';

CREATE OR REPLACE FUNCTION pgscore_internal.model_name_problem(model text)
RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('%L is no name for a model: it must start with a small letter and go on with small letters, digits and '
                'single underscores, 40 in all, and may not look like a version (churn_v3_1a2b3c4d)', model)
  WHERE model IS NULL OR NOT (
    model ~ '^[a-z][a-z0-9_]{0,39}$' AND model !~ '__' AND model !~ '_$' AND model !~ '_v[0-9]+_[0-9a-f]{8}$'
  )
$$;
COMMENT ON FUNCTION pgscore_internal.model_name_problem(text) IS 'why a text is no name for a model, or NULL';

-- Raises unless the version is registered, naming those that are.
CREATE OR REPLACE FUNCTION pgscore_internal.require_version(model text, version integer)
RETURNS pgscore_internal.versions LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  found pgscore_internal.versions;
BEGIN
  PERFORM pgscore_internal.require_model(model);
  SELECT v.* INTO found FROM pgscore_internal.versions AS v
  WHERE v.model = require_version.model AND v.version = require_version.version;
  IF found.version IS NULL THEN
    RAISE EXCEPTION 'model % has no version %', model, version
      USING ERRCODE = 'undefined_object',
            HINT = format('Its versions: %s.', (SELECT string_agg(v.version::text, ', ' ORDER BY v.version)
                                                FROM pgscore_internal.versions AS v WHERE v.model = require_version.model));
  END IF;
  RETURN found;
END
$$;
COMMENT ON FUNCTION pgscore_internal.require_version(text, integer) IS 'the version, or an error that names the versions there are';

CREATE OR REPLACE FUNCTION pgscore_internal.require_model(model text)
RETURNS void LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  known text;
BEGIN
  IF EXISTS (SELECT FROM pgscore_internal.models AS m WHERE m.name = model) THEN
    RETURN;
  END IF;
  SELECT string_agg(m.name, ', ' ORDER BY m.name) INTO known FROM pgscore_internal.models AS m;
  RAISE EXCEPTION 'there is no model %', coalesce(quote_literal(model), 'NULL')
    USING ERRCODE = 'undefined_object', HINT = coalesce('The models: ' || known || '.', 'No model was deployed yet: pgscore deploy FILE --name …');
END
$$;
COMMENT ON FUNCTION pgscore_internal.require_model(text) IS 'raises unless the model exists, naming the models there are';
