import type { Column } from './columns.ts';
import { type Estimator, EXPORT_TO_ONNX } from './estimator.ts';
import { PREDICTORS, TRANSFORMERS } from './families.ts';
import type { Lowering } from './lowering.ts';
import type { Predictor } from './predictor.ts';

/** Adds the steps of transform() on some columns; returns the columns that it gives. */
export type LowerTransformer = (
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
) => readonly Column[];

/** Prepares the steps of predict() and its kin on some columns. */
export type LowerPredictor = (
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
) => Predictor;

/** Whether the estimator answers predictions (and is not a transformer alone). */
export function isPredictor(estimator: Estimator): boolean {
  return !isTransformer(estimator) || find(PREDICTORS, estimator) !== undefined;
}

export function isTransformer(estimator: Estimator): boolean {
  return find(TRANSFORMERS, estimator) !== undefined;
}

function find<T>(table: ReadonlyMap<string, T>, { package: owner, name }: Estimator): T | undefined {
  return table.get(owner === 'sklearn' ? name : `${owner}.${name}`);
}

/** @throws PgscoreError PGS_UNSUPPORTED for an estimator that pgscore does not score, naming it and its place. */
export function lowerPredictor(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Predictor {
  const lower = find(PREDICTORS, estimator);
  if (lower === undefined) return refuseUnknown(estimator, 'an estimator');
  return lowering.visit(estimator, () => lower(estimator, columns, lowering));
}

/** @throws PgscoreError PGS_UNSUPPORTED for a transformer that pgscore does not score, naming it and its place. */
export function lowerTransformer(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  const lower = find(TRANSFORMERS, estimator);
  if (lower === undefined) return refuseUnknown(estimator, 'a transformer');
  return lowering.visit(estimator, () => lower(estimator, columns, lowering));
}

function refuseUnknown(estimator: Estimator, what: string): never {
  return estimator.refuse(`is ${what} that pgscore does not score exactly`, EXPORT_TO_ONNX);
}
