import type { Round } from './rounding.ts';

type Floats = Float32Array | Float64Array;
type Numbers = ArrayLike<number>;

/** What one dimension adds to a sum. */
type Term = (x: number, p: number, round: Round) => number;

const square: Term = (x, p, round) => {
  const difference = round(x - p);
  return round(difference * difference);
};
const absolute: Term = (x, p, round) => Math.abs(round(x - p));
const product: Term = (x, p, round) => round(x * p);

/**
 * out[i] = Σ term(x, point i), in the order of the dimensions; points stand one after the other. Four points go in
 * step: their sums do not wait for each other.
 */
function sums(term: Term, x: Floats, points: Numbers, round: Round, out: Float64Array): void {
  const length = x.length;
  let i = 0;
  for (let at = 0; i + 4 <= out.length; i += 4, at += 4 * length) {
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let k = 0; k < length; k++) {
      const value = x[k]!;
      a = round(a + term(value, points[at + k]!, round));
      b = round(b + term(value, points[at + length + k]!, round));
      c = round(c + term(value, points[at + 2 * length + k]!, round));
      d = round(d + term(value, points[at + 3 * length + k]!, round));
    }
    out[i] = a;
    out[i + 1] = b;
    out[i + 2] = c;
    out[i + 3] = d;
  }
  for (; i < out.length; i++) {
    let total = 0;
    for (let k = 0; k < length; k++) total = round(total + term(x[k]!, points[i * length + k]!, round));
    out[i] = total;
  }
}

// Each writes the distance to every point; x and points are of the step's precision.

export function squaredEuclidean(x: Floats, points: Numbers, round: Round, out: Float64Array): void {
  sums(square, x, points, round, out);
}

export function euclidean(x: Floats, points: Numbers, round: Round, out: Float64Array): void {
  sums(square, x, points, round, out);
  for (let i = 0; i < out.length; i++) out[i] = round(Math.sqrt(out[i]!));
}

export function manhattan(x: Floats, points: Numbers, round: Round, out: Float64Array): void {
  sums(absolute, x, points, round, out);
}

export function dot(x: Floats, points: Numbers, round: Round, out: Float64Array): void {
  sums(product, x, points, round, out);
}

export function chebyshev(x: Floats, points: Numbers, round: Round, out: Float64Array): void {
  for (let i = 0, at = 0; i < out.length; i++, at += x.length) {
    let greatest = 0;
    for (let k = 0; k < x.length; k++)
      greatest = Math.max(greatest, Math.abs(round(x[k]! - points[at + k]!)));
    out[i] = greatest;
  }
}

export function cosine(x: Floats, points: Numbers, round: Round, out: Float64Array): void {
  sums(product, x, points, round, out);
  const size = norm(x, 0, x.length, round);
  for (let i = 0; i < out.length; i++) {
    const norms = round(size * norm(points, i * x.length, x.length, round));
    out[i] = norms === 0 ? 1 : round(1 - round(out[i]! / norms));
  }
}

function norm(values: Numbers, from: number, length: number, round: Round): number {
  let total = 0;
  for (let k = from; k < from + length; k++) total = round(total + round(values[k]! * values[k]!));
  return round(Math.sqrt(total));
}
