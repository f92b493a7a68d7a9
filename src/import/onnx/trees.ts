import type { Register, Tree } from '../../ir/model.ts';
import { castTo } from './cast.ts';
import { type Labels, labelsOf, labelTensor } from './linear-models.ts';
import { NodeError, UnsupportedNode } from './node-error.ts';
import { type Call, type Operator, oneRow, precisionOf, tensorAt } from './operator.ts';
import { logistic, type PostTransform, postTransformOf, probit, transformScores } from './scores.ts';
import {
  type BuiltTree,
  comparisonOf,
  EqualityTests,
  TreeBuilder,
  targetsOf,
  treeOfAll,
  treeOfTarget,
} from './tree-build.ts';
import {
  AGGREGATES,
  type Aggregate,
  readTreeNodes,
  readTreeNodes5,
  TREE5_TRANSFORMS,
  type TreeNodes,
} from './tree-nodes.ts';
import { type Constant, type Element, isConstant, type Tensor, tensor } from './value.ts';

/** More targets than any ensemble has; bounds what a false count can ask for. */
const MAX_TARGETS = 100_000;
/** Leaves of several targets hold a number for each. */
const MAX_LEAF_NUMBERS = 2 ** 24;

/**
 * Tree ensembles. What is added to what, and what stands for a target that no leaf scored:
 * https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/providers/cpu/ml/tree_ensemble_aggregator.h
 */
export const trees: Readonly<Record<string, Operator>> = {
  TreeEnsembleRegressor: (call) => {
    const aggregate = call.attributes.text('aggregate_function', 'SUM');
    if (!isAggregate(aggregate))
      throw new UnsupportedNode(`aggregate_function is ${JSON.stringify(aggregate)}`);
    const nodes = readTreeNodes(call.attributes, 'target');
    return [regress(call, nodes, aggregate, postTransformOf(call.attributes), 'float32')];
  },
  TreeEnsemble: (call) => {
    const aggregate = AGGREGATES[call.attributes.int('aggregate_function', 1)];
    const transform = TREE5_TRANSFORMS[call.attributes.int('post_transform', 0)];
    if (aggregate === undefined || transform === undefined)
      throw new NodeError('an attribute is out of range');
    return [regress(call, readTreeNodes5(call.attributes), aggregate, transform, tensorAt(call, 0).type)];
  },
  TreeEnsembleClassifier: classify,
};

function isAggregate(name: string): name is Aggregate {
  return (AGGREGATES as readonly string[]).includes(name);
}

/** An ensemble's trees over registers, ready to be summed. */
class Forest {
  readonly targets: number;
  readonly trees: readonly BuiltTree[];
  readonly #call: Call;
  readonly #inputs: readonly Register[];
  readonly #comparison: '<' | '<=';

  constructor(call: Call, nodes: TreeNodes) {
    if (nodes.targets < 1 || nodes.targets > MAX_TARGETS)
      throw new NodeError(`it has ${nodes.targets} targets`);
    const x = tensorAt(call, 0);
    const features = oneRow(x);
    const tests = new EqualityTests(features);
    // onnxruntime compares whole numbers as float32 too.
    const precision = x.type === 'float64' ? 'float64' : 'float32';
    this.#call = call;
    this.#comparison = comparisonOf(nodes);
    const builder = new TreeBuilder(nodes, { features, comparison: this.#comparison, precision, tests });
    this.trees = nodes.roots.map((root) => builder.build(root));
    this.targets = nodes.targets;
    const leaves = this.trees.reduce((sum, tree) => sum + tree.leaves.length, 0);
    if (leaves * nodes.targets > MAX_LEAF_NUMBERS) {
      throw new UnsupportedNode(`its ${leaves} leaves of ${nodes.targets} targets are too many numbers`);
    }
    for (const { leaves } of this.trees) {
      for (const { target } of leaves.flat()) {
        if (target < 0 || target >= nodes.targets)
          throw new NodeError(`a leaf scores target ${target} of ${nodes.targets}`);
      }
    }
    this.#inputs = [
      ...call.program.registers(x.elements, precision === 'float32'),
      ...equalities(call, x, tests),
    ];
  }

  /** The sums of trees, added in order; output q starts at 0. */
  sum(outputs: number, all: readonly Tree[]): readonly Element[] {
    const { program } = this.#call;
    const precision = precisionOf(tensorAt(this.#call, 0).type === 'float64' ? 'float64' : 'float32');
    if (all.length === 0) return new Array(outputs).fill(0);
    return program.numbers({
      kind: 'tree-ensemble',
      inputs: this.#inputs,
      inputPrecision: precision,
      comparison: this.#comparison,
      accumulator: precision,
      outputs,
      base: new Array(outputs).fill(0),
      trees: all,
    });
  }

  /** For each target 1 when a leaf that the row reaches scores it, else 0. */
  scored(): readonly Element[] {
    const always = new Set<number>();
    const some = new Set<number>();
    for (const tree of this.trees) {
      const targets = targetsOf(tree);
      for (const target of targets.always) always.add(target);
      for (const target of targets.some) some.add(target);
    }
    const targets = Array.from({ length: this.targets }, (_, target) => target);
    if (targets.every((target) => always.has(target) || !some.has(target))) {
      return targets.map((target) => (always.has(target) ? 1 : 0));
    }
    const counts = this.sum(
      this.targets,
      this.trees.map((tree) => treeOfAll(tree, this.targets, () => 1)),
    );
    return this.#call.program.combine(
      '>',
      counts,
      targets.map(() => 0),
      'float64',
    );
  }

  /** Each target's sum, mean, least or greatest score. */
  aggregate(aggregate: Aggregate): readonly Element[] {
    const { program } = this.#call;
    if (aggregate === 'MIN' || aggregate === 'MAX') return this.#extremes(aggregate);
    const sums = this.sum(
      this.targets,
      this.trees.map((tree) => this.#additive(tree)),
    );
    if (aggregate === 'SUM') return sums;
    const precision = tensorAt(this.#call, 0).type === 'float64' ? 'float64' : 'float32';
    return program.map(sums, precision, [{ name: 'divide', by: [this.trees.length] }]);
  }

  /** A tree of one target needs no leaf of many numbers. */
  #additive(tree: BuiltTree): Tree {
    const [target, ...others] = targetsOf(tree).some;
    return target === undefined || others.length > 0
      ? treeOfAll(tree, this.targets)
      : treeOfTarget(tree, target, target, 0);
  }

  #extremes(aggregate: 'MIN' | 'MAX'): readonly Element[] {
    const otherwise = aggregate === 'MIN' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    const operation = aggregate === 'MIN' ? 'min' : 'max';
    const scores = this.trees.reduce(
      (sum, tree) => sum + tree.leaves.reduce((all, leaf) => all + leaf.length, 0),
      0,
    );
    if (scores * this.targets > MAX_LEAF_NUMBERS)
      throw new UnsupportedNode(`its ${scores} leaf scores are too many`);
    const parts: Tree[] = [];
    const perTarget: number[][] = Array.from({ length: this.targets }, () => []);
    for (const tree of this.trees) {
      for (const target of targetsOf(tree).some) {
        perTarget[target]!.push(parts.length);
        parts.push(treeOfTarget(tree, target, parts.length, otherwise));
      }
    }
    const sums = this.sum(Math.max(parts.length, 1), parts);
    return perTarget.map((outputs) =>
      outputs.length === 0
        ? 0
        : this.#call.program.reduce(
            operation,
            outputs.map((output) => sums[output]!),
            'float64',
          ),
    );
  }
}

function equalities(call: Call, x: Tensor, tests: EqualityTests): readonly Register[] {
  const { program } = call;
  return tests.all.flatMap(({ feature, keys, whole }) => {
    const table = new Map(keys.map((key) => [key, 1]));
    const tested = [x.elements[feature]!];
    const numbers = whole ? program.map(tested, precisionOf(x.type), [{ name: 'truncate' }]) : tested;
    return program.registers(program.lookup(numbers, table, 0));
  });
}

function regress(
  call: Call,
  nodes: TreeNodes,
  aggregate: Aggregate,
  transform: PostTransform,
  type: 'float32' | Tensor['type'],
): Tensor {
  const { program } = call;
  const forest = new Forest(call, nodes);
  const precision = tensorAt(call, 0).type === 'float64' ? 'float64' : 'float32';
  const scores = forest.aggregate(aggregate);
  const finish = (elements: readonly Element[]) =>
    castTo(
      call,
      tensor(precision, [1, forest.targets], elements),
      type === 'float64' ? 'float64' : 'float32',
    );
  if (forest.targets === 1) {
    const base = nodes.base.length === 1 ? nodes.base[0]! : 0;
    const total = program.map(scores, precision, [{ name: 'add', by: [base] }]);
    return finish(transform === 'PROBIT' ? probit(program, total) : total);
  }
  // A target that no leaf scored stays 0, whatever its base value.
  const based =
    nodes.base.length === forest.targets
      ? program.map(scores, precision, [{ name: 'add', by: nodes.base }])
      : scores;
  const written = program.select(
    forest.scored(),
    based,
    based.map(() => 0),
  );
  return finish(transformScores(program, written, transform));
}

function classify(call: Call): readonly Tensor[] {
  const { attributes, program } = call;
  const labels = labelsOf(attributes, 'classlabels_strings', 'classlabels_int64s');
  const nodes = readTreeNodes(attributes, 'class');
  if (labels.values.length < 2) throw new UnsupportedNode('it has fewer than two classes');
  const forest = new Forest(call, nodes);
  const scored = forest.scored();
  const precision = tensorAt(call, 0).type === 'float64' ? 'float64' : 'float32';
  const sums = forest.aggregate('SUM');
  const transform = postTransformOf(attributes);
  if (labels.values.length === 2) return classifyTwo(call, nodes, labels, { sums, scored, transform });
  const based =
    nodes.base.length > 0
      ? program.map(sums, precision, [{ name: 'add', by: pad(nodes.base, sums.length) }])
      : sums;
  const counted = scored.map((each, k) => (k < nodes.base.length ? 1 : each));
  const least = program.select(
    counted,
    based,
    based.map(() => Number.NEGATIVE_INFINITY),
  );
  const label = labelTensor(call, labels, program.reduce('argmax', least, precision));
  const written = program.select(
    counted,
    based,
    based.map(() => 0),
  );
  return [label, tensor('float32', [1, sums.length], transformScores(program, written, transform))];
}

function pad(values: readonly number[], length: number): readonly number[] {
  return Array.from({ length }, (_, k) => values[k] ?? 0);
}

interface TwoScores {
  readonly sums: readonly Element[];
  readonly scored: readonly Element[];
  readonly transform: PostTransform;
}

/**
 * Two classes. Scores of one class are a decision: its threshold is 1/2 when no weight is negative, else 0. The other
 * class's score is made from it; unless the second class scored, when both scores are transformed as they are.
 */
function classifyTwo(
  call: Call,
  nodes: TreeNodes,
  labels: Labels,
  { sums, scored, transform }: TwoScores,
): readonly Tensor[] {
  const { program, attributes } = call;
  const classIds = new Set(attributes.ints('class_ids'));
  const positive = nodes.nodes.every(
    ({ leaf }) => leaf === undefined || leaf.every(({ weight }) => weight >= 0),
  );
  const single = classIds.size === 1;
  const { base } = nodes;
  const add = (element: Element, value: number) =>
    program.map([element], 'float32', [{ name: 'add', by: [value] }])[0]!;
  const [first, second] = sums as readonly [Element, Element];
  const [hasFirst, hasSecond] = scored as readonly [Element, Element];
  const zeroUnless = (has: Element, element: Element) => program.select([has], [element], [0])[0]!;

  // Both classes' scores where the second one scored, and where it did not.
  const both: readonly Element[] =
    base.length === 2
      ? ((sum) => [...program.map([sum], 'float32', [{ name: 'negate' }]), sum])(add(first, base[1]!))
      : [base.length === 1 ? add(first, base[0]!) : first, second];
  const alone = base.length === 2 || base.length === 1 ? add(first, base[0]!) : first;
  const decision = program.select([hasSecond], [both[1]!], [zeroUnless(hasFirst, alone)])[0]!;
  const threshold = single && positive ? 0.5 : 0;
  const isPositive = program.combine('>', [decision], [threshold], 'float32')[0]!;
  const values: readonly Constant[] = single || labels.type === 'string' ? labels.values : [0, 1];
  const label = labelTensor(call, { ...labels, values }, isPositive);

  const withSecond = () => transformScores(program, [zeroUnless(hasFirst, both[0]!), both[1]!], transform);
  const withoutSecond = (): readonly Element[] => {
    // onnxruntime leaves the other score unset.
    if (base.length < 2 && (transform === 'PROBIT' || (!single && base.length === 1)))
      return [Number.NaN, Number.NaN];
    const own = zeroUnless(hasFirst, alone);
    if (base.length === 2) return transformScores(program, [own, 0], transform);
    return spreadDecision(call, own, single && positive, transform);
  };
  if (isConstant(hasSecond)) {
    if (hasSecond === 0 && base.length < 2 && transform === 'PROBIT') {
      throw new UnsupportedNode('of its two scores onnxruntime computes only one');
    }
    return [label, tensor('float32', [1, 2], hasSecond !== 0 ? withSecond() : withoutSecond())];
  }
  const scores = program.select([hasSecond, hasSecond], withSecond(), withoutSecond());
  return [label, tensor('float32', [1, 2], scores)];
}

/** The two scores of one decision. */
function spreadDecision(
  { program }: Call,
  decision: Element,
  positive: boolean,
  transform: PostTransform,
): readonly Element[] {
  const negative = program.map([decision], 'float32', [{ name: 'negate' }]);
  if (transform === 'LOGISTIC') return logistic(program, [...negative, decision]);
  const other = positive ? program.combine('subtract', [1], [decision], 'float32') : negative;
  return [...other, ...program.exact([decision])];
}
