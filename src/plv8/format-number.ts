/** A format-number step; the fields are explained in `src/ir/text-makers.ts`. */
export interface NumberFormat {
  readonly conversion: 'd' | 'f' | 'e';
  readonly precision: number;
  readonly width: number;
  readonly fill: 'before' | 'after' | 'zeros';
  readonly plus: string;
}

/** A number as printf writes it; null for NaN. */
export function formatNumber(x: number, format: NumberFormat): string | null {
  if (Number.isNaN(x)) return null;
  const { conversion, precision, width, fill, plus } = format;
  const sign = x < 0 || Object.is(x, -0) ? '-' : plus;
  const size = Math.abs(x);
  const isNumber = size !== Infinity;
  const digits = isNumber
    ? conversion === 'e'
      ? scientific(size, precision)
      : fixed(size, precision)
    : 'inf';
  if (fill === 'after') return (sign + digits).padEnd(width);
  if (fill === 'zeros' && isNumber) return sign + digits.padStart(width - sign.length, '0');
  return (sign + digits).padStart(width);
}

/** JavaScript rounds to the nearest too, but halves up; and from 1e21 on it has no more than 17 digits. */
function fixed(x: number, precision: number): string {
  if (x >= 1e21) return BigInt(x).toString() + (precision === 0 ? '' : `.${'0'.repeat(precision)}`);
  const rounded = x.toFixed(precision);
  if (!isOdd(rounded)) return rounded;
  const exact = x.toFixed(100);
  return isHalf(exact, precision) ? truncated(exact, precision) : rounded;
}

function isOdd(digits: string): boolean {
  return /[13579]$/.test(digits);
}

/** Whether the digits after the first ones behind the point are 5, 0, 0, …: no float64 has a digit after so many zeros. */
function isHalf(exact: string, precision: number): boolean {
  return /^50*$/.test(exact.slice(exact.indexOf('.') + 1 + precision));
}

function truncated(exact: string, precision: number): string {
  const point = exact.indexOf('.');
  return exact.slice(0, precision === 0 ? point : point + 1 + precision);
}

function scientific(x: number, precision: number): string {
  const [mantissa, exponent] = x.toExponential(precision).split('e') as [string, string];
  const [exact, ownExponent] = x.toExponential(100).split('e') as [string, string];
  // Of another exponent it is 10…, which is even.
  const isUp = exponent === ownExponent && isOdd(mantissa) && isHalf(exact, precision);
  const digits = isUp ? truncated(exact, precision) : mantissa;
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}
