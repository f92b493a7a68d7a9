import type { Round } from './rounding.ts';
import { clear, type SparseRow } from './sparse.ts';

export type Norm = 'none' | 'l1' | 'l2' | 'l2-roots' | 'max';

/** How inputs become weights; a `weigh` step of `src/ir/vector-steps.ts`. */
export interface Weighing {
  readonly sublinear: boolean;
  readonly norm: Norm;
}

/** A function that weighs `row` into `out`: x, or log(x) + 1, times its factor, over the norm of all. */
export function createWeigher(
  { sublinear, norm }: Weighing,
  row: SparseRow,
  factors: ArrayLike<number> | undefined,
  out: SparseRow,
  round: Round,
): () => void {
  const scale = SCALINGS[norm];
  return () => {
    clear(out);
    let count = 0;
    for (let i = 0; i < row.count; i++) {
      const position = row.positions[i]!;
      let x = round(row.values[position]!);
      if (x === 0) continue;
      if (sublinear) x = round(round(Math.log(x)) + 1);
      if (factors !== undefined) x = round(x * factors[position]!);
      out.values[position] = x;
      out.positions[count++] = position;
    }
    out.count = count;
    scale(out, round);
  };
}

const SCALINGS: Readonly<Record<Norm, (row: SparseRow, round: Round) => void>> = {
  none: () => {},
  l1: (row, round) => divide(row, sumOfAbsolutes(row, round), round),
  l2: (row, round) => divide(row, round(Math.sqrt(sumOfSquares(row, round))), round),
  'l2-roots': takeRoots,
  max: (row, round) => divide(row, greatestAbsolute(row), round),
};

function divide({ values, positions, count }: SparseRow, by: number, round: Round): void {
  if (by === 0 || by === 1) return;
  for (let i = 0; i < count; i++) values[positions[i]!] = round(values[positions[i]!]! / by);
}

function takeRoots(row: SparseRow, round: Round): void {
  const sum = sumOfSquares(row, round);
  if (sum === 0) return;
  const { values, positions, count } = row;
  for (let i = 0; i < count; i++) {
    const value = values[positions[i]!]!;
    const root = round(Math.sqrt(round(round(value * value) / sum)));
    values[positions[i]!] = value < 0 ? -root : root;
  }
}

function sumOfAbsolutes({ values, positions, count }: SparseRow, round: Round): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum = round(sum + Math.abs(values[positions[i]!]!));
  return sum;
}

function sumOfSquares({ values, positions, count }: SparseRow, round: Round): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const value = values[positions[i]!]!;
    sum = round(sum + round(value * value));
  }
  return sum;
}

function greatestAbsolute({ values, positions, count }: SparseRow): number {
  let greatest = 0;
  for (let i = 0; i < count; i++) greatest = Math.max(greatest, Math.abs(values[positions[i]!]!));
  return greatest;
}
