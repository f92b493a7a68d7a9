import { Command } from 'commander';
import { type Inspection, inspectModel, inspectProgram } from '../inspect.ts';
import { type GraphInspection, inspectGraph } from '../inspect-graph.ts';
import { modelFileSize } from '../model-file.ts';
import {
  type AnyModelOptions,
  addAnyModelOptions,
  isTypeScript,
  readAnyModel,
  readScorer,
} from './model-file.ts';
import { print, table } from './output.ts';

/** `pgscore inspect FILE`. */
export function inspectCommand(): Command {
  return addAnyModelOptions(new Command('inspect'))
    .description('say what a model file holds, what it takes and gives, and where it will run')
    .argument('<file>', 'a model file or directory, or a scorer in TypeScript')
    .option('--json', 'print one JSON object')
    .action(run);
}

async function run(path: string, { json, ...options }: AnyModelOptions & { json?: true }): Promise<void> {
  if (isTypeScript(path)) {
    const scorer = await readScorer(path, options);
    const { name, bytes: text } = scorer.file;
    const inspection = inspectProgram(scorer, text.length);
    print(json, { file: name, ...inspection }, describe(name, inspection));
    return;
  }
  const { file, imported } = await readAnyModel(path, options);
  if (imported.kind === 'graph') {
    const inspection = inspectGraph(imported, file.bytes.length);
    print(json, { file: file.name, ...inspection }, describeGraph(file.name, inspection));
    return;
  }
  const inspection = await inspectModel(imported, modelFileSize(file));
  print(json, { file: file.name, ...inspection }, describe(file.name, inspection));
}

function describe(name: string, inspection: Inspection): string {
  const { size, outputs } = inspection;
  const features = inspection.features.map(({ name: feature, type, categories }) => ({
    feature,
    type,
    categories: categories === undefined ? '' : shorten(categories),
  }));
  return report(
    [
      ...commonFacts(name, inspection),
      ['raw scores', String(outputs.raw)],
      ['size', sizeOf(size)],
      ['runs in', `the ${inspection.engine}`],
    ],
    inspection.notes,
    features,
  );
}

function describeGraph(name: string, inspection: GraphInspection): string {
  const { outputs } = inspection;
  const inputs = inspection.inputs.map(({ name: input, type, shape }) => `${input} ${type} ${shape}`);
  return report(
    [
      ...commonFacts(name, inspection),
      ...(outputs.raw === undefined ? [] : [['raw scores', outputs.raw] as Fact]),
      ['inputs', inputs.join(', ')],
      ['runs in', 'the sidecar'],
      ['because', inspection.reason],
    ],
    inspection.notes,
    inspection.features.map(({ name: feature, type, shape, categories }) => ({
      feature,
      type: shape === undefined ? type : `${type} ${shape}`,
      categories: categories === undefined ? '' : shorten(categories),
    })),
  );
}

type Fact = [string, string];

function commonFacts(name: string, inspection: Inspection | GraphInspection): Fact[] {
  const { labels, value } = inspection.outputs;
  return [
    ['file', `${name} (${bytes(inspection.size.fileBytes)})`],
    ['format', [inspection.format, inspection.formatVersion].filter(Boolean).join(' ')],
    ['objective', inspection.objective ?? 'none stated'],
    ['task', inspection.task],
    ['value', value],
    ...(labels === undefined ? [] : [['labels', shorten(labels)] as Fact]),
  ];
}

function report(facts: readonly Fact[], notes: readonly string[], features: readonly object[]): string {
  const all = [...facts, ...notes.map((text): Fact => ['note', text])];
  const width = Math.max(...all.map(([key]) => key.length));
  const lines = all.map(([key, value]) => `${key.padEnd(width)}  ${value}`);
  return `${lines.join('\n')}\n\n${table(features as readonly Record<string, unknown>[])}`;
}

function sizeOf({ trees, splits, leaves, codeBytes }: Inspection['size']): string {
  const nodes = trees === 0 ? '' : `${trees} trees, ${splits} splits, ${leaves} leaves; `;
  return `${nodes}${bytes(codeBytes)} of code`;
}

function bytes(count: number): string {
  if (count < 10_000) return `${count} bytes`;
  return count < 10_000_000 ? `${Math.round(count / 1000)} kB` : `${Math.round(count / 1_000_000)} MB`;
}

function shorten(values: readonly (string | number)[]): string {
  const shown = values.slice(0, 8).join(', ');
  return values.length > 8 ? `${shown}, … (${values.length})` : shown;
}
