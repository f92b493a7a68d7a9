import { beforeEach, describe, expect, test } from 'vitest';
import { evaluate } from '../../src/ir/evaluate.ts';
import type { Feature, Model } from '../../src/ir/model.ts';
import { deployMade, sumModel, text } from '../harness/models.ts';
import { client, fails, prepareDatabase, prepareWorkSchema, rows } from '../harness/queries.ts';

/** The scoring function of the version that `sum` answers with. */
let version: string;

prepareDatabase(async (client) => {
  version = (await deployMade(client, 'sum', sumModel(['a', 'b']))).migration!.functionName;
});

prepareWorkSchema();

describe('in queries of every kind', () => {
  beforeEach(async () => {
    await client.query(
      'CREATE TABLE t (id int PRIMARY KEY, a float8, b float8); INSERT INTO t SELECT i, i, i * 2 FROM generate_series(1, 3000) AS s (i)',
    );
  });

  test('in parallel', async () => {
    await client.query(
      `ANALYZE t; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2`,
    );
    for (const call of [
      `pgscore.predict('sum', t)`,
      `pgscore.predict('sum', to_jsonb(t))`,
      'pgscore_models.sum(a, b)',
      `(pgscore.predict_raw('sum', t))[1]`,
    ]) {
      const plan = await rows(`EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT sum(${call}) FROM t`);
      expect(plan.flat().join('\n')).toMatch(/Workers Launched: [12]/);
      expect(await rows(`SELECT sum(${call}) FROM t`)).toEqual([[5 * ((3000 * 3001) / 2)]]);
    }
    await client.query('RESET ALL; SET search_path = work');
  });

  test('in a view, a CTE, a WHERE, an ORDER BY, a window, a CHECK and a DEFAULT', async () => {
    await client.query(`
      CREATE VIEW v AS SELECT id, pgscore.predict('sum', t) AS p, pgscore_models.sum(a, b) AS q FROM t;
      CREATE TABLE checked (a float8, b float8, CHECK (pgscore.predict('sum', jsonb_build_object('a', a, 'b', b)) < 10), s float8 DEFAULT pgscore_models.sum(1, 1))`);
    expect(await rows('SELECT count(*)::int, max(p) FROM v WHERE p = q')).toEqual([[3000, 15000]]);
    expect(
      await rows(
        `WITH s AS (SELECT *, rank() OVER (ORDER BY pgscore.predict('sum', t) DESC) AS r FROM t) SELECT id FROM s WHERE r <= 2 ORDER BY pgscore.predict('sum', s)`,
      ),
    ).toEqual([[2999], [3000]]);
    await client.query('INSERT INTO checked (a, b) VALUES (1, 2)');
    expect(await rows('SELECT s FROM checked')).toEqual([[3]]);
    await fails('INSERT INTO checked (a, b) VALUES (10, 2)', { code: '23514' });
  });

  test('in an index, and found by it', async () => {
    await client.query(`CREATE INDEX t_score ON t (pgscore_models.${version}(a, b)); ANALYZE t`);
    const plan = await rows(`EXPLAIN SELECT id FROM t WHERE pgscore_models.${version}(a, b) > 14990`);
    expect(plan.flat().join('\n')).toContain('t_score');
    expect(await rows(`SELECT id FROM t WHERE pgscore_models.${version}(a, b) > 14990 ORDER BY 1`)).toEqual([
      [2999],
      [3000],
    ]);
    await fails('CREATE INDEX ON t (pgscore_models.sum(a, b))', /must be marked IMMUTABLE/);
  });

  test('in a generated column', async () => {
    await client.query(
      `ALTER TABLE t ADD s float8 GENERATED ALWAYS AS (pgscore_models.${version}(a, b)) STORED; UPDATE t SET a = 0 WHERE id = 1`,
    );
    expect(await rows('SELECT s FROM t WHERE id <= 2 ORDER BY id')).toEqual([[4], [10]]);
    await fails(
      `ALTER TABLE t ADD n float8 GENERATED ALWAYS AS (pgscore.predict('sum', jsonb_build_object('a', a, 'b', b))) STORED`,
      /not immutable/,
    );
  });

  test.each(['force_generic_plan', 'force_custom_plan', 'auto'])(
    'in a prepared statement: %s',
    async (mode) => {
      await client.query(`SET plan_cache_mode = ${mode};
      PREPARE row_form AS SELECT pgscore.predict('sum', t) FROM t WHERE id = $1;
      PREPARE json_form AS SELECT pgscore.predict('sum', $1);
      PREPARE scalar_form AS SELECT pgscore_models.sum($1, $2);
      PREPARE any_model(text, jsonb) AS SELECT pgscore.predict($1, $2)`);
      for (let i = 1; i <= 8; i++) {
        expect(await rows(`EXECUTE row_form(${i})`)).toEqual([[5 * i]]);
        expect(await rows(`EXECUTE json_form('{"a": ${i}, "b": null}')`)).toEqual([[i]]);
        expect(await rows(`EXECUTE scalar_form(${i}, NULL)`)).toEqual([[i]]);
        expect(await rows(`EXECUTE any_model('sum', '{"a": ${i}, "b": 1}')`)).toEqual([[i + 2]]);
      }
      await client.query('DEALLOCATE ALL; RESET plan_cache_mode');
    },
  );

  test('in plpgsql, with records of several shapes', async () => {
    await client.query(`CREATE FUNCTION best() RETURNS float8[] LANGUAGE plpgsql AS $$
      DECLARE r record; s t; all_scores float8[] := '{}'; model text := 'sum';
      BEGIN
        FOR r IN SELECT * FROM t WHERE id <= 2 ORDER BY id LOOP all_scores := all_scores || pgscore.predict(model, r); END LOOP;
        FOR r IN SELECT 'x' AS id, 1::numeric AS b, 2::real AS a LOOP all_scores := all_scores || pgscore.predict(model, r); END LOOP;
        SELECT * INTO s FROM t WHERE id = 3;
        RETURN all_scores || pgscore.predict(model, s) || pgscore.predict(model, '{"a": 0, "b": 0}');
      END $$`);
    expect(await rows('SELECT best(), best()')).toEqual([
      [
        [5, 10, 4, 15, 0],
        [5, 10, 4, 15, 0],
      ],
    ]);
  });
});

test('100 classes', async () => {
  const labels = Array.from({ length: 100 }, (_, i) => `class ${i} 'of' "100"`);
  const model: Model = sumModel(['a'], { labels, weight: () => 0.01 });
  await deployMade(client, 'hundred', model);
  const { prediction } = evaluate(model, [1]);
  const [found] = await rows(
    `SELECT pgscore.predict_proba('hundred', f), pgscore.predict_label('hundred', f), pgscore.predict('hundred', f) FROM (VALUES ('{"a": 1}')) AS v (f)`,
  );
  const probabilities = found![0] as Record<string, number>;
  expect(Object.keys(probabilities).sort()).toEqual([...labels].sort());
  for (const [label, probability] of Object.entries(prediction.probabilities!))
    expect(probabilities[label]).toBeCloseTo(probability, 14);
  expect(found!.slice(1)).toEqual([labels[99], 99]);
});

describe.each([1, 98, 99, 100, 101, 150, 2000])('%i features', (count) => {
  const names = Array.from({ length: count }, (_, k) => `f${k}`);
  const mixed = names.map(
    (name, k): Feature => (k % 7 === 3 ? text(name, 'x', 'y') : { kind: 'number', name }),
  );
  const kinds: [string, readonly (string | Feature)[]][] = [
    ['numbers', names],
    ['texts among them', mixed],
  ];
  if (count <= 150) kinds.push(['texts alone', names.map((name) => text(name, 'x', 'y'))]);

  test.each(kinds)('%s', async (kind, features) => {
    const model = sumModel(features);
    const name = `wide${count}_${kind.replaceAll(' ', '_')}`;
    await deployMade(client, name, model);
    const row = model.features.map((feature, k) => (feature.kind === 'text' ? 'y' : k % 5 === 0 ? null : k));
    const { prediction } = evaluate(model, row);
    const object = Object.fromEntries(names.map((each, k) => [each, row[k]]));
    expect(await rows(`SELECT pgscore.predict('${name}', $1::jsonb)`, [object])).toEqual([
      [prediction.value],
    ]);
    const numbers = row.filter((_, k) => model.features[k]!.kind === 'number');
    const texts = row.filter((_, k) => model.features[k]!.kind === 'text');
    const args = count <= 100 ? row : [numbers, texts].filter((list) => list.length > 0);
    expect(await rows(`SELECT pgscore_models.${name}(${args.map((_, k) => `$${k + 1}`)})`, args)).toEqual([
      [prediction.value],
    ]);
    await fails(
      `SELECT pgscore.predict('${name}', '{}')`,
      count > 20 ? new RegExp(`absent: f0, .*f19 and ${count - 20} more$`) : /absent: f0$/,
    );
    if (count > 1000) return;
    const columns = model.features.map(
      (feature) => `${feature.name} ${feature.kind === 'text' ? 'text' : 'real'}`,
    );
    await client.query(
      `CREATE TABLE wide (${columns.join(', ')}); SELECT pgscore.attach('${name}', 'wide', 'p')`,
    );
    await client.query(`INSERT INTO wide SELECT * FROM jsonb_populate_record(NULL::wide, $1)`, [object]);
    expect(await rows(`SELECT p, pgscore.predict('${name}', wide) FROM wide`)).toEqual([
      [prediction.value, prediction.value],
    ]);
    await client.query(`UPDATE wide SET f0 = NULL, p = 1`);
    expect(await rows(`SELECT p = pgscore.predict('${name}', wide) FROM wide`)).toEqual([[true]]);
    await client.query(`SELECT pgscore.detach('${name}', 'wide')`);
  });
});
