import type pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../harness/database.ts';
import { deployMade } from '../harness/models.ts';
import { importText, pmmlText, schema } from '../unit/import/pmml/files.ts';

const TYPES = ['date', 'dateTime', 'time'] as const;

function term(name: string, expression: string): string {
  return `<DerivedField name="${name}" optype="continuous" dataType="integer">${expression}</DerivedField>`;
}

/** Days since 1970, times a million, plus seconds of the moment since 1970 modulo 86400, plus seconds of the time / 10⁶. */
const MODEL = pmmlText(
  TYPES.map((type) => `<DataField name="${type}" optype="ordinal" dataType="${type}"/>`).join(''),
  `<RegressionModel functionName="regression">${schema(TYPES)}<LocalTransformations>
  ${term('days', '<Apply function="dateDaysSinceYear"><FieldRef field="date"/><Constant dataType="integer">1970</Constant></Apply>')}
  ${term('moment', '<Apply function="dateSecondsSinceMidnight"><FieldRef field="dateTime"/></Apply>')}
  ${term('seconds', '<Apply function="dateSecondsSinceMidnight"><FieldRef field="time"/></Apply>')}
  </LocalTransformations><RegressionTable intercept="0">
  <NumericPredictor name="days" coefficient="1000000"/><NumericPredictor name="moment" coefficient="1"/>
  <NumericPredictor name="seconds" coefficient="0.000001"/></RegressionTable></RegressionModel>`,
);

let client: pg.Client;

beforeAll(async () => {
  client = await (await createTestDatabase()).client();
  await deployMade(client, 'dated', importText(MODEL).model);
});

async function scores(table: string): Promise<unknown[]> {
  const { rows } = await client.query(`SELECT dated_score AS score FROM ${table} ORDER BY id`);
  return rows.map(({ score }) => score);
}

const expected = 19782e6 + 5430 + 0.01941;

describe('dates reach a model', () => {
  // An instant is 2024-02-29 01:30:30 at UTC wherever it is read, and no setting of a session matters.
  test.each([
    ['UTC', 'ISO, DMY'],
    ['Asia/Kathmandu', 'German'],
    ['America/St_Johns', 'SQL, MDY'],
  ])('by a trigger, in %s and with dates in %s', async (zone, style) => {
    await client.query(`DROP TABLE IF EXISTS visits`);
    await client.query(
      'CREATE TABLE visits (id int PRIMARY KEY, "date" date, "dateTime" timestamptz, "time" time)',
    );
    await client.query(`SELECT pgscore.attach('dated', 'visits')`);
    await client.query(`SET TimeZone = '${zone}'; SET DateStyle = '${style}'`);
    await client.query(
      `INSERT INTO visits VALUES (1, '2024-02-29', '2024-02-29 07:15:30+05:45', '05:23:30'), (2, 'infinity', '2024-02-29 07:15:30+05:45', '05:23:30'), (3, NULL, NULL, NULL)`,
    );
    expect(await scores('visits')).toEqual([expected, Number.NaN, Number.NaN]);
    const row = `SELECT pgscore.predict('dated', v) AS score FROM visits AS v WHERE id = 1`;
    expect((await client.query(row)).rows).toEqual([{ score: expected }]);
    await client.query('RESET ALL');
  });

  test('as timestamps without a zone, and out of a domain', async () => {
    await client.query('CREATE DOMAIN day AS date');
    await client.query(
      'CREATE TABLE stays (id int PRIMARY KEY, "date" day, "dateTime" timestamp, "time" time(0))',
    );
    await client.query(`SET TimeZone = 'Asia/Kathmandu'`);
    await client.query(`SELECT pgscore.attach('dated', 'stays')`);
    await client.query(`INSERT INTO stays VALUES (1, '2024-02-29', '2024-02-29 01:30:30', '05:23:30')`);
    expect(await scores('stays')).toEqual([expected]);
    await client.query('RESET ALL');
  });

  test('as texts of ISO 8601', async () => {
    const call = `SELECT pgscore_models.dated($1, $2, $3) AS score`;
    const { rows } = await client.query(call, ['2024-02-29', '2024-02-29T01:30:30Z', '05:23:30']);
    expect(rows).toEqual([{ score: expected }]);
  });
});
