/**
 * A number as programs and PostgreSQL print it: 12, -0.5, 1e-3, NaN, Infinity; true and false (t and f) are 1 and 0.
 * Undefined for anything else, the empty text and hexadecimal numbers too.
 */
export function numberOf(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed)) return Number(trimmed);
  return WORDS.get(trimmed.toLowerCase());
}

const WORDS: ReadonlyMap<string, number> = new Map([
  ['nan', Number.NaN],
  ['inf', Infinity],
  ['+inf', Infinity],
  ['-inf', -Infinity],
  ['infinity', Infinity],
  ['+infinity', Infinity],
  ['-infinity', -Infinity],
  ['true', 1],
  ['false', 0],
  ['t', 1],
  ['f', 0],
]);
