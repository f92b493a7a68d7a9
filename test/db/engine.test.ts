import type pg from 'pg';
import { beforeAll, expect, test } from 'vitest';
import { connectTo } from '../../src/db/connect.ts';
import { detectEngine } from '../../src/db/engine.ts';
import { PgscoreError } from '../../src/errors.ts';
import { dollarQuote, quoteIdent, quoteLiteral } from '../../src/quote.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.client();
});

test('the installed language is found', async () => {
  expect(await detectEngine(client)).toBe(database.engine);
});

test('a database without one says what is available and how to install it', async () => {
  await client.query('BEGIN');
  await client.query(`DROP EXTENSION ${database.engine} CASCADE`);
  const error = await detectEngine(client).catch((reason: unknown) => reason);
  await client.query('ROLLBACK');
  expect(error).toBeInstanceOf(PgscoreError);
  expect(error).toMatchObject({
    code: 'PGS_DATABASE',
    message: expect.stringMatching(
      new RegExp(
        `^the database "${database.name}" has no JavaScript language installed; .*${database.engine}`,
      ),
    ),
    hint: expect.stringContaining(`CREATE EXTENSION ${database.engine};`),
  });
});

test('an unknown database and a wrong password say so', async () => {
  const wrong = new URL(database.url);
  wrong.pathname = '/nonesuch';
  await expect(
    connectTo({ config: { connectionString: wrong.href }, origin: 'DATABASE_URL' }),
  ).rejects.toMatchObject({
    code: 'PGS_DATABASE',
    message: expect.stringMatching(/database nonesuch, .*"nonesuch" does not exist/),
    hint: expect.stringContaining('createdb'),
  });
});

test.each(['on', 'off'])('quoted texts come back with standard_conforming_strings %s', async (setting) => {
  await client.query(`SET standard_conforming_strings = ${setting}`);
  await client.query('SET escape_string_warning = off');
  for (const text of ['', 'plain', "it's", 'C:\\new', "\\'; --", '$$', '$', 'a$q$b', '$1 ü €\n']) {
    const { rows } = await client.query(
      `SELECT ${quoteLiteral(text)} AS literal, ${dollarQuote(text)} AS dollar, 1 AS ${quoteIdent(text || 'x')}`,
    );
    expect(rows[0]).toEqual({ literal: text, dollar: text, [text || 'x']: 1 });
  }
});
