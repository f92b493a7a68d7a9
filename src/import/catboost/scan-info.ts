import type { Field } from './field.ts';

/** What the file says of training. */
export interface ModelInfo {
  /** '1.2.10', or null. */
  readonly version: string | null;
  /** 'Logloss', or null: models that were summed up from others state none. */
  readonly loss: string | null;
  /** In the order of the classes; empty where the file states none. */
  readonly classNames: readonly string[];
  /** The probability above which the second of two classes is predicted. */
  readonly threshold: number;
}

export function scanInfo(info: Field | undefined): ModelInfo {
  if (info === undefined) return { version: null, loss: null, classNames: [], threshold: 0.5 };
  const params = info.optional('params');
  return {
    version: scanVersion(info.optional('catboost_version_info')),
    loss: params?.optional('loss_function')?.optional('type')?.text() ?? null,
    classNames: scanClassNames(info, params),
    threshold: scanThreshold(info.optional('binclass_probability_threshold')),
  };
}

function scanVersion(field: Field | undefined): string | null {
  return /\bv?(\d+\.\d+(\.\d+)*)\b/.exec(field?.text() ?? '')?.[1] ?? null;
}

function scanThreshold(field: Field | undefined): number {
  if (field === undefined) return 0.5;
  const value = typeof field.value === 'string' ? Number(field.value) : field.number();
  if (!(value > 0 && value < 1)) field.fail('must be a number between 0 and 1');
  return value;
}

/**
 * `class_params`; in older files `multiclass_params`, or only among the parameters of training, as CatBoost looks for
 * them: https://github.com/catboost/catboost/blob/v1.2/catboost/libs/model/model.cpp
 */
function scanClassNames(info: Field, params: Field | undefined): readonly string[] {
  const stated = info.optional('class_params') ?? info.optional('multiclass_params');
  const names = stated?.list('class_names') ?? [];
  if (names.length > 0) return classNames(names, stated?.list('class_to_label') ?? []);
  const labels = stated?.list('class_to_label') ?? [];
  if (labels.length > 0) return labels.map(className);
  return params?.optional('data_processing_options')?.list('class_names').map(className) ?? [];
}

/** Class i is the name of number class_to_label[i], where the training data lacked some of the names. */
function classNames(names: readonly Field[], labels: readonly Field[]): readonly string[] {
  if (labels.length === 0 || labels.length >= names.length) return names.map(className);
  return labels.map((label) => className(names[label.integer(0, names.length - 1)]!));
}

/** Numbers as they are written, and truth values as CatBoost predicts them: True and False. */
function className(field: Field): string {
  const { value } = field;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'number' ? String(value) : field.text();
}
