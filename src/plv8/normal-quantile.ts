/**
 * The number below which a standard normal variable is with the probability p, to about 1e-15: algorithm AS 241 of M. J.
 * Wichura, "The percentage points of the normal distribution", Applied Statistics 37 (1988), 477-484. Infinite for 0
 * and 1, NaN outside. Coefficients ascend by power.
 */
export function normalQuantile(p: number): number {
  const fromHalf = p - 0.5;
  if (Math.abs(fromHalf) <= 0.425) return fromHalf * ratio(0.180625 - fromHalf * fromHalf, MIDDLE);
  const tail = fromHalf < 0 ? p : 1 - p;
  if (tail === 0) return fromHalf < 0 ? -Infinity : Infinity;
  const size = Math.sqrt(-Math.log(tail));
  const quantile = size <= 5 ? ratio(size - 1.6, NEAR_TAIL) : ratio(size - 5, FAR_TAIL);
  return fromHalf < 0 ? -quantile : quantile;
}

type Coefficients = readonly (readonly [numerator: number, denominator: number])[];

function ratio(x: number, coefficients: Coefficients): number {
  let a = 0;
  let b = 0;
  for (let k = coefficients.length - 1; k >= 0; k--) {
    a = a * x + coefficients[k]![0];
    b = b * x + coefficients[k]![1];
  }
  return a / b;
}

const MIDDLE: Coefficients = [
  [3.3871328727963665, 1],
  [133.14166789178438, 42.31333070160091],
  [1971.5909503065513, 687.1870074920579],
  [13731.69376550946, 5394.196021424751],
  [45921.95393154987, 21213.794301586597],
  [67265.7709270087, 39307.89580009271],
  [33430.57558358813, 28729.085735721943],
  [2509.0809287301227, 5226.495278852854],
];
const NEAR_TAIL: Coefficients = [
  [1.4234371107496835, 1],
  [4.630337846156546, 2.053191626637759],
  [5.769497221460691, 1.6763848301838038],
  [3.6478483247632045, 0.6897673349851],
  [1.2704582524523684, 0.14810397642748008],
  [0.2417807251774506, 0.015198666563616457],
  [0.022723844989269184, 0.0005475938084995345],
  [0.0007745450142783414, 1.0507500716444169e-9],
];
const FAR_TAIL: Coefficients = [
  [6.657904643501103, 1],
  [5.463784911164114, 0.599832206555888],
  [1.7848265399172913, 0.1369298809227358],
  [0.29656057182850487, 0.014875361290850615],
  [0.026532189526576124, 0.0007868691311456133],
  [0.0012426609473880784, 1.8463183175100548e-5],
  [2.7115555687434876e-5, 1.421511758316446e-7],
  [2.0103343992922881e-7, 2.0442631033899397e-15],
];
