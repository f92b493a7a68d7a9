import type pg from 'pg';
import { PgscoreError } from '../errors.ts';

/** The language that scoring functions are written in. */
export type Engine = 'plv8' | 'pljs';

/** In order of preference: V8 is the faster one. */
const engines: readonly Engine[] = ['plv8', 'pljs'];

/** The JavaScript language that the database has installed. Throws PGS_DATABASE when it has none. */
export async function detectEngine(client: Pick<pg.ClientBase, 'query'>): Promise<Engine> {
  const { rows } = await client.query<{ name: Engine; installed: boolean; database: string }>(
    `SELECT name, installed_version IS NOT NULL AS installed, pg_catalog.current_database() AS database
       FROM pg_catalog.pg_available_extensions WHERE name = ANY ($1::text[])`,
    [engines],
  );
  const installed = engines.find((engine) => rows.some((row) => row.name === engine && row.installed));
  if (installed !== undefined) return installed;
  const available = engines.find((engine) => rows.some((row) => row.name === engine));
  const place = rows[0] === undefined ? 'this database' : `the database "${rows[0].database}"`;
  if (available !== undefined) {
    throw new PgscoreError(
      'PGS_DATABASE',
      `${place} has no JavaScript language installed; available on its server: ` +
        rows.map((row) => row.name).join(', '),
      { hint: `As a superuser or the database's owner: CREATE EXTENSION ${available};` },
    );
  }
  throw new PgscoreError(
    'PGS_DATABASE',
    `${place} has no JavaScript language, and its server offers neither plv8 nor pljs`,
    {
      hint:
        'Install plv8 (or pljs) on the server, or enable it at your provider; then CREATE EXTENSION plv8. ' +
        'docker/compose.yaml starts a server that has it.',
    },
  );
}
