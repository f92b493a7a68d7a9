import type { Precision } from './model.ts';

/** The nearest number of the precision. */
export function round(value: number, precision: Precision): number {
  return precision === 'float32' ? Math.fround(value) : value;
}
