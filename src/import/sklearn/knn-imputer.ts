import type { Register } from '../../ir/model.ts';
import type { Builder } from '../builder.ts';
import type { Column } from './columns.ts';
import { isMissing } from './columns.ts';
import type { Estimator } from './estimator.ts';
import { missingIndicator } from './imputers.ts';
import { checkVectors } from './kernels.ts';
import type { Lowering } from './lowering.ts';
import { distanceWeights } from './neighbors.ts';

type Registers = readonly Register[];
type Rows = readonly (readonly number[])[];

/**
 * The mean of the nearest stored rows' values in place of a missing one.
 * https://github.com/scikit-learn/scikit-learn/blob/1.6.1/sklearn/impute/_knn.py
 */
export function knnImputer(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  const b = lowering.builder;
  if (!isMissing(estimator.get('missing_values') ?? null)) {
    return estimator.refuse(
      'takes a number for a missing one',
      'Store missing numbers as NULL, and fit with np.nan.',
    );
  }
  if (estimator.get('metric') !== 'nan_euclidean')
    return estimator.refuse('measures distances by a function');
  const inputs = lowering.inputs(columns, estimator, 'allowed');
  checkVectors(estimator, estimator.array('_fit_X').shape[0] ?? 0);
  const rows = estimator.rows('_fit_X', inputs.length);
  lowering.notes.add('Of equally distant neighbours, those first in the training data count.');
  const distances = distancesTo(rows, inputs, b);
  const keepEmpty = estimator.flag('keep_empty_features', false);
  const filled = inputs.flatMap((input, column): Registers => {
    const donors = [...rows.keys()].filter((row) => !Number.isNaN(rows[row]![column]!));
    if (donors.length === 0) return keepEmpty ? b.constants([0]) : [];
    const value = imputed(
      estimator,
      donors.map((row) => distances[row]!),
      donors.map((row) => rows[row]![column]!),
      b,
    );
    return b.select(b.map([input], { name: 'is-nan' }), [value], [input]);
  });
  const kept = lowering.columns(filled, false);
  if (!estimator.has('indicator_')) return kept;
  return [...kept, ...missingIndicator(estimator.child('indicator_', 'indicator'), columns, lowering)];
}

/**
 * √(columns / columns that both have * Σ (x - y)² over these), NaN where both have none. Squares are multiplied out, so
 * that what is missing on either side falls away as a product with 0.
 */
function distancesTo(rows: Rows, inputs: Registers, b: Builder): Registers {
  const present = b.map(inputs, { name: 'is-nan' }, { name: 'multiply', by: [-1] }, { name: 'add', by: [1] });
  const x = b.map(inputs, { name: 'impute', missing: Number.NaN, by: [0] });
  const squares = b.unary(x, 'square');
  const has = rows.map((row) => row.map((value) => (Number.isNaN(value) ? 0 : 1)));
  const known = rows.map((row) => row.map((value) => (Number.isNaN(value) ? 0 : value)));
  const zeros = rows.map(() => 0);
  const sums = b.linear(
    [...squares, ...x, ...present],
    rows.map((_, i) => [...has[i]!, ...known[i]!.map((y) => -2 * y), ...known[i]!.map((y) => y * y)]),
    zeros,
  );
  const shared = b.linear(present, has, zeros);
  const means = b.combine('divide', b.map(sums, { name: 'max', by: [0] }), shared);
  return b.map(means, { name: 'multiply', by: [inputs.length] }, { name: 'sqrt' });
}

/** The weighted mean of the nearest donors' values; of all donors' where none has a distance. */
function imputed(
  estimator: Estimator,
  distances: Registers,
  values: readonly number[],
  b: Builder,
): Register {
  const k = Math.min(estimator.count('n_neighbors', 1), distances.length);
  const found = b.add({ kind: 'nearest', inputs: distances, k });
  const [indices, nearest] = [found.slice(0, k), found.slice(k)];
  const donated = b.add({
    kind: 'gather',
    inputs: indices,
    rows: values.map((value) => [value]),
    default: Number.NaN,
  });
  const some = b.map(nearest, { name: 'is-nan' }, { name: 'multiply', by: [-1] }, { name: 'add', by: [1] });
  const given = distanceWeights(estimator, nearest, b);
  const weights = given === undefined ? some : b.map(given, { name: 'impute', missing: Number.NaN, by: [0] });
  const sum = b.reduce('sum', b.combine('multiply', donated, weights));
  const mean = b.combine('divide', [sum], [b.reduce('sum', weights)]);
  const all = values.reduce((a, c) => a + c, 0) / values.length;
  return b.select([b.reduce('max', some)], mean, b.constants([all]))[0]!;
}
