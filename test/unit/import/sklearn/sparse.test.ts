import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../../src/ir/evaluate.ts';
import { type PyInstance, pickle, read, regression } from './files.ts';

/** A sparse matrix as scipy pickles it. */
function sparse(
  format: string,
  shape: readonly number[],
  parts: Readonly<Record<'data' | 'indices' | 'indptr', readonly number[]>>,
): PyInstance {
  const array = (numbers: readonly number[]) => ({ shape: [numbers.length], numbers });
  return {
    type: `scipy.sparse._${format.slice(0, 3)}.${format}`,
    state: {
      _shape: shape,
      data: array(parts.data),
      indices: array(parts.indices),
      indptr: array(parts.indptr),
    },
  };
}

function model(coef_: PyInstance, columns: number): Buffer {
  return pickle(regression({ coef_, n_features_in_: columns, intercept_: 0 }));
}

describe('sparse matrices of fitted numbers', () => {
  // [[0, 2, 0], [5, 0, 3]] by rows and by columns; the 3 is there as 1 and 2, which add up.
  it.each([
    ['csr_matrix', { data: [2, 5, 1, 2], indices: [1, 0, 2, 2], indptr: [0, 1, 4] }],
    ['csr_array', { data: [2, 5, 1, 2], indices: [1, 0, 2, 2], indptr: [0, 1, 4] }],
    ['csc_matrix', { data: [5, 2, 1, 2], indices: [1, 0, 1, 1], indptr: [0, 1, 2, 4] }],
  ])('%s', (format, parts) => {
    const imported = read(model(sparse(format, [2, 3], parts), 3));
    expect(evaluate(imported.model, [1, 10, 100]).prediction.values).toEqual([20, 305]);
  });

  const one = { data: [1], indices: [0], indptr: [0, 1] };
  it.each([
    ['an index beyond the columns', sparse('csr_matrix', [1, 1], { ...one, indices: [1] })],
    ['a negative index', sparse('csr_matrix', [1, 1], { ...one, indices: [-1] })],
    ['an index that is not whole', sparse('csr_matrix', [1, 1], { ...one, indices: [0.5] })],
    ['more entries than numbers', sparse('csr_matrix', [1, 1], { ...one, indptr: [0, 2] })],
    ['rows that do not fit', sparse('csr_matrix', [1, 1], { ...one, indptr: [0] })],
    ['no shape', sparse('csr_matrix', [1], one)],
    ['another format', sparse('coo_matrix', [1, 1], one)],
    ['a class of that name elsewhere', { ...sparse('csr_matrix', [1, 1], one), type: 'sklearn.csr_matrix' }],
  ])('%s is damage', (_, matrix) => {
    expect(() => read(model(matrix, 1))).toThrow(expect.objectContaining({ code: 'PGS_FILE' }));
  });

  it.each([
    ['cells', [1_000_000, 1_000_000]],
    ['rows', [1_000_000_000, 0]],
    ['columns', [0, 1_000_000_000]],
  ])('too many %s are refused before they are made', (_, shape) => {
    const matrix = sparse('csr_matrix', shape, { data: [], indices: [], indptr: [0] });
    expect(() => read(model(matrix, 1))).toThrow(expect.objectContaining({ code: 'PGS_UNSUPPORTED' }));
  });
});
