import type { Command } from 'commander';
import type { ImportedModel, ModelFile } from '../import/importer.ts';
import { importModel } from '../import/registry.ts';
import { readModelFile } from '../model-file.ts';

/** The options of every command that reads a model file. */
export interface ModelOptions {
  readonly labels?: string[];
  readonly features?: string[];
  readonly allTrees?: true;
}

export function addModelOptions(command: Command): Command {
  return command
    .option('--labels <names>', 'class names in class order, separated by commas', list)
    .option('--features <names>', 'feature names in model order, separated by commas', list)
    .option('--all-trees', 'use every tree, also those past the best iteration of early stopping');
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
  const { labels, features, allTrees } = options;
  const imported = importModel(file, {
    ...(labels === undefined ? {} : { labels }),
    ...(features === undefined ? {} : { features }),
    ...(allTrees === undefined ? {} : { allTrees }),
  });
  return { file, imported };
}
