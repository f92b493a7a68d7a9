import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { PgscoreError } from '../errors.ts';
import type { ImportedModel, ImportOptions, ModelFile } from '../import/importer.ts';
import { type Imported, importAny, importModel } from '../import/registry.ts';
import { readModelFile } from '../model-file.ts';

/** The options of every command that reads a model file. */
export interface ModelOptions {
  readonly labels?: string[];
  readonly features?: string[];
  readonly allTrees?: true;
}

/** The options of commands that also take a model that the sidecar runs. */
export interface AnyModelOptions extends ModelOptions {
  readonly inputs?: string;
}

export function addModelOptions(command: Command): Command {
  return command
    .option('--labels <names>', 'class names in class order, separated by commas', list)
    .option('--features <names>', 'feature names in model order, separated by commas', list)
    .option('--all-trees', 'use every tree, also those past the best iteration of early stopping');
}

export function addAnyModelOptions(command: Command): Command {
  return addModelOptions(command).option(
    '--inputs <file>',
    'for an ONNX file that the sidecar runs: a JSON file that says what feeds its inputs',
  );
}

function list(text: string): string[] {
  return text.split(',').map((name) => name.trim());
}

/** Reads and imports a model file or directory. Throws PGS_FILE when it cannot be read. */
export async function readModel(
  path: string,
  options: ModelOptions,
): Promise<{ file: ModelFile; imported: ImportedModel }> {
  const file = await readModelFile(path);
  return { file, imported: importModel(file, importOptions(options)) };
}

/** As readModel, for commands that can do without the database. */
export async function readAnyModel(
  path: string,
  options: AnyModelOptions,
): Promise<{ file: ModelFile; imported: Imported }> {
  const file = await readModelFile(path);
  const { inputs } = options;
  const text = inputs === undefined ? undefined : await readText(inputs);
  const imported = importAny(file, {
    ...importOptions(options),
    ...(text === undefined ? {} : { inputs: { name: basename(inputs!), text } }),
  });
  return { file, imported };
}

function importOptions({ labels, features, allTrees }: ModelOptions): ImportOptions {
  return {
    ...(labels === undefined ? {} : { labels }),
    ...(features === undefined ? {} : { features }),
    ...(allTrees === undefined ? {} : { allTrees }),
  };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new PgscoreError('PGS_USAGE', `--inputs ${path}: ${(error as Error).message}`, { cause: error });
  }
}
