import type { Register, Tree } from '../../ir/model.ts';
import { once } from '../once.ts';
import type { Element } from './element.ts';
import { labelPosition, withDeclared } from './labels.ts';
import type { ModelContext } from './model-context.ts';
import type { Result } from './result.ts';
import { TreeInputs } from './splits.ts';
import { type GrownTree, growTree, type Leaf } from './tree.ts';
import { lowerReachedTree } from './tree-reach.ts';
import { parseConstant } from './types.ts';

/** https://dmg.org/pmml/v4-4-1/TreeModel.html */
export function lowerTreeModel(model: Element, context: ModelContext): Result {
  const { missingValueStrategy } = model.attributes;
  if (missingValueStrategy === 'weightedConfidence' || missingValueStrategy === 'aggregateNodes') {
    model.allow(...context.commonParts, 'Node');
    return lowerReachedTree(model, missingValueStrategy, context);
  }
  const inputs = new TreeInputs();
  const tree = growTreeModel(model, context, inputs);
  const besides = nodesOf(tree, inputs, context);
  if (context.function === 'regression') {
    return {
      kind: 'regression',
      value: leafValue(tree, inputs, (leaf) => scoreNumber(leaf, context), context),
      ...besides,
    };
  }
  const labels = labelsOf(tree.leaves, context);
  const { lowering } = context;
  const rows = tree.leaves.map((leaf) => classOf(leaf, labels));
  const predicted = leafValue(tree, inputs, (_, i) => rows[i]!.predicted, context);
  if (rows.every((row) => row.probabilities === undefined))
    return { kind: 'classification', labels, predicted, ...besides };
  const at = leafValue(tree, inputs, (_, i) => i, context);
  const probabilities = lowering.b.add({
    kind: 'gather',
    inputs: [at],
    rows: rows.map((row) => row.probabilities ?? labels.map(() => Number.NaN)),
    default: Number.NaN,
  });
  return { kind: 'classification', labels, predicted, probabilities, ...besides };
}

/** The ids of the nodes that answer, where all have one. */
function nodesOf(tree: GrownTree, inputs: TreeInputs, context: ModelContext): Pick<Result, 'entities'> {
  const names = tree.leaves.map((leaf) => (leaf === null ? '' : leaf.attributes.id));
  if (!names.every((name) => name !== undefined)) return {};
  const entities = once(() => {
    const place = leafValue(tree, inputs, (leaf, i) => (leaf === null ? Number.NaN : i), context);
    return { names, places: [place] };
  });
  return { entities };
}

export function growTreeModel(model: Element, context: ModelContext, inputs: TreeInputs): GrownTree {
  model.allow(...context.commonParts, 'Node');
  return growTree(model, context.scope, inputs);
}

/** What each leaf answers; NaN for no prediction. Ensembles of the IR hold no NaN, so that then a table gives it. */
function leafValue(
  { splits, leaves }: GrownTree,
  inputs: TreeInputs,
  answerOf: (leaf: Leaf, index: number) => number,
  { lowering }: ModelContext,
): Register {
  const values = leaves.map(answerOf);
  const answer = (list: readonly number[]): Register => {
    const tree: Tree = { output: 'all', weight: 1, splits, leaves: list };
    return lowering.b.forest(inputs.registers, [tree], [0], 'float64')[0]!;
  };
  if (!values.some(Number.isNaN)) return answer(values);
  const distinct = [...new Set(values)];
  return lowering.gather(answer(values.map((value) => distinct.indexOf(value))), distinct);
}

/** The score as a number, NaN for no prediction. */
export function scoreNumber(leaf: Leaf, { precision }: ModelContext): number {
  const score = leaf?.attributes.score;
  if (leaf === null || score === undefined) return Number.NaN;
  return parseConstant(leaf, score, precision === 'float32' ? 'float' : 'double');
}

/** The declared classes, and after them what the leaves name besides. */
export function labelsOf(
  leaves: readonly Leaf[],
  { labels: declared }: Pick<ModelContext, 'labels'>,
): readonly string[] {
  const named = new Set<string>();
  for (const leaf of leaves) {
    for (const share of leaf?.all('ScoreDistribution') ?? []) named.add(share.string('value'));
    if (leaf?.attributes.score !== undefined) named.add(leaf.attributes.score);
  }
  return withDeclared(declared, [...named]);
}

/** The class that a leaf answers, and each one's probability where the leaf gives it. */
export interface LeafClass {
  readonly predicted: number;
  readonly probabilities: readonly number[] | undefined;
}

export function classOf(leaf: Leaf, labels: readonly string[]): LeafClass {
  if (leaf === null) return { predicted: Number.NaN, probabilities: undefined };
  const probabilities = distributionOf(leaf, labels);
  const { score } = leaf.attributes;
  if (score !== undefined) return { predicted: labelPosition(leaf, labels, score), probabilities };
  if (probabilities === undefined) return { predicted: Number.NaN, probabilities };
  return { predicted: probabilities.indexOf(Math.max(...probabilities)), probabilities };
}

/** By the `probability`s, or else as shares of the `recordCount`s. */
function distributionOf(leaf: Element, labels: readonly string[]): readonly number[] | undefined {
  const shares = leaf.all('ScoreDistribution');
  if (shares.length === 0) return undefined;
  if (shares.some((share) => share.has('probability'))) return countsOf(leaf, labels, 'probability');
  const counts = countsOf(leaf, labels);
  const total = counts.reduce((a, b) => a + b, 0);
  return total === 0 ? counts : counts.map((count) => count / total);
}

/** One number a label, 0 for a label that the node does not name. */
export function countsOf(
  node: Element,
  labels: readonly string[],
  attribute: 'recordCount' | 'probability' | 'confidence' = 'recordCount',
): readonly number[] {
  const counts = labels.map(() => 0);
  for (const share of node.all('ScoreDistribution')) {
    counts[labelPosition(share, labels, share.string('value'))] = share.number(attribute);
  }
  return counts;
}
