import type { Model, Splits, Tree, TreeEnsemble } from '../../../src/ir/model.ts';

/** A split-less set of columns. */
export const NO_SPLITS: Splits = { feature: [], test: [], threshold: [], left: [], right: [], sets: [] };

/** A tree of one split over feature `feature`: leaf 0 on the left, leaf 1 on the right. */
export function stump(
  split: { feature?: number; test: number; threshold: number; sets?: number[][] },
  tree: Partial<Tree> = {},
): Tree {
  return {
    output: 0,
    weight: 1,
    splits: {
      feature: [split.feature ?? 0],
      test: [split.test as Splits['test'][number]],
      threshold: [split.threshold],
      left: [-1],
      right: [-2],
      sets: split.sets ?? [],
    },
    leaves: [10, 20],
    ...tree,
  };
}

/** An ensemble over the first `features` registers, one float64 output from 0, unless said otherwise. */
export function ensemble(
  trees: readonly Tree[],
  rest: Partial<TreeEnsemble> = {},
  features = 1,
): TreeEnsemble {
  return {
    kind: 'tree-ensemble',
    inputs: Array.from({ length: features }, (_, i) => i),
    inputPrecision: 'float64',
    comparison: '<=',
    accumulator: 'float64',
    outputs: 1,
    base: [0],
    trees,
    ...rest,
  };
}

/** A regression whose value and raw score are the last register of the steps. */
export function regression(steps: Model['steps'], features = 1, value = features): Model {
  return {
    irVersion: 1,
    task: 'regression',
    features: Array.from({ length: features }, (_, i) => ({ kind: 'number', name: `f${i}` })),
    steps,
    output: { value, raw: [value] },
  };
}

/** One text feature, coded and fed to a stump; a binary classifier with labels and probabilities. */
export function textClassifier(): Model {
  return {
    irVersion: 1,
    task: 'binary',
    features: [
      { kind: 'text', name: 'colour', categories: ['red', 'green'] },
      { kind: 'number', name: 'size', integer: true, categories: [1, 2] },
    ],
    steps: [
      { kind: 'encode-category', input: 0, categories: ['red', 'green'], missing: Number.NaN, unknown: -1 },
      {
        ...ensemble([stump({ test: 6, threshold: 0, sets: [[0, 3]] }, { leaves: [-1, 2] })]),
        inputs: [2, 1],
      },
      { kind: 'link', inputs: [3], precision: 'float64', function: { name: 'sigmoid', scale: 1 } },
      { kind: 'link', inputs: [4], precision: 'float64', function: { name: 'complement' } },
      { kind: 'link', inputs: [5, 4], precision: 'float64', function: { name: 'argmax' } },
    ],
    output: {
      value: 4,
      raw: [3],
      classes: { labels: ['no', 'yes'], predicted: 6, probabilities: [5, 4] },
    },
  };
}
