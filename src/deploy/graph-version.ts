import type pg from 'pg';
import type { ImportedGraph, ModelFile } from '../import/importer.ts';
import { asDeployError, knownVersions } from './deploy.ts';
import { drawGraphRows, type GraphGoldenRow, proveGraph } from './graph-golden.ts';
import { type GraphMigration, graphContentHash, graphMigration } from './graph-sql.ts';
import { checkModelName } from './plan.ts';
import { requireSchema } from './require-schema.ts';

/** What onnxruntime's kernels on different processors differ by, in float32. */
const DEFAULT_TOLERANCE = 1e-5;

/** A model that the sidecar runs. */
export interface GraphDeployRequest {
  readonly name: string;
  readonly imported: ImportedGraph;
  readonly file: ModelFile;
  /** Rows with the training framework's outputs; without them rows are drawn, which must score. */
  readonly golden?: { readonly rows: readonly GraphGoldenRow[]; readonly origin: string };
  readonly tolerance?: number;
  readonly metrics?: Readonly<Record<string, unknown>>;
}

/** What a deploy would do, or did: as DeployPlan. */
export interface GraphDeployPlan {
  readonly name: string;
  readonly version: number;
  readonly exists: boolean;
  readonly champion: number;
  readonly goldenRows: number;
  /** Absent when `exists`. */
  readonly migration?: GraphMigration;
}

/**
 * Writes the migration for the next version of a model of this database, after proving the golden rows with
 * onnxruntime in this process; changes nothing. Throws PgscoreError (PGS_DEPLOY when a row differs).
 */
export async function planGraphDeploy(
  client: pg.ClientBase,
  request: GraphDeployRequest,
): Promise<GraphDeployPlan> {
  const { name, imported, file } = request;
  checkModelName(name);
  await requireSchema(client);
  const known = await knownVersions(client, name);
  const hash = graphContentHash(imported, file);
  const same = known.find((version) => version.content_hash === hash);
  const champion = known.find((version) => version.is_champion)?.version;
  if (same !== undefined) {
    return { name, version: same.version, exists: true, champion: champion ?? same.version, goldenRows: 0 };
  }
  const version = Math.max(0, ...known.map((each) => each.version)) + 1;
  return { ...(await planGraphOffline(request, version)), champion: champion ?? version };
}

/** A plan without a database to ask: the caller says which version it is for. */
export async function planGraphOffline(
  request: GraphDeployRequest,
  version: number,
): Promise<GraphDeployPlan> {
  const { name, imported, file, metrics, tolerance = DEFAULT_TOLERANCE } = request;
  checkModelName(name);
  const rows = request.golden?.rows ?? drawGraphRows(imported.graph);
  const origin = request.golden?.origin ?? 'drawn by pgscore, which scored';
  const migration = graphMigration({
    name,
    version,
    imported,
    file,
    golden: { count: rows.length, origin },
    tolerance,
    ...(metrics === undefined ? {} : { metrics }),
  });
  await proveGraph(imported.graph, file, rows, tolerance);
  return { name, version, exists: false, champion: version, goldenRows: rows.length, migration };
}

/** Applies a plan. Throws PGS_DEPLOY, with nothing changed, when the database refuses. */
export async function applyGraphDeploy(client: pg.ClientBase, plan: GraphDeployPlan): Promise<void> {
  if (plan.migration === undefined) return;
  try {
    for (const statement of plan.migration.up()) await client.query(statement);
  } catch (error) {
    await client.query('ROLLBACK');
    throw asDeployError(error, plan);
  }
}
