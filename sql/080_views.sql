-- The state, for people and programs.

CREATE OR REPLACE VIEW pgscore.models AS
SELECT
  m.name,
  m.champion AS champion_version,
  v.task,
  CASE v.runs_in WHEN 'database' THEN format('pgscore_models.%I', m.name) END AS function_name,
  (SELECT count(*) FROM pgscore_internal.versions AS c WHERE c.model = m.name) AS versions,
  (SELECT count(*) FROM pgscore_internal.bindings AS b WHERE b.model = m.name) AS bindings,
  m.created_at,
  m.created_by
FROM pgscore_internal.models AS m
LEFT JOIN pgscore_internal.versions AS v ON v.model = m.name AND v.version = m.champion;
COMMENT ON VIEW pgscore.models IS 'every model, with the version that its name answers with';
COMMENT ON COLUMN pgscore.models.name IS 'what predict(), attach() and promote() take';
COMMENT ON COLUMN pgscore.models.champion_version IS 'the version that the name answers with';
COMMENT ON COLUMN pgscore.models.task IS 'regression, binary, multiclass, ranking, survival, clustering or anomaly';
COMMENT ON COLUMN pgscore.models.function_name IS 'the champion''s scoring function; NULL when the sidecar runs it';
COMMENT ON COLUMN pgscore.models.versions IS 'number of versions';
COMMENT ON COLUMN pgscore.models.bindings IS 'number of table columns that the model keeps true';
COMMENT ON COLUMN pgscore.models.created_at IS 'time of the first deploy';
COMMENT ON COLUMN pgscore.models.created_by IS 'role of the first deploy';

CREATE OR REPLACE VIEW pgscore.versions AS
SELECT
  v.model,
  v.version,
  coalesce(m.champion = v.version, false) AS is_champion,
  CASE v.runs_in WHEN 'database' THEN format('pgscore_models.%I', v.function_name) END AS function_name,
  v.task,
  v.format,
  v.format_version,
  v.objective,
  v.source_file,
  v.source_sha256,
  v.signature,
  v.labels,
  v.metrics,
  v.notes,
  v.golden_rows,
  v.engine,
  v.pgscore_version,
  v.deployed_at,
  v.deployed_by,
  v.runs_in,
  v.assigned_because
FROM pgscore_internal.versions AS v
JOIN pgscore_internal.models AS m ON m.name = v.model;
COMMENT ON VIEW pgscore.versions IS 'every version of every model: where it came from, what it takes, what it gives';
COMMENT ON COLUMN pgscore.versions.model IS 'the model''s name';
COMMENT ON COLUMN pgscore.versions.version IS 'number of the version, from 1';
COMMENT ON COLUMN pgscore.versions.is_champion IS 'whether the model''s name answers with it';
COMMENT ON COLUMN pgscore.versions.function_name IS 'its immutable scoring function, for indexes and generated columns; NULL for versions that the sidecar runs';
COMMENT ON COLUMN pgscore.versions.task IS 'regression, binary, multiclass, ranking, survival, clustering or anomaly';
COMMENT ON COLUMN pgscore.versions.format IS 'format of the model file';
COMMENT ON COLUMN pgscore.versions.format_version IS 'version that the file states of its library or format';
COMMENT ON COLUMN pgscore.versions.objective IS 'training objective in the library''s words';
COMMENT ON COLUMN pgscore.versions.source_file IS 'name of the model file';
COMMENT ON COLUMN pgscore.versions.source_sha256 IS 'SHA-256 of the model file';
COMMENT ON COLUMN pgscore.versions.signature IS 'features in argument order: name, kind, categories';
COMMENT ON COLUMN pgscore.versions.labels IS 'class names, NULL for models without classes';
COMMENT ON COLUMN pgscore.versions.metrics IS 'quality measures given at deploy';
COMMENT ON COLUMN pgscore.versions.notes IS 'what the import had to say';
COMMENT ON COLUMN pgscore.versions.golden_rows IS 'rows with known outputs that this database reproduced at deploy';
COMMENT ON COLUMN pgscore.versions.engine IS 'language of its functions: plv8 or pljs; NULL for versions that the sidecar runs';
COMMENT ON COLUMN pgscore.versions.pgscore_version IS 'the pgscore that deployed it';
COMMENT ON COLUMN pgscore.versions.deployed_at IS 'time of the deploy';
COMMENT ON COLUMN pgscore.versions.deployed_by IS 'role of the deploy';
COMMENT ON COLUMN pgscore.versions.runs_in IS 'database: functions of this database; sidecar: the process pgscore sidecar';
COMMENT ON COLUMN pgscore.versions.assigned_because IS 'why it runs in the sidecar, NULL otherwise';

CREATE OR REPLACE VIEW pgscore.bindings AS
SELECT
  b.id,
  b.model,
  b.relation,
  b.value_column,
  b.label_column,
  b.version_column,
  b.time_column,
  (SELECT jsonb_object_agg(e.key, e.value)
   FROM pgscore_internal.models AS m
   JOIN pgscore_internal.versions AS v ON v.model = m.name AND v.version = m.champion
   CROSS JOIN jsonb_array_elements(v.signature) AS s (f)
   JOIN jsonb_each(b.features) AS e ON e.key = f ->> 'name'
   WHERE m.name = b.model) AS features,
  b.on_error,
  b.mode,
  pgscore_internal.binding_problem(b) AS problem,
  b.attached_at,
  b.attached_by,
  b.max_lag
FROM pgscore_internal.bindings AS b;
COMMENT ON VIEW pgscore.bindings IS 'every table column that a model keeps true';
COMMENT ON COLUMN pgscore.bindings.id IS 'number of the binding; its trigger function is pgscore_internal.binding_<id>';
COMMENT ON COLUMN pgscore.bindings.model IS 'the model';
COMMENT ON COLUMN pgscore.bindings.relation IS 'the table';
COMMENT ON COLUMN pgscore.bindings.value_column IS 'column that takes the value';
COMMENT ON COLUMN pgscore.bindings.label_column IS 'column that takes the label, if any';
COMMENT ON COLUMN pgscore.bindings.version_column IS 'column that takes the version that scored, if any';
COMMENT ON COLUMN pgscore.bindings.time_column IS 'column that takes the time of scoring, if any';
COMMENT ON COLUMN pgscore.bindings.features IS 'what feeds each feature: {"column": name} or {"sql": expression}';
COMMENT ON COLUMN pgscore.bindings.on_error IS 'raise: the statement fails; null: the prediction is NULL and pgscore.errors tells why';
COMMENT ON COLUMN pgscore.bindings.mode IS 'sync: scored in the trigger; async: by pgscore sidecar, moments later';
COMMENT ON COLUMN pgscore.bindings.max_lag IS 'how late an async prediction may come, if that was said: see pgscore.queue';
COMMENT ON COLUMN pgscore.bindings.problem IS 'what keeps the binding from working; NULL when nothing does';
COMMENT ON COLUMN pgscore.bindings.attached_at IS 'time of attach()';
COMMENT ON COLUMN pgscore.bindings.attached_by IS 'role that attached it';

CREATE OR REPLACE VIEW pgscore.errors AS
SELECT
  e.id,
  b.model,
  e.version,
  b.relation,
  b.value_column,
  e.row_key,
  e.operation,
  e.sqlstate,
  e.message,
  e.occurred_at
FROM pgscore_internal.errors AS e
JOIN pgscore_internal.bindings AS b ON b.id = e.binding;
COMMENT ON VIEW pgscore.errors IS 'rows that could not be scored: of bindings with on_error => ''null'', and those that sidecars gave up';
COMMENT ON COLUMN pgscore.errors.id IS 'number of the error, ascending';
COMMENT ON COLUMN pgscore.errors.model IS 'the model';
COMMENT ON COLUMN pgscore.errors.version IS 'the version that failed';
COMMENT ON COLUMN pgscore.errors.relation IS 'the table';
COMMENT ON COLUMN pgscore.errors.value_column IS 'the column that is NULL in place of a prediction';
COMMENT ON COLUMN pgscore.errors.row_key IS 'primary key of the row, NULL when the table has none';
COMMENT ON COLUMN pgscore.errors.operation IS 'INSERT or UPDATE; SIDECAR for rows that pgscore.retry() queues again';
COMMENT ON COLUMN pgscore.errors.sqlstate IS 'PostgreSQL error code';
COMMENT ON COLUMN pgscore.errors.message IS 'what went wrong';
COMMENT ON COLUMN pgscore.errors.occurred_at IS 'when';
