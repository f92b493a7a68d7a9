import type { Register } from '../../ir/model.ts';
import type { Builder } from '../builder.ts';
import { PyObject } from '../pickle/index.ts';
import type { Estimator } from './estimator.ts';

type Registers = readonly Register[];

/** A kernel of sklearn.gaussian_process.kernels between the inputs and each row. */
export function processKernel(
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
    case 'Exponentiation':
      return b.map(processKernel(kernel.child('kernel', 'kernel'), inputs, rows, b), {
        name: 'power',
        by: [kernel.number('exponent')],
      });
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

/** A kernel between the inputs and themselves. White noise counts here, and between different rows does not. */
export function processVariance(kernel: Estimator, inputs: Registers, b: Builder): Register {
  const part = (name: string): Register => processVariance(kernel.child(name, 'kernel'), inputs, b);
  switch (kernel.name) {
    case 'Sum':
      return b.combine('add', [part('k1')], [part('k2')])[0]!;
    case 'Product':
      return b.combine('multiply', [part('k1')], [part('k2')])[0]!;
    case 'Exponentiation':
      return b.map([part('kernel')], { name: 'power', by: [kernel.number('exponent')] })[0]!;
    case 'ConstantKernel':
      return b.constants([kernel.number('constant_value')])[0]!;
    case 'WhiteKernel':
      return b.constants([kernel.number('noise_level')])[0]!;
    case 'DotProduct': {
      const squares = b.reduce('sum', b.unary(inputs, 'square'));
      return b.map([squares], { name: 'add', by: [kernel.number('sigma_0') ** 2] })[0]!;
    }
    default:
      return b.constants([1])[0]!;
  }
}
