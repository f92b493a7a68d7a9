import { PgscoreError } from '../../errors.ts';
import type { Model } from '../../ir/model.ts';
import { guardOutput, type TaskOutput } from '../guard.ts';
import type { ImportedModel, Importer, ImportOptions, ModelFile } from '../importer.ts';
import { withoutFeatures } from '../move-registers.ts';
import { describeValue, PyObject, type PyValue, packingOf, readPickle } from '../pickle/index.ts';
import { isBooster, readBooster } from './boosters.ts';
import type { Column } from './columns.ts';
import { endsInPredictor } from './compose.ts';
import { Estimator, EXPORT_TO_ONNX } from './estimator.ts';
import { Lowering } from './lowering.ts';
import { outputOf, valuesOutput } from './output.ts';
import { isTransformer, lowerPredictor, lowerTransformer } from './registry.ts';
import { featureNames } from './signature.ts';

/** Estimators and pipelines of scikit-learn 0.24 to 1.9 that pickle.dump or joblib.dump saved. */
export const sklearnPickle: Importer = {
  format: 'sklearn-pickle',
  title: 'scikit-learn pickle or joblib',
  recognises,
  read: (file, options) => {
    try {
      return lower(file, options);
    } catch (error) {
      if (error instanceof RangeError) throw tooLarge(file, error);
      throw error;
    }
  },
};

const NAME = /\.(pkl|pickle|joblib|jl|sav)(\.(gz|z|bz2|xz|lzma))?$/i;

/** Pickles of protocols 2 to 5 by their first byte; older ones by a class's name; packed ones by the file's name too. */
function recognises({ name, bytes }: ModelFile): boolean {
  if (bytes[0] === 0x80 && bytes[1]! >= 2 && bytes[1]! <= 5) return true;
  const head = Buffer.from(bytes.subarray(0, 40)).toString('latin1');
  if (/^\(?[ci](copy_reg|copyreg|sklearn|xgboost|lightgbm)[\w.]*\n/.test(head)) return true;
  return packingOf(bytes) !== 'none' && NAME.test(name);
}

function tooLarge(file: ModelFile, cause: Error): PgscoreError {
  return new PgscoreError('PGS_UNSUPPORTED', `${file.name}: the model is too great to be read.`, {
    cause,
    hint: EXPORT_TO_ONNX,
  });
}

function lower(file: ModelFile, options: ImportOptions): ImportedModel {
  const root = rootEstimator(readPickle(file.name, file.bytes), file);
  if (isBooster(root)) return readBooster(root, options);
  const { names, named } = featureNames(root, options);
  const lowering = new Lowering(file.name, uniqueNames(names, root), options);
  const columns = names.map((_, feature): Column => ({ kind: 'feature', feature }));
  const found = lowerRoot(root, columns, lowering);
  const { task, output } = guardOutput(found, lowering.guards, lowering.builder);
  const model: Model = {
    irVersion: 1,
    task,
    features: lowering.features.features(),
    steps: lowering.builder.steps,
    output,
  };
  const unused = named ? lowering.features.unused() : [];
  const trim = unused.length > 0 && unused.length < names.length;
  if (trim) {
    const list = unused.map((feature) => lowering.features.name(feature));
    lowering.notes.add(`The model reads none of these columns of its training data: ${list.join(', ')}.`);
  }
  return {
    model: trim ? withoutFeatures(model, unused) : model,
    source: {
      format: sklearnPickle.format,
      formatVersion: versionOf(root),
      objective: root.name,
      notes: [...lowering.notes],
    },
  };
}

function lowerRoot(root: Estimator, columns: readonly Column[], lowering: Lowering): TaskOutput {
  if (endsInPredictor(root)) return outputOf(lowerPredictor(root, columns, lowering), root, lowering);
  if (!isTransformer(root)) return root.refuse('is no model that pgscore reads');
  lowering.notes.add('The file holds a transformer: `values` has the columns that transform() gives.');
  const result = lowering.numbers(lowerTransformer(root, columns, lowering), root);
  return valuesOutput(
    result.map(({ register }) => register),
    root,
  );
}

function rootEstimator(value: PyValue, file: ModelFile): Estimator {
  if (value instanceof PyObject) return new Estimator(value, { file: file.name, path: [] });
  throw new PgscoreError(
    'PGS_UNSUPPORTED',
    `${file.name}: holds ${describeValue(value)}, not a fitted estimator.`,
    { hint: 'Save the fitted estimator or pipeline itself: joblib.dump(model, path).' },
  );
}

function uniqueNames(names: readonly string[], root: Estimator): readonly string[] {
  return new Set(names).size === names.length ? names : root.refuse('has two columns of the same name');
}

/** Pipelines and wrappers of other libraries may not say it, but something in them does. */
function versionOf(root: Estimator): string | null {
  const own = root.get('_sklearn_version');
  return typeof own === 'string' ? own : null;
}
