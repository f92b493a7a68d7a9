/** Rounding to the precision that a step computes in. */
export type Round = (value: number) => number;

export const toFloat32: Round = Math.fround;
export const toFloat64: Round = (value) => value;
