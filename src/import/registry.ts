import { PgscoreError } from '../errors.ts';
import { validate } from '../ir/validate.ts';
import { catboostJson } from './catboost/index.ts';
import { describeFile } from './describe.ts';
import type { ImportedGraph, ImportedModel, Importer, ImportOptions, ModelFile } from './importer.ts';
import { lightgbm } from './lightgbm/index.ts';
import { onnx } from './onnx/index.ts';
import { pmml } from './pmml/index.ts';
import { sklearnPickle } from './sklearn/index.ts';
import { sparkDirectory } from './spark/index.ts';
import { xgboostJson, xgboostUbj } from './xgboost/index.ts';

/** All formats, asked in this order. */
export const importers: readonly Importer[] = [
  catboostJson,
  xgboostJson,
  xgboostUbj,
  lightgbm,
  sklearnPickle,
  onnx,
  sparkDirectory,
  pmml,
];

/**
 * Reads a model file of any known format. The bytes decide which one, not the name. The model is sound (`validate`).
 * @throws PgscoreError PGS_FILE when no format recognises the file or it is damaged, PGS_UNSUPPORTED when it holds
 * something that would not be scored exactly, PGS_IR when what was read breaks a rule of the IR, PGS_USAGE when the
 * options do not fit the model.
 */
export function importModel(file: ModelFile, options: ImportOptions = {}): ImportedModel {
  const importer = importerOf(file);
  const imported = importer.read(file, options);
  requireSound(file, importer, imported);
  return imported;
}

/** A model for the database, or a graph for the sidecar. */
export type Imported =
  | ({ readonly kind: 'ir' } & ImportedModel)
  | ({ readonly kind: 'graph' } & ImportedGraph);

/**
 * As importModel, except that a model which the database does not score exactly, and onnxruntime runs, is a graph for
 * the sidecar. @throws PgscoreError as importModel; PGS_USAGE when a description of inputs does not fit the graph
 */
export function importAny(file: ModelFile, options: ImportOptions = {}): Imported {
  const importer = importerOf(file);
  if (options.inputs !== undefined && importer.readAny === undefined) {
    throw new PgscoreError(
      'PGS_USAGE',
      `${file.name} is ${importer.title}, which takes no description of inputs`,
      {
        hint: '--inputs is for ONNX files that the sidecar runs.',
      },
    );
  }
  const imported = importer.readAny?.(file, options) ?? importer.read(file, options);
  if ('graph' in imported) return { kind: 'graph', ...imported };
  requireSound(file, importer, imported);
  return { kind: 'ir', ...imported };
}

function importerOf(file: ModelFile): Importer {
  return importers.find((candidate) => candidate.recognises(file)) ?? refuseUnknown(file);
}

function requireSound(file: ModelFile, importer: Importer, imported: ImportedModel): void {
  const violations = validate(imported.model);
  if (violations.length > 0) {
    const shown = violations.slice(0, 5).map(({ path, message }) => `${path}: ${message}`);
    const more = violations.length > shown.length ? [`(and ${violations.length - shown.length} more)`] : [];
    throw new PgscoreError(
      'PGS_IR',
      `${file.name}: what was read as ${importer.title} is no sound model:\n${[...shown, ...more].join('\n')}`,
      { hint: 'The file is damaged: save the model again. If it scores where it was trained, report this.' },
    );
  }
}

function refuseUnknown(file: ModelFile): never {
  throw new PgscoreError('PGS_FILE', `${file.name}: not a known model format; found ${describeFile(file)}.`, {
    hint: `Supported: ${importers.map((importer) => importer.title).join(', ')}.`,
  });
}
