import { type Precision, type Splits, SplitTest, type Tree } from '../../ir/model.ts';
import { NodeError, UnsupportedNode } from './node-error.ts';
import type { LeafWeight, TreeNode, TreeNodes } from './tree-nodes.ts';

/** Graphs of nodes become trees: what several branches share is written again. More than this is no model of ours. */
const MAX_NODES = 2_000_000;

interface EqualityTest {
  readonly feature: number;
  readonly keys: readonly number[];
  /** Whether the keys are compared with the feature's whole part. */
  readonly whole: boolean;
}

/** Tests for equality, each answered by a step before the trees and asked of as an input of 0 or 1. */
export class EqualityTests {
  readonly all: EqualityTest[] = [];
  readonly #inputs = new Map<string, number>();
  readonly #features: number;

  constructor(features: number) {
    this.#features = features;
  }

  /** The input, past the features, that is 1 when the feature is one of the keys (NaN is a key like others). */
  input(feature: number, keys: readonly number[], whole: boolean): number {
    const name = JSON.stringify([feature, keys.map(String), whole]);
    const known = this.#inputs.get(name);
    if (known !== undefined) return known;
    const input = this.#features + this.all.length;
    this.all.push({ feature, keys: [...new Set(keys)], whole });
    this.#inputs.set(name, input);
    return input;
  }
}

export interface TreeShape {
  readonly features: number;
  /** `x <= threshold` or `x < threshold` goes left in all trees. */
  readonly comparison: '<' | '<=';
  readonly precision: Precision;
  readonly tests: EqualityTests;
}

/** The comparison that most splits use already. */
export function comparisonOf({ nodes }: TreeNodes): '<' | '<=' {
  let strict = 0;
  for (const { mode, leaf } of nodes) {
    if (leaf !== undefined) continue;
    if (mode === 'LT' || mode === 'GTE') strict++;
    else if (mode === 'LEQ' || mode === 'GT') strict--;
  }
  return strict > 0 ? '<' : '<=';
}

/** A tree whose leaves are not yet numbers. */
export interface BuiltTree {
  readonly splits: Splits;
  readonly leaves: readonly (readonly LeafWeight[])[];
}

/** Builds the IR's trees, sharing one budget of nodes. */
export class TreeBuilder {
  readonly #nodes: readonly TreeNode[];
  readonly #shape: TreeShape;
  #written = 0;

  constructor({ nodes }: TreeNodes, shape: TreeShape) {
    this.#nodes = nodes;
    this.#shape = shape;
  }

  /** Depth first; `pending` holds a node and where its parent wants its number. */
  build(root: number): BuiltTree {
    const splits = { feature: [], test: [], threshold: [], left: [], right: [], sets: [] } as {
      [K in keyof Splits]: Splits[K][number][];
    };
    const leaves: (readonly LeafWeight[])[] = [];
    const pending: { readonly node: number; readonly slots: number[]; readonly parent: number }[] = [
      { node: root, slots: [], parent: 0 },
    ];
    while (pending.length > 0) {
      const { node: at, slots, parent } = pending.pop()!;
      const node = this.#nodes[at]!;
      if (++this.#written > MAX_NODES) {
        throw new UnsupportedNode(
          `its trees have more than ${MAX_NODES} nodes, or a node leads back to itself`,
        );
      }
      if (node.leaf !== undefined) {
        slots[parent] = -1 - leaves.length;
        leaves.push(node.leaf);
        continue;
      }
      const split = this.#split(node);
      const index = splits.feature.length;
      slots[parent] = index;
      splits.feature.push(split.feature);
      splits.test.push(split.missingLeft ? SplitTest.nanLeft : SplitTest.nanRight);
      splits.threshold.push(split.threshold);
      splits.left.push(0);
      splits.right.push(0);
      pending.push({ node: split.right, slots: splits.right, parent: index });
      pending.push({ node: split.left, slots: splits.left, parent: index });
    }
    return { splits, leaves };
  }

  #split(node: TreeNode) {
    const { features, comparison, precision } = this.#shape;
    if (node.feature < 0 || node.feature >= features) {
      throw new NodeError(`a node tests feature ${node.feature}, but there are ${features}`);
    }
    if (node.mode === 'EQ' || node.mode === 'NEQ' || node.mode === 'MEMBER') return this.#equality(node);
    const { yes, no, missingIsTrue } = node;
    if (Number.isNaN(node.value)) throw new UnsupportedNode('a node compares with NaN');
    const own = node.mode === 'LEQ' || node.mode === 'GT' ? '<=' : '<';
    const threshold =
      own === comparison ? node.value : neighbour(node.value, comparison === '<' ? 1 : -1, precision);
    const { feature } = node;
    return node.mode === 'LEQ' || node.mode === 'LT'
      ? { feature, threshold, left: yes, right: no, missingLeft: missingIsTrue }
      : { feature, threshold, left: no, right: yes, missingLeft: !missingIsTrue };
  }

  /** Left when the feature is none of the keys. A chain of tests for equality that end alike is one test. */
  #equality(node: TreeNode) {
    const keys = node.mode === 'MEMBER' ? [...node.members] : [node.value];
    let no = node.no;
    for (let next = this.#nodes[no]!; node.mode === 'EQ' && continues(node, next); next = this.#nodes[no]!) {
      if (keys.length > this.#nodes.length) throw new NodeError('a node leads back to itself');
      keys.push(next.value);
      no = next.no;
    }
    this.#written += keys.length;
    const ordered = keys.filter((key) => !Number.isNaN(key));
    if (node.missingIsTrue && node.mode !== 'NEQ') ordered.push(Number.NaN);
    const feature = this.#shape.tests.input(
      node.feature,
      ordered,
      node.mode === 'MEMBER' && ofWholeParts(node.members),
    );
    // NaN is unequal to every key, so that it needs no rule of its own.
    const [left, right] = node.mode === 'NEQ' ? [node.yes, node.no] : [no, node.yes];
    return { feature, threshold: this.#shape.comparison === '<' ? 1 : 0, left, right, missingLeft: true };
  }
}

/** onnxruntime compares sets up to 30 with the number itself, others with its whole part in 32 bits. */
function ofWholeParts(members: readonly number[]): boolean {
  if (members.every((member) => member >= 0 && member <= 30)) return false;
  if (members.every((member) => member === Math.trunc(member) && Math.abs(member) < 2 ** 31)) return true;
  throw new UnsupportedNode('onnxruntime has sets of whole numbers of 32 bits only');
}

function continues(node: TreeNode, next: TreeNode): boolean {
  return (
    next.leaf === undefined &&
    next.mode === 'EQ' &&
    next.feature === node.feature &&
    next.yes === node.yes &&
    next.missingIsTrue === node.missingIsTrue
  );
}

/** The next number up (1) or down (-1): x < t is x <= the number before t, x <= t is x < the number after. */
function neighbour(value: number, direction: 1 | -1, precision: Precision): number {
  const view = new DataView(new ArrayBuffer(8));
  if (value === 0) {
    if (precision === 'float32') view.setUint32(0, 1);
    else view.setBigUint64(0, 1n);
  } else if (precision === 'float32') {
    view.setFloat32(0, value);
    view.setUint32(0, view.getUint32(0) + (value > 0 === direction > 0 ? 1 : -1));
  } else {
    view.setFloat64(0, value);
    view.setBigUint64(0, view.getBigUint64(0) + (value > 0 === direction > 0 ? 1n : -1n));
  }
  const next = precision === 'float32' ? view.getFloat32(0) : view.getFloat64(0);
  if (Number.isNaN(next)) throw new UnsupportedNode(`a node compares with ${value}`);
  return value === 0 ? direction * next : next;
}

/** The targets that every leaf of a tree scores, and those that some leaf does. */
export function targetsOf({ leaves }: BuiltTree): {
  readonly always: ReadonlySet<number>;
  readonly some: ReadonlySet<number>;
} {
  const counts = new Map<number, number>();
  for (const leaf of leaves) {
    for (const target of new Set(leaf.map((each) => each.target)))
      counts.set(target, (counts.get(target) ?? 0) + 1);
  }
  const some = new Set(counts.keys());
  return { always: new Set([...some].filter((target) => counts.get(target) === leaves.length)), some };
}

/** The tree for one output; leaves that do not score the target give `otherwise`. */
export function treeOfTarget(
  tree: BuiltTree,
  target: number,
  output: number,
  otherwise: number,
  weigh = identity,
): Tree {
  const leaves = tree.leaves.map((leaf) => {
    const scored = leaf.filter((each) => each.target === target);
    return scored.length === 0 ? otherwise : scored.reduce((sum, { weight }) => sum + weigh(weight), 0);
  });
  return { output, weight: 1, splits: tree.splits, leaves };
}

/** The tree for all outputs; targets that a leaf does not score get 0. */
export function treeOfAll(tree: BuiltTree, outputs: number, weigh = identity): Tree {
  const leaves = new Array<number>(tree.leaves.length * outputs).fill(0);
  tree.leaves.forEach((leaf, k) => {
    for (const { target, weight } of leaf) leaves[k * outputs + target]! += weigh(weight);
  });
  return { output: 'all', weight: 1, splits: tree.splits, leaves };
}

function identity(weight: number): number {
  return weight;
}
