import type { Tree } from '../../ir/model.ts';
import type { Method, Segment } from './mining.ts';
import { contextOf } from './model.ts';
import type { ModelContext } from './model-context.ts';
import { shares } from './regression.ts';
import { mostProbable, type Result } from './result.ts';
import { TreeInputs } from './splits.ts';
import type { GrownTree } from './tree.ts';
import { classOf, growTreeModel, labelsOf, scoreNumber } from './tree-model.ts';

/** What one tree's leaves add, or NaN. */
type LeafValues = (tree: GrownTree, context: ModelContext) => readonly number[];

/**
 * Trees that always count, and are summed, averaged or vote: one ensemble of the IR, whose kernel is the fastest.
 * undefined when the segments are anything else, or when a tree may give no prediction.
 */
export function lowerForest(
  segments: readonly Segment[],
  method: Method,
  context: ModelContext,
): Result | undefined {
  if (!METHODS.has(method) || !segments.every(isPlainTree)) return undefined;
  const weighted = method.startsWith('weighted');
  const weights = segments.map(({ weight }) => (weighted ? weight : 1));
  const inputs = new TreeInputs();
  const grown = segments.map(({ model }) => {
    const own = contextOf(model, context.scope, false);
    return { tree: growTreeModel(model, own, inputs), context: own };
  });
  const sumOf = (width: number, valuesOf: LeafValues): number[] | undefined => {
    const trees: Tree[] = [];
    for (const [i, { tree, context: own }] of grown.entries()) {
      const leaves = valuesOf(tree, own);
      if (leaves.some(Number.isNaN)) return undefined;
      trees.push({ output: 'all', weight: weights[i]!, splits: tree.splits, leaves });
    }
    return context.lowering.b.add({
      kind: 'tree-ensemble',
      inputs: inputs.registers,
      inputPrecision: 'float64',
      comparison: '<=',
      accumulator: context.precision,
      outputs: width,
      base: new Array<number>(width).fill(0),
      trees,
    });
  };
  const total = weights.reduce((a, b) => a + b, 0);
  if (context.function === 'regression') {
    const sum = sumOf(1, (tree, own) => tree.leaves.map((leaf) => scoreNumber(leaf, own)));
    if (sum === undefined || method.endsWith('Vote')) return undefined;
    const value = method === 'sum' || method === 'weightedSum' ? sum[0]! : divided(sum, total, context)[0]!;
    return { kind: 'regression', value };
  }
  const labels = context.labels ?? [...new Set(grown.flatMap(({ tree }) => labelsOf(tree.leaves)))];
  const isVote = method.endsWith('Vote');
  if (!isVote && !method.toLowerCase().endsWith('average')) return undefined;
  const sums = sumOf(labels.length, (tree) =>
    tree.leaves.flatMap((leaf) => {
      const { predicted, probabilities } = classOf(leaf, labels);
      if (!isVote) return probabilities ?? [Number.NaN];
      return Number.isNaN(predicted) ? [predicted] : labels.map((_, k) => (k === predicted ? 1 : 0));
    }),
  );
  if (sums === undefined) return undefined;
  const probabilities = isVote ? shares(sums, context) : divided(sums, total, context);
  return mostProbable(labels, probabilities, context.lowering);
}

const METHODS: ReadonlySet<Method> = new Set<Method>([
  'majorityVote',
  'weightedMajorityVote',
  'average',
  'weightedAverage',
  'sum',
  'weightedSum',
]);

/** A tree whose predicate is <True/> and whose answer is its leaf's alone. */
function isPlainTree({ element, model }: Segment): boolean {
  return (
    model.name === 'TreeModel' &&
    element.optional('True') !== undefined &&
    model.optional('Targets') === undefined &&
    ['none', 'nullPrediction', 'lastPrediction', 'defaultChild'].includes(
      model.attributes.missingValueStrategy ?? 'none',
    )
  );
}

function divided(
  sums: readonly number[],
  by: number,
  { lowering: { b }, precision }: ModelContext,
): number[] {
  return b.add({ kind: 'map', inputs: sums, precision, operations: [{ name: 'divide', by: [by] }] });
}
