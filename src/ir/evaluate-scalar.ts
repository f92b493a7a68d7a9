import type { Arithmetic, CombineStep, Comparison, Unary } from './vector-steps.ts';

/** One number from two; not yet rounded. */
export function binary(operation: CombineStep['operation'], a: number, b: number): number {
  switch (operation) {
    case 'and':
      return a !== 0 && b !== 0 ? 1 : 0;
    case 'or':
      return a !== 0 || b !== 0 ? 1 : 0;
    case 'xor':
      return (a !== 0) !== (b !== 0) ? 1 : 0;
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compare(operation, a, b) ? 1 : 0;
    default:
      return arithmetic(operation, a, b);
  }
}

export function compare(operator: Comparison, a: number, b: number): boolean {
  switch (operator) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}

export function arithmetic(operation: Arithmetic, a: number, b: number): number {
  switch (operation) {
    case 'add':
      return a + b;
    case 'subtract':
      return a - b;
    case 'multiply':
      return a * b;
    case 'divide':
      return a / b;
    case 'power':
      return power(a, b);
    case 'min':
      return Math.min(a, b);
    case 'max':
      return Math.max(a, b);
    case 'modulo':
      return modulo(a, b);
    case 'remainder':
      return a % b;
  }
}

/** JavaScript differs from C where the base is 1, or -1 with an infinite exponent. Squares are exact products. */
function power(base: number, exponent: number): number {
  if (base === 1) return 1;
  if (base === -1 && Math.abs(exponent) === Infinity) return 1;
  return exponent === 2 ? base * base : base ** exponent;
}

function modulo(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

export function unary(name: Unary, x: number): number {
  switch (name) {
    case 'negate':
      return -x;
    case 'square':
      return x * x;
    case 'reciprocal':
      return 1 / x;
    case 'round-half-even':
      return roundHalfEven(x);
    case 'truncate':
      return Math.trunc(x);
    case 'relu':
      return Math.max(x, 0);
    case 'sigmoid':
      return 1 / (1 + Math.exp(-x));
    case 'softplus':
      return softplus(x);
    case 'erf':
      return erf(x);
    case 'normal-quantile':
      return normalQuantile(x);
    default:
      return Math[name](x);
  }
}

/** Zeros keep the sign of x. */
function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : Math.ceil(x);
}

/** Without exp(x), which overflows from 710 on. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.6 for small x and 7.1.14 for large ones. */
function erf(x: number): number {
  const size = Math.abs(x);
  if (Number.isNaN(x)) return x;
  if (size > 6) return Math.sign(x);
  return Math.sign(x) * (size < 2 ? erfSeries(size) : 1 - erfcFraction(size));
}

/** By halving: the number whose tail has the probability. */
function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p === 0 || p === 1) return p === 0 ? -Infinity : Infinity;
  const tail = Math.min(p, 1 - p);
  let [low, high] = [0, 40];
  for (let n = 0; n < 100; n++) {
    const middle = (low + high) / 2;
    if (upperTail(middle) > tail) low = middle;
    else high = middle;
  }
  return p < 0.5 ? -low : low;
}

function upperTail(z: number): number {
  const x = z / Math.SQRT2;
  return x < 2 ? (1 - erfSeries(x)) / 2 : erfcFraction(x) / 2;
}

function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 60; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

function erfcFraction(x: number): number {
  let denominator = x;
  for (let n = 100; n > 0; n--) denominator = x + n / 2 / denominator;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / denominator;
}
