import type pg from 'pg';
import type { Engine } from '../../src/db/engine.ts';
import { applyDeploy, planDeploy } from '../../src/deploy/deploy.ts';
import type { ImportedModel, ModelFile } from '../../src/import/importer.ts';
import type { Model } from '../../src/ir/model.ts';
import { type BenchDatabase, createBenchDatabase } from './database.ts';
import { makeEnsemble } from './ensemble.ts';
import { createRows, featureNames } from './rows.ts';

export interface BenchOptions {
  /** Rows of the table that is scored and inserted; DEFAULT_ROWS unless given. */
  readonly rows?: number;
  /** Timed repetitions of each statement, after one that warms up. */
  readonly repetitions: number;
}

/** What all sections share: a database with bench.rows (id, f0 … f29) and the model `ensemble` deployed. */
export interface Bench {
  readonly rows: number;
  readonly repetitions: number;
  readonly database: BenchDatabase;
  /** For everything that is not timed. */
  readonly admin: pg.ClientBase;
  readonly model: Model;
  /** The version's own function, qualified: immutable, as indexes and generated columns need it. */
  readonly versionFunction: string;
  /** f0, f1, … */
  readonly features: readonly string[];
}

/** PLJS interprets, and takes ten times as long for a row: the whole benchmark takes some minutes with either. */
const DEFAULT_ROWS: Readonly<Record<Engine, number>> = { plv8: 100_000, pljs: 20_000 };

/** The model that the goals are stated for: 100 complete trees of depth 6 have 12,700 nodes. */
const SHAPE = { features: 30, trees: 100, depth: 6, classes: 1, precision: 'float64' } as const;

export async function prepare(options: BenchOptions, note: (line: string) => void): Promise<Bench> {
  const database = await createBenchDatabase(note);
  try {
    const admin = await database.session();
    const model = makeEnsemble(SHAPE);
    const rows = options.rows ?? DEFAULT_ROWS[database.engine];
    await admin.query('CREATE SCHEMA bench');
    await createRows(admin, 'bench.rows', { features: SHAPE.features, rows });
    const versionFunction = await deploy(admin, 'ensemble', madeModel(model));
    return {
      rows,
      repetitions: options.repetitions,
      database,
      admin,
      model,
      versionFunction,
      features: featureNames(SHAPE.features),
    };
  } catch (error) {
    await database.drop();
    throw error;
  }
}

export function madeModel(model: Model): ImportedModel {
  return { model, source: { format: 'benchmark', formatVersion: null, objective: null, notes: [] } };
}

/** Deploys as `pgscore deploy` does; returns the qualified name of the version's function. */
export async function deploy(
  client: pg.ClientBase,
  name: string,
  imported: ImportedModel,
  file: ModelFile = { name: `${name}.json`, bytes: new Uint8Array() },
): Promise<string> {
  const plan = await planDeploy(client, { name, imported, file });
  await applyDeploy(client, plan);
  return `pgscore_models."${plan.migration!.functionName}"`;
}

/** A session for timing. Scans are never split among workers, so that a row's cost is that of one process. */
export function timingSession(
  bench: Bench,
  settings: Readonly<Record<string, string>> = {},
): Promise<pg.Client> {
  return bench.database.session({ max_parallel_workers_per_gather: '0', ...settings });
}
