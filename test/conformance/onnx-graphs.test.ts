import { beforeAll, describe, expect, it } from 'vitest';
import { createScorer } from '../../src/codegen/score.ts';
import { importModel } from '../../src/import/registry.ts';
import { evaluate } from '../../src/ir/evaluate.ts';
import type { Model, Prediction } from '../../src/ir/model.ts';
import { createDatabaseScorers, type DatabaseScorer } from './database.ts';
import { ONNXRUNTIME, operatorsOf } from './onnx-operators.ts';
import { record } from './record.ts';
import { differenceOf, type Row, readJson } from './runner.ts';

type Json = number | string | null;

interface GraphCase {
  readonly name: string;
  readonly model: string;
  readonly outputs: readonly string[];
  readonly tolerance: number;
  readonly rows: readonly (readonly Json[])[];
  readonly answers: readonly (readonly (readonly Json[])[])[];
}

const cases = readJson<readonly GraphCase[]>('onnx-graphs/cases.json');

function importGraph({ name, model }: GraphCase): Model {
  return importModel({ name: `${name}.onnx`, bytes: Buffer.from(model, 'base64') }).model;
}

function readNumber(value: Json): number {
  return value === null ? Number.NaN : Number(value);
}

function rowsOf({ rows }: GraphCase, { features }: Model): readonly Row[] {
  return rows.map((row) =>
    row.map((value, k) => (value === null || features[k]!.kind === 'text' ? value : readNumber(value))),
  );
}

function isText(value: Json): boolean {
  return typeof value === 'string' && !/^-?Infinity$/.test(value);
}

/** How far a prediction is from the answer: NaN when it is another label, or not a number where one is expected. */
function difference({ outputs, answers }: GraphCase, row: number, prediction: Prediction): number {
  const [first, second] = answers[row]!;
  const labelled = outputs[0] === 'L' || isText(first![0]!);
  if (labelled && prediction.label !== String(first![0])) return Number.NaN;
  const expected = (labelled ? (second ?? []) : first!).map(readNumber);
  const got = numbersOf(prediction, expected.length);
  return Math.max(0, ...expected.map((value, k) => distance(got[k] ?? Number.NaN, value)));
}

/** As many as were expected: decision values stand beside labels as `raw` alone. */
function numbersOf(prediction: Prediction, count: number): readonly (number | null)[] {
  const { probabilities, values, value, raw } = prediction;
  const numbers = probabilities === null ? (values ?? [value]) : Object.values(probabilities);
  return numbers.length === count ? numbers : raw;
}

/** Zeros of either sign are equal here, and infinities of one. */
function distance(got: number, expected: number): number {
  return got === expected ? 0 : differenceOf(got, expected);
}

describe('ONNX graphs', () => {
  const models = cases.map(importGraph);
  let scorers: readonly DatabaseScorer[];
  beforeAll(async () => {
    scorers = await createDatabaseScorers(models);
  });

  it.each(cases.map((each, i) => ({ ...each, i })))('$name', async ({ i, ...each }) => {
    const model = models[i]!;
    const rows = rowsOf(each, model);
    const { score } = await createScorer(model, { strict: true });
    const named = (row: Row) => Object.fromEntries(model.features.map(({ name }, k) => [name, row[k]!]));
    const predictions = {
      evaluator: rows.map((row) => evaluate(model, row).prediction),
      node: rows.map((row) => score(named(row))),
      database: await scorers[i]!(rows),
    };
    for (const [engine, found] of Object.entries(predictions)) {
      const differences = found.map((prediction, k) => difference(each, k, prediction));
      expect(
        differences.map((far) => far <= each.tolerance),
        engine,
      ).toEqual(rows.map(() => true));
      if (engine === 'evaluator') continue;
      record({
        kind: 'passed',
        format: 'onnx',
        models: operatorsOf(Buffer.from(each.model, 'base64')),
        case: each.name,
        engine: engine as 'node' | 'database',
        recordedBy: ONNXRUNTIME,
        largestDifference: Math.max(0, ...differences),
      });
    }
  });
});
