/** Anything that a parquet row or JSON holds. */
export type Value = unknown;

/** Never returns. */
type Fail = (problem: string) => never;

/** More elements than any vector or matrix of a model that fits into a database; bounds what a false size asks for. */
const MAX_ELEMENTS = 20_000_000;

/** Typed access to the fields of a row or a struct. */
export class Reader {
  private readonly row: Readonly<Record<string, unknown>>;
  private readonly fail: Fail;

  constructor(row: Value, fail: Fail) {
    this.fail = fail;
    this.row =
      typeof row === 'object' && row !== null ? (row as Record<string, unknown>) : fail('has no fields');
  }

  has(name: string): boolean {
    return (this.row[name] ?? null) !== null;
  }

  get names(): readonly string[] {
    return Object.keys(this.row);
  }

  private wrong(name: string, expected: string): never {
    const known = name in this.row ? `is not ${expected}` : `is missing (there are ${this.names.join(', ')})`;
    return this.fail(`column ${name} of the data ${known}`);
  }

  number(name: string): number {
    const value = this.row[name];
    if (typeof value === 'number') return value;
    return typeof value === 'bigint' ? Number(value) : this.wrong(name, 'a number');
  }

  /** A whole number from `least` to `most`. */
  whole(name: string, least: number, most: number): number {
    const value = this.number(name);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    return this.wrong(name, `a whole number from ${least} to ${most}`);
  }

  flag(name: string): boolean {
    const value = this.row[name];
    return typeof value === 'boolean' ? value : this.wrong(name, 'true or false');
  }

  text(name: string): string {
    const value = this.row[name];
    return typeof value === 'string' ? value : this.wrong(name, 'a text');
  }

  list(name: string): readonly unknown[] {
    const value = this.row[name];
    return Array.isArray(value) ? value : this.wrong(name, 'a list');
  }

  texts(name: string): readonly string[] {
    const list = this.list(name);
    return list.every((each) => typeof each === 'string') ? (list as string[]) : this.wrong(name, 'texts');
  }

  numbers(name: string): readonly number[] {
    return this.list(name).map((each) => toNumber(each) ?? this.wrong(name, 'numbers'));
  }

  struct(name: string): Reader {
    const value = this.row[name];
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return this.wrong(name, 'a struct');
    return new Reader(value, this.fail);
  }

  /** A map's keys, as texts, and values. */
  map(name: string): ReadonlyMap<string, unknown> {
    const value = this.row[name];
    if (typeof value !== 'object' || value === null) return this.wrong(name, 'a map');
    return new Map(Object.entries(value));
  }

  /** A vector, sparse or dense. */
  vector(name: string): readonly number[] {
    return numbersOf(this.row[name], (problem) => this.wrong(name, problem));
  }

  /** The rows of a matrix, sparse or dense, by rows or by columns. */
  matrix(name: string): readonly (readonly number[])[] {
    return matrixOf(this.row[name], (problem) => this.wrong(name, problem));
  }
}

function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'bigint' ? Number(value) : undefined;
}

/**
 * {type: 1, values} is dense, {type: 0, size, indices, values} sparse.
 * https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/ml/linalg/VectorUDT.scala
 */
export function numbersOf(value: Value, wrong: Fail): readonly number[] {
  if (typeof value !== 'object' || value === null) return wrong('a vector');
  const vector = new Reader(value, () => wrong('a vector'));
  const values = vector.numbers('values');
  if (vector.number('type') === 1) return values;
  const indices = vector.numbers('indices');
  const dense = new Array<number>(vector.whole('size', 0, MAX_ELEMENTS)).fill(0);
  if (indices.length !== values.length) return wrong('a vector of as many indices as values');
  indices.forEach((index, i) => {
    if (!(index in dense)) wrong('a vector with indices below its size');
    dense[index] = values[i]!;
  });
  return dense;
}

/** https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/ml/linalg/MatrixUDT.scala */
function matrixOf(value: Value, wrong: Fail): readonly (readonly number[])[] {
  if (typeof value !== 'object' || value === null) return wrong('a matrix');
  const matrix = new Reader(value, () => wrong('a matrix'));
  const rows = matrix.whole('numRows', 0, MAX_ELEMENTS);
  const columns = matrix.whole('numCols', 0, MAX_ELEMENTS);
  if (rows * columns > MAX_ELEMENTS) return wrong('a matrix of a size that fits into a database');
  const values = matrix.numbers('values');
  const transposed = matrix.flag('isTransposed');
  if (matrix.number('type') === 1) {
    if (values.length !== rows * columns) return wrong('a matrix of as many values as it has places');
    const at = transposed
      ? (r: number, c: number) => r * columns + c
      : (r: number, c: number) => c * rows + r;
    return Array.from({ length: rows }, (_, r) =>
      Array.from({ length: columns }, (_, c) => values[at(r, c)]!),
    );
  }
  const dense = Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
  const starts = matrix.numbers('colPtrs');
  const places = matrix.numbers('rowIndices');
  // Compressed by columns, or by rows where it is transposed.
  for (let major = 0; major + 1 < starts.length; major++) {
    for (let i = starts[major]!; i < Math.min(starts[major + 1]!, places.length); i++) {
      const [row, column] = transposed ? [major, places[i]!] : [places[i]!, major];
      const target = dense[row];
      if (target === undefined || !(column in target) || !(i in values))
        return wrong('a matrix within its size');
      target[column] = values[i]!;
    }
  }
  return dense;
}
