import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { PgscoreError } from '../errors.ts';
import type { ImportedModel, ImportOptions, ModelFile } from '../import/importer.ts';
import { type Imported, importAny, importModel } from '../import/registry.ts';
import { readModelFile } from '../model-file.ts';
import type { HandWrittenScorer } from '../scorer/scorer.ts';

/** The options of every command that reads a model file. */
export interface ModelOptions {
  readonly labels?: string[];
  readonly features?: string[];
  readonly allTrees?: true;
  readonly function?: string;
}

/** The options of commands that also take a model that the sidecar runs. */
export interface AnyModelOptions extends ModelOptions {
  readonly inputs?: string;
}

export function addModelOptions(command: Command): Command {
  return command
    .option('--labels <names>', 'class names in class order, separated by commas', list)
    .option('--features <names>', 'feature names in model order, separated by commas', list)
    .option('--all-trees', 'use every tree, also those past the best iteration of early stopping')
    .option('--function <name>', 'for a .ts file that exports several functions: the one that scores');
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

/** Whether a path names TypeScript, which is compiled and not imported. */
export function isTypeScript(path: string): boolean {
  return /\.[cm]?tsx?$/.test(path);
}

/** Compiles a scorer written by hand. Throws PGS_COMPILE, and PGS_USAGE for options that only model files take. */
export async function readScorer(path: string, options: AnyModelOptions): Promise<HandWrittenScorer> {
  const { labels, features, allTrees, inputs } = options;
  if ([labels, features, allTrees, inputs].some((given) => given !== undefined)) {
    throw new PgscoreError(
      'PGS_USAGE',
      '--labels, --features, --all-trees and --inputs are for model files',
      {
        hint: 'A scorer names its features and classes by its types.',
      },
    );
  }
  // The TypeScript compiler takes a while to load: model files do not wait for it.
  const { compileScorer } = await import('../scorer/scorer.ts');
  return compileScorer(path, options.function === undefined ? {} : { function: options.function });
}

function importOptions({ labels, features, allTrees, function: wanted }: ModelOptions): ImportOptions {
  if (wanted !== undefined) {
    throw new PgscoreError('PGS_USAGE', '--function is for scorers written in TypeScript', {
      hint: 'A model file holds one model.',
    });
  }
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
