import { type Splits, SplitTest, type Tree } from '../../ir/model.ts';
import type { BranchingNode, ObliviousTree, ScannedSplit, ScannedTree } from './scan-trees.ts';

/** A test on one input of the ensemble. One that holds leads to the right, and to the higher leaf of a bit. */
export type Decision =
  | {
      readonly kind: 'border';
      readonly input: number;
      readonly border: number;
      readonly missingPasses: boolean;
    }
  | { readonly kind: 'code'; readonly input: number; readonly code: number };

/** A tree of either kind, unfolded on the way down. */
type Node =
  | { readonly leaf: readonly number[] }
  | { readonly split: ScannedSplit; readonly left: () => Node; readonly right: () => Node };

/**
 * An oblivious tree of depth d becomes one of at most 2^d leaves: paths that contradict themselves and splits between
 * equal leaves are left out, which changes no score.
 */
export function lowerTree(
  tree: ScannedTree,
  decide: (split: ScannedSplit) => Decision,
  outputs: number,
): Tree {
  const builder = new TreeBuilder(decide, outputs);
  builder.add(tree.kind === 'oblivious' ? unfold(tree, 0, 0) : branch(tree.root));
  return {
    output: outputs === 1 ? 0 : 'all',
    weight: 1,
    splits: builder.splits,
    leaves: builder.leaves,
  };
}

function unfold(tree: ObliviousTree, level: number, index: number): Node {
  const split = tree.splits[level];
  if (split === undefined) return { leaf: tree.leaves.slice(index * tree.width, (index + 1) * tree.width) };
  return {
    split,
    left: () => unfold(tree, level + 1, index),
    right: () => unfold(tree, level + 1, index + 2 ** level),
  };
}

function branch(node: BranchingNode): Node {
  if ('leaf' in node) return node;
  return { split: node.split, left: () => branch(node.left), right: () => branch(node.right) };
}

class TreeBuilder {
  readonly splits: { readonly [K in keyof Splits]: Splits[K][number][] } = {
    feature: [],
    test: [],
    threshold: [],
    left: [],
    right: [],
    sets: [],
  };
  readonly leaves: number[] = [];
  private leafCount = 0;
  private readonly setOf = new Map<number, number>();
  private readonly decide: (split: ScannedSplit) => Decision;
  private readonly width: number;
  /** Per input, the borders that the path down to here has passed and has not passed. */
  private readonly passed = new Map<number, number>();
  private readonly failed = new Map<number, number>();

  constructor(decide: (split: ScannedSplit) => Decision, width: number) {
    this.decide = decide;
    this.width = width;
  }

  /** Adds a node with all that is below it; returns what a parent calls it by. */
  add(node: Node): number {
    if ('leaf' in node) return this.addLeaf(node.leaf);
    const decision = this.decide(node.split);
    if (decision.kind === 'border') {
      // An input that passed a border passes all lower ones, missing or not.
      if (decision.border <= (this.passed.get(decision.input) ?? -Infinity)) return this.add(node.right());
      if (decision.border >= (this.failed.get(decision.input) ?? Infinity)) return this.add(node.left());
    }
    const at = this.addSplit(decision);
    const whenFalse = this.within(this.failed, decision, () => this.add(node.left()));
    const whenTrue = this.within(this.passed, decision, () => this.add(node.right()));
    const { splits } = this;
    if (this.isRedundant(whenFalse, whenTrue)) {
      this.leafCount--;
      this.leaves.length -= this.width;
      for (const column of [splits.feature, splits.test, splits.threshold, splits.left, splits.right])
        column.pop();
      return whenFalse;
    }
    // The IR sends members of a set to the left.
    splits.left[at] = decision.kind === 'code' ? whenTrue : whenFalse;
    splits.right[at] = decision.kind === 'code' ? whenFalse : whenTrue;
    return at;
  }

  /** Runs `add` below one side of a decision. */
  private within(side: Map<number, number>, decision: Decision, add: () => number): number {
    if (decision.kind === 'code') return add();
    const before = side.get(decision.input);
    side.set(decision.input, decision.border);
    const child = add();
    if (before === undefined) side.delete(decision.input);
    else side.set(decision.input, before);
    return child;
  }

  private addLeaf(values: readonly number[]): number {
    this.leaves.push(...values);
    return -1 - this.leafCount++;
  }

  /** Whether both children are leaves of the same values: then they are the last two, and their split is the last. */
  private isRedundant(whenFalse: number, whenTrue: number): boolean {
    if (whenFalse >= 0 || whenTrue >= 0) return false;
    const { leaves, width } = this;
    const last = leaves.length - width;
    for (let i = last; i < leaves.length; i++) if (leaves[i] !== leaves[i - width]) return false;
    return true;
  }

  private addSplit(decision: Decision): number {
    const { splits } = this;
    splits.feature.push(decision.input);
    splits.left.push(0);
    splits.right.push(0);
    if (decision.kind === 'border') {
      splits.test.push(decision.missingPasses ? SplitTest.nanRight : SplitTest.nanLeft);
      splits.threshold.push(decision.border);
    } else {
      splits.test.push(SplitTest.setNanRight);
      splits.threshold.push(this.addSet(decision.code));
    }
    return splits.feature.length - 1;
  }

  private addSet(code: number): number {
    const known = this.setOf.get(code);
    if (known !== undefined) return known;
    this.splits.sets.push([code]);
    this.setOf.set(code, this.splits.sets.length - 1);
    return this.splits.sets.length - 1;
  }
}
