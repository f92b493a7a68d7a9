import { NdArray, type PyObject } from '../pickle/index.ts';
import type { Estimator } from './estimator.ts';

/** A model's constants end there (Builder), whatever a sparse matrix says of its shape. */
const MAX_CELLS = 20_000_000;

/**
 * The rows of a scipy.sparse matrix by rows (csr) or by columns (csc): what estimators keep of sparse training data.
 * @throws PgscoreError PGS_FILE for indices beyond its shape, PGS_UNSUPPORTED for other formats and too many cells.
 */
export function sparseRows(
  matrix: PyObject,
  estimator: Estimator,
  name: string,
): readonly (readonly number[])[] {
  const format = /^(csr|csc)_(matrix|array)$/.exec(matrix.type.name)?.[1];
  if (format === undefined || !matrix.type.module.startsWith('scipy.sparse')) {
    return estimator.fail(`attribute ${name} should be an array, but is ${matrix.type.path}`);
  }
  const [rows, columns] = shapeOf(matrix, estimator, name);
  // Each row is an object of its own.
  if ((rows + 1) * (columns + 16) > MAX_CELLS) {
    return estimator.refuse(`keeps a sparse matrix ${name} of ${rows} rows and ${columns} columns`);
  }
  const part = (attribute: string): Float64Array => {
    const array = matrix.attribute(attribute);
    return array instanceof NdArray
      ? array.numbers()
      : estimator.fail(`attribute ${name} has no ${attribute}`);
  };
  const [data, indices, starts] = [part('data'), part('indices'), part('indptr')];
  const out = Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
  const lines = format === 'csr' ? rows : columns;
  if (starts.length !== lines + 1) return estimator.fail(`attribute ${name} does not fit its shape`);
  for (let line = 0; line < lines; line++) {
    for (let k = starts[line]!; k < starts[line + 1]!; k++) {
      const [row, column] = format === 'csr' ? [line, indices[k]!] : [indices[k]!, line];
      if (k >= data.length || !(isBelow(row, rows) && isBelow(column, columns))) {
        return estimator.fail(`attribute ${name} has entries outside of its shape`);
      }
      // Entries of the same place add up.
      out[row]![column] = out[row]![column]! + data[k]!;
    }
  }
  return out;
}

function isBelow(index: number, count: number): boolean {
  return Number.isInteger(index) && index >= 0 && index < count;
}

function shapeOf(matrix: PyObject, estimator: Estimator, name: string): readonly [number, number] {
  const shape = matrix.attribute('_shape');
  const [rows, columns] = Array.isArray(shape) ? shape : [];
  return Number.isInteger(rows) && Number.isInteger(columns) && Number(rows) >= 0 && Number(columns) >= 0
    ? [Number(rows), Number(columns)]
    : estimator.fail(`attribute ${name} has no shape`);
}
