import type { Register } from '../../ir/model.ts';
import type { Builder } from '../builder.ts';
import { once } from '../once.ts';
import { binaryPair } from './classify.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import { dualWeights } from './kernel-models.ts';
import { checkVectors } from './kernels.ts';
import type { Lowering } from './lowering.ts';
import { type Classifier, classesOf, type Regressor } from './predictor.ts';
import { processKernel, processVariance } from './process-kernels.ts';
import { lowerPredictor } from './registry.ts';
import { asClassifier } from './voting.ts';

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

/** Two classes have one process, more one each against the rest or one a pair. */
export function processClassifier(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier {
  const base = estimator.child('base_estimator_', 'base estimator');
  // It has no decision_function, whatever its parts have.
  const { decision, ...rest } = asClassifier(lowerPredictor(base, columns, lowering), base);
  const scores = decision ?? rest.scores;
  return { ...rest, classes: classesOf(estimator), ...(scores === undefined ? {} : { scores }) };
}

/** A row takes a product for each pair of stored rows. */
const MAX_ROWS = 1000;

/**
 * Two classes by Laplace's approximation: the mean and the variance of the process, through a sigmoid made of five error
 * functions.
 * https://github.com/scikit-learn/scikit-learn/blob/1.6.1/sklearn/gaussian_process/_gpc.py
 */
export function binaryProcess(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier {
  const b = lowering.builder;
  const inputs = once(() => lowering.inputs(columns, estimator, 'refused'));
  const kernel = estimator.child('kernel_', 'kernel');
  const kernels = once(() => {
    const rows = estimator.rows('X_train_', inputs().length);
    if (rows.length > MAX_ROWS) {
      estimator.refuse(`has ${rows.length} rows; up to ${MAX_ROWS} are scored in the database`);
    }
    return processKernel(kernel, inputs(), rows, b);
  });
  const mean = once(() => {
    const targets = estimator.numbers('y_train_', kernels().length);
    const fitted = estimator.numbers('pi_', kernels().length);
    return b.linear(kernels(), [targets.map((y, i) => y - fitted[i]!)], [0])[0]!;
  });
  const probabilities = once(() => {
    const reduced = b.reduce('sum', b.unary(whitened(estimator, kernels(), b), 'square'));
    const variance = b.combine('subtract', [processVariance(kernel, inputs(), b)], [reduced])[0]!;
    return binaryPair(b, sigmoidOverNormal(mean(), variance, b));
  });
  const predicted = once(() => b.compare([mean()], '>', [0])[0]!);
  return { kind: 'classifier', classes: classesOf(estimator), probabilities, predicted };
}

/** L⁻¹ W k, with the triangular L solved once here: its eigenvalues are at least 1. */
function whitened(estimator: Estimator, kernels: readonly Register[], b: Builder): readonly Register[] {
  const count = kernels.length;
  // The time that the inverse takes counts too: ten of the greatest are a second.
  b.charge(count * count + count ** 3 / 500);
  const lower = estimator.rows('L_', count);
  const scale = estimator.numbers('W_sr_', count);
  if (lower.length !== count) estimator.fail('has a matrix L_ that does not fit its rows');
  const inverse = inverseOfLower(lower);
  return b.linear(
    kernels,
    inverse.map((row) => row.map((value, j) => value * scale[j]!)),
    inverse.map(() => 0),
  );
}

/** Forward substitution, column by column of the unit matrix. */
function inverseOfLower(lower: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const inverse = lower.map(() => new Array<number>(lower.length).fill(0));
  lower.forEach((row, i) => {
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? 1 : 0;
      for (let k = j; k < i; k++) sum -= row[k]! * inverse[k]![j]!;
      inverse[i]![j] = sum / row[i]!;
    }
  });
  return inverse;
}

/** The logistic function as a sum of error functions: COEFFICIENTS * erf(LAMBDAS * x), and half the coefficients' sum. */
const LAMBDAS = [0.41, 0.4, 0.37, 0.44, 0.39];
const COEFFICIENTS = [-1854.8214151, 3516.89893646, 221.29346712, 128.12323805, -2010.49422654];

/** The mean of that function over a normal variable. */
function sigmoidOverNormal(mean: Register, variance: Register, b: Builder): Register {
  const [alpha] = b.map([variance], { name: 'multiply', by: [2] }, { name: 'reciprocal' });
  const [width] = b.map(
    [alpha!],
    { name: 'reciprocal' },
    { name: 'multiply', by: [Math.PI] },
    { name: 'sqrt' },
  );
  const [scale] = b.map(
    [variance],
    { name: 'multiply', by: [2 * Math.PI] },
    { name: 'sqrt' },
    { name: 'multiply', by: [2] },
  );
  const each = LAMBDAS.map(() => alpha!);
  const shrunk = b.combine(
    'divide',
    [alpha!],
    b.map(each, { name: 'add', by: LAMBDAS.map((lambda) => lambda * lambda) }),
  );
  const gamma = b.map(
    LAMBDAS.map(() => mean),
    { name: 'multiply', by: LAMBDAS },
  );
  const errors = b.unary(b.combine('multiply', gamma, b.unary(shrunk, 'sqrt')), 'erf');
  const integrals = b.combine('divide', b.combine('multiply', errors, [width!]), [scale!]);
  const half = 0.5 * COEFFICIENTS.reduce((sum, value) => sum + value, 0);
  return b.linear(integrals, [COEFFICIENTS], [half])[0]!;
}
