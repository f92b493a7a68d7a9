-- What keeps an UPDATE of binding $1's rows from scoring them, in words; null when nothing does.
SELECT coalesce(
  pgscore_internal.binding_problem(b),
  (SELECT format('trigger %I of %s is disabled', t.tgname, t.tgrelid::regclass)
   FROM pg_catalog.pg_trigger AS t
   WHERE t.tgfoid = to_regproc('pgscore_internal.binding_' || b.id) AND t.tgenabled NOT IN ('O', 'A')
   LIMIT 1),
  (SELECT format('trigger %I leaves out updates that change nothing', t.tgname)
   FROM pg_catalog.pg_trigger AS t
   WHERE b.mode = 'sync' AND t.tgrelid = b.relation AND t.tgfoid = 'pg_catalog.suppress_redundant_updates_trigger'::regproc
     AND t.tgenabled <> 'D' AND t.tgname < 'zz_pgscore_'
   LIMIT 1),
  CASE WHEN current_setting('session_replication_role') = 'replica'
    THEN 'session_replication_role is replica, under which triggers do not fire' END
) AS problem
FROM pgscore_internal.bindings AS b
WHERE b.id = $1
