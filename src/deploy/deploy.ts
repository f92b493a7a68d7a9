import { sql } from 'kysely';
import type pg from 'pg';
import { detectEngine, type Engine } from '../db/engine.ts';
import { queriesOn } from '../db/kysely.ts';
import { PgscoreError } from '../errors.ts';
import type { ImportedModel, ModelFile } from '../import/importer.ts';
import type { HandWrittenScorer } from '../scorer/scorer.ts';
import { modelContent, scorerContent, type VersionContent } from './content.ts';
import type { GoldenRow } from './golden.ts';
import { checkModelName, type VersionMigration, type VersionRequest, writeVersionMigration } from './plan.ts';
import { requireSchema } from './require-schema.ts';

/** How many rows a deploy without golden rows draws for itself: enough to pass through most trees, a few kB of SQL. */
const DRAWN_ROWS = 32;

export interface DeployOptions {
  readonly name: string;
  /** Rows with the training framework's outputs; without them rows are drawn and held to the reference evaluator. */
  readonly golden?: { readonly rows: readonly GoldenRow[]; readonly origin: string };
  readonly tolerance?: number;
  readonly metrics?: Readonly<Record<string, unknown>>;
}

/** A model file as it was imported. */
export interface DeployRequest extends DeployOptions {
  readonly imported: ImportedModel;
  readonly file: ModelFile;
}

/** A scorer written by hand. Without golden rows its own answers in Node are what the database is held to. */
export interface DeployScorerRequest extends DeployOptions {
  readonly scorer: HandWrittenScorer;
}

/** What a deploy would do, or did. */
export interface DeployPlan {
  readonly name: string;
  readonly version: number;
  readonly engine: Engine;
  /** True when this content is registered under `version` already, and nothing is to be done. */
  readonly exists: boolean;
  /** The version that `name` answers with when the deploy is done. */
  readonly champion: number;
  readonly goldenRows: number;
  /** Absent when `exists`. */
  readonly migration?: VersionMigration;
}

/** Writes the migration for the next version of a model of this database; changes nothing. Throws PgscoreError. */
export async function planDeploy(
  client: pg.ClientBase,
  request: DeployRequest | DeployScorerRequest,
): Promise<DeployPlan> {
  checkModelName(request.name);
  await requireSchema(client);
  const engine = await detectEngine(client);
  const known = await knownVersions(client, request.name);
  const { hash } = contentOf(request);
  const same = known.find((version) => version.content_hash === hash);
  const champion = known.find((version) => version.is_champion)?.version;
  if (same !== undefined) {
    const { name } = request;
    return {
      name,
      version: same.version,
      engine,
      exists: true,
      champion: champion ?? same.version,
      goldenRows: 0,
    };
  }
  const version = Math.max(0, ...known.map((each) => each.version)) + 1;
  return { ...(await planOffline(request, { engine, version })), champion: champion ?? version };
}

/** A plan without a database to ask: the caller says which version and which engine it is for. */
export async function planOffline(
  request: DeployRequest | DeployScorerRequest,
  { engine, version }: { engine: Engine; version: number },
): Promise<DeployPlan> {
  const migration = versionRequest(request, version, engine);
  return {
    name: request.name,
    version,
    engine,
    exists: false,
    champion: version,
    goldenRows: migration.golden.length,
    migration: await writeVersionMigration(migration),
  };
}

function versionRequest(
  request: DeployRequest | DeployScorerRequest,
  version: number,
  engine: Engine,
): VersionRequest {
  const content = contentOf(request);
  return {
    name: request.name,
    version,
    content,
    file: 'scorer' in request ? request.scorer.file : request.file,
    engine,
    golden: request.golden?.rows ?? content.drawRows(DRAWN_ROWS),
    goldenOrigin: request.golden?.origin ?? content.drawnBy,
    tolerance: request.tolerance ?? content.tolerance,
    ...(request.metrics === undefined ? {} : { metrics: request.metrics }),
  };
}

function contentOf(request: DeployRequest | DeployScorerRequest): VersionContent {
  return 'scorer' in request ? scorerContent(request.scorer) : modelContent(request.imported);
}

/** Applies a plan. Throws PGS_DEPLOY, with nothing changed, when a golden row differs or the database refuses. */
export async function applyDeploy(client: pg.ClientBase, plan: DeployPlan): Promise<void> {
  if (plan.migration === undefined) return;
  try {
    await client.query(plan.migration.up);
  } catch (error) {
    await client.query('ROLLBACK');
    throw asDeployError(error, plan);
  }
}

/** What the database said, for people. */
export function asDeployError(error: unknown, plan: { name: string; version: number }): unknown {
  const { message, detail, hint, code } = error as Partial<pg.DatabaseError>;
  if (code === undefined) return error;
  const text = [`${plan.name} version ${plan.version} was not deployed: ${message}`, detail]
    .filter(Boolean)
    .join('\n');
  return new PgscoreError('PGS_DEPLOY', text, { cause: error, ...(hint === undefined ? {} : { hint }) });
}

export interface KnownVersion {
  readonly version: number;
  readonly content_hash: string;
  readonly is_champion: boolean;
}

/** The versions of a model that are registered. */
export function knownVersions(client: pg.ClientBase, model: string): Promise<KnownVersion[]> {
  return queriesOn(client)
    .selectFrom('pgscore_internal.versions as v')
    .innerJoin('pgscore_internal.models as m', 'm.name', 'v.model')
    .select([
      'v.version',
      'v.content_hash',
      sql<boolean>`v.version IS NOT DISTINCT FROM m.champion`.as('is_champion'),
    ])
    .where('v.model', '=', model)
    .execute();
}
