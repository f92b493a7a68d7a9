import type pg from 'pg';
import { expect } from 'vitest';
import { deployModel } from './deploy.ts';

/** Features of the models that `deploySmall` deploys: columns of that name feed them. */
export const FEATURES = ['a', 'b', 'c', 'd', 'e', 'f'] as const;

const VERSIONS = ['binary_sigmoid2', 'cross_entropy'];

/** Version 1 or 2 of the model `churn`: both take six numbers. */
export async function deploySmall(client: pg.ClientBase, version: 1 | 2 = 1): Promise<void> {
  const file = `lightgbm-4.7.0/${VERSIONS[version - 1]}/model.txt`;
  await deployModel(client, file, 'churn', { import: { features: FEATURES } });
}

export interface TableOptions {
  /** Columns and constraints of the key. */
  readonly key?: string;
  /** The key's columns and what to insert into them, over `i` from 1. */
  readonly columns?: string;
  readonly values?: string;
  readonly rows?: number;
  /** After the table's closing parenthesis. */
  readonly suffix?: string;
}

/** A table with rows of reproducible features, missing values among them. */
export async function createTable(
  client: pg.ClientBase,
  name: string,
  options: TableOptions = {},
): Promise<void> {
  const { key = 'id integer PRIMARY KEY', columns = 'id', values = 'i', rows = 1000, suffix = '' } = options;
  const types = FEATURES.map((feature) => `${feature} double precision`).join(', ');
  const features = FEATURES.map(
    (_, k) => `CASE WHEN (i * ${k + 3}) % 11 > 0 THEN sin(i * ${k + 1}) * ${10 ** (k % 3)} END`,
  );
  await client.query(`CREATE TABLE ${name} (${key}, ${types}) ${suffix}`);
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
) {
  const { rows: counts } = await client.query(
    `SELECT count(*)::integer AS rows,
            count(*) FILTER (WHERE ${column} IS NOT DISTINCT FROM pgscore_models.churn(${FEATURES.join(', ')}))::integer AS scored,
            count(DISTINCT ${column}) > 1 AS differing
       FROM ${table}`,
  );
  expect(counts[0]).toEqual({ rows, scored: rows, differing: rows > 1 });
}
