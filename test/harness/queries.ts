import type pg from 'pg';
import { beforeAll, beforeEach, expect } from 'vitest';
import { createTestDatabase, type TestDatabase } from './database.ts';

export let database: TestDatabase;
export let client: pg.Client;

/** A database for the tests of a file, and a connection to it. Call it at the top. */
export function prepareDatabase(deploy: (client: pg.Client) => Promise<void>): void {
  beforeAll(async () => {
    database = await createTestDatabase();
    client = await database.client();
    await deploy(client);
  });
}

/** An empty schema for each test, which the search_path names alone. */
export function prepareWorkSchema(): void {
  beforeEach(async () => {
    await client.query(
      'ROLLBACK; DROP SCHEMA IF EXISTS work CASCADE; CREATE SCHEMA work; SET search_path = work',
    );
  });
}

export async function rows(sql: string, values: unknown[] = []): Promise<unknown[][]> {
  return (await client.query<unknown[]>({ text: sql, values, rowMode: 'array' })).rows;
}

export async function fails(sql: string, expected: object | RegExp, values: unknown[] = []): Promise<void> {
  const matcher = expected instanceof RegExp ? { message: expect.stringMatching(expected) } : expected;
  await expect(client.query(sql, values)).rejects.toMatchObject(matcher);
}
