import { type Bench, timingSession } from './bench.ts';
import { alternate, median, statement } from './measure.ts';
import type { Section } from './report.ts';

/** predict() in each of its forms beside the scalar call, over a table and as statements of one row. */
export async function benchPredict(bench: Bench): Promise<Section[]> {
  return [await overTable(bench), await oneRow(bench)];
}

/** PLJS never frees what it converts from an argument that is no number: the server's memory bounds the rows. */
const PLJS_ROWS = 5000;

function rowsOf({ rows, database }: Bench): number {
  return database.engine === 'pljs' ? Math.min(rows, PLJS_ROWS) : rows;
}

async function overTable(bench: Bench): Promise<Section> {
  const { admin, features } = bench;
  const rows = rowsOf(bench);
  await admin.query(`
    CREATE TABLE bench.documents AS
    SELECT r.*, to_jsonb(r) - 'id' AS as_jsonb, (to_jsonb(r) - 'id')::text::json AS as_json,
           (to_jsonb(r) - 'id')::text AS as_text
      FROM bench.rows AS r WHERE r.id <= ${rows}`);
  const scalars = `pgscore_models.ensemble(${features.join(', ')})`;
  const forms = [
    ['scalar call', `SELECT sum(${scalars}) FROM bench.documents`],
    ['predict(jsonb)', `SELECT sum(pgscore.predict('ensemble', as_jsonb)) FROM bench.documents`],
    ['predict(json)', `SELECT sum(pgscore.predict('ensemble', as_json)) FROM bench.documents`],
    ['predict(text)', `SELECT sum(pgscore.predict('ensemble', as_text)) FROM bench.documents`],
    ['predict(row)', `SELECT sum(pgscore.predict('ensemble', r)) FROM bench.rows AS r WHERE r.id <= ${rows}`],
    [
      'predict_label(jsonb)',
      `SELECT count(pgscore.predict_label('ensemble', as_jsonb)) FROM bench.documents`,
    ],
    [
      'predict_proba(jsonb)',
      `SELECT count(pgscore.predict_proba('ensemble', as_jsonb)) FROM bench.documents`,
    ],
  ] as const;
  await admin.query('VACUUM ANALYZE bench.documents');
  const variants = await Promise.all(
    forms.map(async ([name, sql]) => statement(name, await timingSession(bench), sql)),
  );
  const samples = await alternate(variants, bench.repetitions);
  const perRow = samples.map((each) => (median(each) * 1000) / rows);
  return {
    title: `3a. predict() over a table of ${rows} rows`,
    notes: ['Baseline: the scalar call on the same table.'],
    rows: variants.map(({ name }, v) => ({
      name,
      values: {
        'µs/row all in': perRow[v]!,
        fastest: (Math.min(...samples[v]!) * 1000) / rows,
        '× baseline': perRow[v]! / perRow[0]!,
      },
    })),
  };
}

/** Statements of one row, one after the other on one connection: what a request of a web application costs. */
async function oneRow(bench: Bench): Promise<Section> {
  const statements = Math.min(rowsOf(bench), 1000);
  const { rows } = await bench.admin.query<{ id: number; document: string }>(
    `SELECT id, (to_jsonb(r) - 'id')::text AS document FROM bench.rows AS r ORDER BY id LIMIT ${statements}`,
  );
  const documents = rows.map(({ document }) => document);
  const numbers = documents.map((document) => Object.values(JSON.parse(document) as Record<string, number>));
  const parameters = bench.features.map((_, k) => `$${k + 1}::float8`).join(', ');
  const scalarCall = `SELECT pgscore_models.ensemble(${parameters})`;
  const kinds: Request[] = [
    { name: 'SELECT 1', query: () => ({ text: 'SELECT 1' }) },
    {
      name: 'scalar call, literals',
      query: (k) => ({ text: `SELECT pgscore_models.ensemble(${numbers[k]!.join(', ')})` }),
    },
    {
      name: 'scalar call, prepared',
      query: (k) => ({ name: 'scalars', text: scalarCall, values: numbers[k]! }),
    },
    {
      name: `predict('…', literal)`,
      query: (k) => ({ text: `SELECT pgscore.predict('ensemble', '${documents[k]}')` }),
    },
    {
      name: `predict('…', $1), prepared`,
      query: (k) => ({
        name: 'document',
        text: `SELECT pgscore.predict('ensemble', $1::jsonb)`,
        values: [documents[k]!],
      }),
    },
  ];
  const variants = await Promise.all(
    kinds.map(async ({ name, query }) => {
      const client = await timingSession(bench);
      const run = async () => {
        for (let k = 0; k < statements; k++) await client.query(query(k));
      };
      return { name, run };
    }),
  );
  const samples = await alternate(variants, bench.repetitions);
  const each = samples.map((sample) => (median(sample) * 1000) / statements);
  return {
    title: '3b. Statements of one row, one at a time on one connection',
    notes: ['µs a statement as the client sees it, round trip included. Baseline: SELECT 1.'],
    rows: variants.map(({ name }, v) => ({
      name,
      values: {
        'µs/statement': each[v]!,
        fastest: (Math.min(...samples[v]!) * 1000) / statements,
        'over baseline': each[v]! - each[0]!,
        '× baseline': each[v]! / each[0]!,
      },
    })),
  };
}

interface Request {
  readonly name: string;
  /** The k-th query, for node-postgres. */
  readonly query: (k: number) => {
    readonly name?: string;
    readonly text: string;
    readonly values?: unknown[];
  };
}
