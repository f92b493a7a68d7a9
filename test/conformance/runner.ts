import { readdirSync, readFileSync, statSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createScorer } from '../../src/codegen/score.ts';
import type { ScoringEngine } from '../../src/formats.ts';
import type { ImportedModel, ImportOptions, ModelFile } from '../../src/import/importer.ts';
import { importModel } from '../../src/import/registry.ts';
import { evaluate } from '../../src/ir/evaluate.ts';
import type { Model, Prediction } from '../../src/ir/model.ts';
import { modelPath } from '../harness/model-path.ts';
import { createDatabaseScorers, type DatabaseScorer } from './database.ts';
import { record } from './record.ts';

export { modelPath };

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
  /** What the case is about, for the table of formats; by default the objective that the importer states. */
  readonly models?: readonly string[];
  /** What gave the expected numbers, with its version; by default that of the suite. */
  readonly recordedBy?: string;
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

/** A file of test/models as JSON. */
export function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(modelPath(file), 'utf8')) as T;
}

/** Who gave the numbers of models that are made by hand. */
export const BY_HAND = 'values worked out by hand';

/** A number as case.json writes it: null is NaN, infinities are texts. */
export function readNumber(value: number | string | null): number {
  return value === null ? Number.NaN : Number(value);
}

type CaseFile = Pick<Case, 'file' | 'options'>;

/** Imports a case's model. */
export function importCase(each: CaseFile): Model {
  return importWithSource(each).model;
}

function importWithSource({ file, options }: CaseFile): ImportedModel {
  return importModel(readModel(file), options);
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
 * Engines are the reference evaluator, the program in Node, and the program in the test database. What passes stands in
 * the table of formats; `recordedBy` says there what gave the expected numbers.
 */
export function describeConformance(
  title: string,
  cases: readonly Case[],
  tolerances: Tolerances,
  recordedBy: string = title,
): void {
  describe(title, () => {
    const imported = new Map<string, ImportedModel>();
    beforeAll(() => {
      for (const each of cases) imported.set(each.name, importWithSource(each));
    });
    const model = (each: Case): Model => imported.get(each.name)!.model;
    const reference = (each: Case) => each.rows.map((row) => evaluate(model(each), row).prediction);
    const check = (each: Case, predictions: readonly Prediction[], engine: ScoringEngine) => {
      const largestDifference = compare(each, predictions, tolerances);
      expect(predictions.map(({ label }) => label)).toEqual(reference(each).map(({ label }) => label));
      const { source } = imported.get(each.name)!;
      record({
        kind: 'passed',
        format: source.format,
        models: each.models ?? [modelOf(source)],
        case: each.name,
        engine,
        recordedBy: each.recordedBy ?? recordedBy,
        largestDifference,
      });
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
        check(each, predictions, 'node');
      });
    });

    describe('program in the database', () => {
      let scorers: readonly DatabaseScorer[];
      beforeAll(async () => {
        scorers = await createDatabaseScorers(cases.map(model));
      });
      it.each(cases)('$name', async (each) => {
        check(each, await scorers[cases.indexOf(each)]!(each.rows), 'database');
      });
    });
  });
}

/** LightGBM writes parameters behind the objective: `binary sigmoid:1`. */
function modelOf({ objective }: ImportedModel['source']): string {
  return objective?.split(' ')[0] ?? 'no objective stated';
}

/**
 * One assertion a case: a failure lists the first rows that differ. Gives the largest difference,
 * |got - expected| / (1 + |expected|).
 */
function compare(each: Case, predictions: readonly Prediction[], tolerances: Tolerances): number {
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
  return predictions.reduce((largest, prediction, i) => {
    const expected = each.expected[i]!;
    const raw = expected.raw === undefined ? 0 : largestDifference(prediction.raw, expected.raw);
    return Math.max(largest, raw, largestDifference(each.predicted(prediction), expected.predicted));
  }, 0);
}

function largestDifference(got: readonly (number | null)[], expected: readonly number[]): number {
  return Math.max(0, ...expected.map((value, i) => differenceOf(got[i]!, value)));
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

function isClose(got: number | null, expected: number, tolerance: number): boolean {
  return (
    Object.is(got ?? Number.NaN, expected) || (tolerance > 0 && differenceOf(got, expected) <= tolerance)
  );
}

/** |got - expected| / (1 + |expected|). A null stands for NaN: predictions have no NaN values. */
export function differenceOf(got: number | null, expected: number): number {
  const number = got ?? Number.NaN;
  return Object.is(number, expected) ? 0 : Math.abs(number - expected) / (1 + Math.abs(expected));
}
