import type { MapOperation, Unary } from '../../ir/vector-steps.ts';
import type { PyGlobal } from '../pickle/index.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import type { Lowering } from './lowering.ts';
import { mapColumns } from './scalers.ts';

/** numpy's functions of one number that the IR has. */
const FUNCTIONS: Readonly<Record<string, Unary>> = {
  log: 'log',
  log1p: 'log1p',
  log2: 'log2',
  log10: 'log10',
  exp: 'exp',
  expm1: 'expm1',
  sqrt: 'sqrt',
  square: 'square',
  abs: 'abs',
  absolute: 'abs',
  fabs: 'abs',
  sign: 'sign',
  negative: 'negate',
  reciprocal: 'reciprocal',
  sin: 'sin',
  cos: 'cos',
  tan: 'tan',
  arcsin: 'asin',
  arccos: 'acos',
  arctan: 'atan',
  sinh: 'sinh',
  cosh: 'cosh',
  tanh: 'tanh',
  arcsinh: 'asinh',
  arccosh: 'acosh',
  arctanh: 'atanh',
  floor: 'floor',
  ceil: 'ceil',
  trunc: 'truncate',
  rint: 'round-half-even',
};

/** The operations of a function that a pickle names; none for None. */
export function operationsOf(fn: PyGlobal | undefined, estimator: Estimator): readonly MapOperation[] {
  if (fn === undefined) return [];
  const { module, name } = fn;
  if (module === 'scipy.special._ufuncs' && name === 'expit') return [{ name: 'sigmoid' }];
  if (module === 'numpy' || module === 'numpy.core._multiarray_umath') {
    if (name === 'isnan') return [{ name: 'is-nan' }];
    if (name === 'positive') return [];
    if (Object.hasOwn(FUNCTIONS, name)) return [{ name: FUNCTIONS[name]! }];
  }
  return estimator.refuse(
    `calls ${fn.path}, which pgscore does not score exactly`,
    'Use transformers of scikit-learn in its place, or export the fitted pipeline to ONNX.',
  );
}

/** FunctionTransformer: a numpy function of each number, or nothing. */
export function functionTransformer(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  if (!estimator.has('func')) return columns;
  const fn = estimator.global('func') ?? estimator.refuse('calls a function of its own');
  const args = estimator.get('kw_args');
  if (args instanceof Map && args.size > 0) return estimator.refuse(`calls ${fn.path} with arguments`);
  const result = mapColumns(estimator, columns, lowering, operationsOf(fn, estimator));
  // A logarithm of 0 or a root of -1 is no number where scikit-learn goes on with it.
  return result.map(
    (column): Column => (column.kind === 'number' ? { ...column, mayBeMissing: true } : column),
  );
}
