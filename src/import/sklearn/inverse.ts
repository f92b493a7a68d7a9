import type { Register } from '../../ir/model.ts';
import type { MapOperation } from '../../ir/vector-steps.ts';
import { stepsOf } from './compose.ts';
import type { Estimator } from './estimator.ts';
import { operationsOf } from './functions.ts';
import { inversePower, inverseQuantiles } from './inverse-distributions.ts';
import type { Lowering } from './lowering.ts';

/** inverse_transform() of a transformer of targets. */
export function inverseTransform(
  estimator: Estimator,
  inputs: readonly Register[],
  lowering: Lowering,
): readonly Register[] {
  switch (estimator.name) {
    case 'Pipeline':
      return stepsOf(estimator, 'steps').reduceRight<readonly Register[]>(
        (current, step) => inverseTransform(step, current, lowering),
        inputs,
      );
    case 'PowerTransformer': {
      const scaled = estimator.flag('standardize', true)
        ? inverseTransform(estimator.child('_scaler', 'scaler'), inputs, lowering)
        : inputs;
      return inversePower(estimator, scaled, lowering);
    }
    case 'QuantileTransformer':
      return inverseQuantiles(estimator, inputs, lowering);
    default: {
      const operations = inverseOperations(estimator, inputs.length);
      return operations.length === 0 ? inputs : lowering.builder.map(inputs, ...operations);
    }
  }
}

function inverseOperations(estimator: Estimator, width: number): readonly MapOperation[] {
  switch (estimator.name) {
    case 'FunctionTransformer': {
      if (estimator.has('inverse_func') && estimator.global('inverse_func') === undefined) {
        return estimator.refuse('calls a function of its own');
      }
      return operationsOf(estimator.global('inverse_func'), estimator);
    }
    case 'StandardScaler':
      return scaled(estimator, width, ['with_std', 'scale_'], ['with_mean', 'mean_']);
    case 'RobustScaler':
      return scaled(estimator, width, ['with_scaling', 'scale_'], ['with_centering', 'center_']);
    case 'MaxAbsScaler':
      return [{ name: 'multiply', by: estimator.numbers('scale_', width) }];
    case 'MinMaxScaler':
      return [
        { name: 'subtract', by: estimator.numbers('min_', width) },
        { name: 'divide', by: estimator.numbers('scale_', width) },
      ];
    default:
      return estimator.refuse('transforms the target in a way that pgscore does not undo exactly');
  }
}

type Part = readonly [flag: string, attribute: string];

/** x * scale + centre. */
function scaled(estimator: Estimator, width: number, scale: Part, centre: Part): readonly MapOperation[] {
  const operations: MapOperation[] = [];
  if (estimator.flag(scale[0], true))
    operations.push({ name: 'multiply', by: estimator.numbers(scale[1], width) });
  if (estimator.flag(centre[0], true))
    operations.push({ name: 'add', by: estimator.numbers(centre[1], width) });
  return operations;
}
