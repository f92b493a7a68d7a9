import { PgscoreError } from '../../errors.ts';
import type { ImportOptions } from '../importer.ts';
import { NdArray, PyObject, type PyValue } from '../pickle/index.ts';
import { dictionaryKeys } from './dictionaries.ts';
import type { Estimator } from './estimator.ts';

/** More features than any table has columns; bounds what a false count asks for. */
const MAX_FEATURES = 100_000;

/** Where meta-estimators keep an estimator that sees the same columns as they do, when they do not say it themselves. */
const INNER = [
  ...[
    'best_estimator_',
    'regressor_',
    'estimator_',
    'final_estimator',
    'base_estimator_',
    'estimator',
    'base_estimator',
  ],
  ...['regressor', 'classifier'],
];
const LISTS = ['steps', 'transformer_list', 'estimators_', 'calibrated_classifiers_', 'transformers_'];

/** How deep the search for the features goes. */
const MAX_LEVELS = 20;

/**
 * The names of the features: those of the table that the model was trained with, or the caller's, or x0, x1, …
 * `named`: whether the model's own.
 * @throws PgscoreError PGS_USAGE when the caller's do not fit.
 */
export function featureNames(
  estimator: Estimator,
  options: ImportOptions,
): { readonly names: readonly string[]; readonly named: boolean } {
  const own = search(estimator.object, ownNames, 0) ?? search(estimator.object, dictionaryKeys, 0);
  const count =
    own?.length ??
    search(estimator.object, ownCount, 0) ??
    search(estimator.object, fittedCount, 0) ??
    options.features?.length ??
    oneColumn(estimator);
  if (count < 1 || count > MAX_FEATURES) estimator.fail(`was fitted with ${count} columns`);
  if (options.features !== undefined) {
    if (options.features.length === count) return { names: options.features, named: own !== undefined };
    throw new PgscoreError(
      'PGS_USAGE',
      `${estimator.place.file}: ${options.features.length} feature names were given, but the model has ${count} features.`,
      { hint: 'Give one name a feature, in the order of the training data.' },
    );
  }
  return { names: own ?? Array.from({ length: count }, (_, i) => `x${i}`), named: own !== undefined };
}

/** Some take one column, and say nothing of it. */
function oneColumn(estimator: Estimator): number {
  if (search(estimator.object, takesOneColumn, 0)) return 1;
  if (search(estimator.object, hashesKeys, 0)) {
    return estimator.refuse(
      'hashes the keys of dicts (FeatureHasher), and tells nothing of what they were',
      'Fit a DictVectorizer or a OneHotEncoder in its place.',
    );
  }
  throw new PgscoreError(
    'PGS_UNSUPPORTED',
    `${estimator.place.file}: nothing in the file tells how many features the model has.`,
    { hint: 'Give their names, in the order of the training data.' },
  );
}

function search<T>(
  value: PyValue | undefined,
  read: (object: PyObject) => T | undefined,
  level: number,
): T | undefined {
  if (!(value instanceof PyObject) || level > MAX_LEVELS) return undefined;
  const found = read(value);
  if (found !== undefined) return found;
  for (const name of INNER) {
    const inner = search(value.attribute(name), read, level + 1);
    if (inner !== undefined) return inner;
  }
  for (const name of LISTS) {
    const list = value.attribute(name);
    const members = (Array.isArray(list) ? list : []).map((entry) =>
      Array.isArray(entry) ? entry[1] : entry,
    );
    // Steps that do nothing are None or 'passthrough'.
    const inner = search(
      members.find((member) => member instanceof PyObject),
      read,
      level + 1,
    );
    if (inner !== undefined) return inner;
  }
  return undefined;
}

function takesOneColumn({ type }: PyObject): true | undefined {
  return /^(Label(Encoder|Binarizer)|IsotonicRegression|(Count|Tfidf|Hashing)Vectorizer)$/.test(type.name)
    ? true
    : undefined;
}

function hashesKeys({ type }: PyObject): true | undefined {
  return type.name === 'FeatureHasher' ? true : undefined;
}

/** The names of the columns that an estimator was fitted on, where it keeps them. */
export function ownNames(object: PyObject): readonly string[] | undefined {
  // Before 1.0 only ColumnTransformer kept names.
  const names =
    object.attribute('feature_names_in_') ?? object.attribute('_feature_names_in') ?? boosterNames(object);
  const list = names instanceof NdArray ? names.values() : names;
  if (!Array.isArray(list) || list.length === 0) return undefined;
  return list.every((name) => typeof name === 'string') ? (list as string[]) : undefined;
}

/** LightGBM's wrappers keep the names in the text of their model. */
function boosterNames(object: PyObject): string[] | undefined {
  if (object.type.module.split('.', 1)[0] !== 'lightgbm') return undefined;
  const booster = object.attribute('_Booster');
  const text =
    booster instanceof PyObject ? (booster.attribute('_handle') ?? booster.attribute('handle')) : undefined;
  return typeof text === 'string' ? /^feature_names=(.*)$/m.exec(text)?.[1]?.split(' ') : undefined;
}

function ownCount(object: PyObject): number | undefined {
  for (const name of ['n_features_in_', '_n_features_in', '_n_features', 'n_features_']) {
    const count = object.attribute(name);
    if (typeof count === 'number' && Number.isInteger(count)) return count;
  }
  return undefined;
}

/** Before 1.0 generalised linear models and encoders of categories kept no number of columns. */
function fittedCount(object: PyObject): number | undefined {
  const coefficients = object.attribute('coef_');
  if (coefficients instanceof NdArray) return coefficients.shape.at(-1);
  const categories = object.attribute('categories_');
  return Array.isArray(categories) ? categories.length : undefined;
}
