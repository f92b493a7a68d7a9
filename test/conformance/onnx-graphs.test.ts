import { describe, expect, it } from 'vitest';
import { createScorer } from '../../src/codegen/score.ts';
import { importModel } from '../../src/import/registry.ts';
import { evaluate } from '../../src/ir/evaluate.ts';
import type { Model, Prediction } from '../../src/ir/model.ts';
import { type Row, readJson } from './runner.ts';

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

/** What the answer says that the prediction does not. */
function differences(
  { outputs, answers, tolerance }: GraphCase,
  row: number,
  prediction: Prediction,
): string[] {
  const [first, second] = answers[row]!;
  const labelled = outputs[0] === 'L' || typeof first![0] === 'string';
  const wrong = labelled && prediction.label !== String(first![0]) ? [`row ${row}: ${prediction.label}`] : [];
  const expected = (labelled ? (second ?? []) : first!).map(readNumber);
  const got = numbersOf(prediction, expected.length);
  const far = expected.flatMap((value, k) =>
    isClose(got[k] ?? Number.NaN, value, tolerance) ? [] : [`row ${row}[${k}]: ${got[k]}, expected ${value}`],
  );
  return [...wrong, ...far];
}

/** As many as were expected: decision values stand beside labels as `raw` alone. */
function numbersOf(prediction: Prediction, count: number): readonly (number | null)[] {
  const { probabilities, values, value, raw } = prediction;
  const numbers = probabilities === null ? (values ?? [value]) : Object.values(probabilities);
  return numbers.length === count ? numbers : raw;
}

function isClose(got: number, expected: number, tolerance: number): boolean {
  if (got === expected || (Number.isNaN(got) && Number.isNaN(expected))) return true;
  return Math.abs(got - expected) / (1 + Math.abs(expected)) <= tolerance;
}

describe('ONNX graphs', () => {
  it.each(cases)('$name', async (each) => {
    const model = importGraph(each);
    const rows = rowsOf(each, model);
    const scorer = await createScorer(model, { strict: true });
    const found = rows.flatMap((row, k) => {
      const named = Object.fromEntries(model.features.map(({ name }, i) => [name, row[i]!]));
      return [
        ...differences(each, k, evaluate(model, row).prediction),
        ...differences(each, k, scorer.score(named)),
      ];
    });
    expect(found).toEqual([]);
  });
});
