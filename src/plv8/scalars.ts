/** Functions of one or two numbers that JavaScript lacks or defines otherwise than C. */

/** C's pow. Squares are exact products, as numpy computes them. */
export function power(base: number, exponent: number): number {
  if (exponent === 2) return base * base;
  if (base === 1 || (base === -1 && (exponent === Infinity || exponent === -Infinity))) return 1;
  return base ** exponent;
}

/** The remainder with the sign of the divisor. */
export function modulo(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

/** From here on float64 holds whole numbers only. */
const WHOLE = 2 ** 52;

/** The nearest whole number, of two equally near ones the even one; a zero keeps the sign of x. */
export function roundHalfEven(x: number): number {
  const size = Math.abs(x);
  return Math.sign(x) * (size < WHOLE ? size + WHOLE - WHOLE : size);
}
