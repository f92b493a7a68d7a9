import { type Splits, SplitTest, type Tree } from '../../ir/model.ts';
import type { CategorySplits, TreeColumns } from './scan-tree.ts';

/** What a tree of the file is lowered for. */
export interface TreeContext {
  readonly features: number;
  /** For each feature the input of the ensemble that its category tests read. */
  readonly categoryInputs: readonly number[];
  readonly outputs: number;
  /** The output that the tree adds to; not looked at when its leaves are vectors. */
  readonly output: number;
  readonly weight: number;
  /** Throws, naming the file and the tree. */
  readonly fail: (message: string) => never;
}

/**
 * XGBoost goes right on a member of a split's category set, and `default_left` speaks of its own left; the IR sends
 * members left, so categorical splits change sides.
 * https://github.com/dmlc/xgboost/blob/v3.3.0/src/common/categorical.h
 */
export function lowerTree(tree: TreeColumns, context: TreeContext): Tree {
  const builder = new TreeBuilder(tree, context);
  builder.build();
  return {
    output: tree.vectors === undefined ? context.output : 'all',
    weight: context.weight,
    splits: builder.splits,
    leaves: builder.leaves,
  };
}

/** From this category on, XGBoost takes every value for an invalid one, which is in no set. */
const FIRST_INVALID_CATEGORY = 2 ** 24;

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
  private readonly tree: TreeColumns;
  private readonly context: TreeContext;
  /** Node to index into the category splits. */
  private readonly categorical: ReadonlyMap<number, number>;

  constructor(tree: TreeColumns, context: TreeContext) {
    this.tree = tree;
    this.context = context;
    this.categorical = categoricalNodes(tree.categories, context);
    if (tree.vectors !== undefined && tree.vectors.width !== context.outputs) {
      context.fail(`leaves hold ${tree.vectors.width} values, but the model has ${context.outputs} outputs`);
    }
  }

  /** Depth first from the root; `pending` holds a node and where its parent wants its number. */
  build(): void {
    const { tree, context } = this;
    const nodes = tree.left.length;
    const reached = new Uint8Array(nodes);
    const vectorsUsed = new Uint8Array(tree.vectors === undefined ? 0 : nodes);
    const pending: { readonly node: number; readonly slots: number[]; readonly parent: number }[] = [
      { node: 0, slots: [], parent: 0 },
    ];
    let count = 0;
    while (pending.length > 0) {
      const { node, slots, parent } = pending.pop()!;
      if (node < 0 || node >= nodes) context.fail(`node ${node} is named as a child, but there are ${nodes}`);
      if (reached[node] === 1) context.fail(`node ${node} is reached twice`);
      reached[node] = 1;
      count++;
      if (tree.left[node] === -1) {
        slots[parent] = -1 - this.addLeaf(node, vectorsUsed);
        continue;
      }
      const split = this.addSplit(node);
      slots[parent] = split;
      const swapped = this.categorical.has(node);
      const { left, right } = this.splits;
      pending.push({ node: tree.right[node]!, slots: swapped ? left : right, parent: split });
      pending.push({ node: tree.left[node]!, slots: swapped ? right : left, parent: split });
    }
    if (count + tree.deleted !== nodes) {
      context.fail(`${count} of ${nodes} nodes are reached from the root, and ${tree.deleted} are deleted`);
    }
  }

  private addSplit(node: number): number {
    const { tree, context, splits } = this;
    const feature = tree.feature[node]!;
    if (feature < 0 || feature >= context.features) {
      context.fail(`node ${node} tests feature ${feature}, but there are ${context.features} features`);
    }
    const defaultLeft = tree.defaultLeft[node] === 1;
    const set = this.categorical.get(node);
    splits.feature.push(set === undefined ? feature : context.categoryInputs[feature]!);
    splits.left.push(0);
    splits.right.push(0);
    if (set === undefined) {
      splits.test.push(defaultLeft ? SplitTest.nanLeft : SplitTest.nanRight);
      splits.threshold.push(this.number(node, 'condition'));
    } else {
      splits.test.push(defaultLeft ? SplitTest.setNanRight : SplitTest.setNanLeft);
      splits.threshold.push(splits.sets.length);
      splits.sets.push(this.members(set));
    }
    return splits.feature.length - 1;
  }

  private addLeaf(node: number, vectorsUsed: Uint8Array): number {
    const { vectors } = this.tree;
    if (vectors === undefined) this.leaves.push(this.number(node, 'value'));
    else {
      const at = vectors.byNode ? node : this.tree.right[node]!;
      if (
        at < 0 ||
        at >= vectorsUsed.length ||
        (at + 1) * vectors.width > vectors.values.length ||
        vectorsUsed[at] === 1
      ) {
        this.context.fail(
          `leaf ${node} names the vector ${at}, which is not there or belongs to another leaf`,
        );
      }
      vectorsUsed[at] = 1;
      for (const value of vectors.values.subarray(at * vectors.width, (at + 1) * vectors.width)) {
        if (Number.isNaN(value)) this.context.fail(`the value of node ${node} is NaN`);
        this.leaves.push(value);
      }
    }
    return this.leafCount++;
  }

  private number(node: number, what: string): number {
    const value = this.tree.condition[node]!;
    if (Number.isNaN(value)) this.context.fail(`the ${what} of node ${node} is NaN`);
    return value;
  }

  private members(index: number): readonly number[] {
    const { starts, sizes, members } = this.tree.categories!;
    const start = starts[index]!;
    const set = members.slice(start, start + sizes[index]!).sort();
    if (set[0]! < 0) this.context.fail(`a split names the negative category ${set[0]}`);
    return [...set].filter((value, i) => value !== set[i - 1] && value < FIRST_INVALID_CATEGORY);
  }
}

/** Sets are segments of one list, none of them empty or shared. */
function categoricalNodes(
  splits: CategorySplits | undefined,
  context: TreeContext,
): ReadonlyMap<number, number> {
  const indexes = new Map<number, number>();
  if (splits === undefined) return indexes;
  let members = 0;
  splits.nodes.forEach((node, i) => {
    const [start, size] = [splits.starts[i]!, splits.sizes[i]!];
    members += size;
    if (start < 0 || size <= 0 || start + size > splits.members.length || indexes.has(node)) {
      context.fail(`the categories of node ${node} are stated twice, or outside of the list of categories`);
    }
    indexes.set(node, i);
  });
  if (members > splits.members.length) context.fail('splits share categories');
  return indexes;
}
