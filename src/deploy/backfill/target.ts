import type pg from 'pg';
import { readQuery } from '../../db/queries.ts';
import { PgscoreError } from '../../errors.ts';
import { quoteIdent, quoteLiteral } from '../../quote.ts';
import type { Key } from './key.ts';

/** A binding whose rows are to be scored. */
export interface Target {
  readonly binding: number;
  readonly model: string;
  /** Schema and name, quoted where SQL wants it. */
  readonly table: string;
  readonly column: string;
  /** The table in FROM and UPDATE: not the tables that inherit from it, which do not have its triggers. */
  readonly rows: string;
  readonly key: Key;
  /** async: rows are given to the sidecars. */
  readonly mode: 'sync' | 'async';
  /** SQL for the key of the row `t` as jobs have it. */
  readonly keyText: string;
  /** How many rows the table has, as the planner estimates. */
  readonly estimate: number;
}

export interface TargetFilter {
  readonly model: string;
  readonly table?: string;
  readonly column?: string;
}

/**
 * The bindings that a backfill is for, in the order in which they were attached. Throws PGS_DATABASE when there is
 * none, when one does not work, or when a table has no key.
 */
export async function findTargets(client: pg.Client, filter: TargetFilter): Promise<Target[]> {
  const { model, table, column } = filter;
  await client.query('SELECT pgscore_internal.require_model($1)', [model]);
  const relation = table === undefined ? null : await findTable(client, table);
  // Names are to come back qualified, whatever the session's path is.
  await client.query('SET LOCAL search_path = pg_catalog, pg_temp');
  const { rows } = await client.query<BindingRow>(readQuery('backfill_targets'), [
    model,
    relation,
    column ?? null,
  ]);
  if (rows.length === 0) await refuseNotAttached(client, filter);
  const targets: Target[] = [];
  for (const row of rows) targets.push(await describeTarget(client, model, row));
  return targets;
}

interface BindingRow {
  readonly id: number;
  readonly relation: string;
  readonly table_name: string;
  readonly partitioned: boolean;
  readonly value_column: string;
  readonly mode: 'sync' | 'async';
  readonly key_text: string;
}

async function findTable(client: pg.Client, table: string): Promise<string> {
  const { rows } = await client.query<{ oid: string | null }>('SELECT to_regclass($1)::oid::text AS oid', [
    table,
  ]);
  const oid = rows[0]!.oid;
  if (oid !== null) return oid;
  throw new PgscoreError('PGS_DATABASE', `there is no table ${table}`, {
    hint: `Name it as SQL does: customers, sales.customers, '"Customers"'.`,
  });
}

async function refuseNotAttached(client: pg.Client, { model, table, column }: TargetFilter): Promise<never> {
  const { rows } = await client.query<BindingRow>(readQuery('backfill_targets'), [model, null, null]);
  const attached = rows.map((row) => `${row.table_name}.${quoteIdent(row.value_column)}`);
  const asked = [table, column === undefined ? undefined : quoteIdent(column)].filter(Boolean).join('.');
  throw new PgscoreError(
    'PGS_DATABASE',
    `model ${model} is not attached to ${asked === '' ? 'any table' : asked}`,
    {
      hint:
        attached.length > 0
          ? `It is attached to ${attached.join(', ')}.`
          : `Attach it first: SELECT pgscore.attach(${quoteLiteral(model)}, 'table').`,
    },
  );
}

async function describeTarget(client: pg.Client, model: string, row: BindingRow): Promise<Target> {
  const target = {
    binding: row.id,
    model,
    table: row.table_name,
    column: row.value_column,
    rows: row.partitioned ? row.table_name : `ONLY ${row.table_name}`,
  };
  await requireWorking(client, target);
  return {
    ...target,
    key: await findKey(client, row),
    mode: row.mode,
    keyText: row.key_text,
    estimate: await estimateRows(client, target.rows),
  };
}

/** Throws PGS_DATABASE when an UPDATE would not score the binding's rows. */
export async function requireWorking(
  client: pg.Client,
  target: Pick<Target, 'binding' | 'model' | 'table' | 'column'>,
): Promise<void> {
  const { rows } = await client.query<{ problem: string | null }>(readQuery('backfill_problem'), [
    target.binding,
  ]);
  const problem = rows[0] === undefined ? 'it was detached' : rows[0].problem;
  if (problem === null) return;
  const { model, table, column } = target;
  throw new PgscoreError(
    'PGS_DATABASE',
    `model ${model} does not score the rows of ${table} into ${quoteIdent(column)}: ${problem}`,
    {
      hint:
        `A backfill works through the binding's triggers. Enable them (ALTER TABLE ${table} ENABLE TRIGGER ALL), ` +
        'or detach the model and attach it again; SELECT * FROM pgscore.bindings shows the state.',
    },
  );
}

async function findKey(client: pg.Client, { relation, table_name }: BindingRow): Promise<Key> {
  const { rows } = await client.query<Key>(readQuery('backfill_key'), [relation]);
  if (rows[0] !== undefined) return rows[0];
  throw new PgscoreError(
    'PGS_DATABASE',
    `${table_name} has no primary key, and no other key to walk its rows by`,
    {
      hint:
        `Give it one (ALTER TABLE ${table_name} ADD PRIMARY KEY (…)), or a unique index over columns that are NOT NULL. ` +
        `A small table can do without: UPDATE ${table_name} SET its prediction column to itself scores all rows in one ` +
        'transaction.',
    },
  );
}

async function estimateRows(client: pg.Client, from: string): Promise<number> {
  const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
    `EXPLAIN (FORMAT JSON) SELECT FROM ${from}`,
  );
  return rows[0]!['QUERY PLAN'][0].Plan['Plan Rows'];
}
