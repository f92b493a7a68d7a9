/** x[k] = registers[sources[k]]. */
export function gatherRegisters(
  registers: Float64Array,
  sources: ArrayLike<number>,
  x: Float32Array | Float64Array,
): void {
  for (let k = 0; k < x.length; k++) x[k] = registers[sources[k]!]!;
}
