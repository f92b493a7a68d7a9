import type { Precision } from '../../ir/model.ts';
import { transposed } from './arrange.ts';
import { NodeError, UnsupportedNode } from './node-error.ts';
import { type Call, type Operator, optionalAt, precisionOf, tensorAt } from './operator.ts';
import type { RowProgram } from './program.ts';
import { broadcastTo, checkSize } from './shapes.ts';
import { type Element, isConstant, type Tensor, tensor } from './value.ts';

export const matrix: Readonly<Record<string, Operator>> = {
  MatMul: (call) => [matMul(call, tensorAt(call, 0), tensorAt(call, 1))],
  Gemm: gemm,
};

function matMul({ program }: Call, left: Tensor, right: Tensor): Tensor {
  if (left.shape.length > 2 || right.shape.length > 2) {
    // Stacks of matrices, of which each has one matrix, are matrices.
    const flat = (x: Tensor) => ({ ...x, shape: x.shape.slice(-2) });
    if ([left, right].some(({ shape }) => shape.slice(0, -2).some((size) => size !== 1))) {
      throw new UnsupportedNode('it multiplies stacks of matrices');
    }
    const rank = Math.max(left.shape.length, right.shape.length);
    const product = multiply(program, asMatrix(flat(left), 'row'), asMatrix(flat(right), 'column'));
    return { ...product, shape: [...new Array<number>(rank - 2).fill(1), ...product.shape] };
  }
  const product = multiply(program, asMatrix(left, 'row'), asMatrix(right, 'column'));
  const shape = product.shape.filter((_, axis) => (axis === 0 ? left : right).shape.length === 2);
  return { ...product, shape };
}

function asMatrix(x: Tensor, vector: 'row' | 'column'): Tensor {
  if (x.shape.length === 2) return x;
  if (x.shape.length !== 1) throw new NodeError('a number is no matrix');
  return { ...x, shape: vector === 'row' ? [1, x.shape[0]!] : [x.shape[0]!, 1] };
}

/**
 * The product of two matrices: one linear step for each row or column that the scored row decides, where the other
 * matrix is constant; pairwise products else.
 */
function multiply(program: RowProgram, left: Tensor, right: Tensor, bias?: readonly number[]): Tensor {
  const [rows, inner] = left.shape as readonly [number, number];
  const [height, columns] = right.shape as readonly [number, number];
  if (inner !== height)
    throw new NodeError(`a matrix of ${inner} columns is multiplied with one of ${height} rows`);
  checkSize([rows, columns]);
  const precision = precisionOf(left.type);
  const row = (i: number) => left.elements.slice(i * inner, (i + 1) * inner);
  const column = (j: number) => Array.from({ length: inner }, (_, k) => right.elements[k * columns + j]!);
  const every = (count: number) => Array.from({ length: count }, (_, i) => i);
  const biasOf = (i: number, j: number) => bias?.[i * columns + j] ?? 0;
  if (right.elements.every(isConstant)) {
    const weights = every(columns).map((j) => column(j) as number[]);
    const results = every(rows).map((i) =>
      program.linear(
        row(i),
        weights,
        every(columns).map((j) => biasOf(i, j)),
        precision,
      ),
    );
    return tensor(left.type, [rows, columns], results.flat());
  }
  if (left.elements.every(isConstant)) {
    const weights = every(rows).map((i) => row(i) as number[]);
    const results = every(columns).map((j) =>
      program.linear(
        column(j),
        weights,
        every(rows).map((i) => biasOf(i, j)),
        precision,
      ),
    );
    return tensor(
      left.type,
      [rows, columns],
      every(rows).flatMap((i) => every(columns).map((j) => results[j]![i]!)),
    );
  }
  const dot = (a: readonly Element[], b: readonly Element[]) =>
    program.reduce('sum', program.combine('multiply', a, b, precision), precision);
  const products = every(rows).flatMap((i) => every(columns).map((j) => dot(row(i), column(j))));
  return tensor(left.type, [rows, columns], addBias(program, products, bias, precision));
}

function addBias(
  program: RowProgram,
  elements: readonly Element[],
  bias: readonly Element[] | undefined,
  precision: Precision,
): readonly Element[] {
  return bias === undefined ? elements : program.combine('add', elements, bias, precision);
}

function gemm(call: Call): readonly Tensor[] {
  const { program, attributes } = call;
  const side = (position: number, name: string) => {
    const x = tensorAt(call, position);
    if (x.shape.length !== 2) throw new NodeError(`input ${position} is no matrix`);
    return attributes.flag(name, false) ? transposed(x, [1, 0]) : x;
  };
  const [a, b] = [side(0, 'transA'), side(1, 'transB')];
  const [alpha, beta] = [attributes.float('alpha', 1), attributes.float('beta', 1)];
  const precision = precisionOf(a.type);
  const shape = [a.shape[0]!, b.shape[1]!];
  const given = optionalAt(call, 2);
  const scaled = (elements: readonly Element[], factor: number) =>
    factor === 1 ? elements : program.map(elements, precision, [{ name: 'multiply', by: [factor] }]);
  const bias = given === undefined ? undefined : scaled(broadcastTo(given, shape).elements, beta);
  if (alpha === 1 && bias?.every(isConstant) === true) {
    return [multiply(program, a, b, bias as readonly number[])];
  }
  const product = multiply(program, a, b);
  return [{ ...product, elements: addBias(program, scaled(product.elements, alpha), bias, precision) }];
}
