import type { Register, Tree } from '../../ir/model.ts';
import type { Builder } from '../builder.ts';
import { once } from '../once.ts';
import { NdArray, type PyValue } from '../pickle/index.ts';
import { probableClassifier } from './classify.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import type { Lowering } from './lowering.ts';
import {
  type Classifier,
  type Classifiers,
  classesOf,
  type Detector,
  type Regressor,
  targetClassesOf,
} from './predictor.ts';
import { type FittedTree, fittedTree, toTree } from './tree.ts';

/**
 * The columns of a tree or forest: since some version each takes missing values, and before it raises an error. An
 * isolation forest that takes them takes infinite ones too.
 */
function treeInputs(estimator: Estimator, columns: readonly Column[], lowering: Lowering): Register[] {
  const allowed = estimator.name === 'IsolationForest' ? 'unchecked' : 'allowed';
  return lowering.inputs(columns, estimator, takesMissing(estimator) ? allowed : 'refused', 'float32');
}

/**
 * The versions in which each class learned to take missing values at prediction. Until 1.8 trees of some criteria,
 * trees under monotonic constraints and, before 1.6, those of random splits did not.
 * https://scikit-learn.org/stable/whats_new.html
 */
function takesMissing(estimator: Estimator): boolean {
  const { name, version } = estimator;
  const since = MISSING_SINCE[name];
  if (since === undefined || version < since) return false;
  if (version >= 109 || name === 'IsolationForest') return true;
  if (estimator.has('monotonic_cst') || estimator.get('criterion') === 'absolute_error') return false;
  return version >= 106 || estimator.get('splitter') !== 'random';
}

const MISSING_SINCE: Readonly<Record<string, number>> = {
  DecisionTreeClassifier: 103,
  DecisionTreeRegressor: 103,
  RandomForestClassifier: 104,
  RandomForestRegressor: 104,
  ExtraTreeClassifier: 106,
  ExtraTreeRegressor: 106,
  ExtraTreesClassifier: 106,
  ExtraTreesRegressor: 106,
  IsolationForest: 106,
};

/** Leaves of a classification tree: each class's share. Before 1.4 the file has counts. */
function shares(
  estimator: Estimator,
  tree: FittedTree,
  classes: readonly number[],
): (node: number) => readonly number[] {
  const { values, width, outputs } = tree;
  if (outputs !== classes.length || classes.some((count) => count > width)) {
    estimator.fail(`has a tree of ${outputs} targets and ${width} classes that does not fit its own`);
  }
  const share = (row: readonly number[]): readonly number[] => {
    if (estimator.version >= 104) return row;
    const sum = row.reduce((a, b) => a + b, 0);
    return sum === 0 ? row : row.map((value) => value / sum);
  };
  return (node) =>
    classes.flatMap((count, o) => {
      const start = (node * outputs + o) * width;
      return share(Array.from(values.subarray(start, start + count)));
    });
}

/** Leaves of a regression tree: one value an output. */
function means({ values, outputs, width }: FittedTree): (node: number) => readonly number[] {
  return (node) => Array.from({ length: outputs }, (_, o) => values[(node * outputs + o) * width]!);
}

/** `classes`: how many each target has, for a classifier. */
function lowerTree(
  estimator: Estimator,
  inputs: number,
  builder: Builder,
  classes: readonly number[] | undefined,
): Tree {
  const tree = fittedTree(estimator, inputs);
  builder.charge(tree.values.length + 6 * tree.left.length);
  return toTree(tree.shape, 'all', 1, classes === undefined ? means(tree) : shares(estimator, tree, classes));
}

function widthOf(tree: Tree): number {
  return tree.leaves.length / (tree.splits.feature.length + 1);
}

/** Sums of the leaves of several trees, one register an output: a target, or a target's class. */
function sumTrees(
  estimator: Estimator,
  members: readonly Estimator[],
  columns: readonly Column[],
  lowering: Lowering,
  classes?: readonly number[],
): Register[] {
  const inputs = treeInputs(estimator, columns, lowering);
  const trees = members.map((member) => lowerTree(member, inputs.length, lowering.builder, classes));
  const widths = new Set(trees.map(widthOf));
  if (widths.size !== 1) estimator.fail('has trees of different numbers of outputs, or none');
  const [width] = widths;
  return lowering.builder.forest(inputs, trees, new Array<number>(width!).fill(0));
}

export function treeRegressor(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Regressor {
  return {
    kind: 'regressor',
    values: once(() => sumTrees(estimator, [estimator], columns, lowering)),
  };
}

export function treeClassifier(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier | Classifiers {
  return classifierOf(estimator, lowering.builder, (counts) =>
    sumTrees(estimator, [estimator], columns, lowering, counts),
  );
}

/** One target or several: `sums` gives the probabilities of all classes of all targets. */
function classifierOf(
  estimator: Estimator,
  b: Builder,
  sums: (counts: readonly number[]) => readonly Register[],
): Classifier | Classifiers {
  const several = targetClassesOf(estimator);
  const all = several ?? [classesOf(estimator)];
  const counts = all.map(({ length }) => length);
  const probabilities = once(() => sums(counts));
  let start = 0;
  const targets = all.map((classes) => {
    const from = start;
    start += classes.length;
    return probableClassifier(
      b,
      classes,
      once(() => probabilities().slice(from, from + classes.length)),
    );
  });
  return several === undefined ? targets[0]! : { kind: 'classifiers', targets };
}

/** The mean of the trees, summed in their order. */
function forestMeans(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
  classes?: readonly number[],
): Register[] {
  const members = estimator.children('estimators_', 'tree');
  const sums = sumTrees(estimator, members, columns, lowering, classes);
  return lowering.builder.link(sums, { name: 'divide', divisor: members.length });
}

export function forestRegressor(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Regressor {
  return { kind: 'regressor', values: once(() => forestMeans(estimator, columns, lowering)) };
}

export function forestClassifier(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier | Classifiers {
  return classifierOf(estimator, lowering.builder, (counts) =>
    forestMeans(estimator, columns, lowering, counts),
  );
}

/** The mean path length of an unsuccessful search in a binary tree of n samples. */
function averagePathLength(n: number): number {
  if (n <= 1) return 0;
  return n === 2 ? 1 : 2 * (Math.log(n - 1) + EULER_GAMMA) - (2 * (n - 1)) / n;
}

const EULER_GAMMA = 0.5772156649015329;

/** The number of nodes from the root to each node, both included. */
function depths(tree: FittedTree): Float64Array {
  const out = new Float64Array(tree.left.length);
  out[0] = 1;
  // Parents stand before their children.
  tree.left.forEach((left, node) => {
    if (left === -1) return;
    out[left] = out[node]! + 1;
    out[tree.right[node]!] = out[node]! + 1;
  });
  return out;
}

/**
 * Isolation forest: -2^(-depth / expected depth) over all trees.
 * https://github.com/scikit-learn/scikit-learn/blob/1.6.1/sklearn/ensemble/_iforest.py
 */
export function isolationForest(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Detector {
  const b = lowering.builder;
  const members = estimator.children('estimators_', 'tree');
  const scores = once(() => {
    const inputs = treeInputs(estimator, columns, lowering);
    const subsets = estimator.list('estimators_features_');
    const trees = members.map((member, i) => {
      const subset = columnsOf(subsets[i], estimator);
      // A tree of all columns reads them in their own order, whatever the list says.
      return isolationTree(
        member,
        inputs.length,
        b,
        subset.length === inputs.length ? subset.map((_, k) => k) : subset,
      );
    });
    const [depth] = b.forest(inputs, trees, [0]);
    const expected =
      members.length *
      averagePathLength(estimator.number('max_samples_', estimator.number('_max_samples', 0)));
    const exponent =
      expected === 0 ? b.constants([1])[0]! : b.link([depth!], { name: 'divide', divisor: expected })[0]!;
    // 2^-x as power(2, -x).
    const [two] = b.constants([2]);
    return b.unary(b.combine('power', [two!], b.unary([exponent], 'negate')), 'negate')[0]!;
  });
  const decision = once(() => b.map([scores()], { name: 'subtract', by: [estimator.number('offset_')] })[0]!);
  return {
    kind: 'detector',
    scores,
    decision,
    predicted: once(() => b.compare([decision()], '>=', [0])[0]!),
  };
}

function columnsOf(subset: PyValue | undefined, estimator: Estimator): readonly number[] {
  return subset instanceof NdArray
    ? Array.from(subset.numbers())
    : estimator.fail('a tree has no list of columns');
}

function isolationTree(member: Estimator, inputs: number, b: Builder, subset: readonly number[]): Tree {
  const tree = fittedTree(member, subset.length);
  b.charge(8 * tree.left.length);
  const depth = depths(tree);
  const lowered = toTree(tree.shape, 0, 1, (node) => [
    depth[node]! + averagePathLength(tree.samples[node]!) - 1,
  ]);
  if (subset.some((column) => !(column >= 0 && column < inputs)))
    member.fail('a tree reads a column that is none');
  const feature = lowered.splits.feature.map((column) => subset[column]!);
  return { ...lowered, splits: { ...lowered.splits, feature } };
}
