-- Bindings that an older pgscore made, after an upgrade.

-- Writes their functions anew: no trigger, no column, no lock of a table. What cannot be refreshed works as it did, and is
-- named with the reason: a binding whose columns have gone, a function that belongs to a role which this one does not stand
-- for, a model that is being promoted.
CREATE OR REPLACE FUNCTION pgscore_internal.refresh_bindings()
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  b pgscore_internal.bindings;
  reason text;
BEGIN
  FOR b IN SELECT t.* FROM pgscore_internal.bindings AS t WHERE EXISTS (SELECT FROM pg_class AS c WHERE c.oid = t.relation) ORDER BY t.id LOOP
    BEGIN
      IF NOT pg_try_advisory_xact_lock(pgscore_internal.model_lock(b.model)) THEN
        RAISE EXCEPTION 'the model is in use by another session' USING ERRCODE = 'lock_not_available';
      END IF;
      PERFORM pgscore_internal.write_binding_functions(b, pgscore_internal.resolve_features(
        b.model, (pgscore_internal.require_champion(b.model)).signature, b.relation, b.features, b.search_path));
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS reason = PG_EXCEPTION_DETAIL;
      RAISE WARNING '%.% keeps the functions of the pgscore that made it: %', b.relation, quote_ident(b.value_column), SQLERRM
        USING DETAIL = reason,
              HINT = 'It works as before. Afterwards: SELECT pgscore_internal.refresh_bindings()';
    END;
  END LOOP;
END
$$;
COMMENT ON FUNCTION pgscore_internal.refresh_bindings() IS 'brings the functions of all bindings to this version of pgscore';

SELECT pgscore_internal.refresh_bindings();
