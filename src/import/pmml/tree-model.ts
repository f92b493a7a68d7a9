import type { Register, Tree } from '../../ir/model.ts';
import { once } from '../once.ts';
import { EMBEDDED, embeddedContext, lowerEmbedded } from './composition.ts';
import type { Element } from './element.ts';
import { labelPosition, withDeclared } from './labels.ts';
import type { ModelContext } from './model-context.ts';
import { type ClassificationResult, type Result, registersOf, relabel, withRegisters } from './result.ts';
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
  const embedded = tree.leaves.flatMap((leaf, i) => (leaf === null ? [] : embeddedIn(leaf, i)));
  if (embedded.length > 0) return { ...withEmbedded(tree, embedded, inputs, context), ...besides };
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

interface EmbeddedModel {
  readonly leaf: number;
  readonly model: Element;
}

/** Whether a model stands inside of the node. */
export function holdsModel(leaf: Leaf): boolean {
  return leaf?.children.some(({ name }) => EMBEDDED.includes(name)) ?? false;
}

function embeddedIn(node: Element, leaf: number): EmbeddedModel[] {
  const models = node.children.filter(({ name }) => EMBEDDED.includes(name));
  if (models.length > 1) models[1]!.refuse('is a second model inside of one <Node>');
  return models.map((model) => ({ leaf, model }));
}

/** Where a row ends in a node that holds a model, that one answers. */
function withEmbedded(
  tree: GrownTree,
  embedded: readonly EmbeddedModel[],
  inputs: TreeInputs,
  context: ModelContext,
): Result {
  const { lowering } = context;
  const at = leafValue(tree, inputs, (_, i) => i, context);
  const inner = embedded.map(({ leaf, model }) => {
    const result = lowerEmbedded(model, embeddedContext(model, context.scope, context));
    if (result.kind !== context.function)
      model.refuse('answers another kind of result than the tree around it');
    return { leaf, result };
  });
  const isModel = new Set(embedded.map(({ leaf }) => leaf));
  const plain = tree.leaves.map((leaf, i) => (isModel.has(i) ? null : leaf));
  if (context.function === 'regression') {
    const scores = lowering.gather(
      at,
      plain.map((leaf) => scoreNumber(leaf, context)),
    );
    return inner.reduce<Result>((rest, each) => atLeaf(at, each, rest, lowering), {
      kind: 'regression',
      value: scores,
    });
  }
  const named = inner.flatMap(({ result }) => (result.kind === 'classification' ? result.labels : []));
  const labels = withDeclared(labelsOf(plain, context), named);
  const rows = plain.map((leaf) => classOf(leaf, labels));
  const predicted = lowering.gather(
    at,
    rows.map((row) => row.predicted),
  );
  const aligned = inner.map(({ leaf, result }) => ({
    leaf,
    result: relabel(result as ClassificationResult, labels, lowering),
  }));
  const withShares = aligned.every(({ result }) => result.probabilities !== undefined);
  const shares = lowering.b.add({
    kind: 'gather',
    inputs: [at],
    rows: rows.map((row) => row.probabilities ?? labels.map(() => Number.NaN)),
    default: Number.NaN,
  });
  const probabilities = withShares ? { probabilities: shares } : {};
  return aligned.reduce<Result>(
    (rest, { leaf, result }) => {
      const { probabilities: own, ...answer } = result;
      return atLeaf(
        at,
        { leaf, result: withShares ? { ...answer, probabilities: own! } : answer },
        rest,
        lowering,
      );
    },
    { kind: 'classification', labels, predicted, ...probabilities },
  );
}

/** The one result in the leaf, else the other. */
function atLeaf(
  at: Register,
  { leaf, result }: { readonly leaf: number; readonly result: Result },
  otherwise: Result,
  { b }: ModelContext['lowering'],
): Result {
  const isOwn = b.compare([at], '==', [leaf]);
  return withRegisters(otherwise, b.select(isOwn, registersOf(result), registersOf(otherwise)));
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
