import type pg from 'pg';
import { PgscoreError } from '../errors.ts';
import { requireSchema } from './deploy.ts';

export interface VersionState {
  readonly model: string;
  readonly version: number;
  readonly is_champion: boolean;
  readonly function_name: string;
  readonly task: string;
  readonly format: string;
  readonly format_version: string | null;
  readonly source_file: string;
  readonly golden_rows: number;
  readonly deployed_at: Date;
  readonly deployed_by: string;
}

export interface BindingState {
  readonly id: number;
  readonly model: string;
  readonly relation: string;
  readonly value_column: string;
  readonly on_error: 'raise' | 'null';
  /** What keeps the binding from working, or null. */
  readonly problem: string | null;
}

export interface ModelState {
  readonly name: string;
  readonly versions: readonly VersionState[];
  readonly bindings: readonly BindingState[];
}

/** The models of a database by name, or one of them. Throws PGS_USAGE when it does not exist. */
export async function listModels(client: pg.ClientBase, only?: string): Promise<ModelState[]> {
  await requireSchema(client);
  const versions = await client.query<VersionState>(
    `SELECT model, version, is_champion, function_name, task, format, format_version, source_file, golden_rows,
            deployed_at, deployed_by
       FROM pgscore.versions ORDER BY model, version`,
  );
  const bindings = await client.query<BindingState>(
    `SELECT id, model, relation::text AS relation, value_column, on_error, problem FROM pgscore.bindings ORDER BY id`,
  );
  const names = [...new Set(versions.rows.map(({ model }) => model))];
  if (only !== undefined && !names.includes(only)) {
    throw new PgscoreError('PGS_USAGE', `there is no model ${JSON.stringify(only)}`, {
      hint: names.length === 0 ? 'No model was deployed yet.' : `The models: ${names.join(', ')}.`,
    });
  }
  return names
    .filter((name) => only === undefined || name === only)
    .map((name) => ({
      name,
      versions: versions.rows.filter(({ model }) => model === name),
      bindings: bindings.rows.filter(({ model }) => model === name),
    }));
}
