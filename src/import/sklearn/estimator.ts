import { PgscoreError } from '../../errors.ts';
import { describeValue, NdArray, PyGlobal, PyObject, type PyValue } from '../pickle/index.ts';
import { sparseRows } from './sparse.ts';

/** Where a value stands in the file, for messages. */
export interface Place {
  readonly file: string;
  /** The way from the whole model down: 'step "clf"', 'estimator 3', … */
  readonly path: readonly string[];
}

/** @throws PgscoreError PGS_FILE */
export function damaged(place: Place, problem: string): never {
  throw new PgscoreError('PGS_FILE', `${describePlace(place)}: ${problem}.`, {
    hint: 'The file is damaged or the estimator is not fitted: fit it and save it again.',
  });
}

/** The nearest way for what is not scored inside the database. */
export const EXPORT_TO_ONNX = 'Export the fitted model to ONNX (skl2onnx) and import that file.';

/** @throws PgscoreError PGS_UNSUPPORTED */
export function refuse(place: Place, problem: string, hint = EXPORT_TO_ONNX): never {
  throw new PgscoreError('PGS_UNSUPPORTED', `${describePlace(place)}: ${problem}.`, { hint });
}

function describePlace({ file, path }: Place): string {
  return path.length === 0 ? file : `${file}: ${path.join(', ')}`;
}

/** A fitted object of scikit-learn: its class and typed access to its attributes. */
export class Estimator {
  readonly object: PyObject;
  readonly place: Place;

  constructor(object: PyObject, place: Place) {
    this.object = object;
    const path = [...place.path];
    path.push(path.length === 0 ? object.type.name : `${path.pop()} (${object.type.name})`);
    this.place = { file: place.file, path };
  }

  /** The class name: 'StandardScaler'. */
  get name(): string {
    return this.object.type.name;
  }

  /** The top package: 'sklearn', 'xgboost'. */
  get package(): string {
    return this.object.type.module.split('.', 1)[0]!;
  }

  /** The version of scikit-learn that saved it, as 102 for 1.2; 0 when it does not say. */
  get version(): number {
    const text = this.get('_sklearn_version');
    const match = typeof text === 'string' ? /^(\d+)\.(\d+)/.exec(text) : null;
    return match === null ? 0 : Number(match[1]) * 100 + Number(match[2]);
  }

  get(name: string): PyValue | undefined {
    return this.object.attribute(name);
  }

  has(name: string): boolean {
    return (this.get(name) ?? null) !== null;
  }

  fail(problem: string): never {
    return damaged(this.place, problem);
  }

  refuse(problem: string, hint?: string): never {
    return refuse(this.place, problem, hint);
  }

  private wrong(name: string, expected: string): never {
    return this.fail(`attribute ${name} should be ${expected}, but is ${describeValue(this.get(name))}`);
  }

  /** A number; booleans and arrays of one element count. */
  number(name: string, fallback?: number): number {
    const value = this.get(name);
    if (typeof value === 'number' || typeof value === 'boolean') return Number(value);
    if (value instanceof NdArray && value.length === 1) return value.numbers()[0]!;
    if (value === undefined && fallback !== undefined) return fallback;
    return this.wrong(name, 'a number');
  }

  /** A whole number from `least` to a million. */
  count(name: string, least = 0): number {
    const value = this.number(name);
    if (Number.isInteger(value) && value >= least && value <= 1_000_000) return value;
    return this.wrong(name, `a whole number of at least ${least}`);
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.get(name);
    return value === undefined || value === null ? fallback : value === true || value === 1;
  }

  text(name: string, fallback?: string): string {
    const value = this.get(name);
    if (typeof value === 'string') return value;
    if ((value === undefined || value === null) && fallback !== undefined) return fallback;
    return this.wrong(name, 'a text');
  }

  array(name: string): NdArray {
    const value = this.get(name);
    return value instanceof NdArray ? value : this.wrong(name, 'an array');
  }

  /** All numbers of an array or of a number, in C order. */
  numbers(name: string, length?: number): readonly number[] {
    const value = this.get(name);
    const single = typeof value === 'number' || typeof value === 'boolean';
    const numbers = single ? [Number(value)] : Array.from(this.array(name).numbers());
    if (length !== undefined && numbers.length !== length) {
      this.fail(`attribute ${name} has ${numbers.length} numbers, but ${length} are needed`);
    }
    return numbers;
  }

  /** The rows of an array of two axes, or of a sparse matrix; of one axis: one row. */
  rows(name: string, width?: number): readonly (readonly number[])[] {
    const value = this.get(name);
    if (!(value instanceof PyObject)) return rowsOf(this.array(name), this, name, width);
    const rows = sparseRows(value, this, name);
    const found = rows[0]?.length ?? 0;
    if (width !== undefined && rows.length > 0 && found !== width) {
      this.fail(`attribute ${name} has ${found} columns, but ${width} are needed`);
    }
    return rows;
  }

  /** A list, tuple or array as Python values. */
  list(name: string): readonly PyValue[] {
    const value = this.get(name);
    if (Array.isArray(value)) return value;
    return value instanceof NdArray ? value.values() : this.wrong(name, 'a list');
  }

  /** A fitted object that this one holds, named `part` in messages. */
  child(name: string, part = name): Estimator {
    return this.asEstimator(this.get(name), part);
  }

  children(name: string, part: string): readonly Estimator[] {
    return this.list(name).map((value, i) => this.asEstimator(value, `${part} ${i}`));
  }

  asEstimator(value: PyValue | undefined, part: string): Estimator {
    const place = { file: this.place.file, path: [...this.place.path, part] };
    if (value instanceof PyObject) return new Estimator(value, place);
    return damaged(place, `should be an estimator, but is ${describeValue(value)}`);
  }

  /** The name of a function or class that an attribute holds. */
  global(name: string): PyGlobal | undefined {
    const value = this.get(name);
    return value instanceof PyGlobal ? value : undefined;
  }
}

/** The rows of a matrix, each of `width` numbers where that is given. */
export function rowsOf(
  array: NdArray,
  estimator: Estimator,
  name: string,
  width?: number,
): readonly (readonly number[])[] {
  const { shape } = array;
  const columns = shape.at(-1) ?? 1;
  if (shape.length > 2 || (width !== undefined && columns !== width)) {
    estimator.fail(
      `attribute ${name} has shape (${shape.join(', ')}), but ${width ?? 'some'} columns are needed`,
    );
  }
  const numbers = array.numbers();
  const rows = columns === 0 ? (shape.length === 2 ? shape[0]! : 1) : numbers.length / columns;
  return Array.from({ length: rows }, (_, i) => Array.from(numbers.subarray(i * columns, (i + 1) * columns)));
}
