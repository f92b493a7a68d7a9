/** One feature of the signature. */
export type FeatureSpec = readonly [name: string, kind: 'number' | 'text'];

/** An argument of the program: a number, a text, or the code of a text. */
export type ArgumentSpec =
  | readonly [feature: number]
  | readonly [
      feature: number,
      categories: readonly string[],
      missing: number,
      unknown: number,
      /** Absent when a category's code is its position. */
      codes?: readonly number[],
    ];

/** Gives what the program takes, or null when the text is no object with a fitting value for every feature. */
export type RowReader = (json: string) => unknown[] | null;

/**
 * Reads a row that predict() hands over as the text of a JSON object, which PostgreSQL has found to be valid JSON. PL/v8
 * converts a jsonb argument itself, but key by key: parsing its text here takes about half the time. What is wrong with a
 * row that does not fit is for SQL to find out (pgscore_internal.reject_features); here it only has to be noticed. With
 * `inArrays` the program takes an array of numbers and one of texts.
 */
export function createRowReader(
  features: readonly FeatureSpec[],
  args: readonly ArgumentSpec[],
  inArrays: boolean,
): RowReader {
  const codes = args.map((arg) =>
    arg.length === 1
      ? null
      : new Map(arg[1].map((category, k): [string, number] => [category, arg[4]?.[k] ?? k])),
  );
  return (json) => {
    const row: unknown = JSON.parse(json);
    if (typeof row !== 'object' || row === null || Array.isArray(row)) return null;
    const hasEscapes = json.includes('\\u');
    const values: unknown[] = [];
    for (const [name, kind] of features) {
      const value = readValue((row as Record<string, unknown>)[name], kind);
      if (value === undefined || (hasEscapes && !isStorable(value))) return null;
      values.push(value);
    }
    const taken = args.map((arg, k) => {
      const value = values[arg[0]];
      if (arg.length === 1) return value;
      return value === null ? arg[2] : (codes[k]!.get(value as string) ?? arg[3]);
    });
    if (!inArrays) return taken;
    const isText = (k: number) => args[k]!.length === 1 && features[args[k]![0]]![1] === 'text';
    return [taken.filter((_, k) => !isText(k)), taken.filter((_, k) => isText(k))];
  };
}

/**
 * Whether PostgreSQL could hold the value: no text of it has NUL or half of a surrogate pair. Only the escapes of JSON
 * can write these; the type json lets them pass, and jsonb does not.
 */
function isStorable(value: unknown): boolean {
  return typeof value !== 'string' || (!value.includes('\0') && !/[\ud800-\udfff]/u.test(value));
}

/** A number (NaN: missing), a text, null (missing text), or undefined when the value does not fit. */
function readValue(value: unknown, kind: 'number' | 'text'): number | string | null | undefined {
  if (kind === 'text') return typeof value === 'string' || value === null ? value : undefined;
  switch (typeof value) {
    case 'number':
      // JSON has no infinities: a number that became one was too large.
      return Number.isFinite(value) ? value : undefined;
    case 'boolean':
      return value ? 1 : 0;
    case 'string':
      // What to_jsonb() makes of the float8 values that JSON has no number for.
      return value === 'NaN'
        ? Number.NaN
        : value === 'Infinity'
          ? Infinity
          : value === '-Infinity'
            ? -Infinity
            : undefined;
    default:
      return value === null ? Number.NaN : undefined;
  }
}
