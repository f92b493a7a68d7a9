import type { Field } from './field.ts';

/** One tree as the file holds it: a split names a test by its number among all of the model's tests. */
export type ScannedTree = ObliviousTree | BranchingTree;

export interface ObliviousTree {
  readonly kind: 'oblivious';
  /** Values a leaf. */
  readonly width: number;
  /** Split i decides bit i of the leaf's number. */
  readonly splits: readonly ScannedSplit[];
  /** Leaf-major. */
  readonly leaves: readonly number[];
}

export interface BranchingTree {
  readonly kind: 'branching';
  readonly width: number;
  readonly root: BranchingNode;
}

export type BranchingNode =
  | { readonly leaf: readonly number[] }
  /** A test that holds leads to the right. */
  | { readonly split: ScannedSplit; readonly left: BranchingNode; readonly right: BranchingNode };

export interface ScannedSplit {
  /** Among the borders of all float features, then all one-hot values, then the borders of all ctrs. */
  readonly test: number;
  /** What the file says of the same test beside its number, to be held against it. */
  readonly border: number | undefined;
  readonly value: number | undefined;
  readonly path: string;
}

/** CatBoost's own limit on the depth of an oblivious tree is 16. */
const MAX_SPLITS = 24;
const MAX_DEPTH = 512;
const MAX_TEST = 2 ** 31;

/** `oblivious_trees`, or `trees` of a model that was grown depthwise or lossguide. */
export function scanTrees(root: Field): readonly ScannedTree[] {
  const oblivious = root.optional('oblivious_trees');
  if (oblivious !== undefined) return oblivious.elements().map(scanOblivious);
  const branching = root.optional('trees');
  if (branching === undefined) root.fail("has neither 'oblivious_trees' nor 'trees'");
  return branching.elements().map(scanBranching);
}

function scanOblivious(tree: Field): ObliviousTree {
  const splits = tree.list('splits').map(scanSplit);
  if (splits.length > MAX_SPLITS)
    tree.fail(`has ${splits.length} splits; at most ${MAX_SPLITS} are supported`);
  const leaves = tree.get('leaf_values').numbers();
  const width = leaves.length / 2 ** splits.length;
  if (!Number.isInteger(width) || width === 0) {
    tree.fail(`has ${leaves.length} leaf values, which ${splits.length} splits cannot have`);
  }
  return { kind: 'oblivious', width, splits, leaves };
}

function scanSplit(split: Field): ScannedSplit {
  return {
    test: split.get('split_index').integer(0, MAX_TEST),
    border: split.optional('border')?.number(),
    value: split.optional('value')?.number(),
    path: split.path,
  };
}

function scanBranching(tree: Field): BranchingTree {
  const root = scanNode(tree, 0);
  let first = root;
  while (!('leaf' in first)) first = first.left;
  return { kind: 'branching', width: first.leaf.length, root };
}

function scanNode(node: Field, depth: number): BranchingNode {
  if (depth > MAX_DEPTH) node.fail(`is nested more than ${MAX_DEPTH} deep`);
  const value = node.optional('value');
  if (value !== undefined) {
    const leaf = Array.isArray(value.value) ? value.numbers() : [value.number()];
    return leaf.length > 0 ? { leaf } : value.fail('holds no value');
  }
  return {
    split: scanSplit(node.get('split')),
    left: scanNode(node.get('left'), depth + 1),
    right: scanNode(node.get('right'), depth + 1),
  };
}
