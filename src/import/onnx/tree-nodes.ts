import { labelsOf } from './linear-models.ts';
import { NodeError, UnsupportedNode } from './node-error.ts';
import type { Attributes } from './operator.ts';
import type { PostTransform } from './scores.ts';
import { constantsOf, type Tensor } from './value.ts';

/** How a node tests its feature; the order is that of TreeEnsemble 5's numbers. */
export const TREE_MODES = ['LEQ', 'LT', 'GTE', 'GT', 'EQ', 'NEQ', 'MEMBER'] as const;
export type TreeMode = (typeof TREE_MODES)[number];

/** What a leaf adds to a target. */
export interface LeafWeight {
  readonly target: number;
  readonly weight: number;
}

/** A branch, or a leaf where `leaf` is there. Nodes are named by their place in `TreeNodes.nodes`. */
export interface TreeNode {
  readonly mode: TreeMode;
  readonly feature: number;
  readonly value: number;
  /** Of a MEMBER test. */
  readonly members: readonly number[];
  /** NaN goes where the test holds, whatever the test says of it. */
  readonly missingIsTrue: boolean;
  readonly yes: number;
  readonly no: number;
  readonly leaf?: readonly LeafWeight[];
}

/** An ensemble as the file has it, of any version of the operators. */
export interface TreeNodes {
  readonly nodes: readonly TreeNode[];
  /** The first node of each tree. */
  readonly roots: readonly number[];
  readonly targets: number;
  readonly base: readonly number[];
}

/** The attributes of TreeEnsembleRegressor ('target') and TreeEnsembleClassifier ('class'). */
export function readTreeNodes(attributes: Attributes, kind: 'target' | 'class'): TreeNodes {
  const treeIds = attributes.ints('nodes_treeids');
  const nodeIds = attributes.ints('nodes_nodeids');
  const modes = attributes.texts('nodes_modes');
  const features = attributes.ints('nodes_featureids');
  const values = numbers(attributes, 'nodes_values');
  const [yes, no] = [attributes.ints('nodes_truenodeids'), attributes.ints('nodes_falsenodeids')];
  const missing = attributes.ints('nodes_missing_value_tracks_true');
  if ([nodeIds, modes, features, values, yes, no].some((list) => list.length !== treeIds.length)) {
    throw new NodeError('the lists of its nodes differ in length');
  }
  const places = new Map<number, Map<number, number>>();
  const roots: number[] = [];
  treeIds.forEach((tree, place) => {
    if (place === 0 || tree !== treeIds[place - 1]) roots.push(place);
    const tops = places.get(tree) ?? new Map<number, number>();
    if (tops.has(nodeIds[place]!))
      throw new NodeError(`node ${nodeIds[place]} of tree ${tree} is there twice`);
    places.set(tree, tops.set(nodeIds[place]!, place));
  });
  const find = (tree: number, node: number): number => {
    const place = places.get(tree)?.get(node);
    if (place === undefined) throw new NodeError(`there is no node ${node} in tree ${tree}`);
    return place;
  };
  const leaves = readLeaves(attributes, kind, find);
  const nodes = treeIds.map((tree, place): TreeNode => {
    const leaf = modes[place] === 'LEAF';
    return {
      mode: leaf ? 'LEQ' : modeOf(modes[place]!),
      feature: features[place]!,
      value: values[place]!,
      members: [],
      missingIsTrue: missing[place] === 1,
      yes: leaf ? -1 : find(tree, yes[place]!),
      no: leaf ? -1 : find(tree, no[place]!),
      ...(leaf ? { leaf: leaves.get(place) ?? [] } : {}),
    };
  });
  const targets =
    kind === 'target'
      ? attributes.int('n_targets', 0)
      : labelsOf(attributes, 'classlabels_strings', 'classlabels_int64s').values.length;
  return { nodes, roots, targets, base: numbers(attributes, 'base_values') };
}

function modeOf(name: string): TreeMode {
  const mode = TREE_MODES.find((each) => name === `BRANCH_${each}`);
  if (mode === undefined || mode === 'MEMBER')
    throw new UnsupportedNode(`a node's mode is ${JSON.stringify(name)}`);
  return mode;
}

/** A list of floats, or of doubles in a tensor. */
function numbers(attributes: Attributes, name: string): readonly number[] {
  const given = attributes.tensor(`${name}_as_tensor`);
  return given === undefined ? attributes.floats(name) : (constantsOf(given) as readonly number[]);
}

/** Weights of leaves by the leaves' places; those of branches, which old converters wrote, are never reached. */
function readLeaves(
  attributes: Attributes,
  kind: 'target' | 'class',
  find: (tree: number, node: number) => number,
): ReadonlyMap<number, LeafWeight[]> {
  const targets = attributes.ints(`${kind}_ids`);
  const [trees, ids] = [attributes.ints(`${kind}_treeids`), attributes.ints(`${kind}_nodeids`)];
  const weights = numbers(attributes, `${kind}_weights`);
  if ([trees, ids, weights].some((list) => list.length !== targets.length)) {
    throw new NodeError('the lists of its leaves differ in length');
  }
  const leaves = new Map<number, LeafWeight[]>();
  targets.forEach((target, k) => {
    const place = find(trees[k]!, ids[k]!);
    const leaf = leaves.get(place) ?? [];
    leaf.push({ target, weight: weights[k]! });
    leaves.set(place, leaf);
  });
  return leaves;
}

/** What a leaf of version 5 is called among nodes: leaves have a list of their own. */
const LEAF = -1;

/** The attributes of TreeEnsemble, version 5 of ai.onnx.ml. */
export function readTreeNodes5(attributes: Attributes): TreeNodes {
  const features = attributes.ints('nodes_featureids');
  const modes = constants(attributes.tensor('nodes_modes'));
  const splits = constants(attributes.tensor('nodes_splits'));
  const [yes, no] = [attributes.ints('nodes_truenodeids'), attributes.ints('nodes_falsenodeids')];
  const [yesLeaf, noLeaf] = [attributes.ints('nodes_trueleafs'), attributes.ints('nodes_falseleafs')];
  const missing = attributes.ints('nodes_missing_value_tracks_true');
  const targets = attributes.ints('leaf_targetids');
  const weights = constants(attributes.tensor('leaf_weights'));
  if ([modes, splits, yes, no, yesLeaf, noLeaf].some((list) => list.length !== features.length)) {
    throw new NodeError('the lists of its nodes differ in length');
  }
  if (weights.length !== targets.length) throw new NodeError('the lists of its leaves differ in length');
  const members = membersOf(modes, constants(attributes.tensor('membership_values')));
  const place = (child: number, leaf: number): number => {
    const [at, end] = leaf !== 0 ? [features.length + child, targets.length] : [child, features.length];
    if (child < 0 || child >= end)
      throw new NodeError(`there is no ${leaf !== 0 ? 'leaf' : 'node'} ${child}`);
    return at;
  };
  const branches = features.map((feature, k): TreeNode => {
    const mode = TREE_MODES[modes[k]!];
    if (mode === undefined) throw new UnsupportedNode(`a node's mode is ${modes[k]}`);
    return {
      mode,
      feature,
      value: splits[k]!,
      members: members[k]!,
      missingIsTrue: missing[k] === 1,
      yes: place(yes[k]!, yesLeaf[k]!),
      no: place(no[k]!, noLeaf[k]!),
    };
  });
  const leaves = targets.map(
    (target, k): TreeNode => ({
      mode: 'LEQ',
      feature: 0,
      value: 0,
      members: [],
      missingIsTrue: false,
      yes: LEAF,
      no: LEAF,
      leaf: [{ target, weight: weights[k]! }],
    }),
  );
  // A tree of one leaf is a root whose two children are that leaf.
  const roots = attributes.ints('tree_roots').map((root) => {
    const node = branches[root];
    if (node === undefined) throw new NodeError(`there is no root ${root}`);
    return node.yes === node.no ? node.yes : root;
  });
  return { nodes: [...branches, ...leaves], roots, targets: attributes.int('n_targets', 0), base: [] };
}

function constants(given: Tensor | undefined): readonly number[] {
  return given === undefined ? [] : (constantsOf(given) as readonly number[]);
}

/** Sets of all MEMBER nodes stand in one list, in node order, with a NaN after each. */
function membersOf(modes: readonly number[], all: readonly number[]): readonly (readonly number[])[] {
  let at = 0;
  return modes.map((mode) => {
    if (TREE_MODES[mode] !== 'MEMBER') return [];
    const start = at;
    while (at < all.length && !Number.isNaN(all[at])) at++;
    return all.slice(start, at++);
  });
}

/** The numbers of version 5's post_transform and aggregate_function, as onnxruntime reads them. */
export const TREE5_TRANSFORMS: readonly PostTransform[] = [
  'NONE',
  'LOGISTIC',
  'SOFTMAX',
  'SOFTMAX_ZERO',
  'PROBIT',
];
export const AGGREGATES = ['AVERAGE', 'SUM', 'MIN', 'MAX'] as const;
export type Aggregate = (typeof AGGREGATES)[number];
