import type { Register } from '../../ir/model.ts';
import { once } from '../once.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import type { Lowering } from './lowering.ts';
import type { Regressor } from './predictor.ts';

/** Piecewise linear through the thresholds; outside of them clipped, NaN, or an error (NULL here too). */
export function isotonicValues(estimator: Estimator, input: Register, lowering: Lowering): Register {
  const b = lowering.builder;
  const x = estimator.numbers('X_thresholds_');
  const y = estimator.numbers('y_thresholds_', x.length);
  b.charge(2 * x.length);
  if (x.length === 0) return estimator.fail('has no thresholds');
  const value = b.add({ kind: 'interpolate', inputs: [input], x: [x], y: [y], precision: 'float64' })[0]!;
  if (estimator.text('out_of_bounds', 'nan') === 'clip') return value;
  const [low, high] = [x[0]!, x.at(-1)!];
  const above = b.compare([input], '>=', [low]);
  const within = b.combine('and', above, b.compare([input], '<=', [high]));
  return b.select(within, [value], [b.nothing()])[0]!;
}

export function isotonicRegression(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Regressor {
  const [column] = columns;
  if (column === undefined || columns.length !== 1) return estimator.refuse('takes one column');
  const input = () => lowering.inputs([column], estimator, 'refused')[0]!;
  return { kind: 'regressor', values: once(() => [isotonicValues(estimator, input(), lowering)]) };
}
