import { PgscoreError } from '../errors.ts';
import type { Prediction } from '../ir/model.ts';
import { toArrays } from './arguments.ts';
import type { OutputLayout, Range } from './program.ts';

/** A row by feature name: numbers or booleans for number features, texts for text features, null for missing. */
export type Row = Readonly<Record<string, unknown>>;

/** What stands between rows and a program: plain data, which a module carries as JSON. */
export interface RowSpec {
  readonly features: readonly FeatureSpec[];
  readonly arguments: readonly ArgumentSpec[];
  readonly outputs: OutputLayout;
  /** Class names; absent for a model without classes. */
  readonly labels?: readonly string[];
  readonly hasProbabilities: boolean;
  readonly hasValues: boolean;
  /** Whether the program takes its arguments as arrays. */
  readonly inArrays: boolean;
  /** As `Program.throws`. */
  readonly throws?: true;
}

export interface FeatureSpec {
  readonly name: string;
  readonly kind: 'number' | 'text';
}

/** A number feature, the text of a text feature, or its code; null is NaN, which JSON does not have. */
export interface ArgumentSpec {
  readonly feature: number;
  readonly text?: true;
  readonly encode?: {
    readonly codes: readonly (readonly [category: string, code: number | null])[];
    readonly missing: number | null;
    readonly unknown: number | null;
  };
}

/** The exports of a program that scoring needs. */
export interface ProgramOutputs {
  outputs(...args: unknown[]): (number | null)[];
}

export interface RowScorerOptions {
  /** Default false. True makes keys that are no feature an error, instead of ignoring them. */
  readonly strict?: boolean;
}

/**
 * Scores rows with a program. Runs wherever JavaScript does: it uses nothing of Node. The function throws PgscoreError
 * PGS_INPUT when a feature is absent or its value is of the wrong type, and names all of them. A value or a raw score
 * may be ±Infinity; a value that is NaN is null, a raw score that is NaN stays NaN.
 */
export function createRowScorer(
  spec: RowSpec,
  program: ProgramOutputs,
  options: RowScorerOptions = {},
): (row: Row) => Prediction {
  const readers = spec.arguments.map((argument) => createReader(spec, argument));
  const known = options.strict === true ? new Set(spec.features.map(({ name }) => name)) : undefined;
  return (row) => {
    checkRow(row, spec.features, known);
    const args = readers.map((read) => read(row));
    const taken = spec.inArrays ? toArrays(spec.arguments, args) : args;
    return readPrediction(spec, spec.throws ? tryOutputs(program, taken) : program.outputs(...taken));
  };
}

function tryOutputs(
  program: ProgramOutputs,
  args: readonly unknown[],
): ReturnType<ProgramOutputs['outputs']> {
  try {
    return program.outputs(...args);
  } catch (error) {
    throw new PgscoreError('PGS_INPUT', (error as Error).message, { cause: error });
  }
}

/** Takes an argument of the program from a row that has been checked. */
function createReader({ features }: RowSpec, { feature, text, encode }: ArgumentSpec): (row: Row) => unknown {
  const { name } = features[feature]!;
  if (text) return (row) => row[name] ?? null;
  if (encode === undefined) return (row) => readNumber(row[name]);
  const codes = new Map<unknown, number | null>(encode.codes);
  const { missing, unknown } = encode;
  return (row) => {
    const value = row[name];
    if (isMissing(value)) return missing;
    return codes.has(value) ? codes.get(value)! : unknown;
  };
}

function readNumber(value: unknown): number | null {
  return isMissing(value) ? null : Number(value);
}

function isMissing(value: unknown): boolean {
  return value === null || value === undefined;
}

function checkRow(row: Row, features: readonly FeatureSpec[], known: ReadonlySet<string> | undefined): void {
  const faults = features.flatMap((feature) => findFault(row, feature));
  if (known !== undefined) {
    for (const key of Object.keys(row)) if (!known.has(key)) faults.push(`${quote(key)} is no feature`);
  }
  if (faults.length === 0) return;
  throw new PgscoreError('PGS_INPUT', `the row does not fit the model: ${faults.join('; ')}`, {
    hint: `the model's features are ${listNames(features)}; null stands for a missing value`,
  });
}

function findFault(row: Row, { name, kind }: FeatureSpec): string[] {
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
function listNames(features: readonly FeatureSpec[]): string {
  const shown = features.slice(0, 20).map(({ name }) => quote(name));
  if (shown.length < features.length) shown.push(`… (${features.length} in all)`);
  return shown.join(', ');
}

function readPrediction(spec: RowSpec, outputs: readonly (number | null)[]): Prediction {
  const { labels, outputs: layout } = spec;
  const slice = ({ start, end }: Range) => outputs.slice(start, end) as number[];
  const value = outputs[layout.value]!;
  // A row without a prediction has null for each.
  const probabilities: readonly (number | null)[] = slice(layout.probabilities);
  const prediction = {
    value: Number.isNaN(value) ? null : value,
    label: labels?.[outputs[layout.predicted]!] ?? null,
    probabilities:
      labels === undefined || !spec.hasProbabilities || probabilities[0] === null
        ? null
        : Object.fromEntries(labels.map((label, i) => [label, probabilities[i]!])),
    raw: slice(layout.raw),
  };
  return spec.hasValues ? { ...prediction, values: slice(layout.values) } : prediction;
}
