/**
 * A replacer for JSON.stringify: JSON has no NaN and no infinities, so they become the texts "NaN", "Infinity" and
 * "-Infinity", which PostgreSQL and Number() read.
 */
export function nonFiniteAsText(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
