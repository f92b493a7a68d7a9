import {
  arrayOf,
  type Fields,
  fieldsOf,
  finiteNumbers,
  isIndex,
  isNumber,
  notDescending,
  numbers,
  oneOf,
  orderedNumbers,
  sameLength,
  show,
  uniqueNumbersAndNaN,
  uniqueTexts,
  type Violations,
} from './check.ts';
import { type Registers, validateInputs, validateRegisterList } from './validate-registers.ts';

const PRECISIONS = ['float32', 'float64'];
const ARITHMETIC = ['add', 'subtract', 'multiply', 'divide', 'power', 'min', 'max', 'modulo', 'remainder'];
const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='];
const LOGIC = ['and', 'or', 'xor'];
const UNARY = [
  'abs',
  'negate',
  'square',
  'sqrt',
  'reciprocal',
  'exp',
  'expm1',
  'log',
  'log1p',
  'log2',
  'log10',
  'floor',
  'ceil',
  'round-half-even',
  'truncate',
  'sign',
  'relu',
  'sin',
  'cos',
  'tan',
  'asin',
  'acos',
  'atan',
  'sinh',
  'cosh',
  'tanh',
  'asinh',
  'acosh',
  'atanh',
  'sigmoid',
  'softplus',
  'erf',
  'normal-quantile',
];
const REDUCTIONS = [
  'sum',
  'mean',
  'product',
  'min',
  'max',
  'l1',
  'l2',
  'sum-of-squares',
  'log-sum-exp',
  'argmin',
  'argmax',
];
const METRICS = ['squared-euclidean', 'euclidean', 'manhattan', 'chebyshev', 'cosine', 'dot'];

/** The one step that can write many more registers than its lists are long; bounds time and memory. */
const MAX_GATHERED = 1_000_000;

type StepCheck = (step: Fields, registers: Registers, path: string, out: Violations) => number;

/** Each kind's check returns how many registers the step writes, 0 when that is unknown. */
export const VECTOR_STEPS: ReadonlyMap<unknown, StepCheck> = new Map<string, StepCheck>([
  ['map', validateMap],
  ['combine', validateCombine],
  ['select', validateSelect],
  ['reduce', validateReduce],
  ['bin', validateBin],
  ['interpolate', validateInterpolate],
  ['lookup', validateLookup],
  ['distance', validateDistance],
  ['nearest', validateNearest],
  ['gather', validateGather],
  ['pairwise', validatePairwise],
  ['weigh', validateWeigh],
  ['find-hash', validateFindHash],
]);

function validateMap(step: Fields, registers: Registers, path: string, out: Violations): number {
  const inputs = someInputs(step, registers, path, out);
  oneOf(step.precision, PRECISIONS, `${path}.precision`, out);
  const operations = arrayOf(step.operations, `${path}.operations`, out) ?? [];
  if (Array.isArray(step.operations) && operations.length === 0) {
    out.add(`${path}.operations`, 'Must hold at least one operation.');
  }
  for (let i = 0; i < operations.length && !out.full; i++) {
    validateOperation(operations[i], inputs, `${path}.operations[${i}]`, out);
  }
  return inputs;
}

function validateOperation(value: unknown, inputs: number, path: string, out: Violations): void {
  const operation = fieldsOf(value, path, out);
  if (operation === undefined) return;
  const { name } = operation;
  if (!oneOf(name, ['impute', 'compare', 'is-nan', ...ARITHMETIC, ...UNARY], `${path}.name`, out)) return;
  if (name === 'impute' && !isNumber(operation.missing)) {
    out.add(`${path}.missing`, `Must be a number or NaN, but is ${show(operation.missing)}.`);
  }
  if (name === 'compare') oneOf(operation.operator, COMPARISONS, `${path}.operator`, out);
  if (name !== 'impute' && name !== 'compare' && !ARITHMETIC.includes(name as string)) return;
  const by = arrayOf(operation.by, `${path}.by`, out);
  if (by === undefined) return;
  if (by.length !== 1) sameLength(by, inputs, 'one, or one an input', `${path}.by`, out);
  numbers(by, `${path}.by`, out);
}

function validateCombine(step: Fields, registers: Registers, path: string, out: Violations): number {
  oneOf(step.operation, [...ARITHMETIC, ...COMPARISONS, ...LOGIC], `${path}.operation`, out);
  oneOf(step.precision, PRECISIONS, `${path}.precision`, out);
  return validateLists(step, ['left', 'right'], registers, path, out);
}

function validateSelect(step: Fields, registers: Registers, path: string, out: Violations): number {
  return validateLists(step, ['condition', 'whenTrue', 'whenFalse'], registers, path, out);
}

/** Lists of registers, each of length 1 or of one common length, which is returned. */
function validateLists(
  step: Fields,
  names: readonly string[],
  registers: Registers,
  path: string,
  out: Violations,
): number {
  const lengths = names.map((name) => validateRegisterList(step[name], registers, `${path}.${name}`, out));
  const width = Math.max(...lengths);
  names.forEach((name, i) => {
    if (lengths[i] === 0 || lengths[i] === 1 || lengths[i] === width) return;
    out.add(`${path}.${name}`, `Must have 1 or ${width} elements, but has ${lengths[i]}.`);
  });
  return width;
}

function validateReduce(step: Fields, registers: Registers, path: string, out: Violations): number {
  someInputs(step, registers, path, out);
  oneOf(step.operation, REDUCTIONS, `${path}.operation`, out);
  oneOf(step.precision, PRECISIONS, `${path}.precision`, out);
  return 1;
}

function validateBin(step: Fields, registers: Registers, path: string, out: Violations): number {
  const inputs = someInputs(step, registers, path, out);
  oneOf(step.side, ['left', 'right'], `${path}.side`, out);
  number(step.missing, `${path}.missing`, out);
  validateRows(step.edges, `${path}.edges`, inputs, 'one list an input', out, (edges, at) => {
    if (orderedNumbers(edges, at, out)) notDescending(edges, at, out);
  });
  return inputs;
}

function validateInterpolate(step: Fields, registers: Registers, path: string, out: Violations): number {
  const inputs = someInputs(step, registers, path, out);
  oneOf(step.precision, PRECISIONS, `${path}.precision`, out);
  const lengths: number[] = [];
  validateRows(step.x, `${path}.x`, inputs, 'one list an input', out, (x, at) => {
    if (x.length === 0) out.add(at, 'Must hold at least one number.');
    if (finiteNumbers(x, at, out)) notDescending(x, at, out);
    lengths.push(x.length);
  });
  validateRows(step.y, `${path}.y`, inputs, 'one list an input', out, (y, at, k) => {
    finiteNumbers(y, at, out);
    sameLength(y, lengths[k] ?? 0, 'as many as x', at, out);
  });
  return inputs;
}

function validateLookup(step: Fields, registers: Registers, path: string, out: Violations): number {
  const inputs = someInputs(step, registers, path, out);
  number(step.default, `${path}.default`, out);
  const keys = arrayOf(step.keys, `${path}.keys`, out);
  const values = arrayOf(step.values, `${path}.values`, out);
  if (keys === undefined || values === undefined) return inputs;
  uniqueNumbersAndNaN(keys, `${path}.keys`, out);
  numbers(values, `${path}.values`, out);
  sameLength(values, keys.length, 'one a key', `${path}.values`, out);
  return inputs;
}

function validateDistance(step: Fields, registers: Registers, path: string, out: Violations): number {
  const inputs = someInputs(step, registers, path, out);
  oneOf(step.metric, METRICS, `${path}.metric`, out);
  oneOf(step.precision, PRECISIONS, `${path}.precision`, out);
  return someRows(step.points, `${path}.points`, out, (point, at) => {
    sameLength(point, inputs, 'one an input', at, out);
    orderedNumbers(point, at, out);
  });
}

function validateNearest(step: Fields, registers: Registers, path: string, out: Violations): number {
  const inputs = someInputs(step, registers, path, out);
  if (isIndex(step.k, 1, inputs + 1)) return 2 * step.k;
  out.add(`${path}.k`, `Must be a whole number from 1 to ${inputs}, the inputs, but is ${show(step.k)}.`);
  return 0;
}

function validateGather(step: Fields, registers: Registers, path: string, out: Violations): number {
  const inputs = someInputs(step, registers, path, out);
  number(step.default, `${path}.default`, out);
  let length: number | undefined;
  someRows(step.rows, `${path}.rows`, out, (row, at) => {
    length ??= row.length;
    if (row.length === 0) out.add(at, 'Must hold at least one number.');
    sameLength(row, length, 'as many as the first row', at, out);
    numbers(row, at, out);
  });
  const width = inputs * (length ?? 0);
  if (width <= MAX_GATHERED) return width;
  out.add(path, `Must write at most ${MAX_GATHERED} registers, but writes ${width}.`);
  return 0;
}

function validatePairwise(step: Fields, registers: Registers, path: string, out: Violations): number {
  const inputs = someInputs(step, registers, path, out);
  oneOf(step.method, ['votes', 'coupling'], `${path}.method`, out);
  if (!isIndex(step.classes, 2, 2 ** 16)) {
    out.add(`${path}.classes`, `Must be a whole number of at least 2, but is ${show(step.classes)}.`);
    return 0;
  }
  const pairs = (step.classes * (step.classes - 1)) / 2;
  if (inputs !== pairs) {
    out.add(`${path}.inputs`, `Must have ${pairs} elements (one a pair of classes), but has ${inputs}.`);
  }
  return step.classes;
}

function validateWeigh(step: Fields, registers: Registers, path: string, out: Violations): number {
  const inputs = someInputs(step, registers, path, out);
  oneOf(step.norm, ['none', 'l1', 'l2', 'l2-roots', 'max'], `${path}.norm`, out);
  oneOf(step.precision, PRECISIONS, `${path}.precision`, out);
  if (typeof step.sublinear !== 'boolean') {
    out.add(`${path}.sublinear`, `Must be true or false, but is ${show(step.sublinear)}.`);
  }
  if (step.factors === undefined) return inputs;
  const factors = arrayOf(step.factors, `${path}.factors`, out);
  if (factors !== undefined && sameLength(factors, inputs, 'one an input', `${path}.factors`, out)) {
    finiteNumbers(factors, `${path}.factors`, out);
  }
  return inputs;
}

function validateFindHash(step: Fields, registers: Registers, path: string, out: Violations): number {
  someInputs(step, registers, path, out);
  const keys = arrayOf(step.keys, `${path}.keys`, out);
  if (keys === undefined) return 1;
  uniqueTexts(keys, `${path}.keys`, out);
  for (let i = 0; i < keys.length && !out.full; i++) {
    if (typeof keys[i] === 'string' && /^[0-9a-f]{16}$/.test(keys[i] as string)) continue;
    out.add(`${path}.keys[${i}]`, `Must be 16 hexadecimal digits, but is ${show(keys[i])}.`);
  }
  return 1;
}

function someInputs(step: Fields, registers: Registers, path: string, out: Violations): number {
  const inputs = validateInputs(step, registers, path, out);
  if (Array.isArray(step.inputs) && inputs === 0) {
    out.add(`${path}.inputs`, 'Must name at least one register.');
  }
  return inputs;
}

function number(value: unknown, path: string, out: Violations): void {
  if (!isNumber(value)) out.add(path, `Must be a number or NaN, but is ${show(value)}.`);
}

type RowCheck = (row: readonly unknown[], path: string, index: number) => void;

/** A list of exactly `length` lists. */
function validateRows(
  value: unknown,
  path: string,
  length: number,
  what: string,
  out: Violations,
  check: RowCheck,
): void {
  const rows = arrayOf(value, path, out);
  if (rows === undefined) return;
  sameLength(rows, length, what, path, out);
  for (let i = 0; i < rows.length && !out.full; i++) {
    const row = arrayOf(rows[i], `${path}[${i}]`, out);
    if (row !== undefined) check(row, `${path}[${i}]`, i);
  }
}

/** A list of at least one list; returns how many. */
function someRows(value: unknown, path: string, out: Violations, check: RowCheck): number {
  const rows = arrayOf(value, path, out);
  if (rows === undefined) return 0;
  if (rows.length === 0) out.add(path, 'Must hold at least one row.');
  validateRows(rows, path, rows.length, '', out, check);
  return rows.length;
}
