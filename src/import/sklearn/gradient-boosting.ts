import { type Register, SplitTest, type Tree } from '../../ir/model.ts';
import { once } from '../once.ts';
import { NdArray, PyObject, type PyValue } from '../pickle/index.ts';
import { binaryPair } from './classify.ts';
import { type Column, isNaNValue } from './columns.ts';
import type { Estimator } from './estimator.ts';
import { anyMissing, type Lowering } from './lowering.ts';
import { type Classifier, classesOf, type Regressor } from './predictor.ts';
import { lowerPredictor } from './registry.ts';
import { fittedTree, shapeOf, toTree } from './tree.ts';

type Registers = readonly Register[];

/** init + learning_rate * each tree's leaf, one sum a class. */
function boostedScores(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
  classes: number,
): Registers {
  const b = lowering.builder;
  const inputs = lowering.inputs(columns, estimator, 'refused', 'float32');
  const members = estimator.array('estimators_');
  const width = members.shape[1] ?? 1;
  const rate = estimator.number('learning_rate');
  const trees = members.values().map((value, i): Tree => {
    const tree = fittedTree(estimator.asEstimator(value, `tree ${i}`), inputs.length);
    b.charge(8 * tree.left.length);
    return toTree(tree.shape, i % width, rate, (node) => [tree.values[node]!]);
  });
  const init = initialScores(estimator, columns, lowering, classes, width);
  if (init.kind === 'constants') return b.forest(inputs, trees, init.values);
  const sums = b.forest(inputs, trees, new Array<number>(width).fill(0));
  return b.combine('add', init.registers, sums);
}

type Initial =
  | { readonly kind: 'constants'; readonly values: readonly number[] }
  | { readonly kind: 'registers'; readonly registers: Registers };

function initialScores(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
  classes: number,
  width: number,
): Initial {
  if (estimator.get('init_') === 'zero')
    return { kind: 'constants', values: new Array<number>(width).fill(0) };
  const init = estimator.child('init_', 'init');
  if (init.name === 'DummyClassifier' && init.text('strategy') === 'prior') {
    const prior = init.numbers('class_prior_', classes);
    return { kind: 'constants', values: linkPrior(prior, estimator, width) };
  }
  if (init.name === 'DummyRegressor') return { kind: 'constants', values: init.numbers('constant_', width) };
  const coefficients = init.get('coef_');
  if (coefficients instanceof NdArray && coefficients.dtype?.size === 4) {
    init.refuse('starts gradient boosting in float32, with sums in an order that depends on the machine');
  }
  // The initial estimator gets the features as the trees do, rounded to float32.
  const rounded = lowering.builder.add({
    kind: 'map',
    inputs: lowering.inputs(columns, estimator, 'unchecked'),
    precision: 'float32',
    operations: [{ name: 'add', by: [0] }],
  });
  const predictor = lowerPredictor(init, lowering.columns(rounded, anyMissing(columns)), lowering);
  if (predictor.kind === 'regressor') return { kind: 'registers', registers: predictor.values() };
  if (predictor.kind !== 'classifier' || predictor.probabilities === undefined) {
    return init.refuse('starts gradient boosting, but gives no probabilities');
  }
  return {
    kind: 'registers',
    registers: linkProbabilities(predictor.probabilities(), estimator, lowering, width),
  };
}

/** Probabilities are kept this far from 0 and 1. */
function clipping(estimator: Estimator): number {
  return estimator.version >= 108 ? 2 ** -52 : 2 ** -23;
}

function isExponential(estimator: Estimator): boolean {
  return estimator.text('loss') === 'exponential';
}

function linkPrior(prior: readonly number[], estimator: Estimator, width: number): readonly number[] {
  const eps = clipping(estimator);
  const clipped = prior.map((p) => Math.min(Math.max(p, eps), 1 - eps));
  if (width === 1) {
    const p = clipped[1]!;
    return [(isExponential(estimator) ? 0.5 : 1) * Math.log(p / (1 - p))];
  }
  const logs = clipped.map(Math.log);
  const mean = centred(estimator) ? logs.reduce((a, c) => a + c, 0) / logs.length : 0;
  return logs.map((log) => log - mean);
}

/** Since 1.4 several classes' scores are made to add up to 0. */
function centred(estimator: Estimator): boolean {
  return estimator.version >= 104;
}

function linkProbabilities(
  probabilities: Registers,
  estimator: Estimator,
  lowering: Lowering,
  width: number,
): Registers {
  const b = lowering.builder;
  const eps = clipping(estimator);
  const clipped = b.map(probabilities, { name: 'max', by: [eps] }, { name: 'min', by: [1 - eps] });
  if (width === 1) {
    const [rest] = b.link([clipped[1]!], { name: 'complement' });
    const [odds] = b.combine('divide', [clipped[1]!], [rest!]);
    return b.map([odds!], { name: 'log' }, { name: 'multiply', by: [isExponential(estimator) ? 0.5 : 1] });
  }
  const logs = b.unary(clipped, 'log');
  return centred(estimator) ? b.combine('subtract', logs, [b.reduce('mean', logs)]) : logs;
}

export function gradientBoostingRegressor(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Regressor {
  return { kind: 'regressor', values: once(() => boostedScores(estimator, columns, lowering, 0)) };
}

export function gradientBoostingClassifier(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier {
  const b = lowering.builder;
  const classes = classesOf(estimator);
  const decision = once(() => boostedScores(estimator, columns, lowering, classes.length));
  const probabilities = once(() => {
    const scores = decision();
    if (scores.length > 1) return b.link(scores, { name: 'softmax' });
    return binaryPair(b, b.link(scores, { name: 'sigmoid', scale: isExponential(estimator) ? 2 : 1 })[0]!);
  });
  const predicted = once(() => {
    const scores = decision();
    if (scores.length > 1) return b.argmax(estimator.version >= 104 ? scores : probabilities());
    // Before 1.4 the first of equal probabilities won; since then a score of 0 is the second class.
    return estimator.version >= 104 ? b.compare(scores, '>=', [0])[0]! : b.argmax(probabilities());
  });
  return { kind: 'classifier', classes, decision, probabilities, predicted };
}

/** baseline + each tree's leaf, which has the learning rate in it. */
function histogramScores(estimator: Estimator, columns: readonly Column[], lowering: Lowering): Registers {
  const b = lowering.builder;
  const baseline = estimator.numbers('_baseline_prediction');
  const inputs = histogramInputs(estimator, columns, lowering);
  const iterations = estimator.list('_predictors');
  const trees = iterations.flatMap((iteration, i) => {
    const members = Array.isArray(iteration)
      ? iteration
      : estimator.fail('an iteration has no list of trees');
    if (members.length !== baseline.length) estimator.fail(`iteration ${i} has ${members.length} trees`);
    return members.map((member, k) =>
      histogramTree(estimator.asEstimator(member, `tree ${i}`), k, inputs, lowering),
    );
  });
  return b.forest(inputs.registers, trees, baseline, 'float64');
}

interface HistogramInputs {
  readonly registers: Registers;
  /** The codes of known categories by column, each at the position that the column's register holds. */
  readonly known: ReadonlyMap<number, readonly number[]>;
}

/** Categories become positions among the known ones; unknown and negative ones count as missing. */
function histogramInputs(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): HistogramInputs {
  const numbers = preprocessed(estimator, columns, lowering);
  const known = new Map<number, readonly number[]>();
  const mapper = estimator.child('_bin_mapper', 'bin mapper');
  const categorical = mapper.get('is_categorical_');
  const flags = categorical instanceof NdArray ? categorical.numbers() : [];
  const bins = flags.some((flag) => flag === 1) ? mapper.list('bin_thresholds_') : [];
  const registers = numbers.map((column, k) => {
    if (flags[k] !== 1) return lowering.number(column, estimator).register;
    const list = bins[k];
    const codes =
      list instanceof NdArray ? Array.from(list.numbers()) : estimator.fail(`column ${k} has no categories`);
    known.set(k, codes);
    return lowering.encode(
      column,
      codes,
      codes.map((_, i) => i),
      { missing: Number.NaN, unknown: Number.NaN },
      estimator,
    );
  });
  return { registers, known };
}

/** Since 1.4 an OrdinalEncoder codes the categories first and puts their columns in front. */
function preprocessed(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  const fitted = estimator.get('n_features_in_');
  if (typeof fitted === 'number' && fitted !== columns.length) {
    estimator.fail(`was fitted with ${fitted} columns, but gets ${columns.length}`);
  }
  if (!estimator.has('_preprocessor')) return columns;
  const parts = estimator.child('_preprocessor', 'preprocessor').list('transformers_');
  const encoderPart = parts.find((part) => Array.isArray(part) && part[0] === 'encoder') as
    | PyValue[]
    | undefined;
  const mask = encoderPart?.[2];
  if (!(mask instanceof NdArray) || mask.length !== columns.length)
    return estimator.fail('its preprocessor names no columns');
  const flags = mask.numbers();
  const encoder = estimator.asEstimator(encoderPart![1], 'encoder');
  const lists = encoder.list('categories_');
  const categorical = columns.filter((_, k) => flags[k] === 1);
  const encoded = categorical.map((column, k): Column => {
    const list = lists[k];
    const categories = list instanceof NdArray ? list.values() : encoder.fail('has no categories');
    const missing = { missing: Number.NaN, unknown: Number.NaN };
    // NaN keeps no code: it stays missing. None is a category like any other.
    const codes = categories.map((category, i) => (isNaNValue(category) ? Number.NaN : i));
    return {
      kind: 'number',
      register: lowering.encode(column, categories, codes, missing, encoder),
      mayBeMissing: true,
    };
  });
  return [...encoded, ...columns.filter((_, k) => flags[k] !== 1)];
}

function histogramTree(
  member: Estimator,
  output: number,
  { registers, known }: HistogramInputs,
  lowering: Lowering,
): Tree {
  const nodes = member.array('nodes');
  const column = (name: string, otherwise?: string): Float64Array =>
    nodes.field(name) ??
    (otherwise === undefined ? undefined : nodes.field(otherwise)) ??
    member.fail(`its nodes have no column ${name}`);
  const leaf = column('is_leaf');
  const values = column('value');
  const missingLeft = column('missing_go_to_left');
  const feature = column('feature_idx');
  const categorical = nodes.field('is_categorical') ?? new Float64Array(leaf.length);
  lowering.builder.charge(8 * leaf.length);
  const sets: number[][] = [];
  const threshold = Float64Array.from(column('num_threshold', 'threshold'), (value, node) =>
    leaf[node] === 0 && categorical[node] === 1
      ? sets.push(leftSet(member, node, known.get(feature[node]!))) - 1
      : value,
  );
  const shape = shapeOf(
    {
      left: column('left'),
      right: column('right'),
      feature,
      threshold,
      isLeaf: (node) => leaf[node] !== 0,
      test: (node) => TESTS[categorical[node] === 1 ? 1 : 0]![missingLeft[node] === 1 ? 0 : 1]!,
    },
    registers.length,
    member,
  );
  lowering.builder.charge(sets.reduce((sum, set) => sum + set.length, 0));
  return toTree({ leaves: shape.leaves, splits: { ...shape.splits, sets } }, output, 1, (node) => [
    values[node]!,
  ]);
}

const TESTS = [
  [SplitTest.nanLeft, SplitTest.nanRight],
  [SplitTest.setNanLeft, SplitTest.setNanRight],
] as const;

/** Positions of the known categories whose bit is set in the node's row of 256 bits. */
function leftSet(member: Estimator, node: number, known: readonly number[] | undefined): number[] {
  const bitsets = member.array('raw_left_cat_bitsets');
  const row = member.array('nodes').field('bitset_idx')?.[node];
  const words = bitsets.numbers();
  if (known === undefined || row === undefined || (row + 1) * 8 > words.length) {
    return member.fail('a split by category has no set');
  }
  return known.flatMap((code, i) => {
    const word = words[row * 8 + Math.floor(code / 32)] ?? 0;
    return code < 256 && Math.floor(word / 2 ** (code % 32)) % 2 === 1 ? [i] : [];
  });
}

export function histogramRegressor(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Regressor {
  const scores = () => histogramScores(estimator, columns, lowering);
  const log = LOG_LOSSES.has(lossName(estimator));
  return {
    kind: 'regressor',
    values: once(() => (log ? lowering.builder.link(scores(), { name: 'exp' }) : scores())),
  };
}

const LOG_LOSSES = new Set(['poisson', 'gamma']);

function lossName(estimator: Estimator): string {
  const loss = estimator.get('loss');
  if (typeof loss === 'string') return loss;
  const name = loss instanceof PyObject ? loss.type.name : 'function';
  return estimator.refuse(`was trained with a loss of its own (${name})`);
}

export function histogramClassifier(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier {
  const b = lowering.builder;
  const decision = once(() => histogramScores(estimator, columns, lowering));
  return {
    kind: 'classifier',
    classes: classesOf(estimator),
    decision,
    predicted: once(() =>
      decision().length === 1 ? b.compare(decision(), '>', [0])[0]! : b.argmax(decision()),
    ),
    probabilities: once(() => {
      const scores = decision();
      if (scores.length > 1) return b.link(scores, { name: 'softmax' });
      return binaryPair(b, b.link(scores, { name: 'sigmoid', scale: 1 })[0]!);
    }),
  };
}
