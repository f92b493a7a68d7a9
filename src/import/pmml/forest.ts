import type { Register, Tree } from '../../ir/model.ts';
import { thresholdOf, treatmentOf } from './aggregate.ts';
import type { Element } from './element.ts';
import type { Method, Segment } from './mining.ts';
import { contextOf } from './model.ts';
import type { ModelContext } from './model-context.ts';
import { shares } from './regression.ts';
import { mostProbable, type Result } from './result.ts';
import { TreeInputs } from './splits.ts';
import type { GrownTree, Leaf } from './tree.ts';
import { classOf, growTreeModel, holdsModel, labelsOf, scoreNumber } from './tree-model.ts';

interface Member {
  readonly tree: GrownTree;
  readonly weight: number;
  readonly context: ModelContext;
}

/** What a leaf adds to each output; undefined for no prediction. */
type LeafValues = (leaf: Leaf, context: ModelContext) => readonly number[] | undefined;

/** The outputs' sums, and the sum of the weights of trees that gave no prediction where there may be such. */
interface Sums {
  readonly values: readonly Register[];
  readonly missing: Register | undefined;
}

/**
 * Trees that always count, and are summed, averaged or vote: one ensemble of the IR, whose kernel is the fastest.
 * undefined when the segments are anything else.
 */
export function lowerForest(
  segmentation: Element,
  segments: readonly Segment[],
  method: Method,
  context: ModelContext,
): Result | undefined {
  const treatment = treatmentOf(segmentation);
  if (!METHODS.has(method) || treatment === 'skipSegment' || !segments.every(isPlainTree)) return undefined;
  const isVote = method.endsWith('Vote');
  if (isVote && treatment === 'continue' && thresholdOf(segmentation) !== 1) return undefined;
  if (isVote && context.function !== 'classification') return undefined;
  const weighted = method.startsWith('weighted');
  const inputs = new TreeInputs();
  const members = segments.map(({ model, weight }): Member => {
    const own = contextOf(model, context.scope, false);
    return { tree: growTreeModel(model, own, inputs), weight: weighted ? weight : 1, context: own };
  });
  if (members.some(({ tree }) => tree.leaves.some(holdsModel))) return undefined;
  const total = members.reduce((sum, { weight }) => sum + weight, 0);
  if (context.function === 'regression') {
    const sums = sumLeaves(members, inputs, 1, numberOf, context);
    const known = unlessMissing(sums, 'any', context);
    const value = method === 'sum' || method === 'weightedSum' ? known : divided(known, total, context);
    return { kind: 'regression', value: value[0]! };
  }
  if (method === 'sum' || method === 'weightedSum') return undefined;
  const labels = labelsOf(
    members.flatMap(({ tree }) => tree.leaves),
    context,
  );
  const sums = sumLeaves(members, inputs, labels.length, isVote ? voteOf(labels) : sharesOf(labels), context);
  const known = unlessMissing(sums, isVote && treatment === 'continue' ? 'most' : 'any', context);
  const probabilities = isVote ? shares(known, context) : divided(known, total, context);
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
function isPlainTree({ element, model, variable }: Segment): boolean {
  return (
    variable === undefined &&
    model.name === 'TreeModel' &&
    element.optional('True') !== undefined &&
    model.optional('Targets') === undefined &&
    ['none', 'nullPrediction', 'lastPrediction', 'defaultChild'].includes(
      model.attributes.missingValueStrategy ?? 'none',
    )
  );
}

const numberOf: LeafValues = (leaf, context) => {
  const score = scoreNumber(leaf, context);
  return Number.isNaN(score) ? undefined : [score];
};

function voteOf(labels: readonly string[]): LeafValues {
  return (leaf) => {
    const { predicted } = classOf(leaf, labels);
    return Number.isNaN(predicted) ? undefined : labels.map((_, k) => (k === predicted ? 1 : 0));
  };
}

function sharesOf(labels: readonly string[]): LeafValues {
  return (leaf) => {
    if (leaf === null) return undefined;
    return classOf(leaf, labels).probabilities ?? leaf.refuse('gives no probabilities to be averaged');
  };
}

/** One more output counts the trees without a prediction, when a leaf of one is. */
function sumLeaves(
  members: readonly Member[],
  inputs: TreeInputs,
  width: number,
  valuesOf: LeafValues,
  { lowering: { b }, precision }: ModelContext,
): Sums {
  const values = members.map(({ tree, context }) => tree.leaves.map((leaf) => valuesOf(leaf, context)));
  const mayMiss = values.some((leaves) => leaves.includes(undefined));
  const none = [...new Array<number>(width).fill(0), 1];
  const trees = members.map(({ tree, weight }, i): Tree => {
    const leaves = values[i]!.flatMap((leaf) =>
      mayMiss ? (leaf === undefined ? none : [...leaf, 0]) : leaf!,
    );
    return { output: 'all', weight, splits: tree.splits, leaves };
  });
  const outputs = mayMiss ? width + 1 : width;
  const sums = b.add({
    kind: 'tree-ensemble',
    inputs: inputs.registers,
    inputPrecision: 'float64',
    comparison: '<=',
    accumulator: precision,
    outputs,
    base: new Array<number>(outputs).fill(0),
    trees,
  });
  return { values: sums.slice(0, width), missing: mayMiss ? sums[width] : undefined };
}

/** The sums, or NaN where any tree, or the weight of more trees than any class has, gave no prediction. */
function unlessMissing(
  { values, missing }: Sums,
  when: 'any' | 'most',
  { lowering }: ModelContext,
): readonly Register[] {
  if (missing === undefined) return values;
  const { b } = lowering;
  const guard =
    when === 'any' ? b.compare([missing], '!=', [0]) : b.combine('>', [missing], [b.reduce('max', values)]);
  return b.select(guard, [lowering.constant(Number.NaN)], values);
}

function divided(
  sums: readonly Register[],
  by: number,
  { lowering: { b }, precision }: ModelContext,
): Register[] {
  return b.add({ kind: 'map', inputs: sums, precision, operations: [{ name: 'divide', by: [by] }] });
}
