import type { Register } from '../../ir/model.ts';
import type { Metric } from '../../ir/vector-steps.ts';
import type { Builder } from '../builder.ts';
import { once } from '../once.ts';
import { normalise, probableClassifier } from './classify.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import { checkVectors } from './kernels.ts';
import type { Lowering } from './lowering.ts';
import {
  type Classifier,
  type Classifiers,
  classesOf,
  type Detector,
  type Regressor,
  targetClassesOf,
} from './predictor.ts';

type Registers = readonly Register[];

const METRICS: Readonly<Record<string, Metric>> = {
  euclidean: 'euclidean',
  l2: 'euclidean',
  manhattan: 'manhattan',
  cityblock: 'manhattan',
  l1: 'manhattan',
  chebyshev: 'chebyshev',
  infinity: 'chebyshev',
  cosine: 'cosine',
};

function metricOf(estimator: Estimator): Metric {
  const name = estimator.text('effective_metric_', estimator.text('metric', 'minkowski'));
  if (name === 'minkowski') {
    const params = estimator.get('effective_metric_params_');
    const p = (params instanceof Map ? params.get('p') : undefined) ?? estimator.get('p') ?? 2;
    const weighted = params instanceof Map && (params.get('w') ?? null) !== null;
    const metric = p === 1 ? 'manhattan' : p === 2 ? 'euclidean' : p === Infinity ? 'chebyshev' : undefined;
    return metric === undefined || weighted
      ? estimator.refuse('measures by a Minkowski distance that is not p = 1, 2 or ∞')
      : metric;
  }
  return METRICS[name] ?? estimator.refuse(`measures distances by ${name}`);
}

interface Neighbors {
  /** Numbers of the nearest stored rows, nearest first; of equally far ones the first stored. */
  readonly indices: Registers;
  readonly distances: Registers;
  readonly stored: number;
}

function nearest(estimator: Estimator, columns: readonly Column[], lowering: Lowering): Neighbors {
  const inputs = lowering.inputs(columns, estimator, 'refused');
  const points = estimator.rows('_fit_X', inputs.length);
  checkVectors(estimator, points.length);
  const k = estimator.count(estimator.has('n_neighbors_') ? 'n_neighbors_' : 'n_neighbors', 1);
  if (k > points.length) return estimator.fail(`asks for ${k} of ${points.length} neighbours`);
  const b = lowering.builder;
  lowering.notes.add('Of equally distant neighbours, those first in the training data count.');
  const metric = metricOf(estimator);
  const far = b.distance(inputs, metric, points);
  // Rounding may take a distance by angles below 0.
  const distances = metric === 'cosine' ? b.map(far, { name: 'max', by: [0] }) : far;
  const found = b.add({ kind: 'nearest', inputs: distances, k });
  return { indices: found.slice(0, k), distances: found.slice(k), stored: points.length };
}

/** Each neighbour's weight: 1, or 1 / distance, where neighbours of infinite weight leave the others without any. */
export function distanceWeights(
  estimator: Estimator,
  distances: Registers,
  b: Builder,
): Registers | undefined {
  const kind = estimator.get('weights');
  if (kind === 'uniform' || kind === null || kind === undefined) return undefined;
  if (kind !== 'distance') return estimator.refuse('weighs neighbours by a function');
  const weights = b.unary(distances, 'reciprocal');
  const same = b.compare(weights, '==', [Number.POSITIVE_INFINITY]);
  return b.select([b.reduce('max', same)], same, weights);
}

/** The numbers stored with each neighbour, one list a stored row. */
function gather(b: Builder, indices: Registers, rows: readonly (readonly number[])[]): Registers {
  b.charge(rows.length * (rows[0]?.length ?? 0));
  return b.add({ kind: 'gather', inputs: indices, rows, default: Number.NaN });
}

export function neighborsClassifier(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier | Classifiers {
  const b = lowering.builder;
  const several = targetClassesOf(estimator);
  const all = several ?? [classesOf(estimator)];
  const votes = once(() => targetVotes(estimator, all.length, columns, lowering));
  const targets = all.map((classes, t) => {
    const probabilities = once(() => votes()(t, classes.length));
    return probableClassifier(b, classes, probabilities);
  });
  return several === undefined ? targets[0]! : { kind: 'classifiers', targets };
}

/** The shares of the neighbours' votes, by target and number of classes. */
function targetVotes(
  estimator: Estimator,
  targets: number,
  columns: readonly Column[],
  lowering: Lowering,
): (target: number, classes: number) => Registers {
  const b = lowering.builder;
  const { indices, distances, stored } = nearest(estimator, columns, lowering);
  const answers = estimator.numbers('_y', stored * targets);
  const rows = Array.from({ length: stored }, (_, i) => answers.slice(i * targets, (i + 1) * targets));
  const found = gather(b, indices, rows);
  const weight = distanceWeights(estimator, distances, b);
  return (target, classes) => {
    const each = indices.map((_, n) => found[n * targets + target]!);
    const sums = Array.from({ length: classes }, (_, c) => {
      const votes = b.compare(each, '==', [c]);
      return b.reduce('sum', weight === undefined ? votes : b.combine('multiply', votes, weight));
    });
    return weight === undefined
      ? b.link(sums, { name: 'divide', divisor: indices.length })
      : normalise(b, sums);
  };
}

export function neighborsRegressor(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Regressor {
  const b = lowering.builder;
  const values = once(() => {
    const { indices, distances, stored } = nearest(estimator, columns, lowering);
    const answers = estimator.array('_y');
    const targets = answers.shape[1] ?? 1;
    const flat = estimator.numbers('_y', stored * targets);
    const rows = Array.from({ length: stored }, (_, i) => flat.slice(i * targets, (i + 1) * targets));
    const found = gather(b, indices, rows);
    const weight = distanceWeights(estimator, distances, b);
    return Array.from({ length: targets }, (_, t) => {
      const each = indices.map((_, n) => found[n * targets + t]!);
      if (weight === undefined) return b.reduce('mean', each);
      const sum = b.reduce('sum', b.combine('multiply', each, weight));
      return b.combine('divide', [sum], [b.reduce('sum', weight)])[0]!;
    });
  });
  return { kind: 'regressor', values };
}

/**
 * Local outlier factor of new rows.
 * https://github.com/scikit-learn/scikit-learn/blob/1.6.1/sklearn/neighbors/_lof.py
 */
export function localOutlierFactor(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Detector {
  const b = lowering.builder;
  if (!estimator.flag('novelty', false)) {
    return estimator.refuse('scores its training data only', 'Fit it with novelty=True.');
  }
  const scores = once(() => {
    const { indices, distances, stored } = nearest(estimator, columns, lowering);
    const fitted = estimator.rows('_distances_fit_X_');
    const densities = estimator.numbers('_lrd', stored);
    const k = indices.length;
    if (fitted.length !== stored || (fitted[0]?.length ?? 0) < k)
      return estimator.fail('has distances that do not fit');
    const reach = gather(
      b,
      indices,
      fitted.map((row) => [row[k - 1]!]),
    );
    const mean = b.reduce('mean', b.combine('max', distances, reach));
    const [density] = b.map([mean], { name: 'add', by: [1e-10] }, { name: 'reciprocal' });
    const ratios = b.combine(
      'divide',
      gather(
        b,
        indices,
        densities.map((value) => [value]),
      ),
      [density!],
    );
    return b.unary([b.reduce('mean', ratios)], 'negate')[0]!;
  });
  const decision = once(() => b.map([scores()], { name: 'subtract', by: [estimator.number('offset_')] })[0]!);
  return {
    kind: 'detector',
    scores,
    decision,
    predicted: once(() => b.compare([decision()], '>=', [0])[0]!),
  };
}
