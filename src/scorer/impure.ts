/**
 * What JavaScript itself gives, the same everywhere and every time, on both engines. A scorer may use no other global
 * name: its functions are declared IMMUTABLE and PARALLEL SAFE.
 */
export const pureGlobals: ReadonlySet<string> = new Set([
  ...['undefined', 'NaN', 'Infinity', 'arguments', 'isFinite', 'isNaN', 'parseFloat', 'parseInt'],
  ...['Array', 'BigInt', 'Boolean', 'Date', 'JSON', 'Map', 'Math', 'Number', 'Object', 'Proxy', 'Reflect'],
  ...['RegExp', 'Set', 'String', 'Symbol', 'WeakMap', 'WeakSet', 'Iterator'],
  ...['ArrayBuffer', 'DataView', 'Float32Array', 'Float64Array', 'Int8Array', 'Int16Array', 'Int32Array'],
  ...['Uint8Array', 'Uint8ClampedArray', 'Uint16Array', 'Uint32Array', 'BigInt64Array', 'BigUint64Array'],
  ...['Error', 'AggregateError', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError'],
  ...['URIError', 'encodeURI', 'encodeURIComponent', 'decodeURI', 'decodeURIComponent'],
]);

const CLOCK = 'take the time as a feature';
const CHANCE = 'take the number as a feature, or compute it from the features';
const LOCALE = 'compare with < and >, format with toFixed(), toUpperCase() and toLowerCase()';
const ZONE = 'use UTC (getUTCHours, Date.UTC, toISOString): the time zone is a setting of the server';
const OUTSIDE = 'a scorer computes from its features alone: take what it needs as a feature';

/** The remedy for a global name that is not pure. */
export function globalRemedy(name: string): string {
  return globals[name] ?? OUTSIDE;
}

const globals: Readonly<Record<string, string>> = {
  Intl: LOCALE,
  performance: CLOCK,
  Temporal: CLOCK,
  crypto: CHANCE,
  eval: 'write the code out, so that it can be checked',
  Function: 'write the code out, so that it can be checked',
  console: 'take it away: a scorer only returns its prediction',
};

/** Members that depend on the server's settings, whatever declares them: name to remedy. */
export const impureMembers: ReadonlyMap<string, string> = new Map([
  ...[
    ...['getFullYear', 'getYear', 'getMonth', 'getDate', 'getDay', 'getHours', 'getMinutes', 'getSeconds'],
    ...['setFullYear', 'setYear', 'setMonth', 'setDate', 'setHours', 'setMinutes', 'setSeconds'],
    ...['getTimezoneOffset', 'toDateString', 'toTimeString'],
  ].map((name) => [name, ZONE] as const),
  ...[
    ...['localeCompare', 'toLocaleString', 'toLocaleDateString', 'toLocaleTimeString'],
    ...['toLocaleUpperCase', 'toLocaleLowerCase'],
  ].map((name) => [name, LOCALE] as const),
]);

/** Members of one type of the standard library, by its name there: Type.member to remedy. */
export const impureOf: ReadonlyMap<string, string> = new Map([
  ['DateConstructor.now', CLOCK],
  ['DateConstructor.parse', ZONE],
  ['Date.toString', ZONE],
  ['Math.random', CHANCE],
]);

/** Ways to make a Date that the clock or the time zone decides. */
export const impureDates = {
  now: { what: 'new Date() without arguments', remedy: CLOCK },
  call: { what: 'Date() as a function', remedy: CLOCK },
  parts: { what: 'new Date(year, month, …)', remedy: ZONE },
  text: {
    what: 'new Date(text)',
    remedy:
      'a text without a zone is read in the time zone of the server: take the time as a number, or write the zone out, ' +
      'new Date("2024-01-01T00:00:00Z")',
  },
} as const;

export const STATE = {
  what: 'a variable of the module that a call changes',
  remedy: 'keep state out of a scorer: the same features have to give the same prediction in every session',
} as const;
