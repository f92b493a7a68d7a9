import { isPandasName } from './pandas.ts';
import { type PickleOrigin, PyGlobal, unsupported } from './values.ts';

/**
 * Packages whose classes and functions stand in a pickle by name alone. What an object of theirs means is decided by
 * the importer that reads it; here they are names with data.
 */
const PACKAGES = new Set(['sklearn', 'scipy', 'xgboost', 'lightgbm', 'imblearn']);

/** Modules of numpy whose names are data: random states, masked arrays (the results of a grid search), dtypes. */
const NUMPY_MODULES = ['numpy.random', 'numpy.ma', 'numpy.dtypes', 'numpy.matrixlib', 'numpy.exceptions'];

/** What numpy itself pickles arrays with, under the names of numpy 1; numpy 2 says numpy._core. */
const NUMPY_CORE = new Set([
  'numpy.core.multiarray._reconstruct',
  'numpy.core.multiarray.scalar',
  'numpy.core.numeric._frombuffer',
  'numpy.core._ufunc_reconstruct',
]);

/** Names that only say a type or a function. None of them takes a path, a command or code. */
const NAMES = new Set(
  [
    ...['ndarray', 'dtype', 'memmap', 'matrix', 'recarray', 'nan', 'inf'],
    ...[
      'bool',
      'bool_',
      'object_',
      'str_',
      'bytes_',
      'float16',
      'float32',
      'float64',
      'longdouble',
      'double',
    ],
    ...[
      'int8',
      'int16',
      'int32',
      'int64',
      'intp',
      'uint8',
      'uint16',
      'uint32',
      'uint64',
      'longlong',
      'generic',
    ],
    ...['number', 'integer', 'floating', 'signedinteger', 'unsignedinteger'],
  ].map((name) => `numpy.${name}`),
);

/** Functions of numpy that take numbers and give numbers: FunctionTransformer names them. */
const NUMPY_FUNCTIONS = new Set([
  ...[
    'log',
    'log1p',
    'log2',
    'log10',
    'exp',
    'expm1',
    'exp2',
    'sqrt',
    'cbrt',
    'square',
    'abs',
    'absolute',
    'fabs',
  ],
  ...[
    'sign',
    'negative',
    'positive',
    'reciprocal',
    'sin',
    'cos',
    'tan',
    'arcsin',
    'arccos',
    'arctan',
    'sinh',
    'cosh',
  ],
  ...[
    'tanh',
    'arcsinh',
    'arccosh',
    'arctanh',
    'floor',
    'ceil',
    'trunc',
    'rint',
    'round',
    'around',
    'isnan',
    'isfinite',
  ],
  ...[
    'nan_to_num',
    'log_sum_exp',
    'logaddexp',
    'add',
    'subtract',
    'multiply',
    'divide',
    'power',
    'maximum',
    'minimum',
  ],
  ...[
    'mean',
    'median',
    'std',
    'var',
    'sum',
    'min',
    'max',
    'amin',
    'amax',
    'nanmean',
    'nanmedian',
    'clip',
    'deg2rad',
  ],
  ...[
    'rad2deg',
    'degrees',
    'radians',
    'signbit',
    'logical_not',
    'invert',
    'array',
    'asarray',
    'ravel',
    'reshape',
  ],
]);

const BUILTINS = new Set([
  ...['set', 'frozenset', 'list', 'tuple', 'dict', 'slice', 'range', 'bytearray', 'bytes', 'complex'],
  ...[
    'object',
    'long',
    'unicode',
    'xrange',
    'int',
    'float',
    'bool',
    'str',
    'len',
    'abs',
    'min',
    'max',
    'sum',
    'round',
  ],
]);

const OTHERS = new Set([
  'collections.OrderedDict',
  'collections.defaultdict',
  'collections.Counter',
  'copyreg._reconstructor',
  'copyreg.__newobj__',
  '_codecs.encode',
  'functools.partial',
  // Discrete distributions of scipy, which a RandomizedSearchCV draws from, hold one of their methods as a function.
  'numpy.vectorize',
  'builtins.getattr',
  'joblib.numpy_pickle.NumpyArrayWrapper',
  'joblib.numpy_pickle.NDArrayWrapper',
  'joblib.numpy_pickle.ZNDArrayWrapper',
  'joblib.memory.Memory',
]);

/** Cython gives some of scikit-learn's loss classes this module name. */
const CYTHON_LOSS = /^(Cy[A-Z]\w*|__pyx_unpickle_Cy[A-Z]\w*)$/;

/**
 * The name under which pgscore knows a class or function, if it may stand in a model file at all.
 * @throws PgscoreError PGS_UNSUPPORTED that names it otherwise.
 */
export function allowGlobal(module: string, name: string, origin: PickleOrigin): PyGlobal {
  const known = new PyGlobal(currentModule(module), name);
  if (isAllowed(known)) return known;
  return refuseName(module, name, origin);
}

/** @throws PgscoreError PGS_UNSUPPORTED */
export function refuseName(module: string, name: string, origin: PickleOrigin): never {
  const shown = `${module}.${name}`.slice(0, 200);
  const own = module === '__main__' || module === 'main';
  return unsupported(
    origin,
    `the pickle names ${JSON.stringify(shown)}, which is no part of a model that pgscore reads; nothing was imported or called`,
    own
      ? 'Code of your own is not in the file: replace it by transformers of scikit-learn, or export the fitted pipeline to ONNX.'
      : 'Save the fitted scikit-learn estimator alone, or export it to ONNX (skl2onnx) and import that.',
  );
}

/** Python 2 and numpy 2 have other names for the same. */
function currentModule(module: string): string {
  if (module === '__builtin__') return 'builtins';
  if (module === 'copy_reg') return 'copyreg';
  if (module === 'numpy._core' || module.startsWith('numpy._core.')) return `numpy.core${module.slice(11)}`;
  return module;
}

function isAllowed({ module, name, path }: PyGlobal): boolean {
  // A dotted name walks through attributes: sklearn's os.system is the operating system's.
  if (!/^\w+$/.test(name)) return false;
  if (!/^\w+(\.\w+)*$/.test(module)) return false;
  if (PACKAGES.has(module.split('.', 1)[0]!)) return true;
  if (NUMPY_CORE.has(path) || NAMES.has(path) || OTHERS.has(path)) return true;
  if (isPandasName(path)) return true;
  if (module === 'builtins') return BUILTINS.has(name);
  if (module === 'numpy' || module === 'numpy.core._multiarray_umath') return NUMPY_FUNCTIONS.has(name);
  if (module === '_loss') return CYTHON_LOSS.test(name);
  return NUMPY_MODULES.some((allowed) => module === allowed || module.startsWith(`${allowed}.`));
}
