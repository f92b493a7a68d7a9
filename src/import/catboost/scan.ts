import { Field, shorten } from './field.ts';
import { type CtrFeature, type CtrTable, scanCtrs, scanTables } from './scan-ctrs.ts';
import { type ModelInfo, scanInfo } from './scan-info.ts';
import { type ScannedTree, scanTrees } from './scan-trees.ts';
import { unsupported } from './unsupported.ts';

/** A CatBoost JSON file as it stands, typed and with its parts present; what they mean is lower.ts's business. */
export interface CatboostFile {
  readonly info: ModelInfo;
  readonly floats: readonly FloatFeature[];
  readonly categoricals: readonly CategoricalFeature[];
  readonly ctrs: readonly CtrFeature[];
  /** By the identifier that ctrs name. */
  readonly tables: ReadonlyMap<string, CtrTable>;
  /** The texts that the file names, by their hash as a signed 32-bit number. */
  readonly names: ReadonlyMap<number, readonly string[]>;
  readonly trees: readonly ScannedTree[];
  /** Values a leaf. */
  readonly outputs: number;
  readonly scale: number;
  /** One an output. */
  readonly bias: readonly number[];
}

export interface FloatFeature {
  /** What splits and target statistics call it by. */
  readonly index: number;
  /** Its place among all columns of the training data. */
  readonly column: number;
  readonly name: string | undefined;
  /** float32, in the order in which the file counts them. */
  readonly borders: readonly number[];
  /** Whether a missing value passes every border; otherwise it passes none. */
  readonly missingPasses: boolean;
}

export interface CategoricalFeature {
  readonly index: number;
  readonly column: number;
  readonly name: string | undefined;
  /** Hashes, as signed 32-bit numbers, that splits and target statistics test for. */
  readonly values: readonly number[];
}

/** More than any model has; they bound what a hostile file can ask for. */
const MAX_INDEX = 10_000_000;
const MAX_OUTPUTS = 10_000;

/** Reads a parsed JSON text. Throws PgscoreError: PGS_FILE, or PGS_UNSUPPORTED for kinds of features. */
export function scan(json: unknown, file: string): CatboostFile {
  const root = new Field(json, '', file);
  const features = root.get('features_info');
  guardKinds(features, file);
  const categoricals = features.list('categorical_features').map(scanCategorical);
  const trees = scanTrees(root);
  const { scale, bias } = scanScaleAndBias(root.optional('scale_and_bias'));
  const outputs = trees[0]?.width ?? Math.max(bias.length, 1);
  if (outputs > MAX_OUTPUTS) root.fail(`has ${outputs} outputs; at most ${MAX_OUTPUTS} are supported`);
  trees.forEach(({ width }, t) => {
    if (width !== outputs) root.fail(`holds ${width} values a leaf in tree ${t}, but ${outputs} in tree 0`);
  });
  if (bias.length !== 0 && bias.length !== outputs) {
    root.fail(`has ${bias.length} numbers as its bias, but ${outputs} outputs`);
  }
  return {
    info: scanInfo(root.optional('model_info')),
    floats: unique(features.list('float_features').map(scanFloat), features),
    categoricals: unique(categoricals, features),
    ctrs: features.list('ctrs').map(scanCtrs),
    tables: scanTables(root.optional('ctr_data')),
    names: scanNames(features),
    trees,
    outputs,
    scale,
    bias: bias.length === 0 ? new Array<number>(outputs).fill(0) : bias,
  };
}

function guardKinds(features: Field, file: string): void {
  for (const kind of ['text_features', 'embedding_features']) {
    if (features.list(kind).length === 0) continue;
    const what = kind.replace('_', ' ');
    throw unsupported(file, `the model has ${what}`, `Train without ${what}.`);
  }
}

function unique<T extends { readonly index: number }>(features: readonly T[], at: Field): readonly T[] {
  if (new Set(features.map(({ index }) => index)).size !== features.length) {
    at.fail('holds two features of the same feature_index');
  }
  return features;
}

/** A border is a float32, written as one or as the double of the same value. */
function scanFloat(feature: Field): FloatFeature {
  const treatment = feature.optional('nan_value_treatment')?.text() ?? 'AsIs';
  if (!['AsIs', 'AsFalse', 'AsTrue'].includes(treatment)) {
    feature.fail(`has the unknown nan_value_treatment '${shorten(treatment)}'`);
  }
  const hasNans = feature.optional('has_nans')?.boolean() ?? false;
  return {
    ...scanColumn(feature),
    borders: (feature.optional('borders')?.numbers() ?? []).map(Math.fround),
    // Without NaNs in training, CatBoost compares a NaN as it is, whatever the treatment:
    // https://github.com/catboost/catboost/blob/v1.2/catboost/libs/model/cpu/quantization.h
    missingPasses: treatment === 'AsTrue' && hasNans,
  };
}

function scanCategorical(feature: Field): CategoricalFeature {
  return { ...scanColumn(feature), values: feature.list('values').map(scanHash) };
}

function scanColumn(feature: Field): Pick<FloatFeature, 'index' | 'column' | 'name'> {
  const name = feature.optional('feature_name') ?? feature.optional('feature_id');
  return {
    index: feature.get('feature_index').integer(0, MAX_INDEX),
    column: feature.get('flat_feature_index').integer(0, MAX_INDEX),
    name: name?.text() || undefined,
  };
}

/** CatBoost writes hashes of 32 bits signed in one place and unsigned in another. */
export function scanHash(field: Field): number {
  return field.integer(-(2 ** 31), 2 ** 32 - 1) | 0;
}

/** Different texts of one hash are one category to CatBoost. */
function scanNames(features: Field): ReadonlyMap<number, readonly string[]> {
  const names = new Map<number, Set<string>>();
  const add = (hash: number, text: string) => {
    const texts = names.get(hash);
    if (texts === undefined) names.set(hash, new Set([text]));
    else texts.add(text);
  };
  for (const entry of features.list('cat_features_hash')) {
    add(scanHash(entry.get('hash')), entry.get('value').text());
  }
  for (const feature of features.list('categorical_features')) {
    const texts = feature.list('string_values');
    const hashes = feature.list('values');
    if (texts.length > hashes.length) feature.fail('has more string_values than values');
    texts.forEach((text, i) => {
      add(scanHash(hashes[i]!), text.text());
    });
  }
  return new Map([...names].map(([hash, texts]) => [hash, [...texts]]));
}

/** Older files have none, or one number for a bias; newer ones a list, one an output, or an empty one for zeros. */
function scanScaleAndBias(field: Field | undefined): { scale: number; bias: readonly number[] } {
  if (field === undefined) return { scale: 1, bias: [] };
  const [scale, bias, ...more] = field.elements();
  if (scale === undefined || more.length > 0) return field.fail('must hold a scale and a bias');
  if (bias === undefined || bias.value === null) return { scale: scale.number(), bias: [] };
  return {
    scale: scale.number(),
    bias: Array.isArray(bias.value) ? bias.numbers() : [bias.number()],
  };
}
