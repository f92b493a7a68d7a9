import type { Round } from './rounding.ts';
import { clear, type SparseRow } from './sparse.ts';

export type Norm = 'none' | 'l1' | 'l2' | 'max';

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
  const normOf = NORMS[norm];
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
    divide(out, normOf(out, round), round);
  };
}

function divide({ values, positions, count }: SparseRow, by: number, round: Round): void {
  if (by === 0 || by === 1) return;
  for (let i = 0; i < count; i++) values[positions[i]!] = round(values[positions[i]!]! / by);
}

const NORMS: Readonly<Record<Norm, (row: SparseRow, round: Round) => number>> = {
  none: () => 1,
  l1: ({ values, positions, count }, round) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum = round(sum + Math.abs(values[positions[i]!]!));
    return sum;
  },
  l2: ({ values, positions, count }, round) => {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const value = values[positions[i]!]!;
      sum = round(sum + round(value * value));
    }
    return round(Math.sqrt(sum));
  },
  max: ({ values, positions, count }) => {
    let greatest = 0;
    for (let i = 0; i < count; i++) greatest = Math.max(greatest, Math.abs(values[positions[i]!]!));
    return greatest;
  },
};
