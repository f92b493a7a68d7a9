import { Command } from 'commander';
import { type Inspection, inspectModel } from '../inspect.ts';
import { modelFileSize } from '../model-file.ts';
import { addModelOptions, type ModelOptions, readModel } from './model-file.ts';
import { print, table } from './output.ts';

/** `pgscore inspect FILE`. */
export function inspectCommand(): Command {
  return addModelOptions(new Command('inspect'))
    .description('say what a model file holds, what it takes and gives, and where it will run')
    .argument('<file>', 'a model file or directory')
    .option('--json', 'print one JSON object')
    .action(run);
}

async function run(path: string, { json, ...options }: ModelOptions & { json?: true }): Promise<void> {
  const { file, imported } = await readModel(path, options);
  const inspection = await inspectModel(imported, modelFileSize(file));
  print(json, { file: file.name, ...inspection }, describe(file.name, inspection));
}

function describe(name: string, inspection: Inspection): string {
  const { size, outputs } = inspection;
  const facts: [string, string][] = [
    ['file', `${name} (${bytes(size.fileBytes)})`],
    ['format', [inspection.format, inspection.formatVersion].filter(Boolean).join(' ')],
    ['objective', inspection.objective ?? 'none stated'],
    ['task', inspection.task],
    ['value', outputs.value],
    ...(outputs.labels === undefined ? [] : [['labels', shorten(outputs.labels)] as [string, string]]),
    ['raw scores', String(outputs.raw)],
    ['size', sizeOf(size)],
    ['runs in', `the ${inspection.engine}`],
    ...inspection.notes.map((text): [string, string] => ['note', text]),
  ];
  const width = Math.max(...facts.map(([key]) => key.length));
  const features = inspection.features.map(({ name: feature, type, categories }) => ({
    feature,
    type,
    categories: categories === undefined ? '' : shorten(categories),
  }));
  return `${facts.map(([key, value]) => `${key.padEnd(width)}  ${value}`).join('\n')}\n\n${table(features)}`;
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
