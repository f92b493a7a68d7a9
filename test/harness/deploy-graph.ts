import { readFileSync } from 'node:fs';
import type pg from 'pg';
import { applyGraphDeploy, planGraphDeploy } from '../../src/deploy/graph-version.ts';
import { importAny } from '../../src/import/registry.ts';
import type { MadeGraph } from './graphs.ts';
import { modelPath } from './model-path.ts';

/** Deploys a graph made by hand as the next version of that name. */
export async function deployMadeGraph(client: pg.ClientBase, name: string, made: MadeGraph): Promise<void> {
  await applyGraphDeploy(client, await planGraphDeploy(client, { name, ...made }));
}

/** Deploys the telco network, as `pgscore deploy churn-deep.onnx --inputs …` does. */
export async function deployTelcoNetwork(client: pg.ClientBase, name: string): Promise<void> {
  const file = { name: 'churn-deep.onnx', bytes: readFileSync(modelPath('telco/churn-deep.onnx')) };
  const text = readFileSync(modelPath('telco/churn-deep.inputs.json'), 'utf8');
  const imported = importAny(file, { inputs: { name: 'churn-deep.inputs.json', text } });
  if (imported.kind !== 'graph') throw new Error('the database runs it');
  await deployMadeGraph(client, name, { imported, file });
}
