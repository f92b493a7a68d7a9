import type { Precision, Tree, TreeEnsemble } from '../ir/model.ts';
import { LANES, LEAF_SLOT, type PackedForest } from '../plv8/forest.ts';
import type { PackedLeafTable, PackedLinearLeaves } from '../plv8/leaf-tables.ts';
import { fitsFloat32, packColumn } from './pack-columns.ts';
import { planSlots, type SlotPlan } from './slot-plan.ts';

/** A tree ensemble as the kernels take it. */
export interface ForestPlan {
  readonly slots: SlotPlan;
  readonly forest: PackedForest;
  /** For vector and linear leaves; the forest's leaf values are then offsets into it. */
  readonly table: PackedLeafTable | undefined;
}

/** Packs an ensemble that has trees. */
export function packForest(ensemble: TreeEnsemble): ForestPlan {
  const { trees, accumulator } = ensemble;
  const slots = planSlots(ensemble);
  const plain = trees.every(({ output, linear }) => output !== 'all' && linear === undefined);
  const leafValues = trees.map((tree) => tree.leaves.map((leaf) => round(leaf * tree.weight, accumulator)));
  const levels = trees.map(breadthFirst);
  const order = walkingOrder(
    levels.map(({ depth }) => depth),
    plain ? sumCost(accumulator) : 0,
  );
  const nodes = listNodes(order, levels, slots, plain ? leafValues : leafOffsets(ensemble));
  const forest = {
    trees: trees.length,
    slots: packColumn(nodes.slots),
    thresholds: packColumn(nodes.thresholds),
    leaves: packColumn(nodes.leaves),
    precision: fitsFloat32([...nodes.thresholds, ...nodes.leaves])
      ? ('float32' as const)
      : ('float64' as const),
  };
  return {
    slots,
    forest: order.every((t, i) => t === i) ? forest : { ...forest, places: packColumn(order) },
    table: plain ? undefined : packLeafTable(ensemble, leafValues, slots),
  };
}

function round(value: number, precision: Precision): number {
  return precision === 'float32' ? Math.fround(value) : value;
}

/** Per tree and leaf where its values start in the leaf table. */
function leafOffsets({ trees, outputs }: TreeEnsemble): number[][] {
  let next = 0;
  return trees.map((tree) => {
    const width = tree.output === 'all' ? outputs : 1;
    const first = next;
    next += tree.leaves.length;
    return Array.from({ length: tree.leaves.length / width }, (_, leaf) => first + leaf * width);
  });
}

/**
 * What it costs more, in steps of a group, to add up a group's leaves after the walk instead of beside it: LANES
 * additions, each waiting for the one before it (13 cycles when rounded to float32, else 4), at 23 cycles a step.
 */
function sumCost(accumulator: Precision): number {
  return (LANES * (accumulator === 'float32' ? 13 : 4)) / 23;
}

/**
 * The order in which trees are walked. A group takes as many steps as its deepest tree, so that groups of trees of
 * like depth take the fewest; but leaves found in tree order are added up beside the walk, which saves `inOrderGain`
 * steps a group.
 */
function walkingOrder(depths: readonly number[], inOrderGain: number): readonly number[] {
  const inOrder = depths.map((_, t) => t);
  const byDepth = inOrder.slice().sort((a, b) => depths[b]! - depths[a]!);
  const steps = (order: readonly number[]) => {
    let sum = 0;
    for (let k = 0; k < order.length; k += LANES) {
      sum += Math.max(...order.slice(k, k + LANES).map((t) => depths[t]!));
    }
    return sum;
  };
  const groups = Math.ceil(depths.length / LANES);
  return steps(inOrder) <= steps(byDepth) + groups * inOrderGain ? inOrder : byDepth;
}

interface Nodes {
  readonly slots: readonly number[];
  readonly thresholds: readonly number[];
  readonly leaves: readonly number[];
}

/** All nodes, tree after tree in walking order, each tree breadth first. */
function listNodes(
  order: readonly number[],
  levels: readonly { readonly nodes: readonly number[] }[],
  plan: SlotPlan,
  leafValues: readonly (readonly number[])[],
): Nodes {
  const slots: number[] = [];
  const thresholds: number[] = [];
  const leaves: number[] = [];
  for (const t of order) {
    const of = plan.trees[t]!;
    for (const node of levels[t]!.nodes) {
      slots.push(node < 0 ? LEAF_SLOT : of.slots[node]!);
      if (node < 0) leaves.push(leafValues[t]![-1 - node]!);
      else thresholds.push(of.thresholds[node]!);
    }
  }
  return { slots, thresholds, leaves };
}

/** A tree's nodes level by level, numbered as in `Splits`, children of a split next to each other. */
function breadthFirst({ splits: { left, right } }: Tree): { nodes: number[]; depth: number } {
  const nodes = [left.length === 0 ? -1 : 0];
  let depth = 0;
  for (let i = 0, levelEnd = 1; i < nodes.length; i++) {
    if (i === levelEnd) {
      levelEnd = nodes.length;
      depth++;
    }
    const node = nodes[i]!;
    if (node >= 0) nodes.push(left[node]!, right[node]!);
  }
  return { nodes, depth };
}

function packLeafTable(
  ensemble: TreeEnsemble,
  leafValues: readonly (readonly number[])[],
  slots: SlotPlan,
): PackedLeafTable {
  const { trees, outputs } = ensemble;
  const table = {
    treeOutputs: packColumn(trees.map(({ output }) => (output === 'all' ? outputs : output))),
    values: packColumn(leafValues.flat()),
  };
  const hasLinear = trees.some(({ linear }) => linear !== undefined);
  return hasLinear ? { ...table, linear: packLinearLeaves(ensemble, slots) } : table;
}

function packLinearLeaves({ trees }: TreeEnsemble, slots: SlotPlan): PackedLinearLeaves {
  const isLinear: number[] = [];
  const starts: number[] = [];
  const constants: number[] = [];
  const termSlots: number[] = [];
  const coefficients: number[] = [];
  for (const { leaves, linear } of trees) {
    for (let j = 0; j < leaves.length; j++) {
      isLinear.push(linear === undefined ? 0 : 1);
      starts.push(termSlots.length);
      constants.push(linear?.constant[j] ?? 0);
      for (const input of linear?.features[j] ?? []) termSlots.push(slots.plainSlot(input));
      for (const coefficient of linear?.coefficients[j] ?? []) coefficients.push(coefficient);
    }
  }
  starts.push(termSlots.length);
  return {
    isLinear: packColumn(isLinear),
    starts: packColumn(starts),
    constants: packColumn(constants),
    slots: packColumn(termSlots),
    coefficients: packColumn(coefficients),
    weights: packColumn(trees.map(({ weight }) => weight)),
  };
}
