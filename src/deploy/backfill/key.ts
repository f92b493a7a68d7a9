import { quoteIdent } from '../../quote.ts';

/** The columns that put a table's rows in order, in the order of their index. */
export interface Key {
  readonly columns: readonly KeyColumn[];
  /** Schemas of the types' comparison operators, beyond pg_catalog: they must be on the search_path. */
  readonly schemas: readonly string[];
}

export interface KeyColumn {
  readonly name: string;
  /** As SQL names it, qualified, without a length. */
  readonly type: string;
}

/** One row's key: a text for each column, which its type's input function reads back exactly. */
export type KeyValues = readonly string[];

/** A condition on the row `t` with the values of its parameters. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly string[];
}

/**
 * Rows past `after` (null: from the first one) up to and with `end` (null: to the last one); parameters are numbered
 * from `first`. Rows are compared as wholes, which an index can follow however many rows share a first column; the
 * first column is compared once more by itself, which is what the planner estimates and leaves out partitions by.
 */
export function keyRange(key: Key, after: KeyValues | null, end: KeyValues | null, first: number): Condition {
  const conditions: string[] = [];
  const values: string[] = [];
  const compare = (operator: '>' | '<=', bound: KeyValues | null) => {
    if (bound === null) return;
    const parameters = key.columns.map(({ type }, i) => `$${first + values.length + i}::${type}`);
    conditions.push(`(${columnList(key)}) ${operator} (${parameters.join(', ')})`);
    if (key.columns.length > 1) conditions.push(`${column(key, 0)} ${operator[0]}= ${parameters[0]}`);
    values.push(...bound);
  };
  compare('>', after);
  compare('<=', end);
  return { sql: conditions.length === 0 ? 'true' : conditions.join(' AND '), values };
}

/** `t."a", t."b"`: for ORDER BY and row comparisons. */
export function columnList(key: Key): string {
  return key.columns.map((_, i) => column(key, i)).join(', ');
}

function column(key: Key, i: number): string {
  return `t.${quoteIdent(key.columns[i]!.name)}`;
}

/** The placeholders of backfill_cut.sql that stand for the key. */
export function keyParts(key: Key): Record<'texts' | 'keys' | 'order', string> {
  return {
    texts: key.columns.map((_, i) => `keys.k${i}::text`).join(', '),
    keys: key.columns.map((_, i) => `${column(key, i)} AS k${i}`).join(', '),
    order: columnList(key),
  };
}

/** For messages: `id = 4711, region = 'north'`. */
export function describeKey(key: Key, values: KeyValues): string {
  return key.columns.map(({ name }, i) => `${name} = ${values[i]}`).join(', ');
}
