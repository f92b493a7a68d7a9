import type { Register } from '../../ir/model.ts';
import { NdArray, PyObject, type PyValue } from '../pickle/index.ts';
import { type Column, isMissing } from './columns.ts';
import type { Estimator } from './estimator.ts';
import { missingIndicator, simpleImputer } from './imputers.ts';
import type { Lowering } from './lowering.ts';
import { lowerPredictor } from './registry.ts';
import { asRegressor } from './voting.ts';

/** One turn: the column that is filled, by which others, and how. */
interface Turn {
  readonly column: number;
  readonly others: readonly number[];
  readonly regressor: Estimator;
}

/** What the regressors' values are kept within, for each column. */
interface Limits {
  readonly least: readonly number[];
  readonly most: readonly number[];
}

/**
 * A simple guess in place of each missing value, then again and again what a regressor makes of the other columns.
 * https://github.com/scikit-learn/scikit-learn/blob/1.6.1/sklearn/impute/_iterative.py
 */
export function iterativeImputer(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  if (estimator.flag('sample_posterior', false)) return estimator.refuse('fills in by chance');
  if (!isMissing(estimator.get('missing_values') ?? null)) {
    return estimator.refuse(
      'takes a number for a missing one',
      'Store missing numbers as NULL, and fit with np.nan.',
    );
  }
  if (estimator.flag('keep_empty_features', false)) return estimator.refuse('keeps columns without values');
  const first = estimator.child('initial_imputer_', 'initial imputer');
  const inputs = lowering.numbers(columns, estimator);
  const found = first.array('statistics_').values();
  const kept = inputs.filter((_, i) => !isMissing(found[i]));
  const missing = lowering.builder.map(
    kept.map(({ register }) => register),
    { name: 'is-nan' },
  );
  const filled = lowering
    .numbers(simpleImputer(first, inputs, lowering), first)
    .map(({ register }) => register);
  // Without turns (a single column, nothing to learn from) training leaves no limits.
  if (estimator.number('n_iter_', 1) > 0) {
    const limits = {
      least: estimator.numbers('_min_value', filled.length),
      most: estimator.numbers('_max_value', filled.length),
    };
    for (const turn of turnsOf(estimator, filled.length, lowering)) {
      filled[turn.column] = fill(turn, filled, missing[turn.column]!, limits, lowering);
    }
  }
  lowering.notes.add(
    'Rows in which nothing is known are filled as scikit-learn fills them beside other rows.',
  );
  const result = lowering.columns(filled, false);
  if (!estimator.has('indicator_')) return result;
  return [...result, ...missingIndicator(estimator.child('indicator_', 'indicator'), columns, lowering)];
}

/** What the regressor makes of the other columns, within the limits, where the column is missing. */
function fill(
  { column, others, regressor }: Turn,
  filled: readonly Register[],
  missing: Register,
  limits: Limits,
  lowering: Lowering,
): Register {
  const b = lowering.builder;
  const inputs = lowering.columns(
    others.map((other) => filled[other]!),
    false,
  );
  const [value] = asRegressor(lowerPredictor(regressor, inputs, lowering), regressor).values();
  const [within] = b.map(
    [value!],
    { name: 'max', by: [limits.least[column]!] },
    { name: 'min', by: [limits.most[column]!] },
  );
  return b.select([missing], [within!], [filled[column]!])[0]!;
}

function turnsOf(estimator: Estimator, count: number, lowering: Lowering): readonly Turn[] {
  return estimator.list('imputation_sequence_').map((value, i) => {
    const args = value instanceof PyObject ? value.args : [];
    // Protocols 0 and 1 write a named tuple as its class, the tuple's, and a tuple.
    const [column, others, regressor] = Array.isArray(args[1]) ? args[1] : args;
    const fits = (index: PyValue | undefined) => typeof index === 'number' && index >= 0 && index < count;
    lowering.builder.charge(others instanceof NdArray ? others.length : 0);
    const list = others instanceof NdArray ? Array.from(others.numbers()) : [];
    if (!fits(column) || !(others instanceof NdArray) || !list.every(fits))
      return estimator.fail(`names columns that are none in turn ${i}`);
    return {
      column: column as number,
      others: list,
      regressor: estimator.asEstimator(regressor, `turn ${i}`),
    };
  });
}
