import type { Precision, Register } from '../../ir/model.ts';
import { Builder } from '../builder.ts';
import type { ImportOptions } from '../importer.ts';
import type { PyValue } from '../pickle/index.ts';
import { type Column, type FeatureColumn, FeatureTable, isMissing, type NumberColumn } from './columns.ts';
import type { Estimator } from './estimator.ts';

/** Estimators within estimators: real ones have a handful of levels. */
const MAX_DEPTH = 40;

/** Estimators in all, members of ensembles included. */
const MAX_ESTIMATORS = 200_000;

/** What rounds a number to a precision, and takes a missing one for a sound one where that is allowed. */
const CHECKED = {
  refused: { name: 'add', by: [0] },
  allowed: { name: 'impute', missing: Number.NaN, by: [0] },
} as const;

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

  /** The registers of columns that the estimator takes as numbers, checked as it checks them. */
  inputs(
    columns: readonly Column[],
    estimator: Estimator,
    missing: 'allowed' | 'refused' | 'unchecked',
    precision: Precision = 'float64',
  ): Register[] {
    const fitted = estimator.get('n_features_in_');
    if (typeof fitted === 'number' && fitted !== columns.length) {
      estimator.fail(`was fitted with ${fitted} columns, but gets ${columns.length}`);
    }
    const numbers = this.numbers(columns, estimator);
    if (missing !== 'unchecked') this.refuseInfinite(numbers, missing, precision);
    return numbers.map(({ register }) => register);
  }

  /**
   * Makes the prediction NULL where one of the columns is infinite in the estimator's precision (or missing, unless that
   * is allowed), as scikit-learn raises an error there.
   */
  refuseInfinite(
    columns: readonly NumberColumn[],
    missing: 'allowed' | 'refused',
    precision: Precision = 'float64',
  ): void {
    if (missing === 'refused' && precision === 'float64') {
      for (const { register, mayBeMissing } of columns) if (mayBeMissing) this.guards.add(register);
      return;
    }
    const inputs = columns.filter(({ mayBeMissing }) => mayBeMissing).map(({ register }) => register);
    if (inputs.length === 0) return;
    const operations = [CHECKED[missing]];
    const checked = this.builder.add({ kind: 'map', inputs, precision, operations });
    for (const register of checked) this.guards.add(register);
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
    let missing: number | undefined;
    categories.forEach((category, i) => {
      if (isMissing(category)) missing = codes[i]!;
      else known.set(this.category(category, estimator), codes[i]!);
    });
    const values = [...known.keys()];
    const texts = values.filter((value) => typeof value === 'string').length;
    if (texts > 0 && texts < values.length)
      estimator.refuse('a column mixes categories of texts and of numbers');
    this.builder.charge(values.length);
    const marker = column.kind === 'feature' ? column.marker : undefined;
    if (marker !== undefined)
      return this.encodeMarked(column as FeatureColumn, known, other.unknown, estimator);
    const input =
      texts > 0 ? this.text(column, values as string[], estimator) : this.number(column, estimator).register;
    // An imputer may have left a missing value of another kind to the encoder (None beside NaN): then that is NULL.
    const fill = column.kind === 'feature' ? column.fill : undefined;
    const ofMissing = fill === undefined ? other.missing : (known.get(fill) ?? other.unknown);
    return this.builder.add({
      kind: 'encode-category',
      input,
      categories: values as string[] | number[],
      codes: [...known.values()],
      missing: missing ?? ofMissing,
      unknown: other.unknown,
    })[0]!;
  }

  /** The same where an imputer takes a text for a missing one: that has the code of what it is filled with. */
  private encodeMarked(
    column: FeatureColumn,
    known: ReadonlyMap<string | number, number>,
    unknown: number,
    estimator: Estimator,
  ): Register {
    const codes = new Map([...known, [column.marker!, known.get(column.fill!) ?? unknown]]);
    const categories = [...codes.keys()];
    if (categories.some((category) => typeof category !== 'string')) {
      return estimator.refuse('encodes numbers, but gets texts that an imputer has filled');
    }
    const input = this.text(column, categories as string[], estimator);
    const step = { kind: 'encode-category', input, missing: Number.NaN } as const;
    const [present] = this.builder.add({ ...step, categories: [], unknown: 0 });
    this.guards.add(present!);
    return this.builder.add({
      ...step,
      categories: categories as string[],
      codes: [...codes.values()],
      unknown,
    })[0]!;
  }

  /** 1 where the column is missing, else 0; a text feature stays one. */
  missingFlag(column: Column, estimator: Estimator): Register {
    const texts = column.kind === 'feature' && this.features.kindOf(column.feature) === 'text';
    if (!texts) return this.builder.map([this.number(column, estimator).register], { name: 'is-nan' })[0]!;
    return this.builder.add({
      kind: 'encode-category',
      input: column.feature,
      categories: [],
      missing: column.fill === undefined ? 1 : 0,
      unknown: 0,
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
