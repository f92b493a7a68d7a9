import { type PackedColumn, unpackColumn } from './columns.ts';

/** A function from a number to its position in `categories`; NaN gives `missing`, any other number `unknown`. */
export function createEncoder(
  categories: PackedColumn,
  missing: number,
  unknown: number,
): (value: number) => number {
  const numbers = unpackColumn(categories);
  const codes = new Map<number, number>();
  for (let code = 0; code < numbers.length; code++) codes.set(numbers[code]!, code);
  return (value) => (Number.isNaN(value) ? missing : (codes.get(value) ?? unknown));
}
