import type { Round } from './rounding.ts';

/**
 * Several numbers to one. Each takes numbers of the step's precision and a function that rounds to it, which is
 * applied to the result of every operation.
 */
type Numbers = ArrayLike<number>;

export function sum(x: Numbers, round: Round): number {
  let total = x[0]!;
  for (let i = 1; i < x.length; i++) total = round(total + x[i]!);
  return total;
}

export function mean(x: Numbers, round: Round): number {
  return round(sum(x, round) / x.length);
}

export function product(x: Numbers, round: Round): number {
  let total = x[0]!;
  for (let i = 1; i < x.length; i++) total = round(total * x[i]!);
  return total;
}

export function least(x: Numbers): number {
  let best = x[0]!;
  for (let i = 1; i < x.length; i++) best = Math.min(best, x[i]!);
  return best;
}

export function greatest(x: Numbers): number {
  let best = x[0]!;
  for (let i = 1; i < x.length; i++) best = Math.max(best, x[i]!);
  return best;
}

export function l1(x: Numbers, round: Round): number {
  let total = Math.abs(x[0]!);
  for (let i = 1; i < x.length; i++) total = round(total + Math.abs(x[i]!));
  return total;
}

export function sumOfSquares(x: Numbers, round: Round): number {
  let total = round(x[0]! * x[0]!);
  for (let i = 1; i < x.length; i++) total = round(total + round(x[i]! * x[i]!));
  return total;
}

export function l2(x: Numbers, round: Round): number {
  return round(Math.sqrt(sumOfSquares(x, round)));
}

/** Shifted by the greatest input, so that no exponential overflows. */
export function logSumExp(x: Numbers, round: Round): number {
  const most = greatest(x);
  const shift = Math.abs(most) < Infinity ? most : 0;
  let total = round(Math.exp(round(x[0]! - shift)));
  for (let i = 1; i < x.length; i++) total = round(total + round(Math.exp(round(x[i]! - shift))));
  return round(shift + round(Math.log(total)));
}

/** The first of equals; a NaN is never less. */
export function argmin(x: Numbers): number {
  let best = 0;
  for (let i = 1; i < x.length; i++) if (x[i]! < x[best]!) best = i;
  return best;
}
