/** IEEE 754 binary16 as bits: onnxruntime takes half-precision tensors as Uint16Array on every Node. */

/** The nearest binary16 number, ties to even; beyond 65504 (from 65520) an infinity. */
export function toFloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= 65520) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | roundHalfToEven(magnitude / 2 ** -24);
  const exponent = exponentOf(magnitude);
  // A mantissa that rounds up to 2048 carries into the exponent, as the addition does.
  const mantissa = roundHalfToEven(magnitude / 2 ** (exponent - 10));
  return sign | (((exponent + 15) << 10) + (mantissa - 1024));
}

export function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** floor(log2) of a number between 2^-14 and 2^16; the logarithm alone may land on the wrong side of a power. */
function exponentOf(magnitude: number): number {
  const exponent = Math.floor(Math.log2(magnitude));
  if (2 ** exponent > magnitude) return exponent - 1;
  return 2 ** (exponent + 1) <= magnitude ? exponent + 1 : exponent;
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
