import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { importModel } from '../../src/import/registry.ts';
import type { Feature, Model } from '../../src/ir/model.ts';
import { quoteIdent } from '../../src/quote.ts';
import { type Bench, deploy, madeModel, timingSession } from './bench.ts';
import { type EnsembleShape, makeEnsemble } from './ensemble.ts';
import { alternate, median, statement } from './measure.ts';
import type { Section } from './report.ts';
import { createRows } from './rows.ts';

/** A model, deployed, and a table that it scores. */
interface Subject {
  readonly name: string;
  readonly model: Model;
  readonly deployed: string;
  readonly table: string;
  /** Argument list of the scoring function. */
  readonly columns: string;
}

const BASE: EnsembleShape = { features: 30, trees: 100, depth: 6, classes: 1, precision: 'float64' };

/** Other models than the one the goals are stated for. */
export async function benchSpread(bench: Bench): Promise<Section> {
  const { rows } = bench;
  const subjects = await prepareSubjects(bench);
  const variants = await Promise.all(
    subjects.flatMap(({ name, deployed, table, columns }) => {
      const sums = [
        `sum(pgscore_models.${deployed}(${columns}))`,
        `count(pgscore_models.${deployed}__outputs(${columns}))`,
      ];
      return sums.map(async (sum) =>
        statement(name, await timingSession(bench), `SELECT ${sum} FROM ${table}`),
      );
    }),
  );
  const samples = await alternate(variants, Math.min(3, bench.repetitions));
  const perRow = samples.map((each) => (median(each) * 1000) / rows);
  return {
    title: `5. Other models, ${rows} rows`,
    notes: [
      '"value" is the scoring function, "outputs" gives probabilities and raw scores too. Baseline: the first.',
    ],
    rows: subjects.map(({ name, model }, s) => ({
      name,
      values: {
        features: model.features.length,
        trees: treesOf(model),
        'value, µs/row all in': perRow[2 * s]!,
        'outputs, µs/row': perRow[2 * s + 1]!,
        '× baseline': perRow[2 * s]! / perRow[0]!,
      },
    })),
  };
}

async function prepareSubjects(bench: Bench): Promise<Subject[]> {
  const { admin, rows } = bench;
  const features = bench.features.join(', ');
  await createRows(admin, 'bench.rows_with_nulls', { features: bench.features.length, rows, missing: 0.1 });
  const made = async (name: string, deployed: string, shape: EnsembleShape): Promise<Subject> => {
    const model = makeEnsemble(shape);
    await deploy(admin, deployed, madeModel(model));
    return { name, model, deployed, table: 'bench.rows', columns: features };
  };
  const base = {
    name: 'the ensemble',
    model: bench.model,
    deployed: 'ensemble',
    table: 'bench.rows',
    columns: features,
  };
  return [
    base,
    { ...base, name: 'the same, 10 % of the values NULL', table: 'bench.rows_with_nulls' },
    await made('float32, as of XGBoost', 'float32', { ...BASE, precision: 'float32' }),
    await made('5 classes', 'classes', { ...BASE, classes: 5 }),
    await made('500 trees', 'large', { ...BASE, trees: 500 }),
    await made('10 trees of depth 4', 'small', { ...BASE, trees: 10, depth: 4 }),
    await telco(bench, 'LightGBM, 15 text features (telco)', 'lightgbm-churn.txt'),
    await telco(bench, 'XGBoost, 15 text features (telco)', 'xgboost-churn.json'),
  ];
}

async function telco(bench: Bench, name: string, file: string): Promise<Subject> {
  const source = { name: file, bytes: readTelco(file) };
  const imported = importModel(source);
  const deployed = file.replace(/\W.*/, '');
  await deploy(bench.admin, deployed, imported, source);
  const { features } = imported.model;
  const table = `bench.customers_${deployed}`;
  await createCustomers(bench, table, features);
  return {
    name,
    model: imported.model,
    deployed,
    table,
    columns: features.map((feature) => quoteIdent(feature.name)).join(', '),
  };
}

/** The customers of the test data, again and again until there are enough rows. */
async function createCustomers(
  { admin, rows }: Bench,
  table: string,
  features: readonly Feature[],
): Promise<void> {
  const columns = features
    .map(({ name, kind }) => `${quoteIdent(name)} ${kind === 'text' ? 'text' : 'float8'}`)
    .join(', ');
  const customers: unknown = parse(readTelco('customers-test.csv'), {
    columns: true,
    cast: (value, { header }) => (!header && value === '' ? null : value),
  });
  await admin.query(`CREATE TABLE ${table} (${columns})`);
  await admin.query(
    `WITH customers AS MATERIALIZED (SELECT * FROM jsonb_to_recordset($1) AS c (${columns}))
     INSERT INTO ${table} SELECT c.* FROM generate_series(1, ${rows}) AS repetition, customers AS c LIMIT ${rows}`,
    [JSON.stringify(customers)],
  );
  await admin.query(`VACUUM ANALYZE ${table}`);
}

function readTelco(file: string): Buffer {
  return readFileSync(fileURLToPath(new URL(`../models/telco/${file}`, import.meta.url)));
}

function treesOf({ steps }: Model): number {
  return steps.reduce((sum, step) => sum + (step.kind === 'tree-ensemble' ? step.trees.length : 0), 0);
}
