import type { Register } from '../../ir/model.ts';
import type { Builder } from '../builder.ts';
import type { Estimator } from './estimator.ts';

/** More stored rows than this belong in the sidecar: a row's score takes a distance to each. */
const MAX_VECTORS = 5000;

/** @throws PgscoreError PGS_UNSUPPORTED when a row would be compared with too many. */
export function checkVectors(estimator: Estimator, count: number): void {
  if (count <= MAX_VECTORS) return;
  estimator.refuse(
    `compares each row with ${count} stored ones; up to ${MAX_VECTORS} are scored in the database`,
    'Export it to ONNX and run it in the sidecar.',
  );
}

/** What Nystroem leaves to the kernel's own default. */
const OWN_COEF0 = 1;

/** The kernel of an estimator (attributes kernel, degree, coef0) between the inputs and each vector. */
export function kernelOf(
  estimator: Estimator,
  inputs: readonly Register[],
  vectors: readonly (readonly number[])[],
  gamma: number,
  b: Builder,
): readonly Register[] {
  checkVectors(estimator, vectors.length);
  if (vectors.length === 0) return estimator.fail('has no stored vectors');
  const kernel = estimator.get('kernel');
  const products = () => b.distance(inputs, 'dot', vectors);
  const scaled = () => [
    { name: 'multiply', by: [gamma] } as const,
    {
      name: 'add',
      by: [estimator.get('coef0') === null ? OWN_COEF0 : estimator.number('coef0', 0)],
    } as const,
  ];
  switch (kernel) {
    case 'linear':
      return products();
    case 'poly':
    case 'polynomial':
      return b.map(products(), ...scaled(), {
        name: 'power',
        by: [estimator.get('degree') === null ? 3 : estimator.number('degree', 3)],
      });
    case 'sigmoid':
      return b.map(products(), ...scaled(), { name: 'tanh' });
    case 'rbf':
      return b.map(
        b.distance(inputs, 'squared-euclidean', vectors),
        { name: 'multiply', by: [-gamma] },
        { name: 'exp' },
      );
    default:
      return estimator.refuse('has a kernel other than linear, poly, rbf and sigmoid');
  }
}
