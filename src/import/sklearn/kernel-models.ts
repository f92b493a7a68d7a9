import type { Register } from '../../ir/model.ts';
import type { Builder } from '../builder.ts';
import { once } from '../once.ts';
import { PyObject } from '../pickle/index.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import { checkVectors, kernelOf } from './kernels.ts';
import type { Lowering } from './lowering.ts';
import type { Regressor } from './predictor.ts';

type Registers = readonly Register[];

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
function dualWeights(estimator: Estimator, name: string, rows: number): readonly (readonly number[])[] {
  const targets = estimator.array(name).shape[1] ?? 1;
  const flat = estimator.numbers(name, rows * targets);
  return Array.from({ length: targets }, (_, t) =>
    Array.from({ length: rows }, (_, i) => flat[i * targets + t]!),
  );
}

/** The mean of a Gaussian process: the kernel to each training row times alpha, scaled back. */
export function gaussianProcess(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Regressor {
  const b = lowering.builder;
  const values = once(() => {
    const inputs = lowering.inputs(columns, estimator, 'refused');
    const rows = estimator.rows('X_train_', inputs.length);
    checkVectors(estimator, rows.length);
    const kernels = processKernel(estimator.child('kernel_', 'kernel'), inputs, rows, b);
    const alpha = dualWeights(estimator, 'alpha_', rows.length);
    const sums = b.linear(
      kernels,
      alpha,
      alpha.map(() => 0),
    );
    return b.map(
      sums,
      { name: 'multiply', by: estimator.has('_y_train_std') ? estimator.numbers('_y_train_std') : [1] },
      { name: 'add', by: estimator.has('_y_train_mean') ? estimator.numbers('_y_train_mean') : [0] },
    );
  });
  return { kind: 'regressor', values };
}

/** A kernel of sklearn.gaussian_process.kernels between the inputs and each row. */
function processKernel(
  kernel: Estimator,
  inputs: Registers,
  rows: readonly (readonly number[])[],
  b: Builder,
): Registers {
  const parts = (): readonly [Registers, Registers] => [
    processKernel(kernel.child('k1', 'kernel'), inputs, rows, b),
    processKernel(kernel.child('k2', 'kernel'), inputs, rows, b),
  ];
  switch (kernel.name) {
    case 'Sum':
      return b.combine('add', ...parts());
    case 'Product':
      return b.combine('multiply', ...parts());
    case 'ConstantKernel': {
      const [constant] = b.constants([kernel.number('constant_value')]);
      return rows.map(() => constant!);
    }
    case 'WhiteKernel': {
      const [zero] = b.constants([0]);
      return rows.map(() => zero!);
    }
    case 'DotProduct':
      return b.map(b.distance(inputs, 'dot', rows), { name: 'add', by: [kernel.number('sigma_0') ** 2] });
    case 'RBF':
      return b.map(
        scaledDistances(kernel, inputs, rows, b),
        { name: 'multiply', by: [-0.5] },
        { name: 'exp' },
      );
    case 'RationalQuadratic': {
      const alpha = kernel.number('alpha');
      const divisor = 2 * alpha * kernel.number('length_scale') ** 2;
      const squares = b.distance(inputs, 'squared-euclidean', rows);
      return b.map(
        squares,
        { name: 'divide', by: [divisor] },
        { name: 'add', by: [1] },
        { name: 'power', by: [-alpha] },
      );
    }
    case 'Matern':
      return matern(kernel, scaledDistances(kernel, inputs, rows, b), b);
    default:
      return kernel.refuse('is a kernel that pgscore does not score exactly');
  }
}

/** Squared distances after each column is divided by its length scale. */
function scaledDistances(
  kernel: Estimator,
  inputs: Registers,
  rows: readonly (readonly number[])[],
  b: Builder,
): Registers {
  const given =
    kernel.get('length_scale') instanceof PyObject
      ? kernel.fail('has no length scale')
      : kernel.numbers('length_scale');
  if (given.length !== 1 && given.length !== inputs.length)
    return kernel.fail(`has ${given.length} length scales`);
  const scale = (k: number): number => given[given.length === 1 ? 0 : k]!;
  const scaled = b.map(inputs, { name: 'divide', by: given });
  return b.distance(
    scaled,
    'squared-euclidean',
    rows.map((row) => row.map((value, k) => value / scale(k))),
  );
}

/** The smoothness of 1/2, 3/2, 5/2 and infinity have closed forms. */
function matern(kernel: Estimator, squares: Registers, b: Builder): Registers {
  const nu = kernel.number('nu');
  if (nu === Infinity) return b.map(squares, { name: 'multiply', by: [-0.5] }, { name: 'exp' });
  if (![0.5, 1.5, 2.5].includes(nu)) return kernel.refuse(`has a smoothness of ${nu}`);
  const distances = b.map(squares, { name: 'sqrt' }, { name: 'multiply', by: [Math.sqrt(2 * nu)] });
  const decay = b.map(distances, { name: 'negate' }, { name: 'exp' });
  if (nu === 0.5) return decay;
  const line = b.map(distances, { name: 'add', by: [1] });
  if (nu === 1.5) return b.combine('multiply', line, decay);
  const curve = b.combine('add', line, b.map(distances, { name: 'square' }, { name: 'divide', by: [3] }));
  return b.combine('multiply', curve, decay);
}
