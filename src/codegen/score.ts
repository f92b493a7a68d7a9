import { PgscoreError } from '../errors.ts';
import { categoryCodes, type Feature, type Model, type Prediction } from '../ir/model.ts';
import { type LoadedProgram, loadProgram } from './load-program.ts';
import { compileProgram, type OutputLayout, type Program, type Range } from './program.ts';

export interface ScorerOptions {
  /** Default false. True makes keys that are no feature an error, instead of ignoring them. */
  readonly strict?: boolean;
}

/** A row by feature name: numbers or booleans for number features, texts for text features, null for missing. */
export type Row = Readonly<Record<string, unknown>>;

export interface Scorer {
  readonly program: Program;
  /**
   * Scores one row. A value or a raw score may be ±Infinity; a value that is NaN is null, a raw score that is NaN
   * stays NaN. How JSON writes these is up to who writes JSON.
   *
   * @throws PgscoreError PGS_INPUT when a feature is absent or its value is of the wrong type; names all of them.
   */
  score(row: Row): Prediction;
}

/** Compiles a valid model and scores rows in this process, with the code that the database gets. */
export async function createScorer(model: Model, options: ScorerOptions = {}): Promise<Scorer> {
  const program = await compileProgram(model);
  const loaded = loadProgram(program);
  const readers = createReaders(model, program);
  const names = new Set(model.features.map(({ name }) => name));
  const score = (row: Row) => {
    checkRow(row, model.features, options.strict === true ? names : undefined);
    return readPrediction(
      model,
      program.outputs,
      loaded,
      readers.map((read) => read(row)),
    );
  };
  return { program, score };
}

/** One function a program argument, which takes it from a row that has been checked. */
function createReaders(model: Model, program: Program): ((row: Row) => number | null)[] {
  return program.arguments.map(({ feature, step: index }) => {
    const { name } = model.features[feature]!;
    if (index === undefined) return (row) => readNumber(row[name]);
    const step = model.steps[index]!;
    if (step.kind !== 'encode-category') throw new TypeError(`Step ${index} encodes no category.`);
    const ofCategory = categoryCodes(step);
    const codes = new Map<unknown, number>(step.categories.map((category, k) => [category, ofCategory[k]!]));
    return (row) => (isMissing(row[name]) ? step.missing : (codes.get(row[name]) ?? step.unknown));
  });
}

function readNumber(value: unknown): number | null {
  return isMissing(value) ? null : Number(value);
}

function isMissing(value: unknown): boolean {
  return value === null || value === undefined;
}

function checkRow(row: Row, features: readonly Feature[], known: ReadonlySet<string> | undefined): void {
  const faults = features.flatMap((feature) => findFault(row, feature));
  if (known !== undefined) {
    for (const key of Object.keys(row)) if (!known.has(key)) faults.push(`${quote(key)} is no feature`);
  }
  if (faults.length === 0) return;
  throw new PgscoreError('PGS_INPUT', `the row does not fit the model: ${faults.join('; ')}`, {
    hint: `the model's features are ${listNames(features)}; null stands for a missing value`,
  });
}

function findFault(row: Row, { name, kind }: Feature): string[] {
  if (!Object.hasOwn(row, name)) return [`feature ${quote(name)} is absent`];
  const value = row[name];
  if (isMissing(value)) return [];
  const fits =
    kind === 'text' ? typeof value === 'string' : typeof value === 'number' || typeof value === 'boolean';
  return fits ? [] : [`feature ${quote(name)} is ${show(value)}, expected a ${kind}`];
}

function quote(name: string): string {
  return JSON.stringify(name);
}

function show(value: unknown): string {
  if (typeof value === 'string')
    return `the text ${quote(value.length > 60 ? `${value.slice(0, 60)}…` : value)}`;
  if (typeof value === 'number' || typeof value === 'boolean') return `the ${typeof value} ${value}`;
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}

/** A model may have thousands of features: a hint names the first ones. */
function listNames(features: readonly Feature[]): string {
  const shown = features.slice(0, 20).map(({ name }) => quote(name));
  if (shown.length < features.length) shown.push(`… (${features.length} in all)`);
  return shown.join(', ');
}

function readPrediction(
  model: Model,
  layout: OutputLayout,
  program: LoadedProgram,
  args: readonly (number | null)[],
): Prediction {
  const { classes, values } = model.output;
  const outputs = program.outputs(args);
  const slice = ({ start, end }: Range) => outputs.slice(start, end);
  const value = outputs[layout.value]!;
  const probabilities = slice(layout.probabilities);
  const prediction = {
    value: Number.isNaN(value) ? null : value,
    label: classes?.labels[outputs[layout.predicted]!] ?? null,
    probabilities:
      classes?.probabilities === undefined
        ? null
        : Object.fromEntries(classes.labels.map((label, i) => [label, probabilities[i]!])),
    raw: slice(layout.raw),
  };
  return values === undefined ? prediction : { ...prediction, values: slice(layout.values) };
}
