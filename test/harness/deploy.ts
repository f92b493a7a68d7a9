import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { applyDeploy, type DeployPlan, type DeployRequest, planDeploy } from '../../src/deploy/deploy.ts';
import type { ImportOptions } from '../../src/import/importer.ts';
import { importModel } from '../../src/import/registry.ts';

export type DeployModelOptions = Pick<DeployRequest, 'golden' | 'tolerance' | 'metrics'> & {
  /** Names for features and labels, where the file's own will not do. */
  readonly import?: ImportOptions;
};

/**
 * Deploys the model in a file below test/models under a name, as `pgscore deploy` does: a second call with another
 * file makes version 2, which `pgscore.promote` then makes the champion.
 */
export async function deployModel(
  client: pg.ClientBase,
  file: string,
  name: string,
  options: DeployModelOptions = {},
): Promise<DeployPlan> {
  const { import: importOptions, ...rest } = options;
  const bytes = readFileSync(fileURLToPath(new URL(`../models/${file}`, import.meta.url)));
  const source = { name: basename(file), bytes };
  const plan = await planDeploy(client, {
    name,
    imported: importModel(source, importOptions),
    file: source,
    ...rest,
  });
  await applyDeploy(client, plan);
  return plan;
}
