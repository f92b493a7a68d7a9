import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { modelPath } from '../harness/model-path.ts';
import type { Row } from './runner.ts';

/** The model's features, in its order. */
const FEATURES = [
  'gender',
  'senior_citizen',
  'partner',
  'dependents',
  'tenure',
  'phone_service',
  'multiple_lines',
  'internet_service',
  'online_security',
  'online_backup',
  'device_protection',
  'tech_support',
  'streaming_tv',
  'streaming_movies',
  'contract',
  'paperless_billing',
  'payment_method',
  'monthly_charges',
  'total_charges',
];

const NUMBERS = new Set(['senior_citizen', 'tenure', 'monthly_charges', 'total_charges']);

type Record = Readonly<{ [column: string]: string | null }>;

/** A CSV file of test/models/telco by column name. As COPY reads it: an empty cell is NULL, `""` the empty text. */
export function readTelco(file: string): readonly Record[] {
  return parse(readFileSync(modelPath(`telco/${file}`)), {
    columns: true,
    cast: (value, { header, quoting }) => (!header && value === '' && !quoting ? null : value),
  });
}

/** Customers as rows of the models that take the table's own columns. */
export function readCustomers(file: string): readonly Row[] {
  return readTelco(file).map((customer) =>
    FEATURES.map((name) => {
      const value = customer[name]!;
      return value !== null && NUMBERS.has(name) ? Number(value) : value;
    }),
  );
}
