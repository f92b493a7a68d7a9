import { type Splits, SplitTest, type Tree } from '../../ir/model.ts';
import type { ParquetRow } from './parquet.ts';
import type { Stage } from './stage.ts';
import type { Reader } from './values.ts';

/** A node of a tree; leaves have no split. */
export interface Node {
  readonly prediction: number;
  /** Counts by class; sums for regression. */
  readonly stats: readonly number[];
  readonly split?: Split;
}

interface Split {
  readonly feature: number;
  readonly left: number;
  readonly right: number;
  /** The threshold of a number, or the categories that go left. */
  readonly values: readonly number[];
  /** -1 for a number. */
  readonly categories: number;
}

/** The nodes of one tree by their ids, 0 the root. @throws PgscoreError PGS_FILE */
export function nodesOf(
  rows: readonly (ParquetRow | unknown)[],
  features: number,
  stage: Stage,
): readonly Node[] {
  const nodes = new Array<Node | undefined>(rows.length).fill(undefined);
  for (const row of rows) {
    const reader = stage.reader(row);
    const id = reader.whole('id', 0, rows.length - 1);
    if (nodes[id] !== undefined) stage.fail(`a tree has node ${id} twice`);
    nodes[id] = nodeOf(reader, rows.length, features, stage);
  }
  if (nodes.length === 0) stage.fail('a tree has no nodes');
  return nodes as readonly Node[];
}

function nodeOf(reader: Reader, count: number, features: number, stage: Stage): Node {
  const own = { prediction: reader.number('prediction'), stats: reader.numbers('impurityStats') };
  if (reader.number('leftChild') === -1) return own;
  const split = reader.struct('split');
  const values = split.numbers('leftCategoriesOrThreshold');
  const categories = split.whole('numCategories', -1, 2 ** 31 - 1);
  if (categories === -1 && values.length !== 1) stage.fail('a tree splits a number at several thresholds');
  return {
    ...own,
    split: {
      feature: split.whole('featureIndex', 0, features - 1),
      left: reader.whole('leftChild', 1, count - 1),
      right: reader.whole('rightChild', 1, count - 1),
      values,
      categories,
    },
  };
}

/**
 * A tree of the IR. Numbers up to the threshold go left, NaN goes right; so do categories that the split does not know,
 * unless more than half of the known ones go left: then only those that go right are looked up.
 * https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/ml/tree/Split.scala
 * `category` gives the tree's input for a feature that is split by categories.
 */
export function treeOf(
  nodes: readonly Node[],
  category: (feature: number) => number,
  tree: { readonly output: number | 'all'; readonly weight: number; leaf(node: Node): readonly number[] },
  stage: Stage,
): Tree {
  const place = new Int32Array(nodes.length);
  const inner: Split[] = [];
  const leaves: Node[] = [];
  nodes.forEach((node, id) => {
    place[id] = node.split === undefined ? -1 - leaves.length : inner.length;
    if (node.split === undefined) leaves.push(node);
    else inner.push(node.split);
  });
  const columns = {
    feature: [] as number[],
    test: [] as SplitTest[],
    threshold: [] as number[],
    left: [] as number[],
    right: [] as number[],
    sets: [] as (readonly number[])[],
  } satisfies Splits;
  for (const split of inner) {
    const [left, right] = [place[split.left]!, place[split.right]!];
    if (split.categories === -1) {
      push(columns, split.feature, SplitTest.nanRight, split.values[0]!, left, right);
      continue;
    }
    const flipped = split.values.length > split.categories / 2;
    const set = flipped ? others(split, stage) : [...split.values].sort((a, b) => a - b);
    const sides = flipped ? ([right, left] as const) : ([left, right] as const);
    push(columns, category(split.feature), SplitTest.setNanRight, columns.sets.length, ...sides);
    columns.sets.push(set);
  }
  return {
    output: tree.output,
    weight: tree.weight,
    splits: columns,
    leaves: leaves.flatMap((node) => tree.leaf(node)),
  };
}

function push(
  columns: { feature: number[]; test: SplitTest[]; threshold: number[]; left: number[]; right: number[] },
  feature: number,
  test: SplitTest,
  threshold: number,
  left: number,
  right: number,
): void {
  columns.feature.push(feature);
  columns.test.push(test);
  columns.threshold.push(threshold);
  columns.left.push(left);
  columns.right.push(right);
}

/** The categories below `categories` that do not go left: fewer than those that do. */
function others({ values, categories }: Split, stage: Stage): readonly number[] {
  const left = new Set(values);
  if (categories > 2 * values.length) return stage.fail('a tree has categories out of range');
  return Array.from({ length: categories }, (_, i) => i).filter((category) => !left.has(category));
}
