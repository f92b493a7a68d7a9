/** PostgreSQL's text form of arrays, for parameters: what the driver makes of JavaScript arrays takes three times as long. */

/** text[]. */
export function textArray(values: readonly (string | null)[]): string {
  return `{${values.map((value) => (value === null ? 'NULL' : quoted(value))).join(',')}}`;
}

/** float8[] with NULL for NaN; the shortest text of a number, which is read back as the same float64. */
export function floatArray(values: ArrayLike<number>): string {
  return `{${Array.from(values, (value) => (Number.isNaN(value) ? 'NULL' : String(value))).join(',')}}`;
}

/** text[] of the texts of arrays of numbers, NaN among them as it is. */
export function arrayOfArrays(values: readonly (readonly number[] | null)[]): string {
  return textArray(values.map((numbers) => (numbers === null ? null : `{${numbers.join(',')}}`)));
}

/** Most keys are plain; quotes are always allowed. */
function quoted(text: string): string {
  return /["\\]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`;
}
