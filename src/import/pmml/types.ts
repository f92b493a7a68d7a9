import { nearestFloat32 } from '../float32.ts';
import { isDateType, parseDate } from './dates.ts';
import type { Element } from './element.ts';
import type { DataType } from './values.ts';

/** A literal of the file in the type of what it is compared with; booleans are 1 and 0. */
export function parseConstant(at: Element, text: string, type: DataType): number {
  const trimmed = text.trim();
  if (isDateType(type)) return parseDate(at, trimmed, type);
  if (type === 'boolean') {
    if (/^true$/i.test(trimmed)) return 1;
    if (/^false$/i.test(trimmed)) return 0;
  }
  const double = at.parse(trimmed, `the ${type} ${JSON.stringify(trimmed.slice(0, 40))}`);
  return type === 'float' ? toFloat32(double, trimmed) : double;
}

/** The float32 that the text says, rounded once. */
export function toFloat32(double: number, text: string): number {
  return Number.isFinite(double) ? nearestFloat32(double, () => text.replace(/^\+/, '')) : double;
}

/** A number that no row changes, in a type. */
export function roundTo(value: number, type: DataType): number {
  return type === 'float' ? Math.fround(value) : value;
}
