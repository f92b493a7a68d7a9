import { PgscoreError } from '../../errors.ts';
import type { Feature, Register } from '../../ir/model.ts';
import type { ImportOptions } from '../importer.ts';
import type { Program } from '../program.ts';
import { corrupt, type Origin } from './origin.ts';
import { shorten } from './reader.ts';
import type { CategoryColumn, XgboostFile } from './scan.ts';
import type { TreeColumns } from './scan-tree.ts';

/** Names and kinds. Names come from the options, else from the file, else they are f0, f1, …. */
export function lowerFeatures(file: XgboostFile, origin: Origin, options: ImportOptions): Feature[] {
  const names = featureNames(file, origin, options);
  const categories = categoriesOf(file, origin);
  const seen = new Set<string>();
  return names.map((name, i): Feature => {
    if (seen.has(name)) throw corrupt(origin, `two features are named '${shorten(name)}'`);
    seen.add(name);
    const known = categories[i] ?? [];
    checkUnique(known, name, origin);
    if (isTexts(known)) return { kind: 'text', name, categories: known };
    const type = file.featureTypes[i];
    const integer = type === 'int' || type === 'i' || type === 'c';
    return {
      kind: 'number',
      name,
      ...(integer ? { integer } : {}),
      ...(known.length > 0 ? { categories: known } : {}),
    };
  });
}

function featureNames(file: XgboostFile, origin: Origin, options: ImportOptions): readonly string[] {
  const { featureNames: own, features } = file;
  if (own.length > 0 && own.length !== features)
    throw corrupt(origin, `it has ${features} features, but ${own.length} feature names`);
  const given = options.features;
  if (given !== undefined && (given.length !== features || new Set(given).size !== features)) {
    throw new PgscoreError(
      'PGS_USAGE',
      `${origin.name}: ${given.length} feature names were given, but the model has ${features} features, each of another name.`,
      { hint: 'Give one name a feature, in the order of the training data.' },
    );
  }
  if (given !== undefined) return given;
  return own.length > 0 ? own : Array.from({ length: features }, (_, i) => `f${i}`);
}

function categoriesOf(file: XgboostFile, origin: Origin): readonly CategoryColumn[] {
  const categories = file.booster.kind === 'trees' ? file.booster.categories : [];
  if (categories.length !== 0 && categories.length !== file.features) {
    throw corrupt(
      origin,
      `it has ${file.features} features, but category lists for ${categories.length} of them`,
    );
  }
  return categories;
}

function isTexts(categories: CategoryColumn): categories is readonly string[] {
  return typeof categories[0] === 'string';
}

function checkUnique(categories: CategoryColumn, feature: string, origin: Origin): void {
  if (new Set<string | number>(categories).size === categories.length) return;
  throw corrupt(origin, `feature '${shorten(feature)}' has a category twice`);
}

/**
 * One encode step for each feature with stored categories. XGBoost refuses a category that training did not know;
 * here it counts as missing. Returns the register of each feature's number.
 */
export function lowerCategories(
  file: XgboostFile,
  features: readonly Feature[],
  program: Program,
): Register[] {
  const stored = file.booster.kind === 'trees' && file.booster.categories.length > 0;
  return features.map((feature, i) => {
    if (!stored || feature.categories === undefined) return i;
    const step = {
      kind: 'encode-category',
      input: i,
      categories: feature.categories,
      missing: Number.NaN,
      unknown: Number.NaN,
    } as const;
    return program.add(step)[0]!;
  });
}

/** The inputs of an ensemble, and for each feature which of them category tests read. */
export interface EnsembleInputs {
  readonly inputs: readonly Register[];
  readonly categoryInputs: readonly number[];
}

/**
 * XGBoost holds a code below 0 for invalid, in no set; a category test of the IR would truncate -0.5 to category 0.
 * Codes that rows bring as they are, and not by an encode step, are therefore rounded down, in float32 as XGBoost has
 * them: -1e-50 is -0 there, a category. https://github.com/dmlc/xgboost/blob/v3.3.0/src/common/categorical.h
 */
export function floorCodes(
  trees: readonly TreeColumns[],
  inputs: readonly Register[],
  program: Program,
): EnsembleInputs {
  const tested = new Set(
    trees.flatMap((tree) => Array.from(tree.categories?.nodes ?? [], (node) => tree.feature[node])),
  );
  const codes = inputs.flatMap((register, i) => (register === i && tested.has(i) ? [i] : []));
  if (codes.length === 0) return { inputs, categoryInputs: inputs.map((_, i) => i) };
  const floors = program.add({
    kind: 'map',
    inputs: codes,
    precision: 'float32',
    operations: [{ name: 'floor' }],
  });
  const place = new Map(codes.map((code, k) => [code, inputs.length + k]));
  return { inputs: [...inputs, ...floors], categoryInputs: inputs.map((_, i) => place.get(i) ?? i) };
}
