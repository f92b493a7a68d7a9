import type { Register } from '../../ir/model.ts';
import type { Element } from './element.ts';
import type { ModelContext } from './model-context.ts';
import { predicateIn, truth } from './predicates.ts';
import { shares } from './regression.ts';
import { type ClassificationResult, mostProbable } from './result.ts';
import { classOf, countsOf, holdsModel, labelsOf } from './tree-model.ts';

export type ReachStrategy = 'weightedConfidence' | 'aggregateNodes';

/** A node where rows end, with the share of a row that ends there: 0 to 1 by records, or 0 and 1. */
interface Reached {
  readonly node: Element;
  readonly weight: Register;
}

/**
 * Trees in which a row with missing values goes many ways: the answers of all nodes that it reaches count, in proportion
 * to records. Registers, not a tree of the IR, hold how much of a row comes to each node.
 */
export function lowerReachedTree(
  model: Element,
  strategy: ReachStrategy,
  context: ModelContext,
): ClassificationResult {
  if (context.function !== 'classification')
    model.refuse(`has missingValueStrategy ${strategy} for a number`);
  const { lowering } = context;
  const { b } = lowering;
  const reached: Reached[] = [];
  const root = model.required('Node');
  const rootTruth = truth(predicateIn(root, context.scope), lowering);
  const isLast = model.attributes.noTrueChildStrategy === 'returnLastPrediction';
  follow(root, b.compare([rootTruth], '==', [1])[0]!, { strategy, isLast, reached, context });

  const nodes = reached.map(({ node }) => node);
  const weights = reached.map(({ weight }) => weight);
  const labels = labelsOf(nodes, context);
  const rows = nodes.map((node) =>
    strategy === 'aggregateNodes' ? countsOf(node, labels) : confidencesOf(node, labels),
  );
  const sums = b.linear(
    weights,
    labels.map((_, k) => rows.map((row) => row[k]!)),
    labels.map(() => 0),
  );
  const together = mostProbable(labels, shares(sums, { lowering, precision: 'float64' }), lowering);
  // One node alone answers with its score.
  const scores = nodes.map((node) => classOf(node, labels).predicted);
  const alone = b.linear(weights, [scores.map((score) => (Number.isNaN(score) ? 0 : score))], [0]);
  const isAlone = b.compare([b.reduce('max', weights)], '==', [1]);
  const several = b.compare([b.reduce('sum', b.compare(weights, '>', [0]))], '>', [1]);
  const single = b.combine('>', isAlone, several);
  return { ...together, predicted: b.select(single, alone, [together.predicted])[0]! };
}

interface Walk {
  readonly strategy: ReachStrategy;
  readonly isLast: boolean;
  readonly reached: Reached[];
  readonly context: ModelContext;
}

function follow(node: Element, weight: Register, walk: Walk): void {
  const { strategy, isLast, reached, context } = walk;
  const { lowering } = context;
  const { b } = lowering;
  const children = node.all('Node');
  if (holdsModel(node)) node.refuse('holds a model, of a tree in which rows go many ways');
  if (children.length === 0) {
    reached.push({ node, weight });
    return;
  }
  const truths = children.map((child) => truth(predicateIn(child, context.scope), lowering));
  const parts =
    strategy === 'aggregateNodes' ? untilTrue(truths, context) : byRecords(children, truths, context);
  children.forEach((child, i) => {
    follow(child, b.combine('multiply', [weight], [parts[i]!])[0]!, walk);
  });
  if (!isLast) return;
  const none = b.compare([truths.length === 1 ? truths[0]! : b.reduce('max', truths)], '==', [0]);
  reached.push({ node, weight: b.combine('multiply', [weight], none)[0]! });
}

/** Each child that is unknown, and the first that is true, which ends the search. */
function untilTrue(truths: readonly Register[], { lowering }: ModelContext): Register[] {
  const { b } = lowering;
  let open = lowering.constant(1);
  return truths.map((each) => {
    const [part] = b.combine('and', b.compare([each], '!=', [0]), [open]);
    open = b.combine('and', b.compare([each], '!=', [1]), [open])[0]!;
    return part!;
  });
}

/** The first that is not false alone when it is true; else all that are not false, by their records. */
function byRecords(
  children: readonly Element[],
  truths: readonly Register[],
  { lowering }: ModelContext,
): Register[] {
  const { b } = lowering;
  const first = truths.reduceRight(
    (rest, each) => b.select(b.compare([each], '!=', [0]), [each], [rest])[0]!,
  );
  const certain = b.compare([first], '==', [1]);
  let open = lowering.constant(1);
  const alone = truths.map((each) => {
    const [part] = b.combine('and', b.compare([each], '==', [1]), [open]);
    open = b.combine('and', b.compare([each], '!=', [1]), [open])[0]!;
    return part!;
  });
  const records = children.map((child) => child.number('recordCount'));
  const counted = b.map(b.compare(truths, '!=', [0]), { name: 'multiply', by: records });
  const total = b.map([b.reduce('sum', counted)], { name: 'impute', missing: 0, by: [1] });
  return b.select(certain, alone, b.combine('divide', counted, total));
}

/** By the `confidence`s, or else as shares of the `recordCount`s. */
function confidencesOf(node: Element, labels: readonly string[]): readonly number[] {
  const given = node.all('ScoreDistribution').some((share) => share.has('confidence'));
  return given
    ? countsOf(node, labels, 'confidence')
    : (classOf(node, labels).probabilities ?? node.fail('has no <ScoreDistribution>'));
}
