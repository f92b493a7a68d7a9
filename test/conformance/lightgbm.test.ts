import { readdirSync, statSync } from 'node:fs';
import {
  type Case,
  describeConformance,
  importCase,
  modelPath,
  type Row,
  readJson,
  readNumber,
} from './runner.ts';
import { readCustomers, readTelco } from './telco.ts';

type Cell = number | string | boolean | null;

interface CaseFile {
  readonly input: readonly (readonly (number | string | null)[])[] | null;
  readonly raw_rows?: readonly (readonly Cell[])[];
  readonly raw: readonly Answer[];
  readonly predict: readonly Answer[];
}

/** A number, or one an output; null is NaN, infinities are texts. */
type Answer = number | string | null | readonly (number | string | null)[];

const FOLDER = 'lightgbm-4.7.0';

function readCase(name: string): Case {
  const file = readJson<CaseFile>(`${FOLDER}/${name}/case.json`);
  const path = `${FOLDER}/${name}/model.txt`;
  const rows = file.input?.map((row) => row.map(readNumber)) ?? tableRows(path, file.raw_rows!);
  return {
    name,
    file: path,
    rows,
    expected: rows.map((_, i) => ({
      raw: readAnswer(file.raw[i]!),
      predicted: readAnswer(file.predict[i]!),
    })),
    predicted: ({ value, values, probabilities }) =>
      Array.isArray(file.predict[0]) ? (values ?? Object.values(probabilities!)) : [value],
  };
}

function readAnswer(answer: Answer): readonly number[] {
  return (Array.isArray(answer) ? answer : [answer]).map(readNumber);
}

/** Rows as a table holds them: booleans count as 0 and 1. */
function tableRows(file: string, rows: readonly (readonly Cell[])[]): readonly Row[] {
  const { features } = importCase({ file });
  return rows.map((row) =>
    row.map((cell, i) => (cell === null ? null : features[i]!.kind === 'text' ? String(cell) : Number(cell))),
  );
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
