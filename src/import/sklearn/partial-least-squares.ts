import type { Register } from '../../ir/model.ts';
import { once } from '../once.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import type { Lowering } from './lowering.ts';
import type { Regressor } from './predictor.ts';

/** x less the training mean, before 1.5 over its deviation too. */
function centred(estimator: Estimator, columns: readonly Column[], lowering: Lowering): readonly Register[] {
  const inputs = lowering.inputs(columns, estimator, 'refused');
  const means = estimator.numbers('_x_mean', inputs.length);
  const scale = estimator.version < 105 ? estimator.numbers('_x_std', inputs.length) : [1];
  return lowering.builder.map(inputs, { name: 'subtract', by: means }, { name: 'divide', by: scale });
}

function transposed(rows: readonly (readonly number[])[]): readonly (readonly number[])[] {
  return (rows[0] ?? []).map((_, k) => rows.map((row) => row[k]!));
}

/** Coefficients by target; before 1.1 they stood the other way. */
export function partialLeastSquares(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Regressor {
  const { version } = estimator;
  const values = once(() => {
    const inputs = centred(estimator, columns, lowering);
    const weights =
      version < 101
        ? transposed(estimator.rows('coef_'))
        : estimator.rows(estimator.has('_coef_') ? '_coef_' : 'coef_', inputs.length);
    if (weights.length === 0 || weights[0]!.length !== inputs.length)
      return estimator.fail('has coefficients that do not fit');
    const offsets = estimator.numbers(version < 101 ? '_y_mean' : 'intercept_', weights.length);
    return lowering.builder.linear(inputs, weights, offsets);
  });
  return { kind: 'regressor', values };
}
