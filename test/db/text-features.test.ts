import type pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { evaluate } from '../../src/ir/evaluate.ts';
import { type Feature, type Model, registerLayout, type Step } from '../../src/ir/model.ts';
import { createTestDatabase } from '../harness/database.ts';
import { deployMade, text } from '../harness/models.ts';

/** raw: the numbers, then for each text feature its hash and its category's code. */
function hashingModel(features: readonly Feature[]): Model {
  const steps = features.flatMap((feature, input): Step[] =>
    feature.kind === 'number'
      ? []
      : [
          { kind: 'hash-text', input, missing: -7 },
          { kind: 'encode-category', input, categories: feature.categories, missing: -1, unknown: -2 },
        ],
  );
  const numbers = features.flatMap(({ kind }, i) => (kind === 'number' ? [i] : []));
  const raw = [...numbers, ...registerLayout({ features, steps }).first];
  return { irVersion: 1, task: 'regression', features, steps, output: { value: raw.at(-2)!, raw } };
}

const small = hashingModel([text('a', 'x', 'y'), { kind: 'number', name: 'n' }, text('b')]);
/** 60 texts, each as a text and as a code, and 60 numbers: PostgreSQL has no function of as many arguments. */
const wide = hashingModel(
  Array.from({ length: 120 }, (_, i) =>
    i % 2 === 0 ? text(`t${i}`, 'x') : { kind: 'number', name: `n${i}` },
  ),
);
const textsOnly = hashingModel(Array.from({ length: 101 }, (_, i) => text(`t${i}`)));

type Values = (number | string | null)[];

const ROWS: readonly Values[] = [
  ['x', 1, 'some longer text, of more than sixty-four bytes: it is hashed by another way'],
  [null, null, null],
  ['', -0.5, `it's "quoted" \\ $$ {NULL,"}`],
  ['y', 2, 'naïve 日本語 👍🏽\u0001\u2028'],
  ['NULL', 3, ' x '],
];

let client: pg.Client;

beforeAll(async () => {
  client = await (await createTestDatabase()).client();
  await deployMade(client, 'small', small);
  await deployMade(client, 'wide', wide);
  await deployMade(client, 'texts', textsOnly);
});

async function first<T>(sql: string, values: unknown[]): Promise<T> {
  return (await client.query<[T]>({ text: sql, values, rowMode: 'array' })).rows[0]![0];
}

function rowOf(model: Model, values: Values): string {
  return JSON.stringify(Object.fromEntries(model.features.map(({ name }, i) => [name, values[i]])));
}

describe('texts reach a program as they are', () => {
  test.each(ROWS.map((row) => [row]))('%j', async (row) => {
    const { prediction } = evaluate(small, row);
    expect(await first('SELECT pgscore_models.small($1, $2, $3)', row)).toBe(prediction.value);
    expect(
      await first('SELECT pgscore_models.small__raw(pgscore_models.small__outputs($1, $2, $3))', row),
    ).toEqual(prediction.raw);
    const json = rowOf(small, row);
    expect(await first(`SELECT pgscore.predict('small', $1::jsonb)`, [json])).toBe(prediction.value);
    expect(await first(`SELECT pgscore.predict_raw('small', $1::jsonb)`, [json])).toEqual(prediction.raw);
    const record = `(SELECT r FROM jsonb_to_record($1::jsonb) AS r (b text, n float8, a text))`;
    expect(await first(`SELECT pgscore.predict_raw('small', ${record})`, [json])).toEqual(prediction.raw);
  });

  test('by a trigger', async () => {
    await client.query(`CREATE TABLE notes (id int PRIMARY KEY, a varchar(9), n real, b text)`);
    await client.query(`SELECT pgscore.attach('small', 'notes')`);
    for (const [i, [a, , b]] of ROWS.entries()) {
      const values = [i, a, b];
      const score = await first(`INSERT INTO notes VALUES ($1, $2, 1, $3) RETURNING small_score`, values);
      expect(score).toBe(evaluate(small, [a!, 1, b!]).prediction.value);
    }
  });

  test.each([
    ['numbers and texts', 'wide', wide],
    ['texts alone', 'texts', textsOnly],
  ])('as arrays, where they are too many: %s', async (_, name, model) => {
    const row = model.features.map(({ kind }, i) =>
      kind === 'number' ? i / 7 : ['x', null, '', `Ü${i}`][i % 4]!,
    );
    const { prediction } = evaluate(model, row);
    const kinds = [
      ['number', 'float8[]'],
      ['text', 'text[]'],
    ].filter(([kind]) => model.features.some((feature) => feature.kind === kind));
    const arrays = kinds.map(([kind]) => row.filter((_, i) => model.features[i]!.kind === kind));
    const parameters = kinds.map(([, type], i) => `$${i + 1}::${type}`).join();
    expect(await first(`SELECT pgscore_models.${name}(${parameters})`, arrays)).toBe(prediction.value);
    const raw = await first(`SELECT pgscore.predict_raw('${name}', $1::jsonb)`, [rowOf(model, row)]);
    expect(raw).toEqual(prediction.raw);
  });

  test('and one that is no text is refused', async () => {
    const row = JSON.stringify({ a: 1, n: 1, b: 'x' });
    await expect(client.query(`SELECT pgscore.predict('small', $1::jsonb)`, [row])).rejects.toThrow(
      'a is 1, expected a text',
    );
  });
});
