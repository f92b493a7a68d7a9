/**
 * XGBoost files made by hand, for what no trained fixture holds. A file is a plain object in XGBoost's layout, written
 * out as JSON or as UBJSON the way XGBoost does; numbers in float arrays should be float32 values.
 */

export interface TreeSpec {
  readonly left: readonly number[];
  readonly right: readonly number[];
  readonly feature?: readonly number[];
  readonly condition: readonly number[];
  readonly defaultLeft?: readonly number[];
  readonly deleted?: number;
  /** Node to the categories that go right. */
  readonly categories?: Readonly<Record<number, readonly number[]>>;
  /** Leaf vectors of this width, by leaf (XGBoost 3.2 on) or by node (2.0 to 3.1). */
  readonly width?: number;
  readonly leafWeights?: readonly number[];
  readonly baseWeights?: readonly number[];
}

export interface FileSpec {
  readonly version?: readonly number[];
  readonly objective?: string;
  readonly baseScore?: string;
  readonly features?: number;
  readonly numClass?: number;
  readonly numTarget?: number;
  readonly names?: readonly string[];
  readonly types?: readonly string[];
  readonly attributes?: Readonly<Record<string, string>>;
  readonly trees?: readonly TreeSpec[];
  readonly treeInfo?: readonly number[];
  readonly parallelTrees?: number;
  readonly iterations?: readonly number[];
  /** Replaces the whole booster. */
  readonly booster?: unknown;
  readonly model?: Readonly<Record<string, unknown>>;
}

/** `x[0] < 0.5 ? low : high`, missing to the left. */
export function stump(low: number, high: number): TreeSpec {
  return { left: [1, -1, -1], right: [2, -1, -1], condition: [0.5, low, high], defaultLeft: [1, 0, 0] };
}

export function leaf(value: number): TreeSpec {
  return { left: [-1], right: [-1], condition: [value] };
}

export function fileOf(spec: FileSpec): Record<string, unknown> {
  return {
    learner: {
      attributes: spec.attributes ?? {},
      feature_names: spec.names ?? [],
      feature_types: spec.types ?? [],
      gradient_booster: spec.booster ?? { model: modelOf(spec), name: 'gbtree' },
      learner_model_param: {
        base_score: spec.baseScore ?? '[0E0]',
        boost_from_average: '1',
        num_class: String(spec.numClass ?? 0),
        num_feature: String(spec.features ?? 1),
        num_target: String(spec.numTarget ?? 1),
      },
      objective: { name: spec.objective ?? 'reg:squarederror', reg_loss_param: { scale_pos_weight: '1' } },
    },
    version: spec.version ?? [3, 3, 0],
  };
}

export function modelOf(spec: FileSpec): Record<string, unknown> {
  const trees = spec.trees ?? [];
  return {
    cats: { enc: [], feature_segments: [], sorted_idx: [] },
    gbtree_model_param: {
      num_parallel_tree: String(spec.parallelTrees ?? 1),
      num_trees: String(trees.length),
    },
    ...(spec.iterations === undefined ? {} : { iteration_indptr: spec.iterations }),
    tree_info: spec.treeInfo ?? trees.map(() => 0),
    trees: trees.map(treeOf),
    ...spec.model,
  };
}

function treeOf(tree: TreeSpec, id: number): Record<string, unknown> {
  const nodes = tree.left.length;
  const zeros = new Array<number>(nodes).fill(0);
  const sets = Object.entries(tree.categories ?? {});
  return {
    base_weights: tree.baseWeights ?? zeros,
    categories: sets.flatMap(([, set]) => set),
    categories_nodes: sets.map(([node]) => Number(node)),
    categories_segments: sets.map((_, i) => sets.slice(0, i).reduce((n, [, set]) => n + set.length, 0)),
    categories_sizes: sets.map(([, set]) => set.length),
    default_left: tree.defaultLeft ?? zeros,
    id,
    ...(tree.leafWeights === undefined ? {} : { leaf_weights: tree.leafWeights }),
    left_children: tree.left,
    loss_changes: zeros,
    parents: zeros,
    right_children: tree.right,
    split_conditions: tree.condition,
    split_indices: tree.feature ?? zeros,
    split_type: zeros.map((_, node) => (tree.categories?.[node] === undefined ? 0 : 1)),
    sum_hessian: zeros,
    tree_param: {
      num_deleted: String(tree.deleted ?? 0),
      num_feature: '1',
      num_nodes: String(nodes),
      size_leaf_vector: String(tree.width ?? 1),
    },
  };
}

export function toJson(file: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(file));
}

const FLOATS = new Set([
  'base_weights',
  'leaf_weights',
  'loss_changes',
  'split_conditions',
  'sum_hessian',
  'weights',
]);
const INTS = new Set([
  'categories',
  'categories_nodes',
  'left_children',
  'parents',
  'right_children',
  'split_indices',
  'offsets',
]);
const LONGS = new Set(['categories_segments', 'categories_sizes']);
const BYTES = new Set(['default_left', 'split_type']);

/** Typed arrays for the keys for which XGBoost writes them; weight_drop is a plain array of floats, as there. */
export function toUbj(file: unknown): Uint8Array {
  const chunks: Buffer[] = [];
  write(file, '', chunks);
  return Buffer.concat(chunks);
}

function write(value: unknown, key: string, out: Buffer[]): void {
  if (Array.isArray(value)) writeArray(value, key, out);
  else if (typeof value === 'string') out.push(Buffer.from('S'), text(value));
  else if (typeof value === 'number') {
    out.push(
      Number.isInteger(value) && key !== 'weight_drop'
        ? Buffer.concat([Buffer.from('l'), int(value)])
        : Buffer.concat([Buffer.from('d'), float(value)]),
    );
  } else {
    out.push(Buffer.from('{'));
    for (const [name, member] of Object.entries(value as object)) {
      out.push(text(name));
      write(member, name, out);
    }
    out.push(Buffer.from('}'));
  }
}

function writeArray(values: readonly unknown[], key: string, out: Buffer[]): void {
  const typed = (type: string, encode: (value: number) => Buffer) =>
    out.push(
      Buffer.from(`[$${type}#L`),
      long(values.length),
      ...values.map((value) => encode(value as number)),
    );
  if (FLOATS.has(key)) typed('d', float);
  else if (INTS.has(key)) typed('l', int);
  else if (LONGS.has(key)) typed('L', long);
  else if (BYTES.has(key)) typed('U', (value) => Buffer.from([value]));
  else {
    out.push(Buffer.from('[#L'), long(values.length));
    for (const value of values) write(value, key, out);
  }
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from('L'), long(bytes.length), bytes]);
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

function float(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatBE(value);
  return bytes;
}
