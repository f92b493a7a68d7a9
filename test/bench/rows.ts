import type pg from 'pg';
import { COLUMN_RANGE, columnKind } from './ensemble.ts';

/** Column names of a table of features. */
export function featureNames(features: number): string[] {
  return Array.from({ length: features }, (_, k) => `f${k}`);
}

/** Columns of a table of features, as in CREATE TABLE. */
export function featureColumns(features: number, type = 'float8'): string {
  return featureNames(features)
    .map((name) => `${name} ${type}`)
    .join(', ');
}

/** A table (id, f0, f1, …) of random values, the same on every run; `missing` is the share of NULLs. */
export async function createRows(
  client: pg.ClientBase,
  table: string,
  { features, rows, missing = 0 }: { features: number; rows: number; missing?: number },
): Promise<void> {
  const values = featureNames(features).map((name, k) => {
    const value = randomValue(k);
    return `${missing === 0 ? value : `CASE WHEN random() >= ${missing} THEN ${value} END`} AS ${name}`;
  });
  await client.query(`CREATE TABLE ${table} (id integer, ${featureColumns(features)})`);
  await client.query('SELECT setseed(0.25)');
  await client.query(
    `INSERT INTO ${table} SELECT id, ${values.join(', ')} FROM generate_series(1, ${rows}) AS g (id)`,
  );
  await client.query(`VACUUM ANALYZE ${table}`);
}

function randomValue(k: number): string {
  const kind = columnKind(k);
  const uniform = `random() * ${COLUMN_RANGE[kind]}`;
  switch (kind) {
    case 'whole':
      return `floor(${uniform})`;
    case 'amount':
      return `round((${uniform})::numeric, 2)::float8`;
    case 'double':
      return uniform;
  }
}
