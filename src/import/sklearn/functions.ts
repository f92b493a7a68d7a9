import type { MapOperation, Unary } from '../../ir/vector-steps.ts';
import type { PyGlobal, PyValue } from '../pickle/index.ts';
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
  round: 'round-half-even',
  around: 'round-half-even',
};

const GREATEST = Number.MAX_VALUE;

/** Those that are several operations. */
const OPERATIONS: Readonly<Record<string, readonly MapOperation[]>> = {
  exp2: [{ name: 'multiply', by: [Math.LN2] }, { name: 'exp' }],
  deg2rad: [{ name: 'multiply', by: [Math.PI / 180] }],
  radians: [{ name: 'multiply', by: [Math.PI / 180] }],
  rad2deg: [{ name: 'multiply', by: [180 / Math.PI] }],
  degrees: [{ name: 'multiply', by: [180 / Math.PI] }],
  // x * 0 is NaN for what is not finite.
  isfinite: [
    { name: 'multiply', by: [0] },
    { name: 'compare', operator: '==', by: [0] },
  ],
  nan_to_num: [
    { name: 'impute', missing: Number.NaN, by: [0] },
    { name: 'max', by: [-GREATEST] },
    { name: 'min', by: [GREATEST] },
  ],
};

/** numpy.clip's bounds, of which one may be absent. */
function clipping(args: ReadonlyMap<PyValue, PyValue>, estimator: Estimator): readonly MapOperation[] {
  const bound = (...names: readonly string[]): readonly number[] => {
    const given = names.map((name) => args.get(name) ?? null).find((value) => value !== null) ?? null;
    if (given === null) return [];
    return typeof given === 'number' ? [given] : estimator.refuse('clips by something other than numbers');
  };
  return [
    ...bound('a_min', 'min').map((by): MapOperation => ({ name: 'max', by: [by] })),
    ...bound('a_max', 'max').map((by): MapOperation => ({ name: 'min', by: [by] })),
  ];
}

/** The operations of a function that a pickle names; none for None. */
export function operationsOf(fn: PyGlobal | undefined, estimator: Estimator): readonly MapOperation[] {
  if (fn === undefined) return [];
  const { module, name } = fn;
  if (module === 'scipy.special._ufuncs' && name === 'expit') return [{ name: 'sigmoid' }];
  if (module === 'numpy' || module === 'numpy.core._multiarray_umath') {
    if (name === 'isnan') return [{ name: 'is-nan' }];
    if (name === 'positive') return [];
    if (Object.hasOwn(FUNCTIONS, name)) return [{ name: FUNCTIONS[name]! }];
    if (Object.hasOwn(OPERATIONS, name)) return OPERATIONS[name]!;
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
  const withArguments = args instanceof Map && args.size > 0;
  if (withArguments && fn.path !== 'numpy.clip') return estimator.refuse(`calls ${fn.path} with arguments`);
  const operations = withArguments ? clipping(args, estimator) : operationsOf(fn, estimator);
  const checked = estimator.flag('validate', false) ? 'refused' : 'unchecked';
  const result = mapColumns(estimator, columns, lowering, operations, checked);
  // A logarithm of 0 or a root of -1 is no number where scikit-learn goes on with it.
  return result.map(
    (column): Column => (column.kind === 'number' ? { ...column, mayBeMissing: true } : column),
  );
}
