/**
 * A replacer for JSON.stringify. JSON has no NaN and no infinities, and its readers round whole numbers beyond 2^53: NaN,
 * infinities and bigints become texts, which PostgreSQL and Number() read.
 */
export function unwritableAsText(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
