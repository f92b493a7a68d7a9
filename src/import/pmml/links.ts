import type { Precision, Register } from '../../ir/model.ts';
import type { MapOperation } from '../../ir/vector-steps.ts';
import type { Lowering } from './lowering.ts';

export type Link = 'logit' | 'probit' | 'cloglog' | 'loglog' | 'cauchit' | 'log' | 'logc' | 'identity';

/** Inverse link functions: https://dmg.org/pmml/v4-4-1/GeneralRegression.html, with every operation rounded. */
export function inverseLink(
  link: Link,
  register: Register,
  { b }: Lowering,
  precision: Precision = 'float64',
): Register {
  const operations = OPERATIONS[link];
  return operations.length === 0
    ? register
    : b.add({ kind: 'map', inputs: [register], precision, operations })[0]!;
}

const COMPLEMENT: readonly MapOperation[] = [{ name: 'subtract', by: [1] }, { name: 'negate' }];

const OPERATIONS: Readonly<Record<Link, readonly MapOperation[]>> = {
  identity: [],
  log: [{ name: 'exp' }],
  logc: [{ name: 'exp' }, ...COMPLEMENT],
  logit: [{ name: 'negate' }, { name: 'exp' }, { name: 'add', by: [1] }, { name: 'reciprocal' }],
  probit: [
    { name: 'divide', by: [Math.SQRT2] },
    { name: 'erf' },
    { name: 'add', by: [1] },
    { name: 'divide', by: [2] },
  ],
  cloglog: [{ name: 'exp' }, { name: 'negate' }, { name: 'exp' }, ...COMPLEMENT],
  loglog: [{ name: 'negate' }, { name: 'exp' }, { name: 'negate' }, { name: 'exp' }],
  cauchit: [{ name: 'atan' }, { name: 'divide', by: [Math.PI] }, { name: 'add', by: [0.5] }],
};
