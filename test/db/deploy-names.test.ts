import type pg from 'pg';
import { beforeEach, expect, test } from 'vitest';
import { evaluate } from '../../src/ir/evaluate.ts';
import type { Feature } from '../../src/ir/model.ts';
import { createTestDatabase } from '../harness/database.ts';
import { deployMade, sumModel, text } from '../harness/models.ts';

let client: pg.Client;

beforeEach(async () => {
  const database = await createTestDatabase();
  client = await database.client();
});

async function rows(sql: string, values: unknown[] = []): Promise<unknown[][]> {
  return (await client.query<unknown[]>({ text: sql, values, rowMode: 'array' })).rows;
}

const long = 'ü'.repeat(100);
const NAMES = [
  'select',
  'a"b',
  `it's`,
  '$$',
  '$check$',
  '$1',
  'back\\slash',
  'new\nline',
  '',
  ' ',
  long,
  `${long}2`,
  '__proto__',
  'constructor',
  'features',
  'numbers',
  '🙂',
  'a'.repeat(63),
  'a'.repeat(64),
  `${'a'.repeat(61)}_22`,
  '*/',
  '--',
  '%s %I %1$s',
  '{}',
  '</script>',
  '$' + '{x}',
  '`',
  '\u2028',
];
const values = NAMES.map((_, k) => k + 0.5);

test('names of features', async () => {
  const model = sumModel(NAMES);
  const expected = evaluate(model, values).prediction.value;
  await deployMade(client, 'sum', model);
  const object = JSON.stringify(Object.fromEntries(NAMES.map((name, k) => [name, values[k]])));
  expect(
    await rows(`SELECT pgscore.predict('sum', $1::text), pgscore.predict('sum', $1::jsonb)`, [object]),
  ).toEqual([[expected, expected]]);
  expect(await rows(`SELECT pgscore_models.sum(${values.join()})`)).toEqual([[expected]]);
  await expect(client.query(`SELECT pgscore.predict('sum', '{}')`)).rejects.toMatchObject({
    message: expect.stringContaining('"a""b"'),
  });
  const map = JSON.stringify(Object.fromEntries(NAMES.map((name, k) => [name, { sql: `x + ${k}` }])));
  await client.query(`CREATE TABLE t (x float8)`);
  await client.query(`SELECT pgscore.attach('sum', 't', features => $1)`, [map]);
  await client.query('INSERT INTO t VALUES (0.5)');
  expect(await rows('SELECT sum_score FROM t')).toEqual([[expected]]);
  const columns = NAMES.slice(0, 7).map((name) => `"${name.replaceAll('"', '""')}"`);
  await deployMade(client, 'few', sumModel(NAMES.slice(0, 7)));
  await client.query(
    `CREATE TABLE f (${columns.map((name) => `${name} float8`)}); SELECT pgscore.attach('few', 'f'); INSERT INTO f VALUES (${values.slice(0, 7)})`,
  );
  expect(await rows(`SELECT few_score - pgscore.predict('few', f) FROM f`)).toEqual([[0]]);
});

test.each([NAMES, [...NAMES, ...Array.from({ length: 40 }, (_, i) => `category ${i}`)]])(
  'of %# categories',
  async (...categories) => {
    const names = categories.flat() as string[];
    const features: Feature[] = [text('c', ...names), { kind: 'number', name: 'a' }];
    await deployMade(client, 'sum', sumModel(features));
    for (const [code, category] of [...names.entries(), [-2, 'of none'] as const, [-1, null] as const]) {
      const object = JSON.stringify({ c: category, a: 0 });
      expect(
        await rows(`SELECT pgscore.predict('sum', $1::jsonb), pgscore_models.sum($2, 0)`, [object, category]),
      ).toEqual([[code, code]]);
    }
  },
);

test('names of labels', async () => {
  const model = sumModel(['a'], { labels: NAMES });
  await deployMade(client, 'sum', model);
  const { prediction } = evaluate(model, [1]);
  const [found] = await rows(
    `SELECT pgscore.predict_label('sum', '{"a": 1}'), pgscore.predict_proba('sum', '{"a": 1}')`,
  );
  expect(found![0]).toBe(prediction.label);
  expect(Object.keys(found![1] as object).sort()).toEqual([...NAMES].sort());
  expect(await rows(`SELECT pgscore.predict_label('sum', '{"a": -1}')`)).toEqual([['select']]);
});

test('names of model files', async () => {
  for (const [k, name] of [
    "it's.json",
    'a"b\n; DROP TABLE x; --.json',
    '$$.json',
    '$q$',
    'back\\slash\\',
    '\u2028.json',
  ].entries()) {
    await deployMade(client, 'sum', sumModel(['a'], { bias: k }), {
      file: { name, bytes: Buffer.from('') },
    });
    expect(await rows('SELECT source_file FROM pgscore.versions ORDER BY version DESC LIMIT 1')).toEqual([
      [name],
    ]);
  }
});

test.each([
  ['a feature', sumModel(['a\0'])],
  ['a category', sumModel([text('a', 'x', '\ud800')])],
  ['a label', sumModel(['a'], { labels: ['x', 'y\0'] })],
])('names that PostgreSQL cannot hold: %s', async (_, model) => {
  await expect(deployMade(client, 'sum', model)).rejects.toMatchObject({
    code: 'PGS_UNSUPPORTED',
    message: expect.stringContaining('model.json: the '),
  });
});

test('names that PostgreSQL cannot hold: the objective', async () => {
  await expect(
    deployMade(client, 'sum', sumModel(['a']), { source: { objective: 'a\0b' } }),
  ).rejects.toMatchObject({
    code: 'PGS_UNSUPPORTED',
  });
});
