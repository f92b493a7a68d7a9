import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { importModel } from '../../src/import/registry.ts';
import { recordRefusal } from './record.ts';
import { type Case, describeConformance, modelPath } from './runner.ts';
import {
  extra,
  FAMILIES,
  type Fixture,
  fixtures,
  readCase,
  refusalOf,
  toleranceOf,
} from './sklearn-cases.ts';
import { readCustomers, readTelco } from './telco.ts';

const all = [...fixtures, ...extra];
const scored = all.filter((fixture) => refusalOf(fixture) === undefined);
const refused = all.filter((fixture) => refusalOf(fixture) !== undefined);

function telcoCase(model: string, file: string, edge: string): Case {
  const rows = readCustomers(`customers-${edge === '' ? 'test' : 'edge'}.csv`);
  return {
    name: `telco ${file}${edge}`,
    file: `telco/${file}`,
    recordedBy: 'scikit-learn 1.9.1',
    rows,
    expected: readTelco(`churn-${model}.expected${edge}.csv`).map((row) => ({
      raw: [Number(row.sklearn_decision)],
      predicted: [Number(row.sklearn_probability), ...(edge === '' ? [Number(row.sklearn_label)] : [])],
    })),
    predicted: ({ value, label }) => [value, ...(edge === '' ? [Number(label)] : [])],
  };
}

for (const tolerance of [1e-12, 1e-9, 1e-7]) {
  describeConformance(
    `scikit-learn, to ${tolerance}`,
    scored.filter(({ name }) => toleranceOf(name) === tolerance).map(readCase),
    { raw: tolerance, predicted: tolerance },
  );
}

describeConformance(
  'scikit-learn on the customers table',
  ['logreg', 'gb'].flatMap((model) =>
    ['pkl', 'joblib'].flatMap((type) =>
      ['', '-edge'].map((edge) => telcoCase(model, `churn-${model}.${type}`, edge)),
    ),
  ),
  { raw: 1e-12, predicted: 1e-12 },
);

describe('models that are refused', () => {
  it.each(refused)('$version $name', (fixture) => {
    const bytes = readFileSync(modelPath(fixture.file));
    expect(() => importModel({ name: 'model.pkl', bytes })).toThrow(
      expect.objectContaining({
        code: 'PGS_UNSUPPORTED',
        message: expect.stringContaining(refusalOf(fixture)!),
        hint: expect.any(String),
      }),
    );
    recordRefusal('sklearn-pickle', fixture.file, () => importModel({ name: 'model.pkl', bytes }));
  });
});

describe('share of the cases that is scored, by family', () => {
  const share = (family: string, cases: readonly Fixture[]) => {
    const passing = cases.filter((fixture) => refusalOf(fixture) === undefined).length;
    return { family, names: cases.map(({ name }) => name), passing, all: cases.length };
  };
  const families = Object.entries(FAMILIES).map(([family, names]) => ({
    ...share(
      family,
      fixtures.filter(({ name }) => names.includes(name)),
    ),
    names,
  }));

  it.each(families)('$family: $passing of $all', ({ names, all }) => {
    expect(all).toBeGreaterThan(0);
    for (const name of names) expect(fixtures.map((fixture) => fixture.name)).toContain(name);
  });

  it.each([share('further estimators and options', extra)])('$family: $passing of $all', ({ all }) => {
    expect(all).toBeGreaterThan(100);
  });

  it('knows every case', () => {
    const known = new Set(Object.values(FAMILIES).flat());
    expect(fixtures.filter(({ name }) => !known.has(name))).toEqual([]);
  });
});
