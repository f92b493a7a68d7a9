import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { defaultTolerance } from '../../../src/deploy/plan.ts';
import { importModel } from '../../../src/import/registry.ts';

const TELCO = 'test/models/telco';

it.each([
  ['lightgbm-churn.txt', 1e-12],
  ['xgboost-churn.json', 1e-6],
  ['churn-logreg.pkl', 1e-9],
  ['churn-logreg.onnx', 1e-5],
])('%s is held to %d', (name, tolerance) => {
  const { model } = importModel({ name, bytes: readFileSync(`${TELCO}/${name}`) });
  expect(defaultTolerance(model)).toBe(tolerance);
});
