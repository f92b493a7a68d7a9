import { readFileSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { beforeEach, describe, expect, test } from 'vitest';
import { applyDeploy, type DeployPlan, planDeploy } from '../../src/deploy/deploy.ts';
import { type GoldenRow, readGoldenRows } from '../../src/deploy/golden.ts';
import { importModel } from '../../src/import/registry.ts';
import type { Model } from '../../src/ir/model.ts';
import { runProgram } from '../harness/cli.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { deployMade, deployRequest, type MadeModelOptions, sumModel, text } from '../harness/models.ts';
import { pgTools } from '../harness/pg-tools.ts';

let database: TestDatabase;
let client: pg.Client;

beforeEach(async () => {
  database = await createTestDatabase();
  client = await database.client();
});

const first = sumModel(['a', 'b']);
const second = sumModel(['a', 'b'], { bias: 100 });
const third = sumModel(['a', 'b'], { bias: 1000 });

function plan(model: Model, options: MadeModelOptions = {}): Promise<DeployPlan> {
  return planDeploy(client, deployRequest('sum', model, options));
}

async function rows(sql: string, values: unknown[] = []): Promise<unknown[][]> {
  return (await client.query<unknown[]>({ text: sql, values, rowMode: 'array' })).rows;
}

async function psql(input: string) {
  return runProgram((await pgTools()).psql, ['-XqAt', '-d', database.url], { input });
}

/** All that a deploy makes. */
async function state(): Promise<unknown[][]> {
  return rows(`
    SELECT p.oid::regprocedure::text, md5(p.prosrc || coalesce(pg_get_function_sqlbody(p.oid), '')), p.proacl::text FROM pg_proc AS p
     WHERE p.pronamespace::regnamespace::text LIKE 'pgscore%'
    UNION ALL SELECT 'version', model || version || content_hash || is_champion, NULL
      FROM (SELECT v.*, m.champion = v.version AS is_champion FROM pgscore_internal.versions AS v JOIN pgscore_internal.models AS m ON m.name = v.model) AS _
    UNION ALL SELECT 'promotion', model || version || coalesce(previous, 0), NULL FROM pgscore_internal.promotions
    ORDER BY 1, 2`);
}

const call = `SELECT pgscore.predict('sum', '{"a": 1, "b": 1}')`;

describe('versions', () => {
  test('the first one is champion, the second one waits, the same content is the same version', async () => {
    expect(await deployMade(client, 'sum', first)).toMatchObject({
      version: 1,
      champion: 1,
      exists: false,
      goldenRows: 32,
    });
    expect(await deployMade(client, 'sum', second)).toMatchObject({ version: 2, champion: 1, exists: false });
    const before = await state();
    expect(await deployMade(client, 'sum', first)).toMatchObject({ version: 1, champion: 1, exists: true });
    expect(await state()).toEqual(before);
    expect(await rows(call)).toEqual([[3]]);
    const { migration } = await plan(third);
    expect(migration!.functionName).toMatch(/^sum_v3_[0-9a-f]{8}$/);
    expect(await rows(`SELECT version, is_champion, golden_rows FROM pgscore.versions ORDER BY 1`)).toEqual([
      [1, true, 32],
      [2, false, 32],
    ]);
  });

  test('the register says who, when, from which file and with which quality', async () => {
    await deployMade(client, 'sum', first, {
      metrics: { auc: 0.9, note: `it's "fine" $$` },
      source: { notes: ['a note', `another's`] },
      file: { name: `dir/it's a\nmodel".json`, bytes: Buffer.from('x') },
    });
    expect(
      await rows(`SELECT task, format, format_version, objective, source_file, source_sha256, metrics, notes, engine, deployed_by,
                         deployed_at > now() - interval '1 minute', signature FROM pgscore.versions`),
    ).toEqual([
      [
        'regression',
        'xgboost-json',
        '3.3.0',
        'reg:squarederror',
        `dir/it's a\nmodel".json`,
        '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881',
        { auc: 0.9, note: `it's "fine" $$` },
        ['a note', `another's`],
        database.engine,
        'postgres',
        true,
        [
          { name: 'a', kind: 'number' },
          { name: 'b', kind: 'number' },
        ],
      ],
    ]);
  });

  test('the model’s internal form can be read back from the register', async () => {
    await deployMade(client, 'sum', first);
    const [[ir]] = (await rows('SELECT ir FROM pgscore_internal.versions')) as [[Buffer]];
    const { inflateRawSync } = await import('node:zlib');
    const { modelFromJson } = await import('../../src/ir/json.ts');
    expect(modelFromJson(inflateRawSync(ir).toString())).toEqual(first);
  });

  test.each(['', 'Churn', 'a b', '1a', 'a__b', 'a_', 'a_v1_0123abcd', 'x'.repeat(41), `a'b`, 'é'])(
    '%j is no name',
    async (name) => {
      await expect(deployMade(client, name, first)).rejects.toMatchObject({ code: 'PGS_USAGE' });
      const { migration } = await plan(first);
      const renamed = migration!.up.replaceAll("model => 'sum'", `model => '${name.replaceAll("'", "''")}'`);
      await expect(client.query(renamed)).rejects.toMatchObject({ code: '42602' });
      await client.query('ROLLBACK');
    },
  );

  test.each(['select', 'table', 'null', 'constructor', 'x'.repeat(40), 'a1_2'])('%s is one', async (name) => {
    await deployMade(client, name, first);
    expect(
      await rows(`SELECT pgscore.predict('${name}', '{"a": 1, "b": 1}'), pgscore_models."${name}"(1, 1)`),
    ).toEqual([[3, 3]]);
    await client.query(
      `CREATE TABLE t (a int, b int); SELECT pgscore.attach('${name}', 't', 'p', on_error => 'null'); INSERT INTO t VALUES (1, 1)`,
    );
    expect(await rows('SELECT p FROM t')).toEqual([[3]]);
  });
});

describe('golden rows', () => {
  const features = { a: 1, b: 1 };

  async function refused(model: Model, golden: readonly GoldenRow[]): Promise<string> {
    const before = await state();
    const error = await deployMade(client, 'sum', model, {
      golden: { rows: golden, origin: 'from rows.csv' },
    }).then(
      () => {
        throw new Error('was deployed');
      },
      (reason: Error) => reason,
    );
    expect(error).toMatchObject({
      code: 'PGS_DEPLOY',
      hint: expect.stringContaining('Nothing was deployed'),
    });
    expect(await state()).toEqual(before);
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    return error.message;
  }

  test('that differ abort the deploy, each named with what it is and should be', async () => {
    const classes = sumModel(['a', 'b'], { labels: ['no', `it's`] });
    const message = await refused(classes, [
      { row: 7, features, value: 0.5, label: 'no', raw: [3, 7] },
      { row: 8, features: { a: null, b: null }, value: 0.5 },
      { row: 9, features: { a: 0, b: 0 }, value: 'NaN' },
    ]);
    const [summary, ...lines] = message.split('\n');
    expect(summary).toMatch(
      /^sum version 1 was not deployed: 2 of 3 golden rows differ from what sum_v1_[0-9a-f]{8} gives by more than 1e-09$/,
    );
    expect(lines).toEqual([
      expect.stringMatching(
        /^row 7: value is 0\.95257412682243\d*, expected 0\.5; label is 'it''s', expected "no"; raw\[1\] is 6, expected 7$/,
      ),
      'row 9: value is 0.5, expected NaN',
    ]);
  });

  test('more than five: the first five', async () => {
    const message = await refused(
      first,
      Array.from({ length: 9 }, (_, i) => ({ row: i + 1, features, value: 99 })),
    );
    expect(message.split('\n')).toHaveLength(6);
    expect(message).toContain('9 of 9 golden rows differ');
  });

  test('of NaN and the infinities, given and expected', async () => {
    const model = sumModel(['a', 'b'], { weight: () => 1 });
    await deployMade(client, 'sum', model, {
      golden: {
        origin: 'from rows.csv',
        rows: [
          { row: 1, features: { a: 'Infinity', b: 1 }, value: 'Infinity', raw: ['Infinity'] },
          { row: 2, features: { a: '-Infinity', b: null }, value: '-Infinity' },
          { row: 3, features: { a: 'Infinity', b: '-Infinity' }, value: 'NaN', raw: ['NaN'] },
          { row: 4, features: { a: 'NaN', b: null }, value: 0 },
        ],
      },
    });
    expect(await refused(second, [{ row: 1, features: { a: 'Infinity', b: 1 }, value: 1e308 }])).toContain(
      'value is Infinity, expected 1e+308',
    );
    expect(await refused(second, [{ row: 1, features, value: 'Infinity' }])).toContain(
      'value is 103, expected Infinity',
    );
    expect(await refused(second, [{ row: 1, features: { a: 'NaN', b: 'NaN' }, value: 'NaN' }])).toContain(
      'value is 100, expected NaN',
    );
  });

  test('from JSON lines: true counts 1, what no feature takes is refused with its place', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'pgscore-golden-')), 'rows.jsonl');
    await writeFile(
      path,
      '{"a": true, "b": "-Infinity", "value": "-Infinity"}\n{"b": null, "a": false, "value": 0}\n',
    );
    const golden = { rows: await readGoldenRows(first, path), origin: 'from rows.jsonl' };
    expect(await deployMade(client, 'sum', first, { golden })).toMatchObject({ goldenRows: 2 });
    for (const [line, problem] of [
      ['{"a": "1", "b": 1, "value": 1}', `row 1, feature "a": "1" is no number`],
      ['{"a": [1], "b": 1, "value": 1}', `row 1, feature "a": [1] is no number`],
      ['{"a": 1, "value": 1}', `row 1: no column for "b"`],
      ['{"a": 1, "b": 1}', 'no column holds what the training framework gave'],
    ] as const) {
      await writeFile(path, line);
      await expect(readGoldenRows(first, path)).rejects.toMatchObject({
        code: 'PGS_INPUT',
        message: expect.stringContaining(problem),
      });
    }
  });

  test('are held to the tolerance that is asked for', async () => {
    const golden = { origin: 'from rows.csv', rows: [{ row: 1, features, value: 3.001 }] };
    await expect(deployMade(client, 'sum', first, { golden, tolerance: 1e-5 })).rejects.toMatchObject({
      code: 'PGS_DEPLOY',
    });
    await deployMade(client, 'sum', first, { golden, tolerance: 1e-3 });
  });

  test('from a file whose name would end the comment that holds it', async () => {
    const origin = 'from x.csv\nDROP SCHEMA pgscore CASCADE; --\u2028\u0085';
    await deployMade(client, 'sum', first, { golden: { rows: [{ row: 1, features, value: 3 }], origin } });
    expect(await rows(call)).toEqual([[3]]);
  });
});

describe('the migration', () => {
  test('by psql alone, up twice, down, and up again', async () => {
    const { migration } = await plan(first);
    const { up, down, functionName } = migration!;
    for (let i = 0; i < 2; i++) {
      const run = await psql(up);
      expect(run).toMatchObject({
        code: 0,
        stderr: i === 0 ? '' : expect.stringContaining('NOTICE:  sum version 1 is this model already'),
      });
    }
    const deployed = await state();
    expect(await rows(call)).toEqual([[3]]);
    await client.query(`GRANT EXECUTE ON FUNCTION pgscore_models.${functionName} TO pg_monitor`);
    expect((await psql(up)).code).toBe(0);
    expect(
      await rows(
        `SELECT has_function_privilege('pg_monitor', 'pgscore_models.${functionName}(float8, float8)', 'EXECUTE')`,
      ),
    ).toEqual([[true]]);
    expect(await psql(down)).toMatchObject({ code: 0, stderr: '' });
    await expect(client.query(call)).rejects.toMatchObject({ code: '42704' });
    expect(
      await rows(
        `SELECT count(*)::int FROM pg_proc WHERE proname LIKE 'sum%' AND pronamespace::regnamespace::text LIKE 'pgscore%'`,
      ),
    ).toEqual([[0]]);
    expect(await psql(up)).toMatchObject({ code: 0, stderr: '' });
    expect(await state()).toEqual(deployed);
    expect((await psql(`\\set ON_ERROR_STOP on\n${down}${down}`)).stderr).toContain(
      `there is no model 'sum'`,
    );
  });

  test('that fails in psql changes nothing, without ON_ERROR_STOP too', async () => {
    const { migration } = await plan(first, {
      golden: { rows: [{ row: 1, features: { a: 1, b: 1 }, value: 4 }], origin: 'from x' },
    });
    const before = await state();
    const { stderr } = await psql(migration!.up);
    expect(stderr).toContain('row 1: value is 3, expected 4');
    expect(await state()).toEqual(before);
  });

  test('reads the same whatever the session has set', async () => {
    const { migration } = await plan(sumModel([text('a', 'x\\', `'`), 'b']));
    const { stderr } = await psql(
      `SET standard_conforming_strings = off; SET search_path = ''; SET default_transaction_isolation = 'serializable'; SET escape_string_warning = off;\n${migration!.up}`,
    );
    expect(stderr).toBe('');
    expect(await rows(`SELECT pgscore_models.sum('x\\', 0), pgscore_models.sum('''', 0)`)).toEqual([[0, 1]]);
  });

  test('is an error that says how to go on when another deploy took the number', async () => {
    await deployMade(client, 'sum', first);
    const late = await plan(second);
    await deployMade(client, 'sum', third);
    const before = await state();
    await expect(applyDeploy(client, late)).rejects.toMatchObject({
      code: 'PGS_DEPLOY',
      message: expect.stringContaining('model sum has a version 2 already, with other content'),
      hint: expect.stringContaining('Write the migration again'),
    });
    expect(await state()).toEqual(before);
  });

  test('leaves nothing behind when the same content came under another number', async () => {
    const early = await plan(second);
    await deployMade(client, 'sum', first);
    await deployMade(client, 'sum', second);
    const before = await state();
    await applyDeploy(client, early);
    expect(await state()).toEqual(before);
  });

  test('twice at once: one deploys, the other finds it done', async () => {
    const plans = await Promise.all([plan(first), plan(first)]);
    const others = await Promise.all([database.client(), database.client()]);
    await Promise.all(plans.map((each, i) => applyDeploy(others[i]!, each)));
    expect(await rows('SELECT version FROM pgscore.versions')).toEqual([[1]]);
    expect(await rows(call)).toEqual([[3]]);
  });

  test('of several models at once: predict() knows all of them', async () => {
    const names = ['m1', 'm2', 'm3', 'm4', 'm5', 'm6'];
    const clients = await Promise.all(names.map(() => database.client()));
    await clients[3]!.query(`SET default_transaction_isolation = 'repeatable read'`);
    await Promise.all(names.map((name, i) => deployMade(clients[i]!, name, sumModel(['a'], { bias: i }))));
    for (const [i, name] of names.entries())
      expect(await rows(`SELECT pgscore.predict('${name}', '{"a": 0}')`)).toEqual([[i]]);
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await expect(client.query(`SELECT pgscore.drop_version('m1', 1)`)).rejects.toMatchObject({
      hint: 'BEGIN ISOLATION LEVEL READ COMMITTED.',
    });
    await client.query('ROLLBACK');
  });

  test('down is refused while something uses the version', async () => {
    const { migration } = await deployMade(client, 'sum', first);
    const { down, functionName } = migration!;
    const uses = [
      [
        'an attached table',
        `CREATE TABLE t (a int, b int); SELECT pgscore.attach('sum', 't')`,
        `SELECT pgscore.detach('sum', 't'); DROP TABLE t`,
        /is attached to public\.t\.sum_score/,
      ],
      [
        'a generated column',
        `CREATE TABLE g (a int, s float8 GENERATED ALWAYS AS (pgscore_models.${functionName}(a, 1)) STORED)`,
        'DROP TABLE g',
        /other objects depend/,
      ],
      [
        'an index',
        `CREATE TABLE i (a int); CREATE INDEX ON i (pgscore_models.${functionName}(a, 1))`,
        'DROP TABLE i',
        /other objects depend/,
      ],
      ['a view', `CREATE VIEW v AS SELECT pgscore_models.sum(1, 1)`, 'DROP VIEW v', /other objects depend/],
    ] as const;
    const before = await state();
    for (const [, use, stop, message] of uses) {
      await client.query(use);
      await expect(client.query(down)).rejects.toThrow(message);
      await client.query(stop);
    }
    expect(await state()).toEqual(before);
    await deployMade(client, 'sum', second);
    await expect(client.query(down)).rejects.toMatchObject({
      message: 'version 1 is the champion of sum',
      hint: expect.stringContaining('Promote another'),
    });
    await client.query(`SELECT pgscore.promote('sum', 2)`);
    await client.query(down);
    await expect(client.query(`SELECT pgscore.rollback('sum')`)).rejects.toMatchObject({ code: '55000' });
    expect(await rows(call)).toEqual([[103]]);
  });
});

test.each([
  'telco/lightgbm-churn.txt',
  'telco/xgboost-churn.json',
  'telco/xgboost-churn-onehot.json',
  'xgboost-3.3.0/multi_softprob/model.json',
  'xgboost-3.3.0/dart/model.json',
])('the SQL of %s is smaller than the file', async (path) => {
  const bytes = readFileSync(new URL(`../models/${path}`, import.meta.url));
  const file = { name: path, bytes };
  const { migration } = await planDeploy(client, { name: 'sized', imported: importModel(file), file });
  expect(Buffer.byteLength(migration!.up)).toBeLessThan(bytes.length);
});
