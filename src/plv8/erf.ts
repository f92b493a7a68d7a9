/**
 * The error function to about 1 ulp: the rational approximations of W. J. Cody, "Rational Chebyshev approximations for
 * the error function", Mathematics of Computation 23 (1969), 631-637. Coefficients ascend by power.
 */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (!(size > 0.46875)) return x * ratio(x * x, NEAR_NUMERATOR, NEAR_DENOMINATOR);
  if (size > 6) return Math.sign(x);
  const complement =
    Math.exp(-x * x) * (size <= 4 ? ratio(size, MIDDLE_NUMERATOR, MIDDLE_DENOMINATOR) : far(size));
  return Math.sign(x) * (1 - complement);
}

/** erfc(x) exp(x²) for x > 4. */
function far(x: number): number {
  const inverse = 1 / (x * x);
  return (1 / Math.sqrt(Math.PI) - inverse * ratio(inverse, FAR_NUMERATOR, FAR_DENOMINATOR)) / x;
}

function ratio(x: number, numerator: readonly number[], denominator: readonly number[]): number {
  let a = 0;
  let b = 0;
  for (let k = numerator.length - 1; k >= 0; k--) {
    a = a * x + numerator[k]!;
    b = b * x + denominator[k]!;
  }
  return a / b;
}

const NEAR_NUMERATOR = [
  3209.3775891384694, 377.485237685302, 113.86415415105016, 3.1611237438705655, 0.18577770618460315,
];
const NEAR_DENOMINATOR = [2844.236833439171, 1282.6165260773723, 244.02463793444417, 23.601290952344122, 1];
const MIDDLE_NUMERATOR = [
  1230.3393547979972, 2051.0783778260716, 1712.0476126340707, 881.952221241769, 298.6351381974001,
  66.11919063714163, 8.883149794388377, 0.5641884969886701, 2.1531153547440383e-8,
];
const MIDDLE_DENOMINATOR = [
  1230.3393548037495, 3439.3676741437216, 4362.619090143247, 3290.7992357334597, 1621.3895745666903,
  537.1811018620099, 117.6939508913125, 15.744926110709835, 1,
];
const FAR_NUMERATOR = [
  0.0006587491615298378, 0.016083785148742275, 0.12578172611122926, 0.36034489994980445, 0.30532663496123236,
  0.016315387137302097,
];
const FAR_DENOMINATOR = [
  0.0023352049762686918, 0.06051834131244132, 0.5279051029514285, 1.8729528499234604, 2.568520192289822, 1,
];
