import type { Register } from '../../ir/model.ts';
import { Builder } from '../builder.ts';
import type { ImportOptions } from '../importer.ts';
import type { PyValue } from '../pickle/index.ts';
import { type Column, FeatureTable, isMissing, type NumberColumn } from './columns.ts';
import type { Estimator } from './estimator.ts';

/** Estimators within estimators: real ones have a handful of levels. */
const MAX_DEPTH = 40;

/** Estimators in all, members of ensembles included. */
const MAX_ESTIMATORS = 200_000;

/** What lowering one model file shares between all its estimators. */
export class Lowering {
  readonly builder: Builder;
  readonly features: FeatureTable;
  readonly options: ImportOptions;
  /** Sentences for people, each once. */
  readonly notes = new Set<string>();
  /** Registers that must be finite: where one is not, scikit-learn raises an error and the prediction is NULL. */
  readonly guards = new Set<Register>();
  private depth = 0;
  private estimators = 0;

  constructor(file: string, features: readonly string[], options: ImportOptions) {
    this.builder = new Builder(file, features.length);
    this.features = new FeatureTable(features);
    this.options = options;
  }

  /** Runs the lowering of one estimator, within bounds of depth and number: files can nest an object in itself. */
  visit<T>(estimator: Estimator, lower: () => T): T {
    this.estimators += 1;
    if (this.depth >= MAX_DEPTH || this.estimators > MAX_ESTIMATORS) {
      estimator.refuse('the model nests more estimators than any that is trained');
    }
    this.depth += 1;
    try {
      return lower();
    } finally {
      this.depth -= 1;
    }
  }

  /** The column as a number. */
  number(column: Column, estimator: Estimator): NumberColumn {
    if (column.kind === 'number') return column;
    if (column.fill !== undefined || !this.features.use(column.feature, 'number')) {
      estimator.refuse(
        `needs feature ${JSON.stringify(this.features.name(column.feature))} as a number, but another step takes it as text`,
        'Encode the column in the pipeline, or drop it.',
      );
    }
    return { kind: 'number', register: column.feature, mayBeMissing: true };
  }

  numbers(columns: readonly Column[], estimator: Estimator): NumberColumn[] {
    return columns.map((column) => this.number(column, estimator));
  }

  /** The registers of columns that the estimator takes as numbers; `count`: how many it was fitted with. */
  inputs(columns: readonly Column[], estimator: Estimator, missing: 'allowed' | 'refused'): Register[] {
    const fitted = estimator.get('n_features_in_');
    if (typeof fitted === 'number' && fitted !== columns.length) {
      estimator.fail(`was fitted with ${fitted} columns, but gets ${columns.length}`);
    }
    const numbers = this.numbers(columns, estimator);
    if (missing === 'refused') this.refuseMissing(numbers);
    return numbers.map(({ register }) => register);
  }

  /** Makes the prediction NULL where one of the columns is missing or infinite, as scikit-learn raises an error there. */
  refuseMissing(columns: readonly NumberColumn[]): void {
    for (const { register, mayBeMissing } of columns) if (mayBeMissing) this.guards.add(register);
  }

  /**
   * The number that `codes` gives to a column's category: texts or numbers, None and NaN among them. `missing` is the
   * code of NULL where no category says otherwise, `unknown` that of other values.
   */
  encode(
    column: Column,
    categories: readonly PyValue[],
    codes: readonly number[],
    other: { readonly missing: number; readonly unknown: number },
    estimator: Estimator,
  ): Register {
    const known = new Map<string | number, number>();
    let { missing } = other;
    categories.forEach((category, i) => {
      if (isMissing(category)) missing = codes[i]!;
      else known.set(this.category(category, estimator), codes[i]!);
    });
    const values = [...known.keys()];
    const texts = values.filter((value) => typeof value === 'string').length;
    if (texts > 0 && texts < values.length)
      estimator.refuse('a column mixes categories of texts and of numbers');
    this.builder.charge(values.length);
    const input =
      texts > 0 ? this.text(column, values as string[], estimator) : this.number(column, estimator).register;
    const filled = column.kind === 'feature' && column.fill !== undefined;
    return this.builder.add({
      kind: 'encode-category',
      input,
      categories: values as string[] | number[],
      codes: [...known.values()],
      missing: filled ? (known.get(column.fill!) ?? other.unknown) : missing,
      unknown: other.unknown,
    })[0]!;
  }

  private category(category: PyValue, estimator: Estimator): string | number {
    if (typeof category === 'string' || typeof category === 'number') return category === 0 ? 0 : category;
    if (typeof category === 'boolean') {
      this.notes.add('Boolean categories take 1 for true, 0 for false.');
      return Number(category);
    }
    return estimator.refuse('a category is neither a text nor a number');
  }

  private text(
    column: Column,
    categories: readonly string[],
    estimator: Estimator,
    what = 'encodes texts',
  ): Register {
    if (column.kind === 'number') return estimator.refuse(`${what}, but gets a computed number`);
    if (this.features.use(column.feature, 'text', categories)) return column.feature;
    return estimator.refuse(
      `needs feature ${JSON.stringify(this.features.name(column.feature))} as text, but another step takes it as a number`,
      'Give the other step a column of its own.',
    );
  }

  /** The text feature itself, of which no categories are known. */
  wholeText(column: Column, estimator: Estimator): Register {
    if (column.kind === 'feature' && column.fill !== undefined) {
      return estimator.refuse(
        'takes texts that an imputer has filled',
        'Fill missing texts before the model.',
      );
    }
    return this.text(column, [], estimator, 'takes texts');
  }

  /** Columns of registers, all of the same kind. */
  columns(registers: readonly Register[], mayBeMissing: boolean): NumberColumn[] {
    return registers.map((register) => ({ kind: 'number', register, mayBeMissing }));
  }
}

/** Whether any of the columns can be missing. */
export function anyMissing(columns: readonly Column[]): boolean {
  return columns.some((column) => column.kind === 'feature' || column.mayBeMissing);
}
