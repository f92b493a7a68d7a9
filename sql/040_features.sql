-- How a table's columns feed a model's features.

-- One element a feature, in argument order: {"name", "kind", "column" or "sql", "argument", "inputs"}, where
-- "argument" is the SQL that casts the value for the scoring function, over a row source named %1$s, and "inputs" are
-- the stored columns that it depends on; an expression has the other "tables" that it reads, with their columns. Raises once, naming all features that cannot be fed and why.
CREATE OR REPLACE FUNCTION pgscore_internal.resolve_features(
  model text, signature jsonb, relation regclass, map jsonb, search_path text
)
RETURNS jsonb LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  feature record;
  wanted jsonb;
  resolved jsonb;
  features jsonb := '[]';
  problems text[] := '{}';
BEGIN
  FOR feature IN
    SELECT f ->> 'name' AS name, f ->> 'kind' AS kind
    FROM jsonb_array_elements(signature) WITH ORDINALITY AS s (f, position) ORDER BY position
  LOOP
    wanted := coalesce(map -> feature.name, jsonb_build_object('column', feature.name));
    IF jsonb_typeof(wanted) = 'string' THEN
      wanted := jsonb_build_object('column', wanted #>> '{}');
    END IF;
    IF wanted ->> 'column' IS NOT NULL THEN
      resolved := pgscore_internal.resolve_column(relation, wanted ->> 'column', feature.kind);
    ELSIF wanted ->> 'sql' IS NOT NULL THEN
      resolved := pgscore_internal.resolve_expression(relation, wanted ->> 'sql', feature.kind, search_path);
    ELSE
      resolved := jsonb_build_object('problem', format('%s is no column name and no {"sql": expression}', wanted));
    END IF;
    IF resolved ? 'problem' THEN
      problems := problems || format('%I: %s', feature.name, resolved ->> 'problem');
    ELSE
      features := features || (jsonb_build_object('name', feature.name, 'kind', feature.kind) || wanted || resolved);
    END IF;
  END LOOP;
  IF problems <> '{}' THEN
    RAISE EXCEPTION 'model % cannot be attached to %: % of its features cannot be fed', model, relation, cardinality(problems)
      USING ERRCODE = 'datatype_mismatch',
            DETAIL = array_to_string(problems, E'\n'),
            HINT = 'Name another column or an expression: features => ''{"feature": "column", "other": {"sql": "expression"}}''.';
  END IF;
  RETURN features;
END
$$;
COMMENT ON FUNCTION pgscore_internal.resolve_features(text, jsonb, regclass, jsonb, text) IS
  'which column or expression feeds each feature, or one error that names all that cannot be fed';

CREATE OR REPLACE FUNCTION pgscore_internal.resolve_column(relation regclass, column_name text, kind text)
RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  attribute record;
  argument text;
BEGIN
  SELECT a.attnum, a.attgenerated, a.atttypid INTO attribute
  FROM pg_attribute AS a
  WHERE a.attrelid = relation AND a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped;
  IF attribute.attnum IS NULL THEN
    RETURN jsonb_build_object('problem', format('%s has no column %I', relation, column_name));
  END IF;
  argument := pgscore_internal.cast_argument(format('%%1$s.%I', replace(column_name, '%', '%%')), attribute.atttypid, kind);
  IF argument IS NULL THEN
    RETURN jsonb_build_object('problem', pgscore_internal.type_problem(format('column %I', column_name), attribute.atttypid, kind));
  END IF;
  RETURN jsonb_build_object('argument', argument) || pgscore_internal.columns_behind(relation, ARRAY[attribute.attnum]);
END
$$;
COMMENT ON FUNCTION pgscore_internal.resolve_column(regclass, text, text) IS 'how a column feeds a feature, or {"problem"}';

-- The expression is tried out as a view over the table: PostgreSQL itself says whether it is sound, of what type it
-- is, and which columns it depends on.
CREATE OR REPLACE FUNCTION pgscore_internal.resolve_expression(
  relation regclass, expression text, kind text, search_path text
)
RETURNS jsonb LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  type oid;
  attributes smallint[];
  argument text;
  alias text := (SELECT quote_ident(c.relname) FROM pg_class AS c WHERE c.oid = relation);
  reason text;
  whole_row boolean;
  tables jsonb;
BEGIN
  BEGIN
    PERFORM set_config('search_path', search_path, true);
    EXECUTE format(E'CREATE VIEW pgscore_internal.probe AS SELECT (%s\n) AS value FROM %s AS %s', expression, relation, alias);
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS reason = MESSAGE_TEXT;
    RETURN jsonb_build_object('problem', format('the expression %s fails: %s', expression, reason));
  END;
  PERFORM set_config('search_path', 'pg_catalog, pg_temp', true);
  SELECT a.atttypid INTO type FROM pg_attribute AS a WHERE a.attrelid = 'pgscore_internal.probe'::regclass AND a.attnum = 1;
  SELECT array_agg(DISTINCT d.refobjsubid::smallint) INTO attributes
  FROM pg_rewrite AS r JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
  WHERE r.ev_class = 'pgscore_internal.probe'::regclass
    AND d.refclassid = 'pg_class'::regclass AND d.refobjid = relation AND d.refobjsubid <> 0;
  -- Which columns such an expression reads can be known neither for the trigger's condition nor for its row.
  whole_row := position(alias || '.*' IN pg_get_viewdef('pgscore_internal.probe'::regclass)) > 0;
  -- Other tables, and the columns of theirs that it reads.
  SELECT coalesce(jsonb_agg(jsonb_build_object('relation', t.refobjid::text, 'columns', t.columns)), '[]') INTO tables
  FROM (
    SELECT d.refobjid, jsonb_agg(DISTINCT a.attname) FILTER (WHERE a.attnum > 0) AS columns
    FROM pg_rewrite AS r JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
    LEFT JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND (a.attnum = d.refobjsubid OR d.refobjsubid = 0) AND NOT a.attisdropped
    WHERE r.ev_class = 'pgscore_internal.probe'::regclass AND d.refclassid = 'pg_class'::regclass
      AND d.refobjid NOT IN (relation, 'pgscore_internal.probe'::regclass)
    GROUP BY d.refobjid
  ) AS t;
  DROP VIEW pgscore_internal.probe;
  IF whole_row OR 0 > ANY (attributes) THEN
    RETURN jsonb_build_object('problem', format('the expression %s reads %s: name the columns that it needs', expression,
                                                CASE WHEN whole_row THEN 'the row as a whole' ELSE 'a system column' END));
  END IF;
  argument := pgscore_internal.cast_argument(format(E'(%s\n)', replace(expression, '%', '%%')), type, kind);
  IF argument IS NULL THEN
    RETURN jsonb_build_object('problem', pgscore_internal.type_problem(format('the expression %s', expression), type, kind));
  END IF;
  RETURN jsonb_build_object('argument', argument, 'tables', tables) || pgscore_internal.columns_behind(relation, attributes);
END
$$;
COMMENT ON FUNCTION pgscore_internal.resolve_expression(regclass, text, text, text) IS 'how an expression feeds a feature, or {"problem"}';

CREATE OR REPLACE FUNCTION pgscore_internal.domain_base(type oid)
RETURNS oid LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  WITH RECURSIVE chain (oid, typtype, typbasetype) AS (
    SELECT t.oid, t.typtype, t.typbasetype FROM pg_type AS t WHERE t.oid = type
    UNION ALL
    SELECT t.oid, t.typtype, t.typbasetype FROM chain AS c JOIN pg_type AS t ON t.oid = c.typbasetype WHERE c.typtype = 'd'
  )
  SELECT oid FROM chain WHERE typtype <> 'd'
$$;
COMMENT ON FUNCTION pgscore_internal.domain_base(oid) IS 'the type under a domain';

-- pgvector's types, of the extension: a type of that name that a user made may do anything.
CREATE OR REPLACE FUNCTION pgscore_internal.is_vector(type oid)
RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (SELECT FROM pg_type AS t
                 JOIN pg_depend AS d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
                 JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid
                 WHERE t.oid = type AND t.typname IN ('vector', 'halfvec') AND e.extname = 'vector')
$$;
COMMENT ON FUNCTION pgscore_internal.is_vector(oid) IS 'whether a type is vector or halfvec of pgvector';

-- The SQL that casts a value for a scoring function, or NULL when no value of that type can feed the feature.
CREATE OR REPLACE FUNCTION pgscore_internal.cast_argument(value text, type oid, kind text)
RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE
    WHEN kind = 'number' AND t.typcategory = 'B' THEN value || '::pg_catalog.int4::pg_catalog.float8'
    -- Category N also holds money and the object identifier types, which are no quantities.
    WHEN kind = 'number' AND b.base IN ('int2', 'int4', 'int8', 'float4', 'float8', 'numeric') THEN value || '::pg_catalog.float8'
    WHEN kind = 'text' AND t.typcategory = 'S' THEN value || '::pg_catalog.text'
    -- As JSON has them: in ISO 8601 whatever DateStyle says, and an instant with its offset from UTC.
    WHEN kind = 'text' AND b.base IN ('date', 'time', 'timestamp', 'timestamptz')
      THEN format('(pg_catalog.to_jsonb(%s::pg_catalog.%s) OPERATOR(pg_catalog.#>>) ''{}'')', value, b.base)
    WHEN kind = 'array' AND t.typelem <> 0 AND t.typcategory = 'A' AND e.typnamespace = 'pg_catalog'::regnamespace
      AND e.typname IN ('int2', 'int4', 'int8', 'float4', 'float8', 'numeric') THEN value || '::pg_catalog.float8[]'
    WHEN kind = 'array' AND (b.base = 'bytea' OR pgscore_internal.is_vector(o.oid)) THEN value
    -- Not by a cast: the type's owner can make one, and it would run with the rights of the trigger function.
    WHEN kind = 'text' AND t.typcategory = 'E' THEN format('pg_catalog.textin(pg_catalog.enum_out(%s::%s))', value, replace(o.oid::regtype::text, '%', '%%'))
  END
  FROM pg_type AS t
  LEFT JOIN pg_type AS e ON e.oid = t.typelem
  CROSS JOIN LATERAL (SELECT CASE WHEN t.typtype = 'd' THEN pgscore_internal.domain_base(t.oid) ELSE t.oid END::regtype::oid) AS o (oid)
  JOIN pg_type AS base_type ON base_type.oid = o.oid
  CROSS JOIN LATERAL (SELECT CASE WHEN base_type.typnamespace = 'pg_catalog'::regnamespace THEN base_type.typname END) AS b (base)
  WHERE t.oid = type
$$;
COMMENT ON FUNCTION pgscore_internal.cast_argument(text, oid, text) IS 'a value cast for a scoring function, NULL when its type cannot feed the feature';

CREATE OR REPLACE FUNCTION pgscore_internal.type_problem(what text, type oid, kind text)
RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('%s is of type %s, and the feature is %s %s: %s', what, format_type(type, NULL), CASE kind WHEN 'array' THEN 'an' ELSE 'a' END, kind,
                CASE kind WHEN 'number' THEN 'smallint, integer, bigint, real, double precision, numeric or boolean can feed it'
                          WHEN 'array' THEN 'an array of numbers, bytea (float32, little-endian), vector or halfvec can feed it'
                          ELSE 'text, varchar, char, an enum, date, time, timestamp or timestamptz can feed it' END)
$$;
COMMENT ON FUNCTION pgscore_internal.type_problem(text, oid, text) IS 'why a type cannot feed a feature, in words';

-- A generated column is computed after BEFORE triggers have run, so what a trigger sees, and must watch, are the
-- columns that it is generated from.
CREATE OR REPLACE FUNCTION pgscore_internal.stored_columns(relation regclass, attributes smallint[])
RETURNS jsonb LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(jsonb_agg(a.attname ORDER BY a.attnum), '[]')
  FROM pg_attribute AS a
  WHERE a.attrelid = relation AND a.attgenerated = '' AND a.attnum IN (
    SELECT unnest(attributes)
    UNION
    SELECT d.refobjsubid
    FROM pg_attrdef AS def
    JOIN pg_depend AS d ON d.classid = 'pg_attrdef'::regclass AND d.objid = def.oid
    WHERE def.adrelid = relation AND def.adnum = ANY (attributes)
      AND d.refclassid = 'pg_class'::regclass AND d.refobjid = relation AND d.refobjsubid > 0
    UNION
    -- Until PostgreSQL 18 the dependency runs from the column itself.
    SELECT d.refobjsubid
    FROM pg_depend AS d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = relation AND d.objsubid = ANY (attributes)
      AND d.refclassid = 'pg_class'::regclass AND d.refobjid = relation AND d.refobjsubid > 0
  )
$$;
COMMENT ON FUNCTION pgscore_internal.stored_columns(regclass, smallint[]) IS
  'names of the stored columns behind some columns: generated ones are replaced by those that they are computed from';

-- The stored columns behind some columns, and the generated ones among them; or {"problem"}.
CREATE OR REPLACE FUNCTION pgscore_internal.columns_behind(relation regclass, attributes smallint[])
RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  generated smallint[] := ARRAY(SELECT a.attnum FROM pg_attribute AS a
                                WHERE a.attrelid = relation AND a.attnum = ANY (attributes) AND a.attgenerated <> '');
  problem text := pgscore_internal.foreign_code(relation, generated);
BEGIN
  IF problem IS NOT NULL THEN
    RETURN jsonb_build_object('problem', problem);
  END IF;
  RETURN jsonb_build_object(
    'inputs', pgscore_internal.stored_columns(relation, attributes),
    'generated', (SELECT coalesce(jsonb_agg(a.attname), '[]') FROM pg_attribute AS a
                  WHERE a.attrelid = relation AND a.attnum = ANY (generated)));
END
$$;
COMMENT ON FUNCTION pgscore_internal.columns_behind(regclass, smallint[]) IS 'stored and generated columns behind some columns, or {"problem"}';

-- The trigger function computes generated columns with the rights of whoever attaches the model. Where the table's owner
-- does not have those rights, it may not be the owner's functions and types that it runs.
CREATE OR REPLACE FUNCTION pgscore_internal.foreign_code(relation regclass, generated smallint[])
RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('column %I is generated by functions or from types that users made, which would run with the rights of %I: '
                'let %I, who owns the table, attach the model, or feed the feature by an expression', a.attname, current_user,
                pg_get_userbyid(c.relowner))
  FROM pg_class AS c
  JOIN pg_attribute AS a ON a.attrelid = c.oid
  JOIN pg_attrdef AS def ON def.adrelid = c.oid AND def.adnum = a.attnum
  WHERE c.oid = relation AND a.attnum = ANY (generated) AND NOT pg_has_role(c.relowner, current_user, 'USAGE')
    AND (EXISTS (SELECT FROM pg_depend AS d
                 WHERE d.classid = 'pg_attrdef'::regclass AND d.objid = def.oid AND d.refclassid <> 'pg_class'::regclass
                   AND d.refobjid >= 16384)
         OR EXISTS (SELECT FROM jsonb_array_elements_text(pgscore_internal.stored_columns(relation, ARRAY[a.attnum])) AS s (name)
                    JOIN pg_attribute AS source ON source.attrelid = c.oid AND source.attname = s.name
                    WHERE source.atttypid >= 16384))
  LIMIT 1
$$;
COMMENT ON FUNCTION pgscore_internal.foreign_code(regclass, smallint[]) IS 'why a generated column cannot be computed safely, or NULL';
