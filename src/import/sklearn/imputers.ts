import type { Register } from '../../ir/model.ts';
import { NdArray, type PyValue } from '../pickle/index.ts';
import { type Column, isMissing } from './columns.ts';
import type { Estimator } from './estimator.ts';
import type { Lowering } from './lowering.ts';

/**
 * The fitted value in place of a missing one. A text column stays the feature that it is: the encoder after it learns
 * which text stands for NULL. Columns without any value in training have no statistic and are dropped.
 */
export function simpleImputer(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  const missing = estimator.get('missing_values') ?? null;
  const statistics = estimator.array('statistics_').values();
  if (statistics.length !== columns.length) {
    estimator.fail(`has ${statistics.length} statistics for ${columns.length} columns`);
  }
  const kept = columns.flatMap((column, i) => {
    const statistic = statistics[i]!;
    if (isMissing(statistic)) return [];
    return [imputed(column, statistic, missing, estimator, lowering)];
  });
  if (!estimator.has('indicator_')) return kept;
  return [...kept, ...missingIndicator(estimator.child('indicator_', 'indicator'), columns, lowering)];
}

function imputed(
  column: Column,
  statistic: PyValue,
  missing: PyValue,
  estimator: Estimator,
  lowering: Lowering,
): Column {
  if (typeof statistic === 'string') {
    if (column.kind === 'number') return estimator.refuse('fills texts into a computed number');
    // What one imputer has filled is not missing to the next.
    if (column.fill !== undefined) return column;
    if (isMissing(missing)) return { ...column, fill: statistic };
    if (typeof missing === 'string') return { ...column, fill: statistic, marker: missing };
    return estimator.refuse('takes a number for a missing text');
  }
  if (typeof statistic !== 'number' && typeof statistic !== 'boolean') {
    return estimator.refuse('fills with something that is neither a text nor a number');
  }
  const number = lowering.number(column, estimator);
  const { register, mayBeMissing } = number;
  const by = [Number(statistic)];
  const marker = isMissing(missing) ? Number.NaN : missing;
  if (typeof marker !== 'number') return estimator.refuse('takes a text for a missing number');
  lowering.refuseInfinite([number], Number.isNaN(marker) ? 'allowed' : 'refused');
  const [filled] = lowering.builder.map([register], { name: 'impute', missing: marker, by });
  return { kind: 'number', register: filled!, mayBeMissing: mayBeMissing && !Number.isNaN(marker) };
}

/** 1 where the value is missing, for the columns that had missing values in training (or all of them). */
export function missingIndicator(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  const missing = estimator.get('missing_values') ?? null;
  const features = estimator.get('features_');
  const chosen =
    features instanceof NdArray ? Array.from(features.numbers()) : estimator.fail('has no features_');
  const flags = chosen.map((index): Register => {
    const column = columns[index] ?? estimator.fail(`reads column ${index} of ${columns.length}`);
    return missingFlag(column, missing, estimator, lowering);
  });
  return lowering.columns(flags, false);
}

function missingFlag(column: Column, missing: PyValue, estimator: Estimator, lowering: Lowering): Register {
  if (isMissing(missing)) return lowering.missingFlag(column, estimator);
  const { register } = lowering.number(column, estimator);
  if (typeof missing !== 'number') return estimator.refuse('takes a text for a missing number');
  return lowering.builder.compare([register], '==', [missing])[0]!;
}
