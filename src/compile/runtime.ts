/**
 * Conversions between the engine's values and TypeScript's, bundled into the functions that need them. They run inside
 * PostgreSQL, on PL/v8 and PLJS, and make both behave the same where the engines differ or lose values silently.
 */

/** The engine's object: the compile step renames it for PLJS. */
declare const plv8: { return_next(row?: unknown): void };
/** Replaced by the compile step. */
declare const PGSCORE_ENGINE: 'plv8' | 'pljs';

type Convert = (value: unknown) => unknown;

function absent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function fail(value: unknown, wanted: string): never {
  throw new TypeError(`the function returned ${describe(value)}, where ${wanted} was expected`);
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80));
  return typeof value === 'object' ? Object.prototype.toString.call(value) : String(value);
}

// Arguments. NULL stays null.

/** A parameter with a default takes it for NULL, which JavaScript does for undefined alone. */
export function defaulted(value: unknown): unknown {
  return value === null ? undefined : value;
}

/** A bigint as a number; one that a number cannot hold exactly is an error. */
export function asNumber(value: unknown): unknown {
  if (value === null) return null;
  const number = Number(value);
  if (!Number.isSafeInteger(number))
    throw new RangeError(`${value} is no exact number: take the argument as bigint`);
  return number;
}

export function asBigint(value: unknown): unknown {
  return value === null ? null : BigInt(value as number);
}

/** An engine's value as text: a Date in ISO 8601, anything else as String() has it. */
export function asString(value: unknown): unknown {
  if (value === null) return null;
  return value instanceof Date ? value.toISOString() : String(value);
}

export function asTime(value: unknown): unknown {
  return value instanceof Date ? value.getTime() : value;
}

export function asFloat64Array(value: unknown): unknown {
  return value === null ? null : Float64Array.from(value as number[], missing);
}

export function asFloat32Array(value: unknown): unknown {
  return value === null ? null : Float32Array.from(value as number[], missing);
}

export function asInt32Array(value: unknown): unknown {
  return value === null ? null : Int32Array.from(value as number[], present);
}

export function asInt16Array(value: unknown): unknown {
  return value === null ? null : Int16Array.from(value as number[], present);
}

function missing(value: number | null): number {
  return value === null ? Number.NaN : value;
}

function present(value: number | null): number {
  if (value === null) throw new TypeError('an array of integers holds NULL, which a typed array cannot');
  return value;
}

export function eachOf(value: unknown, convert: Convert): unknown {
  return value === null ? null : (value as unknown[]).map((element) => convert(element));
}

// Results.

export function toFloat(value: unknown): unknown {
  if (absent(value)) return null;
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : fail(value, 'a number');
}

const INT4 = 2147483647;

/** The engines cut fractions off, wrap what is too large and turn NaN into 0. */
export function toInteger(value: unknown): unknown {
  const number = toFloat(value) as number | null;
  if (number === null) return null;
  return Number.isInteger(number) && number >= -INT4 - 1 && number <= INT4
    ? number
    : fail(value, 'an integer');
}

export function toSmallint(value: unknown): unknown {
  const number = toInteger(value) as number | null;
  return number === null || (number >= -32768 && number <= 32767) ? number : fail(value, 'a smallint');
}

export function toBigint(value: unknown): unknown {
  if (absent(value)) return null;
  if (typeof value === 'number' && !Number.isSafeInteger(value)) fail(value, 'an exact integer');
  if (typeof value !== 'number' && typeof value !== 'bigint') fail(value, 'an integer');
  const big = BigInt(value as number | bigint);
  return BigInt.asIntN(64, big) === big ? big : fail(value, 'a bigint');
}

export function toNumeric(value: unknown): unknown {
  if (absent(value)) return null;
  if (PGSCORE_ENGINE === 'pljs' && typeof value === 'string') return Number(value);
  return typeof value === 'bigint' && PGSCORE_ENGINE === 'plv8' ? String(value) : value;
}

/** The engines cut text at a NUL, which PostgreSQL's text cannot hold. */
export function toText(value: unknown): unknown {
  if (absent(value)) return null;
  if (typeof value === 'object') return fail(value, 'text');
  const text = String(value);
  return text.includes('\0') ? fail(text, 'text without NUL') : text;
}

export function toBoolean(value: unknown): unknown {
  if (absent(value)) return null;
  return typeof value === 'boolean' ? value : fail(value, 'a boolean');
}

/** The engines turn an invalid Date into 2000-01-01, and PLJS turns the epoch into NULL. */
export function toTimestamp(value: unknown): unknown {
  if (absent(value)) return null;
  const date = value instanceof Date ? value : new Date(value as string | number);
  const time = date.getTime();
  if (Number.isNaN(time)) return fail(value, 'a valid Date');
  if (PGSCORE_ENGINE === 'pljs' && time === 0) {
    throw new RangeError('PLJS cannot return 1970-01-01 00:00:00 UTC: it would arrive as NULL');
  }
  return date;
}

export function toBytes(value: unknown): unknown {
  if (absent(value)) return null;
  return value instanceof Uint8Array ? value : fail(value, 'a Uint8Array');
}

/**
 * A value that the engine takes for json. JSON's own rules come first, because the engines' differ from them:
 * NaN and Infinity become null, toJSON is called, typed arrays become arrays.
 */
export function toJson(value: unknown): unknown {
  const text = absent(value) ? undefined : JSON.stringify(value, plain);
  if (text === undefined) return null;
  // PL/v8 takes a string for JSON text, PLJS for a string of JSON.
  return PGSCORE_ENGINE === 'plv8' ? text : JSON.parse(text);
}

export function toJsonb(value: unknown): unknown {
  const text = absent(value) ? undefined : JSON.stringify(value, plain);
  return text === undefined ? null : JSON.parse(text);
}

function plain(_key: string, value: unknown): unknown {
  return ArrayBuffer.isView(value) ? Array.from(value as Uint8Array) : value;
}

/**
 * An array as the whole result, whose elements PostgreSQL passes by value. PLJS refuses null; an array of one undefined
 * element is NULL there.
 */
export function toArray(value: unknown, convert: Convert): unknown {
  const array = toElements(value, convert);
  return array === null && PGSCORE_ENGINE === 'pljs' ? [undefined] : array;
}

/** The same for elements that are passed by reference, where an undefined one would crash PLJS. */
export function toReferenceArray(value: unknown, convert: Convert): unknown {
  const array = toElements(value, convert);
  if (array === null && PGSCORE_ENGINE === 'pljs') {
    throw new TypeError('PLJS cannot return NULL for an array of this type: return an empty array');
  }
  return array;
}

/**
 * An array inside a row. PL/v8 crashes on a typed array that was made in JavaScript, PLJS reads past the end of a
 * nested one and takes an undefined element for a NULL array.
 */
export function toElements(value: unknown, convert: Convert): unknown {
  if (absent(value)) return null;
  if (!Array.isArray(value) && !ArrayBuffer.isView(value)) return fail(value, 'an array');
  const array = Array.from(value as ArrayLike<unknown>, (element) => convert(element));
  return array.some(Array.isArray) ? fail(value, 'an array of one dimension') : array;
}

/** A composite value, or one of a type that only the engine knows. */
export function toOther(value: unknown): unknown {
  if (absent(value)) {
    if (PGSCORE_ENGINE === 'pljs')
      throw new TypeError('PLJS cannot return NULL for this type: it would crash');
    return null;
  }
  return isRecord(value) ? toFields(value) : field(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  return !Array.isArray(value) && !ArrayBuffer.isView(value) && !(value instanceof Date);
}

/** The fields of a composite value or of a trigger's row. */
export function toFields(row: Record<string, unknown>): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const key of Object.keys(row)) fields[key] = field(row[key]);
  return fields;
}

function field(value: unknown): unknown {
  if (absent(value)) return null;
  if (value instanceof Date) return toTimestamp(value);
  if (Array.isArray(value)) return value.map(field);
  return ArrayBuffer.isView(value) && !(value instanceof Uint8Array)
    ? Array.from(value as Float64Array)
    : value;
}

/** A row of a TABLE. */
export function asRow(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : fail(value, 'an object with a property for each column');
}

/** Hands rows to the server: each of an iterable's, the value itself when it is no iterable, none for null. */
export function emit(rows: unknown, convert: Convert): void {
  if (absent(rows)) return;
  if (typeof rows !== 'object' || !(Symbol.iterator in rows)) {
    emitRow(rows, convert);
    return;
  }
  for (const row of rows as Iterable<unknown>) emitRow(row, convert);
}

function emitRow(row: unknown, convert: Convert): void {
  const converted = convert(row);
  if (PGSCORE_ENGINE === 'pljs' && absent(converted)) {
    throw new TypeError('PLJS cannot return NULL as a row of a set: it would crash');
  }
  plv8.return_next(converted);
}
