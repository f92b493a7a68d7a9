/**
 * NULL arrives as null.
 * @plv8ify_volatility IMMUTABLE
 * @plv8ify_parallel SAFE
 */
export function churnScore(tenure: number | null, monthlyCharges: number | null, contract: string | null): number {
  const base = contract === 'Month-to-month' ? 1 : 0.25;
  return base + (monthlyCharges ?? 0) / (1 + (tenure ?? 0));
}

export function scaled(value: number, factor = 10, offset?: number): number {
  return value * factor + (offset ?? 0.5);
}

export function third(): number {
  return 1 / 3;
}

export const nothing = (): number | undefined => undefined;

/** @pgscore_strict */
export function strictly(value: number): number {
  return value + 1;
}

export function isLarge(value: number): boolean {
  return value > 100;
}

export function nextId(id: bigint): bigint {
  return id + 1n;
}

/**
 * @plv8ify_param {int8} id
 * @plv8ify_return {int}
 */
export function half(id: number): number {
  return id / 2;
}
