import { decodeUtf8, type Reader } from './reader.ts';
import { fields, list, textMap, wholeText } from './scan-fields.ts';
import { readTree, type TreeColumns } from './scan-tree.ts';

/** An XGBoost model file as it stands, typed and with its parts present; what they mean is lower.ts's business. */
export interface XgboostFile {
  /** '3.3.0', or null when the file states none. */
  readonly version: string | null;
  readonly objective: string;
  /** The text of base_score: '5E-1', or '[4.8E-1,5.2E-1]'. */
  readonly baseScore: string;
  readonly features: number;
  /** Scores a row: the greater of num_class and num_target, at least 1. */
  readonly outputs: number;
  /** Empty when the file names none. */
  readonly featureNames: readonly string[];
  readonly featureTypes: readonly string[];
  readonly attributes: ReadonlyMap<string, string>;
  readonly booster: TreeBooster | LinearBooster;
}

export interface TreeBooster {
  readonly kind: 'trees';
  readonly trees: readonly TreeColumns[];
  /** Per tree the output that it adds to. */
  readonly treeInfo: Int32Array;
  readonly parallelTrees: number;
  /** Iteration i is trees [i] to [i + 1]; absent before XGBoost 2.0. */
  readonly iterationStarts: Int32Array | undefined;
  /** DART: the weight of each tree. */
  readonly weights: Float32Array | undefined;
  /** Per feature the categories that the training data held; empty when the file has none. */
  readonly categories: readonly CategoryColumn[];
}

/** Texts, whole numbers, or nothing for a feature without categories. */
export type CategoryColumn = readonly string[] | readonly number[];

export interface LinearBooster {
  readonly kind: 'linear';
  /** Feature-major: the weight of feature k for output q at k * outputs + q, then one bias an output. */
  readonly weights: Float32Array;
}

/** More than any model has; they bound what a hostile file can ask for. */
const MAX_FEATURES = 100_000;
const MAX_OUTPUTS = 10_000;
const MAX_TREES = 1_000_000;

/** Reads the whole file. Throws PgscoreError PGS_FILE, whatever the bytes are. */
export function scan(reader: Reader): XgboostFile {
  const file = fields(reader, { learner: scanLearner, version: scanVersion });
  reader.end();
  if (file.learner === undefined) {
    reader.fail("the file has no 'learner': it may hold a configuration, a dump or another program's data");
  }
  return { ...file.learner, version: file.version ?? null };
}

function scanVersion(reader: Reader): string {
  return [...reader.integers()].join('.');
}

function scanLearner(reader: Reader): Omit<XgboostFile, 'version'> {
  const { attributes, feature_names, feature_types, gradient_booster, learner_model_param, objective } =
    fields(reader, {
      attributes: textMap,
      feature_names: texts,
      feature_types: texts,
      gradient_booster: scanBooster,
      learner_model_param: textMap,
      objective: scanObjective,
    });
  if (learner_model_param === undefined) reader.fail("'learner_model_param' is missing");
  if (gradient_booster === undefined) reader.fail("'gradient_booster' is missing");
  if (objective === undefined) reader.fail("'objective' is missing");
  return {
    ...scanSizes(reader, learner_model_param),
    objective,
    featureNames: feature_names ?? [],
    featureTypes: feature_types ?? [],
    attributes: attributes ?? new Map(),
    booster: gradient_booster,
  };
}

function scanSizes(
  reader: Reader,
  params: ReadonlyMap<string, string>,
): Pick<XgboostFile, 'baseScore' | 'features' | 'outputs'> {
  const baseScore = params.get('base_score');
  if (baseScore === undefined) reader.fail("'base_score' is missing");
  const features = wholeText(reader, params, 'num_feature');
  const outputs = Math.max(
    wholeText(reader, params, 'num_class', 0),
    wholeText(reader, params, 'num_target', 1),
    1,
  );
  if (features === 0) reader.fail('the model is not fitted: num_feature is 0');
  if (features > MAX_FEATURES)
    reader.fail(`num_feature is ${features}; at most ${MAX_FEATURES} are supported`);
  if (outputs > MAX_OUTPUTS)
    reader.fail(`the model has ${outputs} outputs; at most ${MAX_OUTPUTS} are supported`);
  return { baseScore, features, outputs };
}

function scanObjective(reader: Reader): string {
  const { name } = fields(reader, { name: (at) => at.text() });
  return name ?? reader.fail("'name' is missing");
}

function texts(reader: Reader): readonly string[] {
  return list(reader, MAX_FEATURES, () => reader.text());
}

/**
 * DART weights stand beside a nested `gbtree` (1.x to 2.x), beside `model` (3.x), or inside `model` (after 3.3):
 * https://github.com/dmlc/xgboost/blob/379b29f0836b9dbc313b993d8e5743bd452d4117/src/gbm/gbtree.cc
 */
function scanBooster(reader: Reader): TreeBooster | LinearBooster {
  const booster = fields(reader, {
    name: (at) => at.text(),
    model: scanModel,
    gbtree: (at) => fields(at, { model: scanModel }),
    weight_drop: (at) => at.floats(),
  });
  const { name } = booster;
  if (name !== 'gbtree' && name !== 'dart' && name !== 'gblinear') {
    reader.fail(`the booster is '${name ?? ''}'; gbtree, dart and gblinear are supported`);
  }
  const model = booster.gbtree?.model ?? booster.model ?? reader.fail("the booster's 'model' is missing");
  return name === 'gblinear'
    ? { kind: 'linear', weights: model.weights ?? reader.fail("'weights' is missing") }
    : treeBooster(reader, model, booster.weight_drop ?? model.weight_drop);
}

type ScannedModel = ReturnType<typeof scanModel>;

function scanModel(reader: Reader) {
  return fields(reader, {
    weights: (at) => at.floats(),
    gbtree_model_param: textMap,
    trees: (at) => list(at, MAX_TREES, () => readTree(at)),
    tree_info: (at) => at.integers(),
    iteration_indptr: (at) => at.integers(),
    weight_drop: (at) => at.floats(),
    cats: scanCategories,
  });
}

function treeBooster(reader: Reader, model: ScannedModel, weights: Float32Array | undefined): TreeBooster {
  const { trees, tree_info: treeInfo, gbtree_model_param: params } = model;
  if (trees === undefined) reader.fail("'trees' is missing");
  if (treeInfo === undefined) reader.fail("'tree_info' is missing");
  if (params === undefined) reader.fail("'gbtree_model_param' is missing");
  const stated = wholeText(reader, params, 'num_trees');
  for (const [what, count] of [
    ['num_trees', stated],
    ['the length of tree_info', treeInfo.length],
    [
      'the number of tree weights',
      weights === undefined || weights.length === 0 ? undefined : weights.length,
    ],
  ] as const) {
    if (count !== undefined && count !== trees.length)
      reader.fail(`${what} is ${count}, but there are ${trees.length} trees`);
  }
  return {
    kind: 'trees',
    trees,
    treeInfo,
    parallelTrees: Math.max(1, wholeText(reader, params, 'num_parallel_tree', 1)),
    iterationStarts: model.iteration_indptr,
    weights: weights?.length === 0 ? undefined : weights,
    categories: model.cats?.enc ?? [],
  };
}

function scanCategories(reader: Reader) {
  return fields(reader, { enc: (at) => list(at, MAX_FEATURES, () => scanCategoryColumn(at)) });
}

/** The widths of XGBoost's unsigned category types: UBJSON has no such types, so their bits are stored as signed. */
const UNSIGNED_BITS: Readonly<Record<number, number>> = { 10: 8, 12: 16, 14: 32, 16: 64 };

/** https://github.com/dmlc/xgboost/blob/v3.3.0/src/data/cat_container.cc */
function scanCategoryColumn(reader: Reader): CategoryColumn {
  const { offsets, values, type } = fields(reader, {
    offsets: (at) => at.integers(),
    values: (at) => at.wideIntegers(),
    type: (at) => at.integer(),
  });
  if (values === undefined) reader.fail("'values' is missing");
  if (offsets !== undefined) return cutTexts(reader, offsets, values);
  if (type === undefined || type < 9 || type > 16)
    reader.fail(`the categories have the unknown type ${type ?? ''}`);
  const bits = UNSIGNED_BITS[type];
  return Array.from(values, (value) => (value < 0 && bits !== undefined ? value + 2 ** bits : value));
}

/** Category i is the UTF-8 bytes [offsets[i], offsets[i + 1]) of `values`, which are stored as signed bytes. */
function cutTexts(reader: Reader, offsets: Int32Array, values: Float64Array): string[] {
  const bytes = Uint8Array.from(values, (value) => value & 0xff);
  const cut: string[] = [];
  for (let i = 0; i + 1 < offsets.length; i++) {
    const [start, end] = [offsets[i]!, offsets[i + 1]!];
    if (start < 0 || end < start || end > bytes.length)
      reader.fail(`offsets[${i}] and [${i + 1}] are out of order`);
    cut.push(decodeUtf8(bytes.subarray(start, end)) ?? reader.fail(`category ${i} is not valid UTF-8`));
  }
  return cut;
}
