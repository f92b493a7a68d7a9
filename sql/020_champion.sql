-- Which version a model's name answers with.

-- The functions that bear a model's name. They are replaced when a version with the same arguments becomes champion;
-- with other arguments they are dropped and made anew, and the privileges that users granted are carried over.
CREATE OR REPLACE FUNCTION pgscore_internal.champion_functions(model text)
RETURNS SETOF regprocedure LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT p.oid::regprocedure
  FROM pg_proc AS p
  WHERE p.pronamespace = 'pgscore_models'::regnamespace
    AND (p.proname = model OR starts_with(p.proname, model || '__'))
  -- The plain name last: the others refer to it.
  ORDER BY p.proname = model, p.proname
$$;
COMMENT ON FUNCTION pgscore_internal.champion_functions(text) IS 'the functions that bear a model''s name';

CREATE OR REPLACE FUNCTION pgscore_internal.drop_functions(functions regprocedure[])
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  function regprocedure;
BEGIN
  FOREACH function IN ARRAY functions LOOP
    EXECUTE format('DROP FUNCTION %s', function);
  END LOOP;
END
$$;
COMMENT ON FUNCTION pgscore_internal.drop_functions(regprocedure[]) IS 'drops functions in the given order, refusing where something depends on one';

CREATE OR REPLACE FUNCTION pgscore_internal.drop_version_functions(function_name text)
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
  SELECT pgscore_internal.drop_functions(ARRAY(
    SELECT p.oid::regprocedure FROM pg_proc AS p
    WHERE p.pronamespace IN ('pgscore_models'::regnamespace, 'pgscore_internal'::regnamespace)
      AND (p.proname = function_name OR starts_with(p.proname, function_name || '_'))
    -- The SQL functions refer to the JavaScript ones, which go last.
    ORDER BY p.pronamespace = 'pgscore_internal'::regnamespace, p.proname DESC
  ))
$$;
COMMENT ON FUNCTION pgscore_internal.drop_version_functions(text) IS 'drops a version''s own functions, refusing where something depends on one';

-- The part of activation that versions deployed before predict() read json itself do not have: functions that take json
-- by way of jsonb, as such a version's do. Any later version replaces them by its own.
CREATE OR REPLACE FUNCTION pgscore_internal.read_json_as_jsonb(model text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  part record;
BEGIN
  FOR part IN SELECT * FROM (VALUES ('__from_json', 'float8'), ('__outputs_from_json', 'float8[]')) AS parts (name, result) LOOP
    -- In plpgsql, which does not ask yet whether the function called exists.
    EXECUTE format(
      'CREATE OR REPLACE FUNCTION pgscore_models.%I(features json) RETURNS %s LANGUAGE plpgsql STABLE PARALLEL SAFE '
      'AS $function$ BEGIN RETURN pgscore_models.%I(features::pg_catalog.jsonb); END $function$',
      model || part.name, part.result, model || part.name || 'b');
  END LOOP;
END
$$;
COMMENT ON FUNCTION pgscore_internal.read_json_as_jsonb(text) IS 'gives a model functions that take json by way of jsonb';

-- Makes a registered version the champion: its functions, its privileges, its bindings. The caller holds the model's lock.
CREATE OR REPLACE FUNCTION pgscore_internal.activate(model text, version integer, rebind boolean)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  next pgscore_internal.versions := pgscore_internal.require_version(model, version);
  -- All NULL for the first version.
  old pgscore_internal.versions;
  same_arguments boolean;
  -- Whether the functions that bear the model's name can be replaced where they are.
  replaceable boolean;
  grants text[];
BEGIN
  SELECT v.* INTO old FROM pgscore_internal.models AS m
  JOIN pgscore_internal.versions AS v ON v.model = m.name AND v.version = m.champion
  WHERE m.name = activate.model;
  same_arguments := pgscore_internal.argument_list(old.signature) = pgscore_internal.argument_list(next.signature);
  replaceable := same_arguments AND old.runs_in = 'database' AND next.runs_in = 'database';
  IF NOT same_arguments AND NOT rebind THEN
    PERFORM pgscore_internal.refuse_signature_change(model, old.signature, next);
  END IF;
  PERFORM pgscore_internal.refuse_unfit_bindings(next);
  IF old.runs_in = 'database' AND NOT replaceable THEN
    grants := pgscore_internal.grants_of(model);
    PERFORM pgscore_internal.drop_functions(ARRAY(SELECT pgscore_internal.champion_functions(model)));
  END IF;
  IF next.runs_in = 'database' THEN
    PERFORM pgscore_internal.read_json_as_jsonb(model);
    EXECUTE next.activation;
    IF replaceable IS NOT TRUE THEN
      EXECUTE format('REVOKE ALL ON FUNCTION pgscore_models.%I FROM PUBLIC', model);
      FOR i IN 1 .. coalesce(cardinality(grants), 0) LOOP
        EXECUTE grants[i];
      END LOOP;
    END IF;
  ELSIF grants IS NOT NULL THEN
    RAISE NOTICE 'pgscore_models.% is gone, and with it the privileges on it: the sidecar runs version % of %', model, version, model;
  END IF;
  UPDATE pgscore_internal.models AS m SET champion = activate.version WHERE m.name = activate.model;
  IF old.runs_in <> next.runs_in THEN
    PERFORM pgscore_internal.rebuild_dispatch();
  END IF;
  IF NOT same_arguments THEN
    PERFORM pgscore_internal.forget_gone_tables();
    PERFORM pgscore_internal.build_binding(b.id)
    FROM pgscore_internal.bindings AS b WHERE b.model = activate.model;
  END IF;
END
$$;
COMMENT ON FUNCTION pgscore_internal.activate(text, integer, boolean) IS 'makes a registered version the champion';

CREATE OR REPLACE FUNCTION pgscore_internal.grants_of(model text)
RETURNS text[] LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT array_agg(format('GRANT EXECUTE ON FUNCTION pgscore_models.%I TO %s%s', model,
                          CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
                          CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END))
  FROM pg_proc AS p, aclexplode(p.proacl) AS a
  WHERE p.pronamespace = 'pgscore_models'::regnamespace AND p.proname = model AND a.grantee <> p.proowner
$$;
COMMENT ON FUNCTION pgscore_internal.grants_of(text) IS 'the GRANT statements that give a model''s function its present privileges';

-- A signature is part of what callers rely on. Says what would break and how to go on all the same.
CREATE OR REPLACE FUNCTION pgscore_internal.refuse_signature_change(
  model text, old_signature jsonb, next pgscore_internal.versions
)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  bound text;
BEGIN
  SELECT string_agg(format('%s.%s', b.relation, quote_ident(b.value_column)), ', ' ORDER BY b.id) INTO bound
  FROM pgscore_internal.bindings AS b WHERE b.model = next.model;
  RAISE EXCEPTION 'version % of % takes other features than the champion', next.version, next.model
    USING ERRCODE = 'object_in_use',
          DETAIL = concat_ws(E'\n',
            'Champion: ' || pgscore_internal.argument_list(old_signature) || '.',
            'Version ' || next.version || ': ' || pgscore_internal.argument_list(next.signature) || '.',
            'Bindings that use it: ' || bound || '.'),
          HINT = format('pgscore.promote(%L, %s, rebind => true) replaces the function and rebuilds its bindings in one '
                        'transaction; columns are found by feature name.', next.model, next.version);
END
$$;
COMMENT ON FUNCTION pgscore_internal.refuse_signature_change(text, jsonb, pgscore_internal.versions) IS
  'raises: this promotion would change the arguments that callers and bindings use';

CREATE OR REPLACE FUNCTION pgscore.promote(model text, version integer, rebind boolean DEFAULT false)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  previous integer;
BEGIN
  PERFORM pgscore_internal.require_version(model, version);
  PERFORM pgscore_internal.lock_model(model);
  SELECT m.champion INTO previous FROM pgscore_internal.models AS m WHERE m.name = promote.model;
  IF previous = version THEN
    RAISE NOTICE '% version % is the champion already', model, version;
    RETURN;
  END IF;
  PERFORM pgscore_internal.activate(model, version, rebind);
  INSERT INTO pgscore_internal.promotions (model, version, previous) VALUES (promote.model, promote.version, previous);
END
$$;
COMMENT ON FUNCTION pgscore.promote(text, integer, boolean) IS
  'makes a version the one that the model''s name answers with; rebind => true allows other features and rebuilds bindings';

CREATE OR REPLACE FUNCTION pgscore.rollback(model text, rebind boolean DEFAULT false)
RETURNS integer LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  last pgscore_internal.promotions;
BEGIN
  PERFORM pgscore_internal.require_model(model);
  PERFORM pgscore_internal.lock_model(model);
  SELECT p.* INTO last FROM pgscore_internal.promotions AS p
  WHERE p.model = rollback.model AND p.rolled_back_at IS NULL
  ORDER BY p.id DESC LIMIT 1;
  IF last.previous IS NULL THEN
    RAISE EXCEPTION 'model % has no promotion to take back', model
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Its champion is the first one it had. pgscore.promote(model, version) chooses any other version.';
  END IF;
  PERFORM pgscore_internal.activate(model, last.previous, rebind);
  UPDATE pgscore_internal.promotions AS p SET rolled_back_at = now() WHERE p.id = last.id;
  RETURN last.previous;
END
$$;
COMMENT ON FUNCTION pgscore.rollback(text, boolean) IS 'takes back the model''s last promotion; returns the version that is champion again';

-- The down part of a deploy. Refuses while anything uses the version.
CREATE OR REPLACE FUNCTION pgscore.drop_version(model text, version integer)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  victim pgscore_internal.versions;
  is_champion boolean;
  bound text;
BEGIN
  PERFORM pgscore_internal.lock_model(model);
  victim := pgscore_internal.require_version(model, version);
  PERFORM pgscore_internal.forget_gone_tables();
  is_champion := EXISTS (SELECT FROM pgscore_internal.models AS m
                         WHERE m.name = drop_version.model AND m.champion = drop_version.version);
  IF is_champion AND (SELECT count(*) > 1 FROM pgscore_internal.versions AS v WHERE v.model = drop_version.model) THEN
    RAISE EXCEPTION 'version % is the champion of %', version, model
      USING ERRCODE = 'object_in_use', HINT = 'Promote another version first, or take the promotion back with pgscore.rollback(model).';
  END IF;
  SELECT string_agg(format('%s.%s', b.relation, quote_ident(b.value_column)), ', ' ORDER BY b.id) INTO bound
  FROM pgscore_internal.bindings AS b WHERE b.model = drop_version.model AND is_champion;
  IF bound IS NOT NULL THEN
    RAISE EXCEPTION 'model % is attached to %', model, bound
      USING ERRCODE = 'object_in_use', HINT = 'Detach it first: pgscore.detach(model, table).';
  END IF;
  IF is_champion THEN
    PERFORM pgscore_internal.drop_functions(ARRAY(SELECT pgscore_internal.champion_functions(model)));
    UPDATE pgscore_internal.models AS m SET champion = NULL WHERE m.name = drop_version.model;
  END IF;
  PERFORM pgscore_internal.drop_version_functions(victim.function_name);
  DELETE FROM pgscore_internal.versions AS v WHERE v.model = drop_version.model AND v.version = drop_version.version;
  PERFORM pgscore_internal.drop_unused_file(victim.file_sha256);
  DELETE FROM pgscore_internal.promotions AS p WHERE p.model = drop_version.model AND p.version = drop_version.version;
  -- A promotion that replaced the version can no longer be taken back.
  UPDATE pgscore_internal.promotions AS p SET previous = NULL
  WHERE p.model = drop_version.model AND p.previous = drop_version.version;
  DELETE FROM pgscore_internal.models AS m
  WHERE m.name = drop_version.model
    AND NOT EXISTS (SELECT FROM pgscore_internal.versions AS v WHERE v.model = drop_version.model);
  IF FOUND THEN
    PERFORM pgscore_internal.rebuild_dispatch();
  END IF;
END
$$;
COMMENT ON FUNCTION pgscore.drop_version(text, integer) IS 'removes a version and its functions; refuses while it is champion beside others, attached, or used by an index or a generated column';
