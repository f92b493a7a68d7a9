-- Keeps DDL from silently breaking a binding. The triggers' WHEN conditions already make PostgreSQL refuse to drop or
-- retype a column that feeds a binding; this also refuses renames, DROP … CASCADE, and changes of the prediction columns.

CREATE OR REPLACE FUNCTION pgscore_internal.guard_bindings()
RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  broken record;
BEGIN
  SELECT b.*, p.problem INTO broken
  FROM pgscore_internal.bindings AS b
  CROSS JOIN LATERAL pgscore_internal.binding_problem(b) AS p (problem)
  WHERE b.relation IN (SELECT c.objid FROM pg_event_trigger_ddl_commands() AS c) AND p.problem IS NOT NULL
  ORDER BY b.id
  LIMIT 1;
  IF broken.id IS NOT NULL THEN
    RAISE EXCEPTION 'this would break the binding of model % to %.%: %', broken.model, broken.relation,
      quote_ident(broken.value_column), broken.problem
      USING ERRCODE = 'dependent_objects_still_exist',
            HINT = format('In one transaction: SELECT pgscore.detach(%L, %L, %L); change the table; SELECT pgscore.attach(…).',
                          broken.model, broken.relation, broken.value_column);
  END IF;
END
$$;
COMMENT ON FUNCTION pgscore_internal.guard_bindings() IS 'event trigger: refuses ALTER TABLE that breaks a binding';

CREATE OR REPLACE FUNCTION pgscore_internal.has_column(relation regclass, column_name text)
RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (SELECT FROM pg_attribute AS a
                 WHERE a.attrelid = relation AND a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped)
$$;
COMMENT ON FUNCTION pgscore_internal.has_column(regclass, text) IS 'whether a table has the column';

-- What keeps a binding from working, in words; NULL when nothing does.
CREATE OR REPLACE FUNCTION pgscore_internal.binding_problem(b pgscore_internal.bindings)
RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE
    WHEN NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = b.relation) THEN 'the table is gone'
    WHEN EXISTS (SELECT FROM unnest(columns.names) AS n (name) WHERE NOT pgscore_internal.has_column(b.relation, n.name)) THEN
      (SELECT format('column %I is gone', n.name) FROM unnest(columns.names) AS n (name)
       WHERE NOT pgscore_internal.has_column(b.relation, n.name) LIMIT 1)
    WHEN (SELECT count(*) FROM pg_trigger AS t
          WHERE t.tgrelid = b.relation AND t.tgfoid = to_regproc('pgscore_internal.binding_' || b.id)) < columns.triggers
      THEN 'a trigger is gone'
    WHEN EXISTS (SELECT FROM pg_trigger AS t
                 WHERE t.tgrelid = b.relation AND t.tgfoid = to_regproc('pgscore_internal.binding_' || b.id) AND t.tgenabled = 'D')
      THEN 'its triggers are disabled'
  END
  FROM (
    SELECT array_remove(ARRAY[b.value_column, b.label_column, b.version_column, b.time_column], NULL)
             || coalesce(array_agg(e.value ->> 'column') FILTER (WHERE e.value ? 'column'), '{}') AS names,
           -- A binding that reads no column has no "update" trigger.
           CASE WHEN count(*) FILTER (WHERE e.value ? 'column') > 0 THEN 3 ELSE 2 END AS triggers
    FROM jsonb_each(b.features) AS e
  ) AS columns
$$;
COMMENT ON FUNCTION pgscore_internal.binding_problem(pgscore_internal.bindings) IS 'what keeps a binding from working, or NULL';

-- The binding of a dropped table goes with it.
CREATE OR REPLACE FUNCTION pgscore_internal.forget_dropped_tables()
RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  gone integer;
BEGIN
  FOR gone IN
    DELETE FROM pgscore_internal.bindings AS b
    USING pg_event_trigger_dropped_objects() AS d
    WHERE d.object_type = 'table' AND d.objid = b.relation
    RETURNING b.id
  LOOP
    EXECUTE format('DROP FUNCTION IF EXISTS pgscore_internal.%I()', 'binding_' || gone);
  END LOOP;
END
$$;
COMMENT ON FUNCTION pgscore_internal.forget_dropped_tables() IS 'event trigger: forgets the bindings of dropped tables';

-- Event triggers want a superuser, or what a managed service gives in its place. Without them all else works.
DO $$
BEGIN
  DROP EVENT TRIGGER IF EXISTS pgscore_guard_bindings;
  DROP EVENT TRIGGER IF EXISTS pgscore_forget_dropped_tables;
  CREATE EVENT TRIGGER pgscore_guard_bindings ON ddl_command_end WHEN TAG IN ('ALTER TABLE')
    EXECUTE FUNCTION pgscore_internal.guard_bindings();
  CREATE EVENT TRIGGER pgscore_forget_dropped_tables ON sql_drop WHEN TAG IN ('DROP TABLE', 'DROP SCHEMA', 'DROP OWNED')
    EXECUTE FUNCTION pgscore_internal.forget_dropped_tables();
EXCEPTION WHEN insufficient_privilege THEN
  RAISE NOTICE 'pgscore: this role may not create event triggers: renaming a column that feeds a binding, and DROP … CASCADE of one, will not be refused';
END
$$;
