import { Kysely, PostgresDialect, type PostgresPoolClient } from 'kysely';
import type pg from 'pg';
import type { DB } from './schema.ts';

/** Typed queries over the pgscore schema on an open connection, which stays the caller's to close. */
export function queriesOn(client: pg.ClientBase): Kysely<DB> {
  const connection = {
    query: client.query.bind(client),
    release: () => undefined,
  } as PostgresPoolClient;
  return new Kysely<DB>({
    dialect: new PostgresDialect({ pool: { connect: async () => connection, end: async () => undefined } }),
  });
}
