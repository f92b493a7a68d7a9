import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { withClient } from '../db/with-client.ts';
import {
  applyDeploy,
  type DeployOptions,
  type DeployPlan,
  type DeployRequest,
  type DeployScorerRequest,
  planDeploy,
  planOffline,
} from '../deploy/deploy.ts';
import { readGoldenRows } from '../deploy/golden.ts';
import { PgscoreError } from '../errors.ts';
import type { Signature } from '../ir/signature.ts';
import { deployGraph } from './deploy-graph.ts';
import {
  type AnyModelOptions,
  addAnyModelOptions,
  isTypeScript,
  readAnyModel,
  readScorer,
} from './model-file.ts';
import { note, print } from './output.ts';
import { writeMigration, writeOption } from './write.ts';

interface Options extends AnyModelOptions {
  readonly name: string;
  readonly golden?: string;
  readonly expected?: string;
  readonly tolerance?: number;
  readonly metrics?: string;
  readonly write?: string | true;
  readonly engine?: 'plv8' | 'pljs';
  readonly asVersion?: number;
  readonly json?: true;
}

/** `pgscore deploy FILE --name churn`. */
export function deployCommand(): Command {
  return addAnyModelOptions(new Command('deploy'))
    .description(
      'make a model file, or a scorer in TypeScript, a version in the database, proven on golden rows',
    )
    .argument('<file>', 'a model file or directory, or a .ts file that exports a typed scoring function')
    .requiredOption('--name <model>', 'the name that callers use')
    .option('--golden <rows>', 'rows (.csv or .jsonl) whose outputs by the training framework are known')
    .option('--expected <rows>', 'those outputs, when they stand in a file of their own, row by row')
    .option(
      '--tolerance <number>',
      'greatest |got - expected| / (1 + |expected|); default: what the arithmetic of the model allows',
      positive,
    )
    .option('--metrics <file>', 'a JSON object of quality measures to keep with the version')
    .addOption(writeOption())
    .addOption(
      new Option('--engine <engine>', 'with --write: for a database that cannot be asked').choices([
        'plv8',
        'pljs',
      ]),
    )
    .option('--as-version <number>', 'with --write and --engine: the number of the version', positive)
    .option('--json', 'print one JSON object')
    .addHelpText('after', HELP)
    .action(run);
}

const HELP = `
Golden rows hold a column for each feature, and one named expected_value (or value, prediction, probability, score),
expected_raw (or raw, margin, decision) or expected_label (or label). Without them pgscore draws rows and holds the
database to its own reference evaluator, or to a scorer's answers in Node. A model that the sidecar runs is proven by onnxruntime in this process.`;

function positive(text: string): number {
  const number = Number(text);
  if (number > 0) return number;
  throw new InvalidArgumentError('expected a number above 0.');
}

async function run(path: string, options: Options): Promise<void> {
  if (isTypeScript(path)) {
    const scorer = await readScorer(path, options);
    return deploy({ scorer, ...(await readOptions(scorer.signature, options)) }, options);
  }
  const { file, imported } = await readAnyModel(path, options);
  if (imported.kind === 'graph') {
    const metrics = options.metrics === undefined ? undefined : await readMetrics(options.metrics);
    await deployGraph(imported, file, options, metrics);
    return;
  }
  await deploy({ imported, file, ...(await readOptions(imported.model, options)) }, options);
}

async function readOptions(signature: Signature, options: Options): Promise<DeployOptions> {
  const { name, tolerance, golden, expected, metrics } = options;
  return {
    name,
    ...(tolerance === undefined ? {} : { tolerance }),
    ...(golden === undefined ? {} : { golden: await readGolden(signature, golden, expected) }),
    ...(metrics === undefined ? {} : { metrics: await readMetrics(metrics) }),
  };
}

async function deploy(request: DeployRequest | DeployScorerRequest, options: Options): Promise<void> {
  if (options.engine !== undefined || options.asVersion !== undefined) {
    await write(await planOffline(request, offline(options)), options);
    return;
  }
  await withClient(async (client) => {
    const plan = await planDeploy(client, request);
    if (options.write !== undefined && !plan.exists) return write(plan, options);
    await applyDeploy(client, plan);
    print(options.json, summary(plan), describe(plan, request));
  }, note);
}

async function readGolden(
  signature: Signature,
  path: string,
  expected: string | undefined,
): Promise<NonNullable<DeployOptions['golden']>> {
  const rows = await readGoldenRows(signature, path, expected);
  const origin = `from ${[path, expected]
    .filter((name) => name !== undefined)
    .map((name) => basename(name))
    .join(' and ')}`;
  return { rows, origin };
}

async function readMetrics(path: string): Promise<Record<string, unknown>> {
  try {
    const metrics: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof metrics === 'object' && metrics !== null && !Array.isArray(metrics))
      return metrics as Record<string, unknown>;
    throw new Error('expected a JSON object');
  } catch (error) {
    throw new PgscoreError('PGS_INPUT', `${path}: ${(error as Error).message}`, { cause: error });
  }
}

function offline({ write: target, engine, asVersion }: Options): {
  engine: 'plv8' | 'pljs';
  version: number;
} {
  if (target !== undefined && engine !== undefined && asVersion !== undefined)
    return { engine, version: asVersion };
  throw new PgscoreError('PGS_USAGE', '--engine and --as-version belong together, and to --write', {
    hint: 'Without them the database is asked which engine it has and which version is next.',
  });
}

async function write(plan: DeployPlan, { write: target, json }: Options): Promise<void> {
  const { up, down } = plan.migration!;
  const files = await writeMigration(target!, { name: `${plan.name}_v${plan.version}`, up, down });
  if (files.length > 0) print(json, { ...summary(plan), files }, files.join('\n'));
}

function summary({ migration, ...plan }: DeployPlan): object {
  return { ...plan, function: migration === undefined ? null : `pgscore_models.${migration.functionName}` };
}

function describe(plan: DeployPlan, request: DeployOptions): string {
  const { name, version, champion } = plan;
  if (plan.exists) return `${name} version ${version} is this model already: nothing to do`;
  const origin = request.golden === undefined ? 'drawn by pgscore' : request.golden.origin;
  const rows = plan.goldenRows === 1 ? '1 golden row' : `${plan.goldenRows} golden rows`;
  return [
    `${name} version ${version} is deployed as pgscore_models.${plan.migration!.functionName}`,
    `${rows} ${origin}: reproduced by the database`,
    champion === version
      ? `pgscore_models.${name}(…) and pgscore.predict('${name}', …) answer with it`
      : `the champion is still version ${champion}; promote it with: pgscore promote ${name} ${version}`,
  ].join('\n');
}
