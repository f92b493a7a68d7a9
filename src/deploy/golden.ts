import { PgscoreError } from '../errors.ts';
import { evaluate } from '../ir/evaluate.ts';
import type { Feature, Model, Prediction } from '../ir/model.ts';
import type { Signature } from '../ir/signature.ts';
import { type InputRow, readRows } from '../rows.ts';
import { candidateValues } from './candidate-values.ts';

/** A row with what is expected of it. Numbers that JSON does not have stand as texts: "NaN", "Infinity", "-Infinity". */
export interface GoldenRow {
  /** The row's place in its file, for messages. */
  readonly row: number;
  readonly features: Readonly<Record<string, JsonScalar>>;
  readonly value?: JsonScalar;
  readonly label?: string | null;
  readonly raw?: readonly JsonScalar[];
  readonly values?: readonly JsonScalar[];
}

export type JsonScalar = number | string | boolean | null;

/** Column names that hold an expectation, when the model has no feature of that name. */
const VALUE_COLUMNS = ['expected_value', 'value', 'prediction', 'probability', 'score'];
const RAW_COLUMNS = ['expected_raw', 'raw', 'margin', 'decision'];
const LABEL_COLUMNS = ['expected_label', 'label'];

/**
 * Golden rows from a file with features and expectations side by side, or from two files matched line by line
 * (`expected`). Throws PGS_INPUT when a feature is absent, when no column holds an expectation, or when the two files
 * differ in length.
 */
export async function readGoldenRows(
  model: Signature,
  path: string,
  expected?: string,
): Promise<GoldenRow[]> {
  const rows = await collect(readRows(path, model.features));
  const expectations = expected === undefined ? rows : await collect(readRows(expected, []));
  if (expectations.length !== rows.length) {
    throw new PgscoreError(
      'PGS_INPUT',
      `${path} has ${rows.length} rows and ${expected} ${expectations.length}`,
      {
        hint: 'The two files are matched row by row.',
      },
    );
  }
  if (rows.length === 0) throw new PgscoreError('PGS_INPUT', `${path} has no rows`);
  const columns = findColumns(expectations[0]!, expected ?? path, model);
  return rows.map((row, i) => goldenRow(model, row, expectations[i]!, columns, path));
}

export async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const row of rows) list.push(row);
  return list;
}

export interface ExpectationColumns {
  readonly value: string | undefined;
  readonly raw: string | undefined;
  readonly label: string | undefined;
}

/** The columns that hold expectations; throws PGS_INPUT when there is none. */
export function findColumns(
  row: InputRow,
  path: string,
  model: { readonly output: { readonly classes?: unknown } },
): ExpectationColumns {
  const find = (names: readonly string[]) => names.find((name) => Object.hasOwn(row.extra, name));
  const columns = { value: find(VALUE_COLUMNS), raw: find(RAW_COLUMNS), label: find(LABEL_COLUMNS) };
  if (columns.label !== undefined && model.output.classes === undefined) columns.label = undefined;
  if (columns.value !== undefined || columns.raw !== undefined || columns.label !== undefined) return columns;
  throw new PgscoreError('PGS_INPUT', `${path}: no column holds what the training framework gave for a row`, {
    hint: `Name one ${VALUE_COLUMNS[0]}, ${RAW_COLUMNS[0]} or ${LABEL_COLUMNS[0]} (also known: ${[
      ...VALUE_COLUMNS.slice(1),
      ...RAW_COLUMNS.slice(1),
      ...LABEL_COLUMNS.slice(1),
    ].join(', ')}).`,
  });
}

function goldenRow(
  model: Signature,
  row: InputRow,
  expectation: InputRow,
  columns: ExpectationColumns,
  path: string,
): GoldenRow {
  const absent = model.features.filter(({ name }) => !Object.hasOwn(row.features, name));
  if (absent.length > 0) {
    throw new PgscoreError(
      'PGS_INPUT',
      `${path}, row ${row.number}: no column for ${absent.map(({ name }) => JSON.stringify(name)).join(', ')}`,
      { hint: 'Golden rows name every feature; an empty field or null means missing.' },
    );
  }
  return {
    row: row.number,
    features: Object.fromEntries(
      model.features.map((feature) => [
        feature.name,
        featureValue(feature, row.features[feature.name]!, path, row.number),
      ]),
    ),
    ...expectationOf(expectation, columns, path),
  };
}

/** What a row of the expectations' file says. Throws PGS_INPUT for numbers that are none. */
export function expectationOf(
  expectation: InputRow,
  columns: ExpectationColumns,
  path: string,
): Omit<GoldenRow, 'row' | 'features'> {
  const { number } = expectation;
  const cell = (column: string | undefined) => (column === undefined ? undefined : expectation.extra[column]);
  const value = cell(columns.value);
  const raw = cell(columns.raw);
  const label = cell(columns.label);
  return {
    ...(value === undefined || value === null
      ? {}
      : { value: expectedNumber(value, path, number, columns.value!) }),
    ...(raw === undefined || raw === null ? {} : { raw: expectedNumbers(raw, path, number, columns.raw!) }),
    ...(label === undefined || label === null ? {} : { label: String(label) }),
  };
}

/** What the feature takes of a value from JSON lines; CSV has been read by the signature. */
function featureValue({ name, kind }: Feature, value: JsonScalar, path: string, row: number): JsonScalar {
  if (value === null) return null;
  if (kind === 'number' && typeof value === 'boolean') return Number(value);
  if (kind === 'number' && typeof value === 'number') return toJson(value);
  if (kind === 'number' && ['NaN', 'Infinity', '-Infinity'].includes(String(value))) return value;
  if (kind === 'text' && typeof value === 'string') return value;
  throw new PgscoreError(
    'PGS_INPUT',
    `${path}, row ${row}, feature ${JSON.stringify(name)}: ${JSON.stringify(value)} is no ${kind}`,
  );
}

function expectedNumbers(value: unknown, path: string, row: number, column: string): JsonScalar[] {
  return (Array.isArray(value) ? value : [value]).map((each) => expectedNumber(each, path, row, column));
}

function expectedNumber(value: unknown, path: string, row: number, column: string): JsonScalar {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && (!Number.isNaN(number) || /^nan$/i.test(String(value))))
    return toJson(number);
  throw new PgscoreError(
    'PGS_INPUT',
    `${path}, row ${row}, column "${column}": ${JSON.stringify(value)} is no number`,
  );
}

/** JSON has no NaN and no infinities; PostgreSQL reads them from these texts. */
function toJson(value: JsonScalar): JsonScalar {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

/**
 * Rows for a deploy without golden rows, with the reference evaluator's answers: drawn near the model's own thresholds
 * and over its categories. They prove that the database computes what the model file says; only the training
 * framework's own outputs prove the import.
 */
export function makeGoldenRows(model: Model, count: number): GoldenRow[] {
  return drawGoldenRows(model, candidateValues(model), count, (row) => evaluate(model, row).prediction);
}

/**
 * Rows drawn from the values that each feature may take (the first of them null), with missing values in every second
 * one: many models answer nothing where one value is missing. Rows without an answer are left out. The same candidates
 * always give the same rows.
 */
export function drawGoldenRows(
  { features, output }: Signature,
  candidates: readonly (readonly (number | string | null)[])[],
  count: number,
  answer: (row: readonly (number | string | null)[]) => Prediction | undefined,
): GoldenRow[] {
  const random = generator(0x9e3779b9);
  return Array.from({ length: count }, (_, i) => {
    const complete = i % 2 === 0;
    const row = candidates.map((values) => pick(complete ? values.slice(1) : values, random));
    const prediction = answer(row);
    if (prediction === undefined) return [];
    return [
      {
        row: i + 1,
        features: Object.fromEntries(features.map(({ name }, f) => [name, toJson(row[f]!)])),
        ...expectations(prediction, output.optional === true),
      },
    ];
  }).flat();
}

/** A model's NaN is null in a prediction and NaN in SQL; where rows may have no prediction, null is NULL. */
function expectations(prediction: Prediction, optional: boolean): Omit<GoldenRow, 'row' | 'features'> {
  return {
    ...(prediction.value === null && !optional ? {} : { value: toJson(prediction.value) }),
    ...(prediction.label === null && !optional ? {} : { label: prediction.label }),
    raw: prediction.raw.map(toJson),
    ...(prediction.values === undefined ? {} : { values: prediction.values.map(toJson) }),
  };
}

export function pick<T>(values: readonly T[], random: () => number): T {
  return values[Math.floor(random() * values.length)]!;
}

/** Marsaglia's xorshift32 (2003): reproducible everywhere, and good enough to draw test rows. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 0x1_0000_0000;
  };
}
