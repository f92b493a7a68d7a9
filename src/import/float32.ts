/**
 * Decimal text to binary32, rounded once. `Math.fround(Number(text))` rounds twice, and is wrong for a decimal that
 * lies within a double's rounding error of the midpoint between two floats; XGBoost's own parser rounds once.
 */

/**
 * The float32 next to the decimal `text`, ties to even. `double` must be `Number(text)`: the text is looked at only
 * when the double stands exactly midway between two floats.
 */
export function nearestFloat32(double: number, text: () => string): number {
  const near = Math.fround(double);
  const rest = double - near;
  if (rest === 0) return near;
  const other = near + 2 * rest;
  if (Math.fround(other) !== other) return near;
  const side = compareDecimal(text(), double);
  if (side === 0) return near;
  return side > 0 === other > near ? other : near;
}

/** `nearestFloat32` of a text that is a plain decimal number; NaN when it is not. */
export function parseFloat32(text: string): number {
  if (!/^-?(\d+\.?\d*|\.\d+)(e[-+]?\d{1,5})?$/i.test(text)) return Number.NaN;
  return nearestFloat32(Number(text), () => text);
}

/** The sign of `text - double`, exactly. */
function compareDecimal(text: string, double: number): number {
  const [, sign, whole, fraction = '', exponent = '0'] =
    /^(-?)(\d*)\.?(\d*)(?:e([-+]?\d+))?$/i.exec(text) ?? [];
  const digits = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n);
  const decimal = scaled(digits, 10n, Number(exponent) - fraction.length);
  const binary = scaledDouble(double);
  const difference = decimal.numerator * binary.denominator - binary.numerator * decimal.denominator;
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}

interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

function scaled(digits: bigint, base: bigint, exponent: number): Fraction {
  return exponent >= 0
    ? { numerator: digits * base ** BigInt(exponent), denominator: 1n }
    : { numerator: digits, denominator: base ** BigInt(-exponent) };
}

/** A finite double as a fraction: powers of two divide exactly, so halving the unit until it fits is exact too. */
function scaledDouble(double: number): Fraction {
  let exponent = 0;
  let value = double;
  while (!Number.isSafeInteger(value)) {
    const grows = Math.abs(value) > Number.MAX_SAFE_INTEGER;
    value = grows ? value / 2 : value * 2;
    exponent += grows ? 1 : -1;
  }
  return scaled(BigInt(value), 2n, exponent);
}
