import ts from 'typescript';
import type { SqlFamily, SqlType } from './sql-type.ts';

/** What a TypeScript type is at run time, as far as SQL cares. null and undefined are taken off first. */
export type Shape =
  | { readonly kind: 'number' | 'string' | 'boolean' | 'bigint' | 'date' | 'bytes' | 'void' }
  /** any and unknown: decided at run time. */
  | { readonly kind: 'any' }
  /** Anything that JSON carries. */
  | { readonly kind: 'json' }
  | { readonly kind: 'array'; readonly element: Shape }
  | { readonly kind: 'typedArray'; readonly constructorName: string; readonly sql: string }
  /** A generator or another iterable that is no array: rows of a set. */
  | { readonly kind: 'iterable'; readonly element: Shape };

export type Mapped =
  | { readonly shape: Shape; readonly nullable: boolean }
  /** Why the type has no mapping. */
  | { readonly unmapped: string };

const typedArrays: Readonly<Record<string, string>> = {
  Float64Array: 'float8[]',
  Float32Array: 'float4[]',
  Int32Array: 'int4[]',
  Int16Array: 'int2[]',
};

const iterables = new Set(['Generator', 'Iterable', 'IterableIterator', 'IteratorObject', 'ArrayIterator']);

const promises = new Set([
  'Promise',
  'PromiseLike',
  'AsyncGenerator',
  'AsyncIterable',
  'AsyncIterableIterator',
]);

/** Library objects that JSON would turn into an empty or a misleading object. */
const notJson = new Set([
  'Map',
  'ReadonlyMap',
  'Set',
  'ReadonlySet',
  'WeakMap',
  'WeakSet',
  'WeakRef',
  'RegExp',
  'Function',
  'CallableFunction',
  'NewableFunction',
  'Symbol',
  'Error',
  'ArrayBuffer',
  'SharedArrayBuffer',
  'DataView',
  'Buffer',
  'Int8Array',
  'Uint8ClampedArray',
  'Uint16Array',
  'Uint32Array',
  'BigInt64Array',
  'BigUint64Array',
]);

/** Maps the type of an argument or a result. */
export function mapType(type: ts.Type, checker: ts.TypeChecker): Mapped {
  const members = type.isUnion() ? type.types : [type];
  const present = members.filter((member) => (member.flags & EMPTY) === 0);
  const nullable = present.length < members.length;
  if (present.length === 0) return { shape: { kind: 'void' }, nullable };
  const shapes: Shape[] = [];
  for (const member of present) {
    const shape = mapMember(member, checker);
    if (typeof shape === 'string') return { unmapped: shape };
    shapes.push(shape);
  }
  return { shape: shapes.reduce(merge), nullable };
}

const EMPTY = ts.TypeFlags.Null | ts.TypeFlags.Undefined | ts.TypeFlags.Void;

/** The shape of a type that is no union, or why it has none. */
function mapMember(type: ts.Type, checker: ts.TypeChecker): Shape | string {
  const has = (flags: ts.TypeFlags): boolean =>
    (type.flags & flags) !== 0 ||
    (type.isIntersection() && type.types.some((part) => (part.flags & flags) !== 0));
  if (has(ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return { kind: 'any' };
  if (has(ts.TypeFlags.NumberLike)) return { kind: 'number' };
  if (has(ts.TypeFlags.StringLike)) return { kind: 'string' };
  if (has(ts.TypeFlags.BooleanLike)) return { kind: 'boolean' };
  if (has(ts.TypeFlags.BigIntLike)) return { kind: 'bigint' };
  if (has(ts.TypeFlags.Never)) return 'never is no value';
  if (has(ts.TypeFlags.ESSymbolLike)) return 'a symbol has no SQL type';
  if (has(ts.TypeFlags.TypeParameter)) return 'a type parameter has no SQL type: SQL needs a definite one';
  if (type.getCallSignatures().length > 0 || type.getConstructSignatures().length > 0) {
    return 'a function has no SQL type';
  }
  return mapObject(type, checker);
}

function mapObject(type: ts.Type, checker: ts.TypeChecker): Shape | string {
  if (checker.isArrayType(type) || checker.isTupleType(type)) {
    return mapArray(checker.getTypeArguments(type as ts.TypeReference), checker);
  }
  const name = libraryName(type);
  if (name === undefined) return { kind: 'json' };
  if (name === 'Date') return { kind: 'date' };
  if (name === 'Uint8Array') return { kind: 'bytes' };
  if (promises.has(name)) return `${name} is asynchronous, and a SQL function cannot wait for it`;
  if (notJson.has(name)) return `${name} has no SQL type`;
  const typed = typedArrays[name];
  if (typed !== undefined) return { kind: 'typedArray', constructorName: name, sql: typed };
  if (!iterables.has(name)) return { kind: 'json' };
  const row = checker.getTypeArguments(type as ts.TypeReference)[0];
  const element = row === undefined ? undefined : mapType(row, checker);
  if (element === undefined) return { kind: 'iterable', element: { kind: 'any' } };
  return 'unmapped' in element ? element.unmapped : { kind: 'iterable', element: element.shape };
}

function mapArray(types: readonly ts.Type[], checker: ts.TypeChecker): Shape | string {
  const elements: Shape[] = [];
  for (const type of types) {
    const mapped = mapType(type, checker);
    if ('unmapped' in mapped) return mapped.unmapped;
    elements.push(mapped.shape);
  }
  return elements.length === 0 ? { kind: 'json' } : { kind: 'array', element: elements.reduce(merge) };
}

function merge(left: Shape, right: Shape): Shape {
  if (JSON.stringify(left) === JSON.stringify(right)) return left;
  return left.kind === 'any' || right.kind === 'any' ? { kind: 'any' } : { kind: 'json' };
}

/** The name of a type that TypeScript's or Node's own declarations make global; undefined for the source's own. */
function libraryName(type: ts.Type): string | undefined {
  const symbol = type.getSymbol();
  const own = symbol?.declarations?.every((declaration) => {
    const { fileName } = declaration.getSourceFile();
    return /[\\/]typescript[\\/]lib[\\/]lib\.[^\\/]*d\.ts$|[\\/]@types[\\/]node[\\/]/.test(fileName);
  });
  return own === true ? symbol?.getName() : undefined;
}

/** The SQL type that a shape has when no tag gives another. */
export function inferSqlType(shape: Shape): SqlType {
  if (shape.kind === 'typedArray') {
    const family = shape.sql.startsWith('float') ? 'float' : 'integer';
    return { text: shape.sql, family, isArray: true };
  }
  const element = shape.kind === 'array' ? scalars[shape.element.kind] : undefined;
  if (element !== undefined) return { text: `${element.text}[]`, family: element.family, isArray: true };
  return { ...(scalars[shape.kind] ?? jsonb), isArray: false };
}

interface Scalar {
  readonly text: string;
  readonly family: SqlFamily;
}

const jsonb: Scalar = { text: 'jsonb', family: 'jsonb' };

const scalars: Readonly<Partial<Record<Shape['kind'], Scalar>>> = {
  number: { text: 'float8', family: 'float' },
  string: { text: 'text', family: 'text' },
  boolean: { text: 'boolean', family: 'boolean' },
  bigint: { text: 'int8', family: 'bigint' },
  date: { text: 'timestamptz', family: 'timestamp' },
  bytes: { text: 'bytea', family: 'bytea' },
  void: { text: 'void', family: 'void' },
};
