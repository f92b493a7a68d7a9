import type { ModuleContent } from './codegen/module.ts';
import { compileProgram } from './codegen/program.ts';
import type { ImportedModel } from './import/importer.ts';
import { describeValue } from './ir/describe.ts';

/** What `pgscore inspect` says of a model file. */
export interface Inspection {
  readonly format: string;
  readonly formatVersion: string | null;
  readonly objective: string | null;
  readonly task: string;
  readonly features: readonly {
    readonly name: string;
    readonly type: 'number' | 'text';
    readonly categories?: readonly (string | number)[];
  }[];
  readonly outputs: {
    readonly value: string;
    readonly labels?: readonly string[];
    readonly raw: number;
    readonly values?: number;
  };
  readonly size: {
    readonly fileBytes: number;
    readonly codeBytes: number;
    readonly trees: number;
    readonly splits: number;
    readonly leaves: number;
  };
  /** Where it will run. */
  readonly engine: 'database';
  readonly notes: readonly string[];
}

/** Describes an imported model; compiles it to tell the size of its code. */
export async function inspectModel({ model, source }: ImportedModel, fileBytes: number): Promise<Inspection> {
  return inspectProgram({ signature: model, program: await compileProgram(model), source }, fileBytes);
}

/** The same of a program that is there: a scorer written by hand. */
export function inspectProgram({ signature, program, source }: ModuleContent, fileBytes: number): Inspection {
  const { task, features, output } = signature;
  return {
    format: source.format,
    formatVersion: source.formatVersion,
    objective: source.objective,
    task,
    features: features.map(({ name, kind, categories }) => ({
      name,
      type: kind,
      ...(categories === undefined ? {} : { categories }),
    })),
    outputs: {
      value: describeValue(signature),
      ...(output.classes === undefined ? {} : { labels: output.classes.labels }),
      raw: program.outputs.raw.end - program.outputs.raw.start,
      ...(output.values === undefined ? {} : { values: output.values.length }),
    },
    size: { fileBytes, codeBytes: Buffer.byteLength(program.code), ...countTrees(signature) },
    engine: 'database',
    notes: source.notes,
  };
}

function countTrees({ steps }: ModuleContent['signature']): {
  trees: number;
  splits: number;
  leaves: number;
} {
  const trees = steps.flatMap((step) => (step.kind === 'tree-ensemble' ? step.trees : []));
  const splits = trees.reduce((sum, tree) => sum + tree.splits.feature.length, 0);
  return { trees: trees.length, splits, leaves: splits + trees.length };
}
