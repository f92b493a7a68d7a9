import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';

/**
 * What the sidecars of a release ask of the database: each statement as they send it, with `{id}` for a binding's number.
 * A released contract never changes: such sidecars run beside those of later releases, on the schema of the latest.
 */
export interface Contract {
  readonly release: string;
  readonly statements: readonly ContractStatement[];
}

export interface ContractStatement {
  readonly text: string;
  /** Types of $1, $2, … */
  readonly parameters: readonly string[];
  /** Names and types. */
  readonly columns: readonly string[];
}

const folder = fileURLToPath(new URL('../contracts/', import.meta.url));

export function contractPath(release: string): string {
  return join(folder, `sidecar-${release}.json`);
}

export function readContracts(): readonly Contract[] {
  const files = readdirSync(folder).filter((name) => /^sidecar-.*\.json$/.test(name));
  return files.map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Contract);
}

/** Whether a statement asks for anything of pgscore's, and its text without what differs from one binding to another. */
export function normalized(sent: string): string | undefined {
  const text = sent.replace(/^\s*--.*\n/gm, '').trim();
  if (!/\bpgscore(_internal|_models)?\./.test(text)) return undefined;
  return text.replaceAll(/\bbinding_\d+_/g, 'binding_{id}_');
}

/** What the database takes and gives for a statement, which is not run. Throws when it is not understood. */
export async function describeStatement(
  client: pg.ClientBase,
  text: string,
  binding: number,
): Promise<ContractStatement> {
  const ready = forBinding(text, binding);
  await client.query(`PREPARE contract AS ${ready}`);
  try {
    const { rows } = await client.query<{ parameters: string[] }>(
      `SELECT parameter_types::text[] AS parameters FROM pg_prepared_statements WHERE name = 'contract'`,
    );
    const { parameters } = rows[0]!;
    const nulls = parameters.map(() => null);
    const { fields } = await client.query({ text: `SELECT * FROM (${ready}) AS s LIMIT 0`, values: nulls });
    const types = await client.query<{ type: string }>(
      'SELECT oid::regtype::text AS type FROM unnest($1::oid[]) WITH ORDINALITY AS t (oid, k) ORDER BY k',
      [fields.map(({ dataTypeID }) => dataTypeID)],
    );
    return { text, parameters, columns: fields.map(({ name }, k) => `${name} ${types.rows[k]!.type}`) };
  } finally {
    await client.query('DEALLOCATE contract');
  }
}

export function forBinding(text: string, binding: number): string {
  return text.replaceAll('{id}', String(binding));
}
