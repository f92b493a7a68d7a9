import { quoteIdent } from '../quote.ts';

/**
 * SQL types as a tag writes them. The text goes into the migration as it stands; the family says how the engine
 * carries its values to and from JavaScript.
 */
export type SqlFamily =
  | 'float'
  | 'integer'
  | 'bigint'
  | 'numeric'
  | 'text'
  | 'boolean'
  | 'timestamp'
  | 'bytea'
  | 'json'
  | 'jsonb'
  | 'void'
  /** Composite types, domains, enums, uuid, …: carried as the engine pleases. */
  | 'other';

export interface SqlType {
  readonly text: string;
  /** The family of the type, of the element type for an array. */
  readonly family: SqlFamily;
  readonly isArray: boolean;
}

export interface SqlColumn {
  /** As written, without quotes: the property of a row object. */
  readonly key: string;
  /** As PostgreSQL stores it. */
  readonly name: string;
  readonly type: SqlType;
}

export type SqlReturn =
  | { readonly kind: 'value'; readonly type: SqlType }
  | { readonly kind: 'set'; readonly type: SqlType }
  | { readonly kind: 'table'; readonly text: string; readonly columns: readonly SqlColumn[] };

const families: Readonly<Record<string, SqlFamily>> = {
  float8: 'float',
  float4: 'float',
  float: 'float',
  real: 'float',
  'double precision': 'float',
  int2: 'integer',
  int4: 'integer',
  int: 'integer',
  smallint: 'integer',
  integer: 'integer',
  int8: 'bigint',
  bigint: 'bigint',
  numeric: 'numeric',
  decimal: 'numeric',
  text: 'text',
  varchar: 'text',
  char: 'text',
  bpchar: 'text',
  name: 'text',
  character: 'text',
  'character varying': 'text',
  bool: 'boolean',
  boolean: 'boolean',
  date: 'timestamp',
  timestamp: 'timestamp',
  timestamptz: 'timestamp',
  'timestamp with time zone': 'timestamp',
  'timestamp without time zone': 'timestamp',
  bytea: 'bytea',
  json: 'json',
  jsonb: 'jsonb',
  void: 'void',
};

const token = /"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*|\d+|[.,()[\]%]|\s+/uy;

/**
 * Splits type text into tokens: names, numbers and punctuation. Undefined when it holds anything else (a semicolon,
 * a comment, a string), or when its brackets do not pair.
 */
function tokens(text: string): readonly string[] | undefined {
  const found: string[] = [];
  let depth = 0;
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const match = token.exec(text);
    if (match === null) return undefined;
    if (match[0] === '(') depth += 1;
    if (match[0] === ')') depth -= 1;
    if (depth < 0) return undefined;
    found.push(match[0]);
  }
  return depth === 0 && found.length > 0 ? found : undefined;
}

/** Undefined when the text cannot be a type. */
export function parseSqlType(text: string): SqlType | undefined {
  const trimmed = text.trim();
  if (tokens(trimmed) === undefined) return undefined;
  const array = /\s*(\[\s*\d*\s*\]|\barray\b)\s*$/i;
  let base = trimmed;
  while (array.test(base)) base = base.replace(array, '');
  if (base === '' || /[[\]]/.test(base) || /^[.,()%\d]/.test(base)) return undefined;
  const plain = base
    .toLowerCase()
    .replace(/\([^)]*\)/g, ' ')
    .replace(/^\s*pg_catalog\s*\.\s*/, '')
    .replace(/\s+/g, ' ')
    .trim();
  return { text: trimmed, family: families[plain] ?? 'other', isArray: base !== trimmed };
}

/** A return type: `t`, `setof t` or `table (name type, …)`. Undefined when the text is none of these. */
export function parseSqlReturn(text: string): SqlReturn | undefined {
  const trimmed = text.trim();
  const table = /^table\s*\(([\s\S]*)\)$/i.exec(trimmed);
  if (table !== null) return parseTable(table[1]!);
  const set = /^setof\s+([\s\S]+)$/i.exec(trimmed);
  const type = parseSqlType(set === null ? trimmed : set[1]!);
  if (type === undefined) return undefined;
  return { kind: set === null ? 'value' : 'set', type };
}

function parseTable(text: string): SqlReturn | undefined {
  const columns = splitColumns(text)?.map(parseColumn);
  if (columns === undefined || columns.some((column) => column === undefined)) return undefined;
  const known = columns as readonly SqlColumn[];
  const declared = known.map(({ name, type }) => `${quoteIdent(name)} ${type.text}`);
  return { kind: 'table', text: `TABLE (${declared.join(', ')})`, columns: known };
}

function splitColumns(text: string): readonly string[] | undefined {
  const found = tokens(text);
  if (found === undefined) return undefined;
  const columns = [''];
  let depth = 0;
  for (const part of found) {
    if (part === '(') depth += 1;
    if (part === ')') depth -= 1;
    if (part === ',' && depth === 0) columns.push('');
    else columns[columns.length - 1] += part;
  }
  return columns;
}

function parseColumn(text: string): SqlColumn | undefined {
  const match = /^\s*("(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)\s+([\s\S]+)$/u.exec(text);
  if (match === null) return undefined;
  const type = parseSqlType(match[2]!);
  return type && { ...parseIdentifier(match[1]!), type };
}

/** Reads an SQL identifier, quoted or not: `key` as it is spelt, `name` as PostgreSQL stores it. */
export function parseIdentifier(text: string): { key: string; name: string } {
  if (!text.startsWith('"')) return { key: text, name: foldCase(text) };
  const key = text.slice(1, -1).replaceAll('""', '"');
  return { key, name: key };
}

/** PostgreSQL's own folding of an unquoted name: ASCII letters to lower case. */
export function foldCase(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
