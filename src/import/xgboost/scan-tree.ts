import type { Reader } from './reader.ts';
import { fields, textMap, wholeText } from './scan-fields.ts';

/** One tree in the columns of the file: one entry a node, node 0 the root. All have the same length. */
export interface TreeColumns {
  /** -1 marks a leaf. */
  readonly left: Int32Array;
  /** Of a leaf with a vector: its place in `leafVectors`. */
  readonly right: Int32Array;
  readonly feature: Int32Array;
  /** The condition of a split; the value of a leaf. */
  readonly condition: Float32Array;
  readonly defaultLeft: Uint8Array;
  /** Nodes that pruning left behind; nothing leads to them. */
  readonly deleted: number;
  readonly categories: CategorySplits | undefined;
  /** Present when leaves are vectors of `width` values. */
  readonly vectors: LeafVectors | undefined;
}

/** Splits by category: node nodes[i] sends the categories [starts[i], starts[i] + sizes[i]) of `members` right. */
export interface CategorySplits {
  readonly nodes: Int32Array;
  readonly starts: Int32Array;
  readonly sizes: Int32Array;
  readonly members: Int32Array;
}

export interface LeafVectors {
  readonly width: number;
  readonly values: Float32Array;
  /** Whether a vector stands at the leaf's node (XGBoost 2.0 to 3.1) or where `right` says (3.2 on). */
  readonly byNode: boolean;
}

/** https://github.com/dmlc/xgboost/blob/v3.3.0/src/tree/tree_model.cc */
export function readTree(reader: Reader): TreeColumns {
  const tree = fields(reader, {
    left_children: (at) => at.integers(),
    right_children: (at) => at.integers(),
    split_indices: (at) => at.integers(),
    split_conditions: (at) => at.floats(),
    default_left: (at) => at.flags(),
    categories_nodes: (at) => at.integers(),
    categories_segments: (at) => at.integers(),
    categories_sizes: (at) => at.integers(),
    categories: (at) => at.integers(),
    leaf_weights: (at) => at.floats(),
    base_weights: passOver,
    tree_param: textMap,
  });
  if (tree.tree_param === undefined) reader.fail("'tree_param' is missing");
  const nodes = wholeText(reader, tree.tree_param, 'num_nodes');
  if (nodes === 0) reader.fail('the tree has no nodes');
  const column = <T extends { readonly length: number }>(name: string, values: T | undefined): T => {
    if (values === undefined) reader.fail(`'${name}' is missing`);
    if (values.length !== nodes)
      reader.fail(`${name} has ${values.length} elements, but there are ${nodes} nodes`);
    return values;
  };
  const width = wholeText(reader, tree.tree_param, 'size_leaf_vector', 0);
  return {
    left: column('left_children', tree.left_children),
    right: column('right_children', tree.right_children),
    feature: column('split_indices', tree.split_indices),
    condition: column('split_conditions', tree.split_conditions),
    defaultLeft: column('default_left', tree.default_left),
    deleted: wholeText(reader, tree.tree_param, 'num_deleted', 0),
    categories: categorySplits(reader, tree),
    vectors: width > 1 ? leafVectors(reader, width, nodes, tree) : undefined,
  };
}

/** Most files' largest useless part; where it stands is kept for the few that need it. */
function passOver(reader: Reader): number {
  const position = reader.position();
  reader.skip();
  return position;
}

function categorySplits(
  reader: Reader,
  tree: {
    readonly categories_nodes?: Int32Array;
    readonly categories_segments?: Int32Array;
    readonly categories_sizes?: Int32Array;
    readonly categories?: Int32Array;
  },
): CategorySplits | undefined {
  const { categories_nodes: nodes, categories_segments: starts, categories_sizes: sizes } = tree;
  if (nodes === undefined || nodes.length === 0) return undefined;
  if (starts?.length !== nodes.length || sizes?.length !== nodes.length || tree.categories === undefined) {
    reader.fail(
      'categories_nodes, categories_segments and categories_sizes differ in length, or one is missing',
    );
  }
  return { nodes, starts, sizes, members: tree.categories };
}

function leafVectors(
  reader: Reader,
  width: number,
  nodes: number,
  tree: { readonly leaf_weights?: Float32Array; readonly base_weights?: number },
): LeafVectors {
  if (tree.leaf_weights !== undefined) return { width, values: tree.leaf_weights, byNode: false };
  if (tree.base_weights === undefined) reader.fail("'leaf_weights' and 'base_weights' are missing");
  const position = reader.position();
  reader.seek(tree.base_weights);
  const values = reader.floats();
  reader.seek(position);
  if (values.length !== nodes * width)
    reader.fail(
      `base_weights has ${values.length} elements, but ${nodes} nodes of ${width} values are needed`,
    );
  return { width, values, byNode: true };
}
