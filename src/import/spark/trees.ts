import type { Register, Tree } from '../../ir/model.ts';
import { once } from '../once.ts';
import { classifier, logistic, margins, normalised } from './classify.ts';
import type { Frame, Part } from './frame.ts';
import type { Lowering } from './lowering.ts';
import { type Node, nodesOf, treeOf } from './nodes.ts';
import { publish } from './prediction.ts';
import type { Stage } from './stage.ts';

/** How a node's answer becomes the leaf's values. */
type Leaf = (node: Node) => readonly number[];

interface Member {
  readonly nodes: readonly Node[];
  readonly weight: number;
}

/** A single tree has its nodes in `data`. */
function singleTree(stage: Stage): readonly Member[] {
  return [{ nodes: nodesOf(stage.rows(), numFeatures(stage), stage), weight: 1 }];
}

/**
 * The trees of an ensemble in the order of their numbers, with their weights. Spark 4 leaves the columns of
 * treesMetadata without names.
 */
function ensemble(stage: Stage): readonly Member[] {
  const nodes = new Map<number, unknown[]>();
  for (const row of stage.rows()) {
    const reader = stage.reader(row);
    const tree = reader.number('treeID');
    const list = nodes.get(tree) ?? [];
    nodes.set(tree, list);
    list.push(row.nodeData);
  }
  const weights = new Map<number, number>();
  for (const row of stage.rows('treesMetadata')) {
    const reader = stage.reader(row);
    const [id, weight] = reader.has('treeID') ? ['treeID', 'weights'] : ['_1', '_3'];
    weights.set(reader.number(id!), reader.number(weight!));
  }
  const features = numFeatures(stage);
  const trees = [...weights].sort(([a], [b]) => a - b);
  if (trees.length === 0 || trees.length !== nodes.size)
    stage.fail(`has nodes of ${nodes.size} trees, but ${trees.length} trees`);
  return trees.map(([tree, weight]) => ({
    nodes: nodesOf(nodes.get(tree) ?? stage.fail(`tree ${tree} has no nodes`), features, stage),
    weight,
  }));
}

function numFeatures(stage: Stage): number {
  const count = stage.fact('numFeatures');
  return Number.isInteger(count) && count >= 1 ? count : stage.fail(`was fitted on ${count} features`);
}

/** The sums of the members' leaves: one register an output. */
function sumTrees(
  members: readonly Member[],
  leaf: Leaf,
  outputs: number,
  stage: Stage,
  parts: readonly Part[],
  lowering: Lowering,
): readonly Register[] {
  const b = lowering.builder;
  const inputs = parts.map(({ register }) => register);
  const category = categoryInputs(parts, inputs, lowering);
  const trees = members.map(({ nodes, weight }): Tree => {
    b.charge(nodes.length * (6 + outputs));
    const output = outputs === 1 ? 0 : 'all';
    return treeOf(nodes, category, { output, weight, leaf }, stage);
  });
  return b.forest(inputs, trees, new Array<number>(outputs).fill(0), 'float64');
}

/**
 * The tree's input for a feature that is split by categories. A number that is not whole is no category: it becomes -1,
 * which is none either. Indices that a stage before has made are whole.
 */
function categoryInputs(
  parts: readonly Part[],
  inputs: Register[],
  { builder: b }: Lowering,
): (feature: number) => number {
  const places = new Map<number, number>();
  return (feature) => {
    const part = parts[feature]!;
    if (part.arity !== undefined) return feature;
    const known = places.get(feature);
    if (known !== undefined) return known;
    const whole = b.combine('==', [part.register], b.unary([part.register], 'truncate'));
    const place = inputs.push(b.select(whole, [part.register], b.constants([-1]))[0]!) - 1;
    places.set(feature, place);
    return place;
  };
}

function featuresOf(stage: Stage, frame: Frame, lowering: Lowering): () => readonly Part[] {
  const column = frame.column(stage.text('featuresCol', 'features'));
  return () => lowering.vector(column(), numFeatures(stage), stage);
}

const prediction: Leaf = ({ prediction: value }) => [value];

export function treeRegression(stage: Stage, frame: Frame, lowering: Lowering): void {
  regression(stage, frame, lowering, singleTree, (sum) => sum);
}

/** The mean of the trees; their weights are all 1. */
export function forestRegression(stage: Stage, frame: Frame, lowering: Lowering): void {
  const plain = (of: Stage): readonly Member[] => ensemble(of).map((member) => ({ ...member, weight: 1 }));
  regression(stage, frame, lowering, plain, (sum, trees) => {
    return lowering.builder.link([sum], { name: 'divide', divisor: trees })[0]!;
  });
}

/** The weighted sum of the trees. */
export function boostedRegression(stage: Stage, frame: Frame, lowering: Lowering): void {
  regression(stage, frame, lowering, ensemble, (sum) => sum);
}

function regression(
  stage: Stage,
  frame: Frame,
  lowering: Lowering,
  members: (stage: Stage) => readonly Member[],
  finish: (sum: Register, trees: number) => Register,
): void {
  const parts = featuresOf(stage, frame, lowering);
  const value = once(() => {
    const trees = members(stage);
    const [sum] = sumTrees(trees, prediction, 1, stage, parts(), lowering);
    return finish(sum!, trees.length);
  });
  publish({ kind: 'regression', stage, value }, frame, lowering);
}

/** rawPrediction is the leaf's counts by class, probability their shares. */
export function treeClassification(stage: Stage, frame: Frame, lowering: Lowering): void {
  const classes = stage.fact('numClasses');
  const parts = featuresOf(stage, frame, lowering);
  const both = once(() => {
    const leaf: Leaf = (node) => [...counts(node, classes, stage), ...shares(node, classes, stage)];
    return sumTrees(singleTree(stage), leaf, 2 * classes, stage, parts(), lowering);
  });
  classifier(stage, frame, lowering, {
    classes,
    raw: () => both().slice(0, classes),
    probabilities: () => both().slice(classes),
  });
}

/** rawPrediction is the sum over the trees of their shares by class, probability that over its own sum. */
export function forestClassification(stage: Stage, frame: Frame, lowering: Lowering): void {
  const classes = stage.fact('numClasses');
  const parts = featuresOf(stage, frame, lowering);
  const raw = once(() => {
    const members = ensemble(stage).map((member) => ({ ...member, weight: 1 }));
    return sumTrees(members, (node) => shares(node, classes, stage), classes, stage, parts(), lowering);
  });
  const probabilities = () => normalised(lowering.builder, raw());
  classifier(stage, frame, lowering, { classes, raw, probabilities });
}

function counts({ stats }: Node, classes: number, stage: Stage): readonly number[] {
  return stats.length === classes ? stats : stage.fail(`a leaf has counts of ${stats.length} classes`);
}

/** A leaf without any rows has no shares. */
function shares(node: Node, classes: number, stage: Stage): readonly number[] {
  const stats = counts(node, classes, stage);
  const total = stats.reduce((a, b) => a + b, 0);
  return total === 0 ? stats : stats.map((count) => count / total);
}

/** rawPrediction is [-margin, margin]; the probability of the second class 1 / (1 + exp(-2 margin)). */
export function boostedClassification(stage: Stage, frame: Frame, lowering: Lowering): void {
  const parts = featuresOf(stage, frame, lowering);
  const raw = once(() => {
    const [margin] = sumTrees(ensemble(stage), prediction, 1, stage, parts(), lowering);
    return margins(lowering.builder, margin!);
  });
  const probabilities = () => logistic(lowering.builder, raw(), 2);
  classifier(stage, frame, lowering, { classes: 2, raw, probabilities });
}
