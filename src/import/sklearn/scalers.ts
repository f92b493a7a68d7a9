import type { MapOperation } from '../../ir/vector-steps.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import { anyMissing, type Lowering } from './lowering.ts';

/** The columns after operations on each by itself. A missing value stays missing. */
export function mapColumns(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
  operations: readonly MapOperation[],
  missing: 'allowed' | 'refused' | 'unchecked' = 'allowed',
): readonly Column[] {
  const inputs = lowering.inputs(columns, estimator, missing);
  if (operations.length === 0) return lowering.numbers(columns, estimator);
  const outputs = lowering.builder.map(inputs, ...operations);
  return outputs.map((register, i) => {
    const column = columns[i]!;
    return { kind: 'number', register, mayBeMissing: column.kind === 'feature' || column.mayBeMissing };
  });
}

/** (x - mean) / scale. */
export function standardScaler(estimator: Estimator, columns: readonly Column[], lowering: Lowering) {
  const operations: MapOperation[] = [];
  if (estimator.flag('with_mean', true)) {
    operations.push({ name: 'subtract', by: estimator.numbers('mean_', columns.length) });
  }
  if (estimator.flag('with_std', true)) {
    operations.push({ name: 'divide', by: estimator.numbers('scale_', columns.length) });
  }
  return mapColumns(estimator, columns, lowering, operations);
}

/** x * scale + min, kept in the range when asked. */
export function minMaxScaler(estimator: Estimator, columns: readonly Column[], lowering: Lowering) {
  const operations: MapOperation[] = [
    { name: 'multiply', by: estimator.numbers('scale_', columns.length) },
    { name: 'add', by: estimator.numbers('min_', columns.length) },
  ];
  if (estimator.flag('clip', false)) {
    const [low, high] = estimator.list('feature_range');
    if (typeof low !== 'number' || typeof high !== 'number') return estimator.fail('has no feature_range');
    operations.push({ name: 'max', by: [low] }, { name: 'min', by: [high] });
  }
  return mapColumns(estimator, columns, lowering, operations);
}

export function maxAbsScaler(estimator: Estimator, columns: readonly Column[], lowering: Lowering) {
  const operations: MapOperation[] = [{ name: 'divide', by: estimator.numbers('scale_', columns.length) }];
  if (estimator.flag('clip', false)) operations.push({ name: 'max', by: [-1] }, { name: 'min', by: [1] });
  return mapColumns(estimator, columns, lowering, operations);
}

export function robustScaler(estimator: Estimator, columns: readonly Column[], lowering: Lowering) {
  const operations: MapOperation[] = [];
  if (estimator.flag('with_centering', true)) {
    operations.push({ name: 'subtract', by: estimator.numbers('center_', columns.length) });
  }
  if (estimator.flag('with_scaling', true)) {
    operations.push({ name: 'divide', by: estimator.numbers('scale_', columns.length) });
  }
  return mapColumns(estimator, columns, lowering, operations);
}

/** 1 where x is greater than the threshold, else 0. */
export function binarizer(estimator: Estimator, columns: readonly Column[], lowering: Lowering) {
  const inputs = lowering.inputs(columns, estimator, 'refused');
  const flags = lowering.builder.compare(inputs, '>', [estimator.number('threshold', 0)]);
  return lowering.columns(flags, false);
}

/** Each row over its norm; a row of norm 0 stays. */
export function normalizer(estimator: Estimator, columns: readonly Column[], lowering: Lowering) {
  const inputs = lowering.inputs(columns, estimator, 'refused');
  const norm = estimator.text('norm', 'l2');
  if (norm !== 'l1' && norm !== 'l2' && norm !== 'max')
    return estimator.refuse(`has an unknown norm ${norm}`);
  return lowering.columns(lowering.builder.weigh(inputs, { norm }), anyMissing(columns));
}
