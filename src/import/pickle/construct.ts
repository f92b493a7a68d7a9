import { type Budget, UNITS } from './budget.ts';
import { Dtype } from './dtype.ts';
import { allowGlobal, refuseName } from './globals.ts';
import { NdArray } from './ndarray.ts';
import { bufferBytes, indexLabels } from './pandas.ts';
import { corrupt, describeValue, type PickleOrigin, PyGlobal, PyObject, type PyValue } from './values.ts';

/** What the rules below need of the machine that runs them. */
export interface Construction {
  readonly origin: PickleOrigin;
  readonly budget: Budget;
}

type Rule = (args: readonly PyValue[], context: Construction) => PyValue;

/** What the few callables that are more than a class name give: data made from their arguments. */
const RULES: Readonly<Record<string, Rule>> = {
  'numpy.core.multiarray._reconstruct': (_, { origin }) => new NdArray(origin),
  'numpy.core.multiarray.scalar': scalar,
  'numpy.core.numeric._frombuffer': fromBuffer,
  'numpy.core._ufunc_reconstruct': ([module, name], { origin }) =>
    typeof module === 'string' && typeof name === 'string'
      ? allowGlobal(module, name, origin)
      : corrupt(origin, 'a numpy function has no name'),
  'numpy.dtype': dtype,
  'collections.OrderedDict': dict,
  'collections.Counter': dict,
  'collections.defaultdict': (_, context) => dict([], context),
  'builtins.dict': dict,
  'builtins.set': set,
  'builtins.frozenset': set,
  'builtins.list': list,
  'builtins.tuple': list,
  'builtins.bytes': bytes,
  'builtins.bytearray': bytes,
  '_codecs.encode': bytes,
  'pandas.core.indexes.base._new_Index': indexLabels,
  'pyarrow.lib.py_buffer': bufferBytes,
  'builtins.getattr': boundMethod,
  'copyreg._reconstructor': newObject,
  'copyreg.__newobj__': newObject,
};

/** The value of `callable(*args)`: data by a rule, or a record of class name and arguments. */
export function construct(callable: PyGlobal, args: readonly PyValue[], context: Construction): PyValue {
  const { path, name } = callable;
  if (Object.hasOwn(RULES, path)) return RULES[path]!(args, context);
  // Cython: newObj(cls), and __pyx_unpickle_Name(cls, checksum, state).
  const [first] = args;
  if (first instanceof PyGlobal && name === 'newObj') return new PyObject(first, []);
  if (first instanceof PyGlobal && name.startsWith('__pyx_unpickle_')) {
    return new PyObject(first, [], args[2] ?? undefined);
  }
  return new PyObject(callable, args);
}

/** What BUILD does: hands the state to the object. */
export function setState(target: PyValue, state: PyValue, context: Construction): void {
  const { origin, budget } = context;
  if (target instanceof NdArray) setArrayState(target, state, origin);
  else if (target instanceof Dtype) {
    const problem = target.setState(state);
    if (problem !== undefined) corrupt(origin, problem);
  } else if (target instanceof PyObject) {
    if (target.state instanceof Map && state instanceof Map) {
      budget.take(UNITS.table + target.state.size + state.size);
      target.state = new Map([...target.state, ...state]);
    } else target.state = state;
  } else if (!(target instanceof Map)) corrupt(origin, `${describeValue(target)} cannot take a state`);
}

/** (version, shape, dtype, Fortran order, data), or the same without the version. */
function setArrayState(target: NdArray, state: PyValue, origin: PickleOrigin): void {
  const parts = Array.isArray(state) ? (state.length === 5 ? state.slice(1) : state) : [];
  const [shape, type, fortran, stored] = parts;
  if (!isShape(shape) || !(type instanceof Dtype)) corrupt(origin, 'an array has no shape and dtype');
  // Python 2 wrote the bytes as a text.
  const data = typeof stored === 'string' ? Buffer.from(stored, 'latin1') : stored;
  if (!(data instanceof Uint8Array) && !Array.isArray(data)) corrupt(origin, 'an array has no data');
  target.fill(shape, type, fortran === true, data);
}

function isShape(value: PyValue | undefined): value is number[] {
  return Array.isArray(value) && value.every((length) => typeof length === 'number');
}

/** A numpy scalar is an array of one element. */
function scalar([type, data]: readonly PyValue[], { origin }: Construction): PyValue {
  if (!(type instanceof Dtype)) return corrupt(origin, 'a numpy scalar has no dtype');
  if (type.hasObjects) return data ?? null;
  // numpy.str_('') has a dtype of no bytes.
  if (type.kind === 'U' && type.size === 0) return '';
  const bytesOf = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
  if (!(bytesOf instanceof Uint8Array)) return corrupt(origin, 'a numpy scalar has no data');
  const array = new NdArray(origin);
  array.fill([1], type, false, bytesOf);
  return array.values()[0]!;
}

/** numpy with pickle's protocol 5: (buffer, dtype, shape, order). */
function fromBuffer([data, type, shape, order]: readonly PyValue[], { origin }: Construction): PyValue {
  if (!(data instanceof Uint8Array) || !(type instanceof Dtype) || !isShape(shape)) {
    return corrupt(origin, 'an array has no data, dtype and shape');
  }
  const array = new NdArray(origin);
  array.fill(shape, type, order === 'F', data);
  return array;
}

function dtype([name]: readonly PyValue[], { origin }: Construction): PyValue {
  const parsed = typeof name === 'string' ? Dtype.parse(name) : undefined;
  return parsed ?? corrupt(origin, `no known dtype: ${describeValue(name)}`);
}

function dict([pairs]: readonly PyValue[], { origin, budget }: Construction): PyValue {
  if (pairs === undefined) return new Map();
  const entries = pairs instanceof Map ? [...pairs] : pairs;
  if (!Array.isArray(entries)) return corrupt(origin, `a dict is made of ${describeValue(pairs)}`);
  budget.take(UNITS.table + entries.length);
  const out = new Map<PyValue, PyValue>();
  for (const pair of entries) {
    if (!Array.isArray(pair) || pair.length !== 2)
      return corrupt(origin, 'a dict has an entry without key and value');
    out.set(pair[0]!, pair[1]!);
  }
  return out;
}

function iterate(value: PyValue | undefined, { origin, budget }: Construction): readonly PyValue[] {
  if (value === undefined) return [];
  const elements = value instanceof Set ? [...value] : value;
  if (!Array.isArray(elements)) return corrupt(origin, `a list or set is made of ${describeValue(value)}`);
  budget.take(elements.length * UNITS.element);
  return elements;
}

function list([elements]: readonly PyValue[], context: Construction): PyValue {
  return [...iterate(elements, context)];
}

function set([elements]: readonly PyValue[], context: Construction): PyValue {
  return new Set(iterate(elements, context));
}

/** Bytes of bytes, or of a text that holds them as latin-1, as the protocols before 3 write them. */
function bytes([value]: readonly PyValue[], { origin }: Construction): PyValue {
  if (value === undefined) return new Uint8Array(0);
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return Buffer.from(value, 'latin1');
  return corrupt(origin, `bytes are made of ${describeValue(value)}`);
}

/** A method of a distribution of scipy, as a record of its name; no other attribute is looked at. */
function boundMethod(args: readonly PyValue[], { origin }: Construction): PyValue {
  const [owner, name] = args;
  const own = owner instanceof PyObject && owner.type.module.startsWith('scipy.stats.');
  if (!own || typeof name !== 'string') return refuseName('builtins', 'getattr', origin);
  return new PyObject(new PyGlobal('builtins', 'getattr'), args);
}

function newObject([type, ...args]: readonly PyValue[], { origin }: Construction): PyValue {
  return type instanceof PyGlobal ? new PyObject(type, args) : corrupt(origin, 'an object has no class');
}
