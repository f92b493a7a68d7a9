import type pg from 'pg';
import { PgscoreError } from '../errors.ts';

/** Throws PGS_DATABASE unless the pgscore schema is installed. */
export async function requireSchema(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ found: string | null; database: string }>(
    `SELECT to_regclass('pgscore_internal.installation') AS found, current_database() AS database`,
  );
  if (rows[0]!.found !== null) return;
  throw new PgscoreError('PGS_DATABASE', `the database "${rows[0]!.database}" has no pgscore schema`, {
    hint: 'Run pgscore migrate first.',
  });
}
