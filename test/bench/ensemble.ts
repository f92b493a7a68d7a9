import {
  type Link,
  type LinkFunction,
  type Model,
  type Output,
  type Precision,
  SplitTest,
  type Step,
  type Tree,
} from '../../src/ir/model.ts';

export interface EnsembleShape {
  readonly features: number;
  readonly trees: number;
  /** Every tree is complete: 2^depth leaves. */
  readonly depth: number;
  /** 1: the probability of a class. More: that many classes, tree t adding to class t mod classes. */
  readonly classes: number;
  /** float32 as XGBoost computes, float64 as LightGBM does. */
  readonly precision: Precision;
}

/** What column k of the benchmark's rows holds: whole numbers, amounts with two decimals, full doubles. */
export const COLUMN_KINDS = ['whole', 'amount', 'double'] as const;
export type ColumnKind = (typeof COLUMN_KINDS)[number];

export function columnKind(k: number): ColumnKind {
  return COLUMN_KINDS[k % COLUMN_KINDS.length]!;
}

/** Upper end of a column's values, which are uniform from 0. */
export const COLUMN_RANGE: Readonly<Record<ColumnKind, number>> = { whole: 100, amount: 1000, double: 1 };

/**
 * An ensemble of random trees, the same on every run. Each split cuts the values that can reach it somewhere in the
 * middle, as splits of a trained tree do, so that no branch can be predicted; each sends missing values left or right.
 */
export function makeEnsemble(shape: EnsembleShape): Model {
  const { features, classes, precision } = shape;
  const random = generator(20_240_229);
  const inputs = Array.from({ length: features }, (_, k) => k);
  const trees = Array.from({ length: shape.trees }, (_, t) => makeTree(shape, t % classes, random));
  const sum: Step = {
    kind: 'tree-ensemble',
    inputs,
    inputPrecision: precision,
    comparison: precision === 'float32' ? '<' : '<=',
    accumulator: precision,
    outputs: classes,
    base: Array.from({ length: classes }, () => 0),
    trees,
  };
  const { links, output } =
    classes === 1 ? binary(features, precision) : multiclass(features, classes, precision);
  return {
    irVersion: 1,
    task: classes === 1 ? 'binary' : 'multiclass',
    features: inputs.map((k) => ({ kind: 'number', name: `f${k}` })),
    steps: [sum, ...links],
    output,
  };
}

function binary(raw: number, precision: Precision): { links: Step[]; output: Output } {
  const [positive, negative, predicted] = [raw + 1, raw + 2, raw + 3];
  return {
    links: [
      link({ name: 'sigmoid', scale: 1 }, [raw], precision),
      link({ name: 'complement' }, [positive], precision),
      link({ name: 'argmax' }, [negative, positive], precision),
    ],
    output: {
      value: positive,
      raw: [raw],
      classes: { labels: ['no', 'yes'], predicted, probabilities: [negative, positive] },
    },
  };
}

function multiclass(first: number, classes: number, precision: Precision): { links: Step[]; output: Output } {
  const raw = Array.from({ length: classes }, (_, q) => first + q);
  const probabilities = raw.map((register) => register + classes);
  const predicted = first + 2 * classes;
  return {
    links: [link({ name: 'softmax' }, raw, precision), link({ name: 'argmax' }, probabilities, precision)],
    output: {
      value: predicted,
      raw,
      classes: { labels: raw.map((_, q) => `class ${q}`), predicted, probabilities },
    },
  };
}

function link(linkFunction: LinkFunction, inputs: readonly number[], precision: Precision): Link {
  return { kind: 'link', inputs, precision, function: linkFunction };
}

function makeTree(shape: EnsembleShape, output: number, random: () => number): Tree {
  const { features, depth, precision } = shape;
  const round = precision === 'float32' ? Math.fround : (value: number) => value;
  const splits = 2 ** depth - 1;
  // Split i's children are 2i + 1 and 2i + 2; past the splits come the leaves.
  const child = (i: number) => (i < splits ? i : splits - 1 - i);
  const indices = Array.from({ length: splits }, (_, i) => i);
  // Per split the part of each feature's values that reaches it, as shares of the whole.
  const reach: (readonly [number, number])[][] = [Array.from({ length: features }, () => [0, 1] as const)];
  const feature: number[] = [];
  const threshold: number[] = [];
  for (const i of indices) {
    const f = Math.floor(random() * features);
    const [low, high] = reach[i]![f]!;
    const cut = low + (high - low) * (0.3 + 0.4 * random());
    reach[2 * i + 1] = reach[i]!.with(f, [low, cut]);
    reach[2 * i + 2] = reach[i]!.with(f, [cut, high]);
    feature.push(f);
    threshold.push(round(atShare(columnKind(f), cut)));
  }
  return {
    output,
    weight: 1,
    splits: {
      feature,
      test: indices.map(() => (random() < 0.5 ? SplitTest.nanLeft : SplitTest.nanRight)),
      threshold,
      left: indices.map((i) => child(2 * i + 1)),
      right: indices.map((i) => child(2 * i + 2)),
      sets: [],
    },
    leaves: Array.from({ length: splits + 1 }, () => round((random() - 0.5) / 4)),
  };
}

/** The value below which this share of a column's values lie; half between two whole numbers. */
function atShare(kind: ColumnKind, share: number): number {
  const value = share * COLUMN_RANGE[kind];
  return kind === 'whole' ? Math.floor(value) + 0.5 : value;
}

/** Marsaglia's xorshift32 (2003). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 0x1_0000_0000;
  };
}
