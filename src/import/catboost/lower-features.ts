import { PgscoreError } from '../../errors.ts';
import type { Feature } from '../../ir/model.ts';
import type { ImportOptions } from '../importer.ts';
import { corrupt } from './field.ts';
import type { CatboostFile, CategoricalFeature, FloatFeature } from './scan.ts';

/** One column of the signature. */
export type Column =
  | { readonly kind: 'number'; readonly name: string; readonly feature: FloatFeature }
  | { readonly kind: 'text'; readonly name: string; readonly feature: CategoricalFeature };

/** The signature's columns, in the order of the training data's. */
export function columnsOf(file: CatboostFile, name: string, options: ImportOptions): readonly Column[] {
  const columns = [
    ...file.floats.map((feature) => ({ kind: 'number', feature }) as const),
    ...file.categoricals.map((feature) => ({ kind: 'text', feature }) as const),
  ].sort((a, b) => a.feature.column - b.feature.column);
  if (columns.length === 0) throw corrupt(name, 'it has no features');
  columns.forEach(({ feature: { column } }, i) => {
    if (column === columns[i - 1]?.feature.column) throw corrupt(name, `two features are column ${column}`);
  });
  const given = options.features;
  if (given !== undefined && given.length !== columns.length) {
    throw new PgscoreError(
      'PGS_USAGE',
      `${name}: ${given.length} feature names were given, but the model has ${columns.length} features.`,
      { hint: 'Give one name a feature, in the order of the training data.' },
    );
  }
  return columns.map((column, i) => ({
    ...column,
    name: given?.[i] ?? column.feature.name ?? `f${column.feature.column}`,
  }));
}

export function featureOf(column: Column, categories: readonly string[]): Feature {
  return column.kind === 'number'
    ? { kind: 'number', name: column.name }
    : { kind: 'text', name: column.name, categories };
}
