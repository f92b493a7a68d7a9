import { readdirSync, statSync } from 'node:fs';
import type { Prediction } from '../../src/ir/model.ts';
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

interface CaseFile {
  readonly input: readonly (readonly (number | string | null)[])[];
  readonly raw_rows?: readonly Row[];
  readonly margin: readonly (number | readonly number[])[];
  readonly predict: readonly (number | readonly number[])[];
  readonly predict_best?: readonly (number | readonly number[])[];
}

/** XGBoost's predict() gives a number, one for each target, or the probability of each class. */
function predicted(
  { value, values, probabilities }: Prediction,
  several: boolean,
): readonly (number | null)[] {
  if (!several) return [value];
  return values ?? Object.values(probabilities!);
}

function readCases(folder: string, name: string): Case[] {
  const file = readJson<CaseFile>(`${folder}/${name}/case.json`);
  const several = Array.isArray(file.predict[0]);
  return ['model.json', 'model.ubj'].flatMap((model): Case[] => {
    const path = `${folder}/${name}/${model}`;
    const takesTexts = importCase({ file: path }).features.some(({ kind }) => kind === 'text');
    const rows = takesTexts ? file.raw_rows! : file.input.map((row) => row.map(readNumber));
    const shared = {
      file: path,
      recordedBy: `XGBoost ${folder.slice('xgboost-'.length)}`,
      rows,
      predicted: (prediction: Prediction) => predicted(prediction, several),
    };
    const all: Case = {
      ...shared,
      name: `${name}, ${model}`,
      options: { allTrees: true },
      expected: rows.map((_, i) => ({ raw: [file.margin[i]!].flat(), predicted: [file.predict[i]!].flat() })),
    };
    const best = file.predict_best;
    if (best === undefined) return [all];
    const expected = rows.map((_, i) => ({ predicted: [best[i]!].flat() }));
    return [all, { ...shared, name: `${name} at its best iteration, ${model}`, expected }];
  });
}

function telcoCase(model: string, customers: string, expected: string): Case {
  const file = `telco/${model}.json`;
  return {
    name: `${model} of ${customers}`,
    file,
    recordedBy: 'XGBoost 3.3.0',
    rows: model === 'xgboost-churn' ? readCustomers(customers) : readOneHot(customers, file),
    expected: readTelco(expected).map(({ margin, probability }) => ({
      raw: [Math.fround(Number(margin))],
      predicted: [Math.fround(Number(probability))],
    })),
    predicted: ({ value }) => [value],
  };
}

/** Customers as pandas.get_dummies shows them: column `contract_One year` is 1 where contract is `One year`, else 0. */
function readOneHot(customers: string, file: string): readonly Row[] {
  const { features } = importCase({ file });
  return readTelco(customers).map((customer) =>
    features.map(({ name }) => {
      const number = customer[name];
      if (number !== undefined) return number === null ? null : Number(number);
      const column = Object.keys(customer).find((each) => name.startsWith(`${each}_`))!;
      return customer[column] === name.slice(column.length + 1) ? 1 : 0;
    }),
  );
}

for (const folder of ['xgboost-1.7.4', 'xgboost-3.3.0']) {
  const names = readdirSync(modelPath(folder)).filter((name) =>
    statSync(modelPath(`${folder}/${name}`)).isDirectory(),
  );
  describeConformance(
    folder,
    names.flatMap((name) => readCases(folder, name)),
    { raw: 0, predicted: 1e-6 },
  );
}

describeConformance(
  'XGBoost on telco customers',
  ['xgboost-churn', 'xgboost-churn-onehot'].flatMap((model) => [
    telcoCase(model, 'customers-test.csv', `${model}.expected.csv`),
    telcoCase(model, 'customers-edge.csv', `${model}.expected-edge.csv`),
  ]),
  { raw: 0, predicted: 1e-6 },
);
