import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createScorer, programScorer, type Row } from './codegen/score.ts';
import type { ImportOptions, ModelFile } from './import/importer.ts';
import { importModel } from './import/registry.ts';
import type { Feature, Prediction, Task } from './ir/model.ts';
import { readModelFile } from './model-file.ts';
import type { ScorerOptions } from './scorer/scorer.ts';

/** A model that scores in this process, with the code that the database runs. */
export interface LoadedModel {
  readonly task: Task;
  readonly features: readonly Feature[];
  /** Class names, null for a model without classes. */
  readonly labels: readonly string[] | null;
  /** Scores one row. Throws PgscoreError PGS_INPUT for a row that does not fit the features. */
  score(row: Row): Prediction;
}

/**
 * Loads a model file or directory of any format, given by its path or its bytes, a scorer written in TypeScript (by its
 * path), or a module that `pgscore compile` wrote (by its path, ending in .mjs). Where there is no file system (edge
 * workers, browsers), import such a module itself: it has the same `score`, `features`, `labels` and `task`. Throws
 * PgscoreError PGS_FILE, PGS_UNSUPPORTED, PGS_COMPILE, PGS_USAGE.
 */
export async function loadModel(
  source: string | URL | ModelFile,
  options: ImportOptions & ScorerOptions = {},
): Promise<LoadedModel> {
  if (typeof source === 'object' && 'bytes' in source) return fromFile(source, options);
  const path = source instanceof URL ? fileURLToPath(source) : resolve(source);
  if (path.endsWith('.mjs')) return (await import(pathToFileURL(path).href)) as LoadedModel;
  if (/\.[cm]?ts$/.test(path)) return fromTypeScript(path, options);
  return fromFile(await readModelFile(path), options);
}

async function fromTypeScript(path: string, options: ScorerOptions): Promise<LoadedModel> {
  // The TypeScript compiler takes a while to load: model files do not wait for it.
  const { compileScorer } = await import('./scorer/scorer.ts');
  const { signature, program } = await compileScorer(path, options);
  return {
    task: signature.task,
    features: signature.features,
    labels: signature.output.classes?.labels ?? null,
    score: programScorer(signature, program).score,
  };
}

async function fromFile(file: ModelFile, options: ImportOptions): Promise<LoadedModel> {
  const { model } = importModel(file, options);
  const { score } = await createScorer(model);
  return { task: model.task, features: model.features, labels: model.output.classes?.labels ?? null, score };
}
