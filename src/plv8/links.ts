/**
 * Link functions. Those of one number are rounded to the link's precision by their caller; those of several write
 * to `out`, whose element type is that precision.
 */
type Floats = Float32Array | Float64Array;
type Numbers = ArrayLike<number>;

export const sigmoid = (x: number, scale: number): number => 1 / (1 + Math.exp(-scale * x));
export const exp = (x: number): number => Math.exp(x);
export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
export const signedSquare = (x: number): number => Math.sign(x) * x * x;
export const step = (x: number): number => (x > 0 ? 1 : 0);
export const complement = (x: number): number => 1 - x;
export const divide = (x: number, divisor: number): number => x / divisor;

/** Applies a link of one number to each input. */
export function each(
  link: (x: number, parameter: number) => number,
  parameter: number,
  inputs: Numbers,
  out: Floats,
): void {
  for (let i = 0; i < out.length; i++) out[i] = link(inputs[i]!, parameter);
}

/** exp(x - greatest) / Σ. A NaN makes every result NaN. */
export function softmax(inputs: Numbers, out: Floats): void {
  const terms = new Float64Array(out.length);
  let greatest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < terms.length; i++) greatest = Math.max(greatest, inputs[i]!);
  let sum = 0;
  for (let i = 0; i < terms.length; i++) {
    const term = Math.exp(inputs[i]! - greatest);
    terms[i] = term;
    sum += term;
  }
  for (let i = 0; i < terms.length; i++) out[i] = terms[i]! / sum;
}

/** The index of the greatest input, the first of equals; a NaN is never greater. */
export function argmax(inputs: Numbers): number {
  let best = 0;
  for (let i = 1; i < inputs.length; i++) if (inputs[i]! > inputs[best]!) best = i;
  return best;
}
