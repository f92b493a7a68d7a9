import { readdirSync, statSync } from 'node:fs';
import { type Case, describeConformance, modelPath, readJson, readNumber } from './runner.ts';
import { readCustomers, readTelco } from './telco.ts';

interface CaseFile {
  readonly input: readonly (readonly (number | string | null)[])[] | null;
  readonly raw_rows?: readonly (readonly (number | string | null)[])[];
  readonly raw: readonly (number | readonly number[])[];
  readonly predict: readonly (number | readonly number[])[];
}

const FOLDER = 'lightgbm-4.7.0';

function readCase(name: string): Case {
  const file = readJson<CaseFile>(`${FOLDER}/${name}/case.json`);
  const rows = file.input?.map((row) => row.map(readNumber)) ?? file.raw_rows!;
  return {
    name,
    file: `${FOLDER}/${name}/model.txt`,
    rows,
    expected: rows.map((_, i) => ({
      raw: [file.raw[i]!].flat(),
      predicted: [file.predict[i]!].flat(),
    })),
    predicted: ({ value, probabilities }) =>
      Array.isArray(file.predict[0]) ? Object.values(probabilities!) : [value],
  };
}

function telcoCase(name: string, customers: string, expected: string): Case {
  return {
    name,
    file: 'telco/lightgbm-churn.txt',
    rows: readCustomers(customers),
    expected: readTelco(expected).map(({ raw, probability }) => ({
      raw: [Number(raw)],
      predicted: [Number(probability)],
    })),
    predicted: ({ value }) => [value],
  };
}

const names = readdirSync(modelPath(FOLDER)).filter((name) =>
  statSync(modelPath(`${FOLDER}/${name}`)).isDirectory(),
);

describeConformance(
  'LightGBM 4.7.0',
  [
    ...names.map(readCase),
    telcoCase('telco customers', 'customers-test.csv', 'lightgbm-churn.expected.csv'),
    telcoCase('telco edge rows', 'customers-edge.csv', 'lightgbm-churn.expected-edge.csv'),
  ],
  { raw: 0, predicted: 1e-12 },
);
