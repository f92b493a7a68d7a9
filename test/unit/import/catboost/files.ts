import type { ImportedModel, ImportOptions } from '../../../../src/import/importer.ts';
import { importModel } from '../../../../src/import/registry.ts';
import { evaluate } from '../../../../src/ir/evaluate.ts';
import type { Prediction } from '../../../../src/ir/model.ts';

/** CatBoost files made by hand. A file is a plain object in the layout of save_model(format='json'). */
export interface FileSpec {
  readonly loss?: string | null;
  readonly info?: Readonly<Record<string, unknown>>;
  readonly floats?: readonly FloatSpec[];
  readonly categoricals?: readonly { readonly name?: string; readonly values?: readonly number[] }[];
  readonly features?: Readonly<Record<string, unknown>>;
  readonly trees?: readonly unknown[];
  /** Replaces `oblivious_trees`. */
  readonly branching?: readonly unknown[];
  readonly tables?: Readonly<Record<string, unknown>>;
  readonly scaleAndBias?: unknown;
}

export interface FloatSpec {
  readonly borders: readonly number[];
  readonly nan?: 'AsIs' | 'AsFalse' | 'AsTrue';
  readonly hasNans?: boolean;
  readonly name?: string;
}

/** Float features are the first columns, categorical ones follow. */
export function fileOf(spec: FileSpec): Record<string, unknown> {
  const floats = (spec.floats ?? []).map(({ borders, nan, hasNans, name }, i) => ({
    borders,
    feature_id: name ?? '',
    feature_index: i,
    flat_feature_index: i,
    has_nans: hasNans ?? false,
    nan_value_treatment: nan ?? 'AsIs',
  }));
  const categoricals = (spec.categoricals ?? []).map(({ name, values }, i) => ({
    feature_id: name ?? '',
    feature_index: i,
    flat_feature_index: floats.length + i,
    ...(values === undefined ? {} : { values }),
  }));
  const loss = spec.loss === undefined ? 'RMSE' : spec.loss;
  return {
    ...(spec.tables === undefined ? {} : { ctr_data: spec.tables }),
    features_info: {
      ...(categoricals.length > 0 ? { categorical_features: categoricals } : {}),
      ...(floats.length > 0 ? { float_features: floats } : {}),
      ...spec.features,
    },
    model_info: {
      catboost_version_info: 'Git info:\n    Commit: 0\n    Branch: tags/v1.2.10\n',
      params: loss === null ? {} : { loss_function: { params: {}, type: loss } },
      ...spec.info,
    },
    ...(spec.branching === undefined ? { oblivious_trees: spec.trees ?? [] } : { trees: spec.branching }),
    ...(spec.scaleAndBias === undefined ? {} : { scale_and_bias: spec.scaleAndBias }),
  };
}

/** A tree whose splits are the tests of these numbers. */
export function oblivious(tests: readonly number[], leaves: readonly number[]): Record<string, unknown> {
  return { leaf_values: leaves, splits: tests.map((test) => ({ split_index: test })) };
}

export function importFile(file: unknown, options: ImportOptions = {}): ImportedModel {
  return importModel({ name: 'model.json', bytes: new TextEncoder().encode(JSON.stringify(file)) }, options);
}

/** The prediction of each row. */
export function predict(
  spec: FileSpec,
  rows: readonly (readonly (number | string | null)[])[],
  options: ImportOptions = {},
): readonly Prediction[] {
  const { model } = importFile(fileOf(spec), options);
  return rows.map((row) => evaluate(model, row).prediction);
}

export function raws(
  spec: FileSpec,
  rows: readonly (readonly (number | string | null)[])[],
): readonly number[] {
  return predict(spec, rows).map(({ raw }) => raw[0]!);
}

/**
 * CatBoost's hash of a category: the low 32 bits of CityHash64 1.0 of the text.
 * https://github.com/catboost/catboost/blob/v1.2/util/digest/city.cpp
 */
export const HASHES = {
  alpha: 1296865003,
  beta: 1564428181,
  gamma: 2872234582,
  '3': 593172586,
  '7': 4277023987,
};

/** The entries of cat_features_hash. */
export function named(...texts: (keyof typeof HASHES)[]): { hash: number; value: string }[] {
  return texts.map((value) => ({ hash: HASHES[value], value }));
}
