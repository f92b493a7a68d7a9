-- Versions that the sidecar runs: their model files, and how they are registered. A deploy's migration begins a file, adds
-- its chunks, checks it and registers the version, in one transaction.

-- Held to the end of the transaction, after the model's lock: who registers a file and who drops it come one after the other.
CREATE OR REPLACE FUNCTION pgscore_internal.lock_model_file(sha256 text)
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$ SELECT pg_advisory_xact_lock(hashtextextended('pgscore file ' || sha256, 0)) $$;
COMMENT ON FUNCTION pgscore_internal.lock_model_file(text) IS 'waits until no other transaction adds or drops the file';

CREATE OR REPLACE FUNCTION pgscore_internal.begin_model_file(sha256 text, bytes bigint, chunks integer)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pgscore_internal.lock_model_file(sha256);
  INSERT INTO pgscore_internal.model_files VALUES (sha256, bytes, chunks) ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION pgscore_internal.begin_model_file(text, bigint, integer) IS 'makes a place for a model file, unless it is there';

-- A chunk that was damaged on its way is refused at once, by its number. One that is there already is left as it is:
-- check_model_file looks at all of them.
CREATE OR REPLACE FUNCTION pgscore_internal.add_model_chunk(sha256 text, chunk integer, chunk_sha256 text, data bytea)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF encode(pg_catalog.sha256(data), 'hex') <> chunk_sha256 THEN
    RAISE EXCEPTION 'chunk % of model file % is damaged: its SHA-256 is %, expected %', chunk, left(sha256, 12),
        encode(pg_catalog.sha256(data), 'hex'), chunk_sha256
      USING ERRCODE = 'data_corrupted', HINT = 'Nothing was deployed. Write the migration again: pgscore deploy … --write.';
  END IF;
  INSERT INTO pgscore_internal.model_chunks VALUES (sha256, chunk, data) ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION pgscore_internal.add_model_chunk(text, integer, text, bytea) IS 'adds one chunk of a model file, checked';

-- Up to 256 MB a file is put together and hashed whole; a value holds 1 GB, and larger files are held to their chunks'
-- own hashes, which the migration has checked, and to their size. The sidecar hashes every file that it loads.
CREATE OR REPLACE FUNCTION pgscore_internal.check_model_file(sha256 text, chunk_sha256 text[])
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  file pgscore_internal.model_files;
  bytes bigint;
  damaged text;
BEGIN
  SELECT f.* INTO file FROM pgscore_internal.model_files AS f WHERE f.sha256 = check_model_file.sha256;
  SELECT sum(length(c.data)) INTO bytes FROM pgscore_internal.model_chunks AS c WHERE c.sha256 = check_model_file.sha256;
  SELECT string_agg(w.n - 1 || '', ', ' ORDER BY w.n) INTO damaged
  FROM unnest(chunk_sha256) WITH ORDINALITY AS w (hash, n)
  LEFT JOIN pgscore_internal.model_chunks AS c ON c.sha256 = check_model_file.sha256 AND c.chunk = w.n - 1
  WHERE w.hash IS DISTINCT FROM encode(pg_catalog.sha256(c.data), 'hex');
  IF damaged IS NULL AND bytes = file.bytes AND cardinality(chunk_sha256) = file.chunks THEN
    IF bytes > 268435456 OR (
      SELECT encode(pg_catalog.sha256(string_agg(c.data, '' ORDER BY c.chunk)), 'hex')
      FROM pgscore_internal.model_chunks AS c WHERE c.sha256 = check_model_file.sha256
    ) = check_model_file.sha256 THEN
      RETURN;
    END IF;
  END IF;
  RAISE EXCEPTION 'model file % is damaged: %', left(sha256, 12),
      CASE WHEN damaged IS NOT NULL THEN 'chunks missing or changed: ' || damaged
           ELSE format('%s bytes in %s chunks make another file', coalesce(bytes, 0), cardinality(chunk_sha256)) END
    USING ERRCODE = 'data_corrupted',
          HINT = 'Nothing was deployed. If the file was there before, drop the versions that share it '
                 '(pgscore.drop_version), then deploy them again.';
END
$$;
COMMENT ON FUNCTION pgscore_internal.check_model_file(text, text[]) IS 'raises unless a model file is whole and has its SHA-256';

CREATE OR REPLACE FUNCTION pgscore_internal.drop_unused_file(sha256 text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  PERFORM pgscore_internal.lock_model_file(sha256);
  DELETE FROM pgscore_internal.model_files AS f
  WHERE f.sha256 = drop_unused_file.sha256
    AND NOT EXISTS (SELECT FROM pgscore_internal.versions AS v WHERE v.file_sha256 = drop_unused_file.sha256);
END
$$;
COMMENT ON FUNCTION pgscore_internal.drop_unused_file(text) IS 'removes a model file that no version uses';

-- Called by a deploy's migration, last; as register_version: the same content again is a no-op that says so.
CREATE OR REPLACE FUNCTION pgscore_internal.register_graph_version(
  model text, version integer, content_hash text, function_name text, task text, format text, format_version text,
  objective text, source_file text, file_sha256 text, signature jsonb, labels text[], graph jsonb, assigned_because text,
  metrics jsonb, notes text[], pgscore_version text, golden_rows integer
)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  IF NOT pgscore_internal.claim_version(model, version, content_hash) THEN
    RETURN;
  END IF;
  INSERT INTO pgscore_internal.versions (
    model, version, content_hash, function_name, task, format, format_version, objective, source_file, source_sha256,
    signature, labels, metrics, notes, pgscore_version, golden_rows, runs_in, graph, file_sha256, assigned_because
  ) VALUES (
    register_graph_version.model, register_graph_version.version, register_graph_version.content_hash,
    register_graph_version.function_name, register_graph_version.task, register_graph_version.format,
    register_graph_version.format_version, register_graph_version.objective, register_graph_version.source_file,
    register_graph_version.file_sha256, register_graph_version.signature, register_graph_version.labels,
    register_graph_version.metrics, register_graph_version.notes, register_graph_version.pgscore_version,
    register_graph_version.golden_rows, 'sidecar', register_graph_version.graph, register_graph_version.file_sha256,
    register_graph_version.assigned_because
  );
  PERFORM pgscore_internal.make_first_champion(model, version);
END
$$;
COMMENT ON FUNCTION pgscore_internal.register_graph_version(
  text, integer, text, text, text, text, text, text, text, text, jsonb, text[], jsonb, text, jsonb, text[], text, integer
) IS 'registers a version that the sidecar runs and whose file is there; the first one becomes champion';

-- Raises where a trigger would have to run what only the sidecar runs, or a sidecar what only the database runs.
CREATE OR REPLACE FUNCTION pgscore_internal.require_mode(version pgscore_internal.versions, mode text)
RETURNS void LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF version.runs_in = 'sidecar' AND mode = 'sync' THEN
    RAISE EXCEPTION 'version % of % runs in the sidecar: a trigger cannot score rows with it', version.version, version.model
      USING ERRCODE = 'feature_not_supported',
            HINT = format('Attach it with mode => ''async'': pgscore.attach(%L, …, mode => ''async''); pgscore sidecar then '
                          'fills the column.', version.model);
  ELSIF pgscore_internal.is_by_hand(version) AND mode = 'async' THEN
    RAISE EXCEPTION 'version % of % is written by hand: the database runs it, and sidecars do not', version.version, version.model
      USING ERRCODE = 'feature_not_supported', HINT = 'Attach it without mode: a trigger then scores each row as it is written.';
  END IF;
END
$$;
COMMENT ON FUNCTION pgscore_internal.require_mode(pgscore_internal.versions, text) IS 'raises when bindings of this mode cannot use the version';

-- Scorers are code: they run in the database's sandbox alone.
CREATE OR REPLACE FUNCTION pgscore_internal.is_by_hand(version pgscore_internal.versions)
RETURNS boolean LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT version.ir IS NULL AND version.graph IS NULL $$;
COMMENT ON FUNCTION pgscore_internal.is_by_hand(pgscore_internal.versions) IS 'whether a version is a scorer in TypeScript';

CREATE OR REPLACE FUNCTION pgscore_internal.refuse_unfit_bindings(next pgscore_internal.versions)
RETURNS void LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  bound text;
BEGIN
  SELECT string_agg(format('%s.%s', b.relation, quote_ident(b.value_column)), ', ' ORDER BY b.id) INTO bound
  FROM pgscore_internal.bindings AS b WHERE b.model = next.model AND b.mode = 'sync' AND next.runs_in = 'sidecar';
  IF bound IS NOT NULL THEN
    RAISE EXCEPTION 'version % of % runs in the sidecar, and triggers score with the model: %', next.version, next.model, bound
      USING ERRCODE = 'object_in_use',
            HINT = format('Detach it there and attach it again with mode => ''async'', in one transaction with the promotion: '
                          'SELECT pgscore.detach(%1$L, table); SELECT pgscore.promote(%1$L, %2$s); '
                          'SELECT pgscore.attach(%1$L, table, mode => ''async'').', next.model, next.version);
  END IF;
  SELECT string_agg(format('%s.%s', b.relation, quote_ident(b.value_column)), ', ' ORDER BY b.id) INTO bound
  FROM pgscore_internal.bindings AS b
  WHERE b.model = next.model AND b.mode = 'async' AND pgscore_internal.is_by_hand(next);
  IF bound IS NOT NULL THEN
    RAISE EXCEPTION 'version % of % is written by hand, and sidecars score with the model: %', next.version, next.model, bound
      USING ERRCODE = 'object_in_use',
            HINT = format('Detach it there, promote, and attach it again without mode => ''async'', in one transaction: '
                          'SELECT pgscore.detach(%1$L, table); SELECT pgscore.promote(%1$L, %2$s); SELECT pgscore.attach(%1$L, table).',
                          next.model, next.version);
  END IF;
END
$$;
COMMENT ON FUNCTION pgscore_internal.refuse_unfit_bindings(pgscore_internal.versions) IS
  'raises when triggers or sidecars would lose what they score with';
