import type { Round } from './rounding.ts';

/**
 * What a slot of a forest's x holds of a feature's value, so that `x > threshold` alone decides every split, missing
 * values included: a split reads the slot whose kind puts a missing value on its side.
 */
export const SlotKind = {
  /** The value; NaN stays. */
  plain: 0,
  /** NaN becomes -Infinity: it goes left. */
  missingLow: 1,
  /** NaN becomes +Infinity: it goes right. */
  missingHigh: 2,
  /** NaN becomes 0. */
  missingZero: 3,
  /** NaN and zeros become -Infinity. */
  zeroLow: 4,
  /** NaN and zeros become +Infinity. */
  zeroHigh: 5,
  /** NaN becomes +Infinity, all else -Infinity. */
  isMissing: 6,
  /** NaN becomes -Infinity, all else +Infinity. */
  isPresent: 7,
  /** NaN and zeros become +Infinity, all else -Infinity. */
  isZero: 8,
  /** NaN and zeros become -Infinity, all else +Infinity. */
  isNonZero: 9,
  /** +Infinity, whatever the value. */
  always: 10,
} as const;
export type SlotKindName = keyof typeof SlotKind;

/** The threshold under which LightGBM takes a number for zero: 1e-35 as a float32. */
const ZERO_THRESHOLD = Math.fround(1e-35);
const HIGH = Number.POSITIVE_INFINITY;
const LOW = Number.NEGATIVE_INFINITY;

// One function a kind, for code that knows the kind of each slot. Zeros are looked for after rounding.
export const plain = (value: number): number => value;
export const missingLow = (value: number): number => (Number.isNaN(value) ? LOW : value);
export const missingHigh = (value: number): number => (Number.isNaN(value) ? HIGH : value);
export const missingZero = (value: number): number => (Number.isNaN(value) ? 0 : value);
export const zeroLow = (value: number): number => (Math.abs(value) > ZERO_THRESHOLD ? value : LOW);
export const zeroHigh = (value: number): number => (Math.abs(value) > ZERO_THRESHOLD ? value : HIGH);
export const isMissing = (value: number): number => (Number.isNaN(value) ? HIGH : LOW);
export const isPresent = (value: number): number => (Number.isNaN(value) ? LOW : HIGH);
export const isZero = (value: number): number => (Math.abs(value) > ZERO_THRESHOLD ? LOW : HIGH);
export const isNonZero = (value: number): number => (Math.abs(value) > ZERO_THRESHOLD ? HIGH : LOW);
export const always = (): number => HIGH;

const KINDS = [
  plain,
  missingLow,
  missingHigh,
  missingZero,
  zeroLow,
  zeroHigh,
  isMissing,
  isPresent,
  isZero,
  isNonZero,
  always,
];

/** Fills x[first], x[first + 1], …: slot first + k is of kind kinds[k] and holds register sources[k]. */
export function fillSlots(
  x: Float32Array | Float64Array,
  first: number,
  registers: Float64Array,
  sources: ArrayLike<number>,
  kinds: ArrayLike<number>,
  round: Round,
): void {
  for (let k = 0; k < sources.length; k++) x[first + k] = KINDS[kinds[k]!]!(round(registers[sources[k]!]!));
}
