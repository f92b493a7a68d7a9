import { basename } from 'node:path';
import { withClient } from '../db/with-client.ts';
import { readGraphGoldenRows } from '../deploy/graph-golden.ts';
import {
  applyGraphDeploy,
  type GraphDeployPlan,
  type GraphDeployRequest,
  planGraphDeploy,
  planGraphOffline,
} from '../deploy/graph-version.ts';
import { PgscoreError } from '../errors.ts';
import type { ImportedGraph, ModelFile } from '../import/importer.ts';
import { note, print } from './output.ts';
import { writeMigration } from './write.ts';

export interface GraphOptions {
  readonly name: string;
  readonly golden?: string;
  readonly expected?: string;
  readonly tolerance?: number;
  readonly write?: string | true;
  readonly engine?: string;
  readonly asVersion?: number;
  readonly json?: true;
}

/** The part of `pgscore deploy` for models that the sidecar runs. */
export async function deployGraph(
  imported: ImportedGraph,
  file: ModelFile,
  options: GraphOptions,
  metrics: Record<string, unknown> | undefined,
): Promise<void> {
  const request: GraphDeployRequest = {
    name: options.name,
    imported,
    file,
    ...(options.tolerance === undefined ? {} : { tolerance: options.tolerance }),
    ...(options.golden === undefined
      ? {}
      : { golden: await readGolden(imported, options.golden, options.expected) }),
    ...(metrics === undefined ? {} : { metrics }),
  };
  if (options.engine !== undefined) {
    throw new PgscoreError(
      'PGS_USAGE',
      '--engine is for models that run in the database, and this one does not',
      {
        hint: `${imported.reason}\nFor a database that cannot be asked, --write with --as-version is enough.`,
      },
    );
  }
  if (options.asVersion !== undefined) {
    if (options.write === undefined) throw new PgscoreError('PGS_USAGE', '--as-version belongs to --write');
    await write(await planGraphOffline(request, options.asVersion), options);
    return;
  }
  await withClient(async (client) => {
    const plan = await planGraphDeploy(client, request);
    if (options.write !== undefined && !plan.exists) return write(plan, options);
    await applyGraphDeploy(client, plan);
    print(options.json, summary(plan), describe(plan, request));
  }, note);
}

async function readGolden(
  { graph }: ImportedGraph,
  path: string,
  expected: string | undefined,
): Promise<NonNullable<GraphDeployRequest['golden']>> {
  const rows = await readGraphGoldenRows(graph, path, expected);
  const names = expected === undefined ? [path] : [path, expected];
  return { rows, origin: `from ${names.map((name) => basename(name)).join(' and ')}` };
}

async function write(plan: GraphDeployPlan, { write: target, json }: GraphOptions): Promise<void> {
  const { up, down } = plan.migration!;
  const files = await writeMigration(target!, { name: `${plan.name}_v${plan.version}`, up: up(), down });
  if (files.length > 0) print(json, { ...summary(plan), files }, files.join('\n'));
}

function summary({ migration: _, ...plan }: GraphDeployPlan): object {
  return { ...plan, runsIn: 'sidecar' };
}

function describe(plan: GraphDeployPlan, { golden, imported }: GraphDeployRequest): string {
  const { name, version, champion, goldenRows } = plan;
  if (plan.exists) return `${name} version ${version} is this model already: nothing to do`;
  const rows = goldenRows === 1 ? '1 golden row' : `${goldenRows} golden rows`;
  return [
    `${name} version ${version} is deployed for the sidecar: ${imported.reason}`,
    golden === undefined
      ? `${goldenRows} rows drawn by pgscore: scored by onnxruntime`
      : `${rows} ${golden.origin}: reproduced by onnxruntime`,
    champion === version
      ? `attach it: SELECT pgscore.attach('${name}', table, mode => 'async'); pgscore sidecar fills the column`
      : `the champion is still version ${champion}; promote it with: pgscore promote ${name} ${version}`,
  ].join('\n');
}
