import { PgscoreError } from '../../errors.ts';
import type { Directory } from './directory.ts';
import { type ParquetBudget, type ParquetRow, readParquet } from './parquet.ts';
import { numbersOf, Reader, type Value } from './values.ts';

/** What people can do about a step that is not scored. */
export const SCORE_IN_SPARK =
  'Leave this stage out of the saved pipeline and feed its output column as a feature.';

/** A stage that Spark saved: its class, its parameters, and the data beside them. */
export class Stage {
  readonly directory: Directory;
  readonly budget: ParquetBudget;
  /** The class without its package: 'StringIndexerModel'. */
  readonly name: string;
  /** The class's package: 'org.apache.spark.ml.feature'. */
  readonly package: string;
  readonly uid: string;
  /** '3.5.1' */
  readonly version: string;
  private readonly metadata: Readonly<Record<string, unknown>>;
  private readonly params: Readonly<Record<string, unknown>>;
  private only: Reader | undefined;

  constructor(directory: Directory, metadata: Readonly<Record<string, unknown>>, budget: ParquetBudget) {
    this.directory = directory;
    this.budget = budget;
    this.metadata = metadata;
    const className = typeof metadata.class === 'string' ? metadata.class : '';
    const dot = className.lastIndexOf('.');
    this.name = className.slice(dot + 1);
    this.package = className.slice(0, Math.max(dot, 0));
    this.uid = String(metadata.uid);
    this.version = String(metadata.sparkVersion);
    // Since 2.4 what was set and what was left at its default are apart; before, all stands in paramMap.
    this.params = { ...fields(metadata.defaultParamMap), ...fields(metadata.paramMap) };
    if (this.name === '') this.fail('its metadata names no class');
  }

  /** The major version of Spark that saved it. */
  get major(): number {
    return Number.parseInt(this.version, 10);
  }

  /** For messages: the model, the folder within it, and the class. */
  private get place(): string {
    const { file, path } = this.directory;
    const folder = path === '' ? '' : `: ${path.slice(0, -1)}`;
    return `${file}${folder}${this.name === '' ? '' : ` (${this.name})`}`;
  }

  /** @throws PgscoreError PGS_FILE */
  fail(problem: string, cause?: unknown): never {
    throw new PgscoreError('PGS_FILE', `${this.place}: ${problem}.`, {
      ...(cause === undefined ? {} : { cause }),
      hint: 'The directory is damaged or incomplete: save the model again.',
    });
  }

  /** @throws PgscoreError PGS_UNSUPPORTED */
  refuse(problem: string, hint = SCORE_IN_SPARK): never {
    throw new PgscoreError('PGS_UNSUPPORTED', `${this.place}: ${problem}.`, { hint });
  }

  has(param: string): boolean {
    return (this.params[param] ?? null) !== null;
  }

  text(param: string, fallback?: string): string {
    const value = this.params[param] ?? fallback;
    return typeof value === 'string' ? value : this.wrong(param, 'a text');
  }

  /** One of the values that the parameter can have. */
  choice<T extends string>(param: string, choices: readonly T[], fallback: NoInfer<T>): T {
    const text = this.text(param, fallback);
    const found = choices.find((each) => each === text);
    return found ?? this.refuse(`${param} is ${JSON.stringify(text)}; known are ${choices.join(', ')}`);
  }

  /** A number; infinities are texts in JSON. */
  number(param: string, fallback?: number): number {
    const value = parseNumber(this.params[param] ?? fallback);
    return value ?? this.wrong(param, 'a number');
  }

  /** A whole number from `least` to `most`. */
  whole(param: string, least: number, most: number, fallback: number): number {
    const value = this.number(param, fallback);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    return this.refuse(`${param} is ${value}; it may be a whole number from ${least} to ${most}`);
  }

  flag(param: string, fallback: boolean): boolean {
    const value = this.params[param] ?? fallback;
    return typeof value === 'boolean' ? value : this.wrong(param, 'true or false');
  }

  numbers(param: string): readonly number[] {
    const value = this.params[param];
    const numbers = Array.isArray(value) ? value.map(parseNumber) : [];
    if (!Array.isArray(value) || numbers.includes(undefined)) return this.wrong(param, 'a list of numbers');
    return numbers as number[];
  }

  texts(param: string): readonly string[] {
    const value = this.params[param];
    if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value as string[];
    return this.wrong(param, 'a list of texts');
  }

  /** A parameter that is a vector, as JSON writes it. */
  vector(param: string): readonly number[] {
    const value = this.params[param];
    return numbersOf(value, (problem) => this.wrong(param, problem));
  }

  /** Parameters in lists of lists (splitsArray). */
  lists(param: string): readonly (readonly number[])[] {
    const value = this.params[param];
    if (!Array.isArray(value)) return this.wrong(param, 'a list');
    return value.map((list: unknown) => {
      const numbers = Array.isArray(list) ? list.map(parseNumber) : [undefined];
      return numbers.includes(undefined) ? this.wrong(param, 'lists of numbers') : (numbers as number[]);
    });
  }

  private wrong(param: string, expected: string): never {
    return this.fail(`parameter ${param} should be ${expected}, but is ${show(this.params[param])}`);
  }

  /** A number that the metadata holds beside the parameters (numFeatures, numClasses, rootId). */
  fact(name: string): number {
    const value = this.metadata[name];
    return typeof value === 'number' ? value : this.fail(`its metadata has no number ${name}`);
  }

  /** Anything that the metadata holds beside the parameters. */
  extra(name: string): unknown {
    return this.metadata[name];
  }

  /** The input and output columns, in pairs, for stages that take one column or several. */
  columnPairs(): readonly { readonly input: string; readonly output: string }[] {
    const inputs = this.has('inputCols') ? this.texts('inputCols') : [this.text('inputCol')];
    const outputs =
      this.has('outputCols') && this.has('inputCols') ? this.texts('outputCols') : [this.output];
    if (inputs.length !== outputs.length)
      return this.fail(`has ${inputs.length} input and ${outputs.length} output columns`);
    return inputs.map((input, i) => ({ input, output: outputs[i]! }));
  }

  get output(): string {
    return this.text('outputCol', `${this.uid}__output`);
  }

  /** The rows of a data set beside the metadata. */
  rows(folder = 'data', inside: Directory = this.directory): readonly ParquetRow[] {
    const parts = inside.folder(folder).parts();
    if (parts.length === 0) return this.fail(`has no ${folder} of parquet files`);
    return parts.flatMap(({ name, bytes }) => {
      try {
        return readParquet(bytes, this.budget);
      } catch (error) {
        if (error instanceof PgscoreError) throw error;
        return this.fail(`${name} cannot be read as parquet: ${(error as Error).message}`, error);
      }
    });
  }

  /** The one row of a model's data, read once. */
  row(): Reader {
    this.only ??= this.readRow();
    return this.only;
  }

  private readRow(): Reader {
    const rows = this.rows();
    if (rows.length !== 1) this.fail(`has ${rows.length} rows of data instead of one`);
    return this.reader(rows[0]!);
  }

  reader(row: Value): Reader {
    return new Reader(row, (problem) => this.fail(problem));
  }
}

/** JSON lines: the first one is the metadata. @throws PgscoreError PGS_FILE */
export function readStage(directory: Directory, budget: ParquetBudget): Stage {
  const fail = (problem: string, cause?: unknown): never => {
    throw new PgscoreError('PGS_FILE', `${directory.file}: ${directory.path}metadata ${problem}.`, {
      ...(cause === undefined ? {} : { cause }),
      hint: 'The directory is damaged or incomplete: save the model again.',
    });
  };
  const part = directory
    .folder('metadata')
    .parts()
    .find(({ bytes }) => bytes.length > 0);
  if (part === undefined) return fail('is missing');
  if (part.bytes.length > MAX_METADATA) return fail('is greater than any metadata');
  const line = Buffer.from(part.bytes).toString('utf8').split('\n', 1)[0]!;
  let metadata: unknown;
  try {
    metadata = JSON.parse(line);
  } catch (error) {
    return fail(`is no JSON: ${(error as Error).message}`, error);
  }
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata))
    return fail('is no JSON object');
  return new Stage(directory, metadata as Record<string, unknown>, budget);
}

/** A StringIndexer of some versions keeps its labels in the parameters; even so this is much. */
const MAX_METADATA = 64 << 20;

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function parseNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? SPECIAL.get(value) : undefined;
}

/** How Spark writes numbers that JSON has not. */
const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Inf', Infinity],
  ['Infinity', Infinity],
  ['-Inf', -Infinity],
  ['-Infinity', -Infinity],
]);

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'absent';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
