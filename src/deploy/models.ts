import { sql } from 'kysely';
import type pg from 'pg';
import { queriesOn } from '../db/kysely.ts';
import { PgscoreError } from '../errors.ts';
import { requireSchema } from './require-schema.ts';

export interface VersionState {
  readonly model: string;
  readonly version: number;
  readonly is_champion: boolean;
  /** NULL for versions that the sidecar runs. */
  readonly function_name: string | null;
  readonly runs_in: 'database' | 'sidecar';
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

const VERSION_COLUMNS = [
  'model',
  'version',
  'is_champion',
  'function_name',
  'runs_in',
  'task',
  'format',
  'format_version',
  'source_file',
  'golden_rows',
  'deployed_at',
  'deployed_by',
] as const;

/** The models of a database by name, or one of them. Throws PGS_USAGE when it does not exist. */
export async function listModels(client: pg.ClientBase, only?: string): Promise<ModelState[]> {
  await requireSchema(client);
  const db = queriesOn(client);
  const versions = await db
    .selectFrom('pgscore.versions')
    .select(VERSION_COLUMNS)
    .orderBy('model')
    .orderBy('version')
    .$narrowType<VersionState>()
    .execute();
  const bindings = await db
    .selectFrom('pgscore.bindings')
    .select([
      'id',
      'model',
      sql<string>`relation::text`.as('relation'),
      'value_column',
      'on_error',
      'problem',
    ])
    .orderBy('id')
    .$narrowType<BindingState>()
    .execute();
  const names = [...new Set(versions.map(({ model }) => model))];
  if (only !== undefined && !names.includes(only)) {
    throw new PgscoreError('PGS_USAGE', `there is no model ${JSON.stringify(only)}`, {
      hint: names.length === 0 ? 'No model was deployed yet.' : `The models: ${names.join(', ')}.`,
    });
  }
  return names
    .filter((name) => only === undefined || name === only)
    .map((name) => ({
      name,
      versions: versions.filter(({ model }) => model === name),
      bindings: bindings.filter(({ model }) => model === name),
    }));
}
