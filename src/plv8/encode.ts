import { type PackedColumn, unpackColumn } from './columns.ts';

/**
 * A function from a number to its code, which is its position in `categories` unless there are `codes`; NaN gives
 * `missing`, any other number `unknown`.
 */
export function createEncoder(
  categories: PackedColumn,
  missing: number,
  unknown: number,
  codes?: ArrayLike<number>,
): (value: number) => number {
  const numbers = unpackColumn(categories);
  const codeOf = new Map<number, number>();
  for (let i = 0; i < numbers.length; i++) codeOf.set(numbers[i]!, codes?.[i] ?? i);
  return (value) => (Number.isNaN(value) ? missing : (codeOf.get(value) ?? unknown));
}

/** The same from a text to its code; null gives `missing`. */
export function createTextEncoder(
  categories: readonly string[],
  missing: number,
  unknown: number,
  codes?: ArrayLike<number>,
): (text: string | null) => number {
  const codeOf = new Map(categories.map((category, i) => [category, codes?.[i] ?? i] as const));
  return (text) => (text === null ? missing : (codeOf.get(text) ?? unknown));
}
