import type pg from 'pg';
import { applyDeploy, type DeployPlan, type DeployRequest, planDeploy } from '../../src/deploy/deploy.ts';
import type { ImportedModel } from '../../src/import/importer.ts';
import type { Feature, Model, Step } from '../../src/ir/model.ts';

export interface SumOptions {
  /** Weight of feature k; default k + 1. */
  readonly weight?: (k: number) => number;
  readonly bias?: number;
  /** Makes it a classifier over the sum: class q's score is (q + 1) times it. */
  readonly labels?: readonly string[];
}

/**
 * A model that can be checked by head: the sum of its features times 1, 2, 3, …, where a missing number adds nothing;
 * a text counts as its category's position, a missing one -1, an unknown one -2.
 */
export function sumModel(features: readonly (string | Feature)[], options: SumOptions = {}): Model {
  const { weight = (k) => k + 1, bias = 0, labels } = options;
  const signature = features.map(
    (each): Feature => (typeof each === 'string' ? { kind: 'number', name: each } : each),
  );
  const steps: Step[] = [];
  const inputs = signature.map((feature, k) => {
    if (feature.kind === 'number') return k;
    steps.push({
      kind: 'encode-category',
      input: k,
      categories: feature.categories,
      missing: -1,
      unknown: -2,
    });
    return signature.length + steps.length - 1;
  });
  const scores = labels?.map((_, q) => q + 1) ?? [1];
  const raw = scores.map((_, q) => signature.length + steps.length + q);
  steps.push({
    kind: 'linear',
    inputs,
    inputPrecision: 'float64',
    accumulator: 'float64',
    weights: scores.map((score) => inputs.map((_, k) => score * weight(k))),
    bias: scores.map((score) => score * bias),
    missing: 'skip',
  });
  if (labels === undefined) {
    return { irVersion: 1, task: 'regression', features: signature, steps, output: { value: raw[0]!, raw } };
  }
  const probabilities = raw.map((register) => register + raw.length);
  const predicted = probabilities.at(-1)! + 1;
  steps.push(
    { kind: 'link', inputs: raw, precision: 'float64', function: { name: 'softmax' } },
    { kind: 'link', inputs: raw, precision: 'float64', function: { name: 'argmax' } },
  );
  return {
    irVersion: 1,
    task: labels.length === 2 ? 'binary' : 'multiclass',
    features: signature,
    steps,
    output: {
      value: labels.length === 2 ? probabilities[1]! : predicted,
      raw,
      classes: { labels, predicted, probabilities },
    },
  };
}

export function text(name: string, ...categories: readonly string[]): Feature {
  return { kind: 'text', name, categories };
}

export type MadeModelOptions = Partial<Pick<DeployRequest, 'golden' | 'tolerance' | 'metrics' | 'file'>> & {
  readonly source?: Partial<ImportedModel['source']>;
};

/** What a deploy of a model made by hand is asked for, as if it came from a file. */
export function deployRequest(name: string, model: Model, options: MadeModelOptions = {}): DeployRequest {
  const { source, ...rest } = options;
  return {
    name,
    imported: {
      model,
      source: {
        format: 'xgboost-json',
        formatVersion: '3.3.0',
        objective: 'reg:squarederror',
        notes: [],
        ...source,
      },
    },
    file: { name: 'model.json', bytes: Buffer.from(JSON.stringify(model)) },
    ...rest,
  };
}

/** Deploys a model made by hand as the next version of that name. */
export async function deployMade(
  client: pg.ClientBase,
  name: string,
  model: Model,
  options: MadeModelOptions = {},
): Promise<DeployPlan> {
  const plan = await planDeploy(client, deployRequest(name, model, options));
  await applyDeploy(client, plan);
  return plan;
}
