import { type Splits, SplitTest, type Tree } from '../../ir/model.ts';
import { NdArray, PyObject } from '../pickle/index.ts';
import type { Estimator } from './estimator.ts';

/** The root alone: shared, so that many stumps stay small. */
const NO_SPLITS: Splits = { feature: [], test: [], threshold: [], left: [], right: [], sets: [] };

/** Trees of nodes in columns, as scikit-learn's Tree and its histogram predictors both have them. */
export interface NodeColumns {
  readonly left: ArrayLike<number>;
  readonly right: ArrayLike<number>;
  readonly feature: ArrayLike<number>;
  readonly threshold: ArrayLike<number>;
  isLeaf(node: number): boolean;
  test(node: number): SplitTest;
}

/** Splits of a tree, and the nodes that are its leaves in the order of the leaves' numbers. */
export interface Shape {
  readonly splits: Splits;
  readonly leaves: readonly number[];
}

/** @throws PgscoreError PGS_FILE when a child is no node or a node has two parents. */
export function shapeOf(nodes: NodeColumns, features: number, estimator: Estimator): Shape {
  const count = nodes.left.length;
  if (count === 0) estimator.fail('a tree has no nodes');
  const inner: number[] = [];
  const leaves: number[] = [];
  const place = new Int32Array(count);
  for (let node = 0; node < count; node++) {
    if (nodes.isLeaf(node)) {
      place[node] = -1 - leaves.length;
      leaves.push(node);
    } else {
      place[node] = inner.length;
      inner.push(node);
    }
  }
  if (inner.length === 0) return { splits: NO_SPLITS, leaves: [0] };
  const child = (index: number): number => {
    if (!(index > 0 && index < count && Number.isInteger(index)))
      estimator.fail(`a tree names node ${index} of ${count}`);
    return place[index]!;
  };
  for (const node of inner) {
    const feature = nodes.feature[node]!;
    if (!(feature >= 0 && feature < features))
      estimator.fail(`a tree reads column ${feature} of ${features}`);
  }
  const splits: Splits = {
    feature: inner.map((node) => nodes.feature[node]!),
    test: inner.map((node) => nodes.test(node)),
    threshold: inner.map((node) => nodes.threshold[node]!),
    left: inner.map((node) => child(nodes.left[node]!)),
    right: inner.map((node) => child(nodes.right[node]!)),
    sets: [],
  };
  return { splits, leaves };
}

/** A fitted sklearn.tree._tree.Tree. */
export interface FittedTree {
  readonly shape: Shape;
  /** [node][output][class], in C order. */
  readonly values: Float64Array;
  readonly outputs: number;
  /** The greatest number of classes of any output; 1 for regression. */
  readonly width: number;
  readonly samples: Float64Array;
  readonly left: Float64Array;
  readonly right: Float64Array;
}

/** The tree_ of a decision tree that reads `features` columns. */
export function fittedTree(estimator: Estimator, features: number): FittedTree {
  const tree = estimator.get('tree_');
  if (!(tree instanceof PyObject)) return estimator.fail('has no tree_: it is not fitted');
  const nodes = tree.attribute('nodes');
  const values = tree.attribute('values');
  if (!(nodes instanceof NdArray) || !(values instanceof NdArray))
    return estimator.fail('a tree has no nodes or values');
  const column = (name: string): Float64Array =>
    nodes.field(name) ?? estimator.fail(`the nodes of a tree have no column ${name}`);
  const left = column('left_child');
  const right = column('right_child');
  // Before 1.3 trees knew no missing values, and the column was not there.
  const missingLeft = nodes.field('missing_go_to_left');
  const [count, outputs = 1, width = 1] = values.shape;
  if (count !== left.length || values.shape.length !== 3)
    estimator.fail('the values of a tree do not fit its nodes');
  const columns: NodeColumns = {
    left,
    right,
    feature: column('feature'),
    threshold: column('threshold'),
    isLeaf: (node) => left[node] === -1,
    test: (node) => (missingLeft?.[node] === 1 ? SplitTest.nanLeft : SplitTest.nanRight),
  };
  const shape = shapeOf(columns, features, estimator);
  return { shape, values: values.numbers(), outputs, width, samples: column('n_node_samples'), left, right };
}

/** A tree of the IR whose leaves hold what `leaf` gives for a node. */
export function toTree(
  { splits, leaves }: Shape,
  output: number | 'all',
  weight: number,
  leaf: (node: number) => readonly number[],
): Tree {
  return { output, weight, splits, leaves: leaves.flatMap(leaf) };
}
