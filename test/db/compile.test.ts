import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileSource } from '../../src/compile/compile.ts';
import { dice } from '../golden/compile/bundles.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';

/** Runs the golden SQL of test/golden/compile: the same expectations hold on both engines. */
const golden = join(import.meta.dirname, '../golden/compile');
let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.client();
  await client.query(`SET timezone = 'UTC'; SET datestyle = 'ISO'; CREATE SCHEMA "Scoring Rules"`);
  const files = readdirSync(golden).filter((name) => name.endsWith(`.${database.engine}.sql`));
  for (const name of files) await client.query(readFileSync(join(golden, name), 'utf8'));
});

/** One value, as PostgreSQL writes it. */
async function value(expression: string): Promise<string | null> {
  const { rows } = await client.query<{ value: string | null }>(`SELECT (${expression})::text AS value`);
  return rows[0]!.value;
}

describe('values', () => {
  it.each([
    // NULL is passed in, not answered for.
    [`churnScore(1, 70, 'Month-to-month')`, '36'],
    [`churnscore(NULL, NULL, NULL)`, '0.25'],
    [`churnScore(monthlyCharges => 4, contract => 'x', tenure => 3)`, '1.25'],
    [`strictly(NULL)`, null],
    // A default stands in for NULL.
    [`scaled(2, NULL, NULL)`, '20.5'],
    [`scaled(2, 3, 4)`, '10'],
    [`third()`, '0.3333333333333333'],
    [`nothing()`, null],
    [`isLarge(101)`, 'true'],
    [`isLarge(NULL)`, 'false'],
    [`nextId(9007199254740993)`, '9007199254740994'],
    [`half(10)`, '5'],
    [`mean(ARRAY[1, NULL, 4])`, '2.5'],
    [`mean(ARRAY[NULL]::float8[])`, null],
    [`upper(ARRAY['a', NULL, 'ß'])`, '{A,NULL,SS}'],
    [`doubled(NULL)`, null],
    [`doubled(ARRAY[1, NULL])`, '{2,0}'],
    [`upper(ARRAY[]::text[])`, '{}'],
    [`softmax(ARRAY[0, 0]::float8[])`, '{0.5,0.5}'],
    [`softmax(ARRAY[NULL, 0]::float8[])`, '{NaN,NaN}'],
    [`weekLater('2024-02-26 10:00:00.5+00')`, '2024-03-04 10:00:00.5+00'],
    [`days('2024-02-29')`, '{"2024-02-29 00:00:00+00","2024-03-07 00:00:00+00"}'],
    [`bytesOf(E'a\\u00ff\\u0001')`, '\\x61ff01'],
    [
      `summary('{"name": "Ann", "scores": [1, 2.5]}')`,
      '{"at": "1970-01-01T00:00:00.000Z", "best": 2.5, "mean": null, "name": "Ann", "scores": [1, 2.5]}',
    ],
    [`summary('{"scores": [1]}')->>'name'`, null],
    [`summary(NULL)`, null],
    [`exactly(0.1234567890123456)`, '{"value":0.1234567890123456}'],
    [`exactly(-1)`, '"not positive"'],
    [`"Scoring Rules"."select"('a', 1, 2, 3)`, 'a:1:2:3'],
    [`"Scoring Rules"."select"("order" => 'b', "user" => 1, "größe" => 2, "$1" => 3)`, 'b:1:2:3'],
    [`hostile('x')`, `x$$ $pgscore$ $q$ ' " \\ \n é 😀 */ -- $`],
    [`dice(1)`, String(dice(1))],
    [`fallback()`, 'fallback'],
  ])('%s is %s', async (expression, expected) => {
    expect(await value(expression)).toBe(expected);
  });

  it('evaluates the bundle once per session', async () => {
    expect([await value('countCalls()'), await value('countCalls()')]).toEqual(['1', '2']);
    const other = await database.client();
    const { rows } = await other.query('SELECT countCalls() AS calls, dice(3) IS NULL AS nothing');
    expect(rows).toEqual([{ calls: 1, nothing: false }]);
  });

  it('returns void', async () => {
    expect((await client.query('SELECT ignore(NULL)')).rowCount).toBe(1);
  });

  it('carries the declared properties', async () => {
    const { rows } = await client.query(
      `SELECT proname, provolatile, proparallel, proisstrict FROM pg_proc
       WHERE proname IN ('churnscore', 'third', 'strictly') ORDER BY proname`,
    );
    expect(rows).toEqual([
      { proname: 'churnscore', provolatile: 'i', proparallel: 's', proisstrict: false },
      { proname: 'strictly', provolatile: 'v', proparallel: 'u', proisstrict: true },
      { proname: 'third', provolatile: 'v', proparallel: 'u', proisstrict: false },
    ]);
  });
});

describe('sets', () => {
  it.each([
    ['SELECT countTo(3) AS n', [{ n: 1 }, { n: 2 }, { n: 3 }]],
    ['SELECT * FROM countTo(0) AS n', []],
    [`SELECT * FROM letters('añ')`, [{ letters: 'a' }, { letters: 'ñ' }]],
    [
      `SELECT * FROM ranked(ARRAY['x', 'y'])`,
      [
        { rank: 1, Label: 'x', score: null },
        { rank: 2, Label: 'y', score: 0.5 },
      ],
    ],
    ['SELECT * FROM halves(ARRAY[1, 2.5])', [{ half: '0.5' }, { half: '1.25' }]],
  ])('%s', async (query, expected) => {
    expect((await client.query(query)).rows).toEqual(expected);
  });
});

describe('errors at run time', () => {
  it.each([
    ['half(9007199254740993)', '9007199254740993 is no exact number: take the argument as bigint'],
    ['half(3)', 'returned 1.5, where an integer was expected'],
    ['half(9000000000)', 'returned 4500000000, where an integer was expected'],
    [`parseDay('no day')`, 'returned [object Date], where a valid Date was expected'],
  ])('%s fails: %s', async (expression, message) => {
    // PL/v8 gives the JavaScript message, PLJS puts it into DETAIL.
    const error = await value(expression).catch((cause: Error & { detail?: string }) => cause);
    expect(error).toBeInstanceOf(Error);
    expect(`${(error as Error).message} ${(error as { detail?: string }).detail}`).toContain(message);
  });
});

describe('triggers', () => {
  beforeAll(async () => {
    await client.query(`
      CREATE TABLE scored (id int, label text, score float8);
      CREATE TRIGGER keep BEFORE INSERT OR UPDATE OR DELETE ON scored
      FOR EACH ROW EXECUTE FUNCTION keepScore('a', 'b')`);
  });

  it('reads NEW, OLD and TG_ variables, changes the row, and skips it for null', async () => {
    await client.query('INSERT INTO scored (id, score) VALUES (1, 0.5), (2, -1), (3, 0.25)');
    await client.query('UPDATE scored SET score = 0.75 WHERE id = 1');
    await client.query('DELETE FROM scored WHERE id = 3');
    expect((await client.query('SELECT * FROM scored ORDER BY id')).rows).toEqual([
      { id: 1, label: 'UPDATE a+b 0.5', score: 0.75 },
    ]);
  });

  it('keeps the variables of an outer trigger while an inner one runs', async (context) => {
    // SPI in a trigger fails on PLJS.
    if (database.engine === 'pljs') context.skip();
    await create(
      `/** @plv8ify_trigger */
       export function nested(NEW: { depth: number; seen: string }) {
         const before = TG_TABLE_NAME;
         if (before === 'outside') plv8.execute('INSERT INTO inside DEFAULT VALUES');
         NEW.seen = [before, TG_TABLE_NAME, TG_ARGV].join();
         return NEW;
       }`,
    );
    await client.query(`
      CREATE TABLE inside (seen text);
      CREATE TABLE outside (seen text);
      CREATE TRIGGER nested BEFORE INSERT ON inside FOR EACH ROW EXECUTE FUNCTION nested('in');
      CREATE TRIGGER nested BEFORE INSERT ON outside FOR EACH ROW EXECUTE FUNCTION nested('out');
      INSERT INTO outside DEFAULT VALUES`);
    expect(await value('SELECT seen FROM inside')).toBe('inside,inside,in');
    expect(await value('SELECT seen FROM outside')).toBe('outside,outside,out');
  });
});

/** Compiles a text for the database's engine and creates its functions. */
async function create(text: string): Promise<void> {
  const { sql } = await compileSource(text, join(import.meta.dirname, 'scorer.ts'), {
    engine: database.engine,
  });
  await client.query(sql);
}

describe('what one engine cannot do', () => {
  it('passes bytea on PL/v8, and refuses to compile it for PLJS', async () => {
    const source =
      'export function byteSum(bytes: Uint8Array): number { return bytes.reduce((a, b) => a + b, 0); }';
    if (database.engine === 'pljs') {
      await expect(create(source)).rejects.toMatchObject({
        code: 'PGS_COMPILE',
        message: expect.stringMatching(/scorer\.ts:1:25: parameter 'bytes': PLJS does not pass bytea/),
      });
    } else {
      await create(source);
      expect(await value(`byteSum('\\x01ff')`)).toBe('256');
    }
  });

  it.each([
    ['export function* gaps(): Generator<number | null> { yield 1; yield null; }', 'gaps()', '1,'],
    ['export const noWords = (): string[] | null => null;', 'noWords()', ''],
    ['export const epoch = (): Date => new Date(0);', 'epoch()', '1970-01-01 00:00:00+00'],
  ])('%s: what PLJS would crash on or lose is an error there', async (source, call, expected) => {
    await create(source);
    const rows = client.query(`SELECT string_agg(coalesce(v::text, ''), ',') AS v FROM ${call} AS v`);
    if (database.engine === 'plv8') expect((await rows).rows).toEqual([{ v: expected }]);
    else await expect(rows).rejects.toMatchObject({ detail: expect.stringContaining('PLJS cannot return') });
  });
});
