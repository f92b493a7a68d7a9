import { once } from '../once.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import { kernelOf } from './kernels.ts';
import type { Lowering } from './lowering.ts';
import type { Regressor } from './predictor.ts';

function gammaOf(estimator: Estimator, inputs: number): number {
  if (estimator.has('gamma_')) return estimator.number('gamma_');
  return estimator.has('gamma') ? estimator.number('gamma') : 1 / inputs;
}

/** The centred kernel to the training rows, onto the scaled eigenvectors. */
export function kernelPca(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  const b = lowering.builder;
  const inputs = lowering.inputs(columns, estimator, 'refused');
  const kernels = kernelOf(
    estimator,
    inputs,
    estimator.rows('X_fit_', inputs.length),
    gammaOf(estimator, inputs.length),
    b,
  );
  const centerer = estimator.child('_centerer', 'centerer');
  const rowMeans = centerer.numbers('K_fit_rows_', kernels.length);
  const mean = b.reduce('mean', kernels);
  const centred = b.map(b.combine('subtract', b.map(kernels, { name: 'subtract', by: rowMeans }), [mean]), {
    name: 'add',
    by: [centerer.number('K_fit_all_')],
  });
  // Before 1.0 they were called lambdas_ and alphas_.
  const values = estimator.numbers(estimator.has('eigenvalues_') ? 'eigenvalues_' : 'lambdas_');
  const vectors = estimator.rows(estimator.has('eigenvectors_') ? 'eigenvectors_' : 'alphas_', values.length);
  if (vectors.length !== kernels.length) return estimator.fail('has eigenvectors that do not fit its rows');
  const weights = values.map((value, q) =>
    vectors.map((row) => (value === 0 ? 0 : row[q]! / Math.sqrt(value))),
  );
  return lowering.columns(
    b.linear(
      centred,
      weights,
      weights.map(() => 0),
    ),
    true,
  );
}

/** The kernel to the chosen training rows, times a matrix. */
export function nystroem(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  const b = lowering.builder;
  const inputs = lowering.inputs(columns, estimator, 'refused');
  const kernels = kernelOf(
    estimator,
    inputs,
    estimator.rows('components_', inputs.length),
    gammaOf(estimator, inputs.length),
    b,
  );
  const weights = estimator.rows('normalization_', kernels.length);
  return lowering.columns(
    b.linear(
      kernels,
      weights,
      weights.map(() => 0),
    ),
    true,
  );
}

/** Kernel ridge regression: the kernel to each training row times its dual coefficient. */
export function kernelRidge(estimator: Estimator, columns: readonly Column[], lowering: Lowering): Regressor {
  const b = lowering.builder;
  const values = once(() => {
    const inputs = lowering.inputs(columns, estimator, 'refused');
    const kernels = kernelOf(
      estimator,
      inputs,
      estimator.rows('X_fit_', inputs.length),
      gammaOf(estimator, inputs.length),
      b,
    );
    const weights = dualWeights(estimator, 'dual_coef_', kernels.length);
    return b.linear(
      kernels,
      weights,
      weights.map(() => 0),
    );
  });
  return { kind: 'regressor', values };
}

/** One weight a training row, for each target: (rows) or (rows, targets). */
export function dualWeights(
  estimator: Estimator,
  name: string,
  rows: number,
): readonly (readonly number[])[] {
  const targets = estimator.array(name).shape[1] ?? 1;
  const flat = estimator.numbers(name, rows * targets);
  return Array.from({ length: targets }, (_, t) =>
    Array.from({ length: rows }, (_, i) => flat[i * targets + t]!),
  );
}
