import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { createScorer } from '../../src/codegen/score.ts';
import type { ImportOptions, ModelFile } from '../../src/import/importer.ts';
import { importModel } from '../../src/import/registry.ts';
import { evaluate } from '../../src/ir/evaluate.ts';
import type { Model, Prediction } from '../../src/ir/model.ts';
import { createDatabaseScorers, type DatabaseScorer } from './database.ts';

/** One value a feature, in signature order; null is missing. */
export type Row = readonly (number | string | null)[];

/** What the training library answered for one row. */
export interface Expected {
  /** Before the link; absent where the library's own was not recorded. */
  readonly raw?: readonly number[];
  /** After it; compared with what `Case.predicted` picks of a prediction. */
  readonly predicted: readonly number[];
}

/** A model file, rows, and what its own library answers for them. */
export interface Case {
  readonly name: string;
  /** Path below test/models. */
  readonly file: string;
  readonly options?: ImportOptions;
  readonly rows: readonly Row[];
  readonly expected: readonly Expected[];
  /** The part of a prediction that `Expected.predicted` is about. */
  predicted(prediction: Prediction): readonly (number | null)[];
}

/** How far results may be off: |got - expected| / (1 + |expected|). 0 means equal bit for bit. */
export interface Tolerances {
  readonly raw: number;
  readonly predicted: number;
}

/** The path of a file below test/models. */
export function modelPath(file: string): string {
  return fileURLToPath(new URL(`../models/${file}`, import.meta.url));
}

/** A file of test/models as JSON. */
export function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(modelPath(file), 'utf8')) as T;
}

/** A number as case.json writes it: null is NaN, infinities are texts. */
export function readNumber(value: number | string | null): number {
  return value === null ? Number.NaN : Number(value);
}

/** Imports a case's model. */
export function importCase({ file, options }: Pick<Case, 'file' | 'options'>): Model {
  return importModel(readModel(file), options).model;
}

/** A file, or a directory with what is below it. */
function readModel(name: string): ModelFile {
  const path = modelPath(name);
  if (!statSync(path).isDirectory()) return { name, bytes: readFileSync(path) };
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
  const files = names.filter((each) => statSync(`${path}/${each}`).isFile());
  return {
    name,
    bytes: new Uint8Array(),
    entries: new Map(files.map((each) => [each, readFileSync(`${path}/${each}`)])),
  };
}

/**
 * Declares a test for each engine and case: every row's raw scores and predictions against the library's own, and
 * labels, which libraries do not give, against the reference evaluator's.
 * Engines are the reference evaluator, the program in Node, and the program in the test database.
 */
export function describeConformance(title: string, cases: readonly Case[], tolerances: Tolerances): void {
  describe(title, () => {
    const models = new Map<string, Model>();
    beforeAll(() => {
      for (const each of cases) models.set(each.name, importCase(each));
    });
    const model = (each: Case): Model => models.get(each.name)!;
    const reference = (each: Case) => each.rows.map((row) => evaluate(model(each), row).prediction);
    const check = (each: Case, predictions: readonly Prediction[]) => {
      compare(each, predictions, tolerances);
      expect(predictions.map(({ label }) => label)).toEqual(reference(each).map(({ label }) => label));
    };

    describe('reference evaluator', () => {
      it.each(cases)('$name', (each) => {
        compare(each, reference(each), tolerances);
      });
    });

    describe('program in Node', () => {
      it.each(cases)('$name', async (each) => {
        const { features } = model(each);
        const scorer = await createScorer(model(each), { strict: true });
        const predictions = each.rows.map((row) =>
          scorer.score(Object.fromEntries(features.map(({ name }, i) => [name, row[i]]))),
        );
        check(each, predictions);
      });
    });

    describe('program in the database', () => {
      let scorers: readonly DatabaseScorer[];
      beforeAll(async () => {
        scorers = await createDatabaseScorers(cases.map(model));
      });
      it.each(cases)('$name', async (each) => {
        check(each, await scorers[cases.indexOf(each)]!(each.rows));
      });
    });
  });
}

/** One assertion a case: a failure lists the first rows that differ. */
function compare(each: Case, predictions: readonly Prediction[], tolerances: Tolerances): void {
  expect(predictions.length).toBe(each.expected.length);
  const differences = predictions.flatMap((prediction, i) => {
    const expected = each.expected[i]!;
    return [
      ...differing(`row ${i} raw`, prediction.raw, expected.raw ?? prediction.raw, tolerances.raw),
      ...differing(
        `row ${i} predicted`,
        each.predicted(prediction),
        expected.predicted,
        tolerances.predicted,
      ),
    ];
  });
  expect(differences.slice(0, 10)).toEqual([]);
}

function differing(
  what: string,
  got: readonly (number | null)[],
  expected: readonly number[],
  tolerance: number,
): string[] {
  if (got.length !== expected.length) return [`${what}: ${got.length} numbers, expected ${expected.length}`];
  return expected.flatMap((value, i) =>
    isClose(got[i]!, value, tolerance) ? [] : [`${what}[${i}]: got ${got[i]}, expected ${value}`],
  );
}

/** A null stands for NaN: predictions have no NaN values. */
function isClose(got: number | null, expected: number, tolerance: number): boolean {
  const number = got ?? Number.NaN;
  if (Object.is(number, expected)) return true;
  return Math.abs(number - expected) / (1 + Math.abs(expected)) <= tolerance && tolerance > 0;
}
