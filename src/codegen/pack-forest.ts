import type { Precision, Tree, TreeEnsemble } from '../ir/model.ts';
import type { PackedForest } from '../plv8/forest.ts';
import type { PackedLeafTable, PackedLinearLeaves } from '../plv8/leaf-tables.ts';
import { fitsFloat32, packColumn } from './pack-columns.ts';
import { planSlots, type SlotPlan } from './slot-plan.ts';

/** A tree ensemble as the kernels take it. */
export interface ForestPlan {
  readonly slots: SlotPlan;
  readonly forest: PackedForest;
  /**
   * Where constant leaves of one value stand: output q's in [starts[q], starts[q + 1]), in tree order. Undefined
   * when there is a table.
   */
  readonly starts: readonly number[] | undefined;
  /** For vector and linear leaves. */
  readonly table: PackedLeafTable | undefined;
}

/** Packs an ensemble that has trees. */
export function packForest(ensemble: TreeEnsemble): ForestPlan {
  const { trees, accumulator } = ensemble;
  const slots = planSlots(ensemble);
  const plain = trees.every(({ output, linear }) => output !== 'all' && linear === undefined);
  const leafValues = trees.map((tree) => tree.leaves.map((leaf) => round(leaf * tree.weight, accumulator)));
  const places = plain ? placeByOutput(ensemble) : { places: trees.map((_, t) => t), starts: undefined };
  const offsets = plain ? undefined : leafOffsets(ensemble);
  const nodes = listNodes(ensemble, slots, offsets ?? leafValues);
  const values = [...nodes.thresholds, ...nodes.leaves];
  return {
    slots,
    forest: {
      slots: packColumn(nodes.slots),
      thresholds: packColumn(nodes.thresholds),
      leaves: packColumn(nodes.leaves),
      places: packColumn(nodes.order.map((t) => places.places[t]!)),
      precision: fitsFloat32(values) ? 'float32' : 'float64',
    },
    starts: places.starts,
    table: offsets === undefined ? undefined : packLeafTable(ensemble, leafValues, slots),
  };
}

function round(value: number, precision: Precision): number {
  return precision === 'float32' ? Math.fround(value) : value;
}

/** Puts the trees of one output next to each other, in tree order. */
function placeByOutput({ trees, outputs }: TreeEnsemble): { places: number[]; starts: number[] } {
  const starts = new Array<number>(outputs + 1).fill(0);
  for (const { output } of trees) starts[(output as number) + 1]!++;
  for (let q = 0; q < outputs; q++) starts[q + 1]! += starts[q]!;
  const next = starts.slice();
  const places = trees.map(({ output }) => next[output as number]!++);
  return { places, starts };
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

interface Nodes {
  /** The trees in the order in which they are walked. */
  readonly order: readonly number[];
  readonly slots: readonly number[];
  readonly thresholds: readonly number[];
  readonly leaves: readonly number[];
}

/**
 * All nodes, tree after tree, each breadth first. Trees are walked in the order of their depth: a group takes as
 * many steps as its deepest tree.
 */
function listNodes(
  { trees }: TreeEnsemble,
  plan: SlotPlan,
  leafValues: readonly (readonly number[])[],
): Nodes {
  const levels = trees.map(breadthFirst);
  const order = trees.map((_, t) => t).sort((a, b) => levels[b]!.depth - levels[a]!.depth);
  const slots: number[] = [];
  const thresholds: number[] = [];
  const leaves: number[] = [];
  for (const t of order) {
    const of = plan.trees[t]!;
    for (const node of levels[t]!.nodes) {
      slots.push(node < 0 ? 0 : of.slots[node]!);
      if (node < 0) leaves.push(leafValues[t]![-1 - node]!);
      else thresholds.push(of.thresholds[node]!);
    }
  }
  return { order, slots, thresholds, leaves };
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
