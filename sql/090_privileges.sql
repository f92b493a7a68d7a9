-- Who may do what. Calling a model takes EXECUTE on pgscore_models.<model>, which deploy gives to nobody: the functions
-- beside it (predict(), labels, probabilities) are open to all, and refuse whoever may not execute that one.
GRANT USAGE ON SCHEMA pgscore, pgscore_models TO PUBLIC;
REVOKE ALL ON SCHEMA pgscore_internal FROM PUBLIC;

-- These change the database: for the owner of pgscore, and for whom the owner grants them to together with the
-- rights on the tables of pgscore_internal.
REVOKE ALL ON FUNCTION
  pgscore.attach(text, regclass, text, jsonb, text, text, text, text, text, interval),
  pgscore.detach(text, regclass, text),
  pgscore.promote(text, integer, boolean),
  pgscore.rollback(text, boolean),
  pgscore.drop_version(text, integer),
  pgscore.retry(text, regclass)
FROM PUBLIC;
