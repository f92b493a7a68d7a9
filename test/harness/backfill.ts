import type pg from 'pg';
import { expect } from 'vitest';
import { deployModel } from './deploy.ts';

/** Features of the model that `deployChurn` deploys: columns of that name feed them. */
export const FEATURES = ['a', 'b', 'c', 'd', 'e', 'f'] as const;

const FILES = { 1: 'binary_sigmoid2', 2: 'cross_entropy' } as const;

/** Version 1 or 2 of the model `churn`: both take six numbers. */
export async function deployChurn(client: pg.ClientBase, version: keyof typeof FILES = 1): Promise<void> {
  const file = `lightgbm-4.7.0/${FILES[version]}/model.txt`;
  await deployModel(client, file, 'churn', { import: { features: FEATURES } });
}

export interface TableOptions {
  /** Columns of the key, and its constraint. */
  readonly key?: string;
  /** Names of the key's columns, and what to insert into them, over `i` from 1. */
  readonly columns?: string;
  readonly values?: string;
  readonly rows?: number;
  /** What follows the table's closing parenthesis. */
  readonly suffix?: string;
}

/** A table with rows of reproducible features, missing values among them; `id integer PRIMARY KEY` unless told. */
export async function createTable(
  client: pg.ClientBase,
  name: string,
  options: TableOptions = {},
): Promise<void> {
  const { key = 'id integer PRIMARY KEY', columns = 'id', values = 'i' } = options;
  const types = FEATURES.map((feature) => `${feature} double precision`).join(', ');
  await client.query(`CREATE TABLE ${name} (${key}, ${types}) ${options.suffix ?? ''}`);
  await insertRows(client, name, columns, values, options.rows ?? 1000);
}

export async function insertRows(
  client: pg.ClientBase,
  name: string,
  columns: string,
  values: string,
  rows: number,
): Promise<void> {
  const features = FEATURES.map(
    (_, k) => `CASE WHEN (i * ${k + 3}) % 11 > 0 THEN sin(i * ${k + 1}) * ${10 ** (k % 3)} END`,
  );
  await client.query(
    `INSERT INTO ${name} (${columns}, ${FEATURES.join(', ')})
     SELECT ${values}, ${features.join(', ')} FROM generate_series(1, ${rows}) AS s (i)`,
  );
}

/** Every row of the table carries what the champion gives for its features. */
export async function expectScored(
  client: pg.ClientBase,
  table: string,
  rows: number,
  column = 'churn_score',
): Promise<void> {
  const scored = `${column} IS NOT DISTINCT FROM pgscore_models.churn(${FEATURES.join(', ')})`;
  const { rows: counts } = await client.query(
    `SELECT count(*)::integer AS rows, (count(*) FILTER (WHERE ${scored}))::integer AS scored,
            count(DISTINCT ${column}) > 1 AS differ
       FROM ${table}`,
  );
  expect(counts).toEqual([{ rows, scored: rows, differ: rows > 1 }]);
}

/** Counts from now on how often each row is updated, by the columns of `key`. */
export async function watchUpdates(client: pg.ClientBase, table: string, key = 'id'): Promise<void> {
  const columns = key.split(', ').map((column) => `NEW.${column}`);
  await client.query(`
    CREATE TABLE updates (key text NOT NULL);
    CREATE FUNCTION log_update() RETURNS trigger LANGUAGE plpgsql SET extra_float_digits = 3 AS $$
    BEGIN
      INSERT INTO updates VALUES (ROW(${columns.join(', ')})::text);
      RETURN NULL;
    END $$;
    CREATE TRIGGER log_update AFTER UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION log_update();
  `);
}

/** So many rows were updated, each once. */
export async function expectUpdatedOnce(client: pg.ClientBase, rows: number): Promise<void> {
  const { rows: counts } = await client.query(
    'SELECT count(*)::integer AS updates, count(DISTINCT key)::integer AS rows FROM updates',
  );
  expect(counts).toEqual([{ updates: rows, rows }]);
}

/** No transaction has updated more than so many rows. */
export async function expectChunks(client: pg.ClientBase, rows: number): Promise<void> {
  const { rows: sizes } = await client.query(
    'SELECT max(size)::integer AS largest FROM (SELECT count(*) AS size FROM updates GROUP BY xmin::text) AS chunks',
  );
  expect(sizes[0].largest).toBeLessThanOrEqual(rows);
}
