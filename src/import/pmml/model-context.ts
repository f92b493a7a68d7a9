import type { Precision } from '../../ir/model.ts';
import type { Lowering } from './lowering.ts';
import type { DataField } from './scan.ts';
import type { Scope } from './scope.ts';

/** What a model of the file is read with, and lowered into. */
export interface ModelContext {
  readonly lowering: Lowering;
  /** The fields that the model may name. */
  readonly scope: Scope;
  readonly function: 'regression' | 'classification' | 'clustering' | 'other';
  /** The declared field that the model predicts, where the file names one. */
  readonly targetField: DataField | undefined;
  /** The classes in the order of their declaration; undefined when they are not declared. */
  readonly labels: readonly string[] | undefined;
  /** x-mathContext, which the converters of XGBoost write: what sums are rounded to. */
  readonly precision: Precision;
  /** Elements that every model may have, and that are read elsewhere. */
  readonly commonParts: readonly string[];
}

export const COMMON_PARTS: readonly string[] = [
  'MiningSchema',
  'Output',
  'ModelStats',
  'ModelExplanation',
  'Targets',
  'LocalTransformations',
  'ModelVerification',
];
