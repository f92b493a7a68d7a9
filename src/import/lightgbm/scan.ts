/**
 * LightGBM's model text, read into a typed file. There is no specification; what LightGBM 3 and 4 write is in
 * https://github.com/microsoft/LightGBM/blob/bae0b7ba953341a32b2a9c5c5c437a1b976f576f/src/boosting/gbdt_model_text.cpp
 * (the file) and src/io/tree.cpp (a tree). Facts that bite:
 * - The first line is `tree`, whatever the boosting type. `key=value` lines follow up to the first `Tree=`.
 * - A tree ends at an empty line; `end of trees` ends them all, so a file without it was cut off.
 * - A tree of one leaf has its split lines empty.
 * - A child below zero is leaf -1 - child.
 * - `leaf_features` and `leaf_coeff` run all leaves together; `num_features` says how many are each leaf's.
 * - Of the parameters only `categorical_feature` matters, and only to place the lists of `pandas_categorical`.
 */

import { PgscoreError } from '../../errors.ts';
import { type Line, ModelText } from './lines.ts';
import { type CategoryLists, parseCategoryLists } from './pandas.ts';

export interface LightgbmFile {
  readonly name: string;
  /** As the file says it: `v3`, `v4`. */
  readonly version: string;
  readonly numClass: number;
  readonly treesPerIteration: number;
  /** Name and settings, for example `binary sigmoid:1`; null for a custom objective. */
  readonly objective: string | null;
  /** Random forests: predictions are made from the average over iterations. */
  readonly averageOutput: boolean;
  readonly featureNames: readonly string[];
  /** A feature each: `none` (never useful), `[min:max]`, or the category codes with colons between. */
  readonly featureInfos: readonly string[];
  readonly trees: readonly LightgbmTree[];
  /** The `boosting` parameter, when the file tells. */
  readonly boosting: string | null;
  /** The `categorical_feature` parameter as feature indices, or null when the file does not tell. */
  readonly categoricalFeatures: readonly number[] | null;
  readonly pandasCategorical: CategoryLists | null;
}

/** One tree, columns as in the file. `line` is that of its `Tree=`. */
export interface LightgbmTree {
  readonly line: number;
  readonly splitFeature: readonly number[];
  readonly threshold: readonly number[];
  readonly decisionType: readonly number[];
  readonly leftChild: readonly number[];
  readonly rightChild: readonly number[];
  readonly leafValue: readonly number[];
  /** Category set s holds the bits of words [catBoundaries[s], catBoundaries[s + 1]) of catThreshold. */
  readonly catBoundaries: readonly number[];
  readonly catThreshold: readonly number[];
  readonly linear: LinearColumns | null;
}

export interface LinearColumns {
  readonly constant: readonly number[];
  readonly featureCounts: readonly number[];
  readonly features: readonly number[];
  readonly coefficients: readonly number[];
}

const SHORT = 10_000;
const MAX_FEATURES = 1_000_000;

/** Shared, so that a million trees of one leaf stay small. */
const NONE: readonly number[] = [];
const NO_SETS: readonly number[] = [0];

const TREE_KEYS = new Set([
  'num_leaves',
  'num_cat',
  'split_feature',
  'split_gain',
  'threshold',
  'decision_type',
  'left_child',
  'right_child',
  'leaf_value',
  'leaf_weight',
  'leaf_count',
  'internal_value',
  'internal_weight',
  'internal_count',
  'cat_boundaries',
  'cat_threshold',
  'is_linear',
  'leaf_const',
  'num_features',
  'leaf_features',
  'leaf_coeff',
  'shrinkage',
]);

/** Reads the whole file. @throws PgscoreError PGS_FILE, PGS_UNSUPPORTED */
export function scanLightgbm(name: string, bytes: Uint8Array): LightgbmFile {
  const text = new ModelText(name, bytes);
  const header = scanHeader(text);
  const trees = scanTrees(text);
  if (header.treeCount !== null && header.treeCount !== trees.length) {
    text.failFile(
      `the header announces ${header.treeCount} trees (tree_sizes), but ${trees.length} are there`,
    );
  }
  return { name, ...header.file, trees, ...scanTail(text, header.file.featureNames.length) };
}

type Header = Omit<LightgbmFile, 'name' | 'trees' | 'boosting' | 'categoricalFeatures' | 'pandasCategorical'>;

function scanHeader(text: ModelText): { file: Header; treeCount: number | null } {
  const first = text.next();
  if (first === undefined || text.text(first, SHORT) !== 'tree')
    text.failFile('the first line is not "tree"');
  const lines = keyedLines(text);
  const version = headerText(text, lines, 'version');
  if (version !== 'v3' && version !== 'v4') refuseVersion(text.name, version);
  const numClass = headerInteger(text, lines, 'num_class');
  const features = headerInteger(text, lines, 'max_feature_idx') + 1;
  if (features > MAX_FEATURES)
    text.failFile(`max_feature_idx says ${features} features, more than ${MAX_FEATURES}`);
  const sizes = lines.get('tree_sizes');
  const objective = lines.has('objective') ? headerText(text, lines, 'objective') : null;
  const file: Header = {
    version,
    numClass,
    treesPerIteration: lines.has('num_tree_per_iteration')
      ? headerInteger(text, lines, 'num_tree_per_iteration')
      : numClass,
    objective,
    averageOutput: lines.has('average_output'),
    featureNames: headerList(text, lines, 'feature_names', features),
    featureInfos: headerList(text, lines, 'feature_infos', features),
  };
  return { file, treeCount: sizes === undefined ? null : text.count(sizes) };
}

/** The header's lines by key, each without its key; stops before the first tree. */
function keyedLines(text: ModelText): Map<string, Line> {
  const lines = new Map<string, Line>();
  for (let line = text.next(); line !== undefined; line = text.next()) {
    if (text.startsWith(line, 'Tree=') || isEndOfTrees(text, line)) {
      text.back(line);
      return lines;
    }
    if (line.start === line.end) continue;
    const key = text.key(line);
    if (lines.has(key)) text.fail(line, `repeats "${key}"`);
    if (lines.size > 100) text.fail(line, 'still belongs to no tree: the header has no more than 100 lines');
    lines.set(key, text.after(line, key.length + 1));
  }
  return text.failFile('the file ends before its first tree');
}

function refuseVersion(name: string, version: string): never {
  throw new PgscoreError(
    'PGS_UNSUPPORTED',
    `${name}: LightGBM model text of version ${JSON.stringify(version)}.`,
    {
      hint: 'Supported are v3 and v4 (LightGBM 2.3 to 4.x): load the model there and save it again.',
    },
  );
}

function headerLine(text: ModelText, lines: ReadonlyMap<string, Line>, key: string): Line {
  return lines.get(key) ?? text.failFile(`the header has no "${key}" line`);
}

function headerText(text: ModelText, lines: ReadonlyMap<string, Line>, key: string): string {
  return text.text(headerLine(text, lines, key), SHORT);
}

function headerInteger(text: ModelText, lines: ReadonlyMap<string, Line>, key: string): number {
  const line = headerLine(text, lines, key);
  const value = text.integers(line, 1, key)[0]!;
  if (value < 0) text.fail(line, `(${key}) must not be negative, but is ${value}`);
  return value;
}

function headerList(text: ModelText, lines: ReadonlyMap<string, Line>, key: string, count: number): string[] {
  const line = headerLine(text, lines, key);
  const found = text.count(line);
  if (found !== count)
    text.fail(line, `(${key}) must hold ${count} entries, one a feature, but holds ${found}`);
  return text
    .text(line, Number.POSITIVE_INFINITY)
    .split(' ')
    .filter((entry) => entry !== '');
}

function isEndOfTrees(text: ModelText, line: Line): boolean {
  return text.startsWith(line, 'end of trees') && line.end - line.start === 'end of trees'.length;
}

function scanTrees(text: ModelText): LightgbmTree[] {
  const trees: LightgbmTree[] = [];
  for (let line = text.next(); line !== undefined; line = text.next()) {
    if (line.start === line.end) continue;
    if (isEndOfTrees(text, line)) return trees;
    if (!text.startsWith(line, 'Tree='))
      text.fail(line, 'must start a tree ("Tree=") or end them ("end of trees")');
    trees.push(scanTree(text, line, trees.length));
  }
  return text.failFile(
    `the file ends within or after tree ${trees.length - 1}: there is no "end of trees" line`,
  );
}

function scanTree(text: ModelText, head: Line, index: number): LightgbmTree {
  const lines = treeLines(text, head, index);
  const of = (key: string) => `${key} of tree ${index}`;
  const line = (key: string) =>
    lines.get(key) ?? text.fail(head, `starts tree ${index}, which has no "${key}" line`);
  const integer = (key: string) => text.integers(line(key), 1, of(key))[0]!;
  const integers = (key: string, count: number) => text.integers(line(key), count, of(key));
  const doubles = (key: string, count: number) => text.doubles(line(key), count, of(key));

  const leaves = integer('num_leaves');
  if (leaves < 1) text.fail(line('num_leaves'), `(${of('num_leaves')}) must be at least 1, but is ${leaves}`);
  const leafValue = doubles('leaf_value', leaves);
  const splits = leaves - 1;
  const sets = integer('num_cat');
  const isLinear = lines.has('is_linear') && integer('is_linear') !== 0;
  const column = (key: string) => (splits === 0 ? NONE : integers(key, splits));
  const boundaries =
    sets > 0 ? catBoundaries(text, line('cat_boundaries'), sets, of('cat_boundaries')) : NO_SETS;
  return {
    line: head.number,
    leafValue,
    splitFeature: column('split_feature'),
    threshold: splits === 0 ? NONE : doubles('threshold', splits),
    decisionType: column('decision_type'),
    leftChild: column('left_child'),
    rightChild: column('right_child'),
    catBoundaries: boundaries,
    catThreshold: sets > 0 ? integers('cat_threshold', boundaries.at(-1)!) : NONE,
    linear: isLinear ? linearColumns(leaves, integers, doubles) : null,
  };
}

function treeLines(text: ModelText, head: Line, index: number): Map<string, Line> {
  const lines = new Map<string, Line>();
  for (let line = text.next(); line !== undefined; line = text.next()) {
    if (line.start === line.end) return lines;
    const key = text.key(line);
    if (lines.has(key)) text.fail(line, `repeats "${key}" of tree ${index}`);
    if (!TREE_KEYS.has(key))
      text.fail(line, `holds ${JSON.stringify(key)}, which is no part of a tree (tree ${index})`);
    lines.set(key, text.after(line, key.length + 1));
  }
  return text.fail(head, `starts tree ${index}, and the file ends within it`);
}

function catBoundaries(text: ModelText, line: Line, sets: number, what: string): number[] {
  const boundaries = text.integers(line, sets + 1, what);
  for (let s = 0; s < sets; s++) {
    if (boundaries[0] !== 0 || boundaries[s + 1]! < boundaries[s]!) {
      text.fail(line, `(${what}) must start at 0 and never fall, but set ${s} ends at ${boundaries[s + 1]}`);
    }
  }
  return boundaries;
}

type Numbers = (key: string, count: number) => number[];

function linearColumns(leaves: number, integers: Numbers, doubles: Numbers): LinearColumns {
  const featureCounts = integers('num_features', leaves);
  const total = featureCounts.reduce((sum, count) => sum + Math.max(count, 0), 0);
  return {
    constant: doubles('leaf_const', leaves),
    featureCounts,
    features: integers('leaf_features', total),
    coefficients: doubles('leaf_coeff', total),
  };
}

type Tail = Pick<LightgbmFile, 'boosting' | 'categoricalFeatures' | 'pandasCategorical'>;

const CATEGORICAL = '[categorical_feature:';
const BOOSTING = '[boosting:';
const PANDAS = 'pandas_categorical:';

/** What follows the trees. Parameters that do not read as expected are left out: nothing is scored by them. */
function scanTail(text: ModelText, features: number): Tail {
  let boosting: string | null = null;
  let categoricalFeatures: readonly number[] | null = null;
  let pandasCategorical: CategoryLists | null = null;
  for (let line = text.next(); line !== undefined; line = text.next()) {
    if (text.startsWith(line, BOOSTING)) boosting = parameter(text, line, BOOSTING);
    else if (text.startsWith(line, CATEGORICAL)) {
      categoricalFeatures = featureIndices(parameter(text, line, CATEGORICAL), features);
    } else if (text.startsWith(line, PANDAS)) {
      const json = text.text(text.after(line, PANDAS.length), Number.POSITIVE_INFINITY);
      pandasCategorical = parseCategoryLists(json, features, (problem) => text.fail(line, problem));
    }
  }
  return { boosting, categoricalFeatures, pandasCategorical };
}

function parameter(text: ModelText, line: Line, start: string): string {
  const value = text.text(text.after(line, start.length), Number.POSITIVE_INFINITY);
  return value.replace(/\]\s*$/, '').trim();
}

function featureIndices(list: string, features: number): readonly number[] | null {
  if (list === '') return [];
  const indices = list
    .split(',')
    .map((entry) => (/^\s*\d{1,9}\s*$/.test(entry) ? Number(entry) : Number.NaN));
  if (indices.some((index) => !(index < features))) return null;
  return [...new Set(indices)].sort((a, b) => a - b);
}
