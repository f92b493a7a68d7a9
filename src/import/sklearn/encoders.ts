import { NdArray, type PyValue } from '../pickle/index.ts';
import { type Column, isNaNValue } from './columns.ts';
import type { Estimator } from './estimator.ts';
import type { Lowering } from './lowering.ts';

/** The categories of each column, checked to be one list a column. */
function categoryLists(estimator: Estimator, columns: readonly Column[]): readonly (readonly PyValue[])[] {
  const lists = estimator.list('categories_').map((list) => {
    if (list instanceof NdArray) return list.values();
    return Array.isArray(list) ? list : estimator.fail('a column has no list of categories');
  });
  if (lists.length !== columns.length)
    estimator.fail(`has categories of ${lists.length} columns, but gets ${columns.length}`);
  return lists;
}

/** The i-th element of a list of arrays that is absent or None where nothing is merged or dropped. */
function optionalArray(estimator: Estimator, name: string, i: number): readonly number[] | undefined {
  const value = estimator.get(name);
  const each = Array.isArray(value) ? value[i] : undefined;
  return each instanceof NdArray ? Array.from(each.numbers()) : undefined;
}

/**
 * The code of each category after rare ones are merged (min_frequency, max_categories): `_default_to_infrequent_mappings`.
 * The merged group comes last.
 */
function mergedCodes(
  estimator: Estimator,
  i: number,
  count: number,
): { codes: readonly number[]; merged: boolean } {
  const mapping = optionalArray(estimator, '_default_to_infrequent_mappings', i);
  if (mapping === undefined) return { codes: Array.from({ length: count }, (_, k) => k), merged: false };
  if (mapping.length !== count) estimator.fail('has a list of rare categories that does not fit');
  return { codes: mapping, merged: true };
}

/** One column a category: 1 where the value is that category, else 0. */
export function oneHotEncoder(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  const lists = categoryLists(estimator, columns);
  const handling = estimator.text('handle_unknown', 'error');
  // Before 1.8 'warn' left unknown categories out, though it should have taken them for rare ones.
  const ignored = handling === 'ignore' || (handling === 'warn' && estimator.version < 108);
  return columns.flatMap((column, i) => {
    const categories = lists[i]!;
    const { codes, merged } = mergedCodes(estimator, i, categories.length);
    const groups = codes.reduce((most, code) => Math.max(most, code), -1) + 1;
    const dropped = droppedGroup(estimator, i);
    const unknown = handling === 'error' ? Number.NaN : ignored || !merged ? -1 : groups - 1;
    const code = lowering.encode(column, categories, codes, { missing: unknown, unknown }, estimator);
    if (handling === 'error') lowering.guards.add(code);
    const kept = Array.from({ length: groups }, (_, k) => k).filter((k) => k !== dropped);
    const flags = lowering.builder.compare(
      kept.map(() => code),
      '==',
      kept,
    );
    return lowering.columns(flags, false);
  });
}

/** The group that has no column (drop='first', 'if_binary', or a category each). */
function droppedGroup(estimator: Estimator, i: number): number | undefined {
  // In 1.1 and 1.2 drop_idx_ counts groups after merging; since 1.3 the private one does, and drop_idx_ categories.
  const grouped = estimator.get('_drop_idx_after_grouping');
  const own = grouped instanceof NdArray ? grouped : estimator.get('drop_idx_');
  if (!(own instanceof NdArray)) return undefined;
  const index = own.values()[i];
  return typeof index === 'number' ? index : undefined;
}

/** Each category's position. */
export function ordinalEncoder(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  const lists = categoryLists(estimator, columns);
  const errors = estimator.text('handle_unknown', 'error') === 'error';
  const unknown = errors ? Number.NaN : estimator.number('unknown_value', Number.NaN);
  const forMissing = estimator.number('encoded_missing_value', Number.NaN);
  return columns.map((column, i): Column => {
    const categories = lists[i]!;
    // None is a category like any other; only NaN is missing. It comes last, and is never rare.
    const counted = categories.filter((category) => !isNaNValue(category)).length;
    const merged = mergedCodes(estimator, i, counted).codes;
    const codes = categories.map((category, k) => (isNaNValue(category) ? forMissing : merged[k]!));
    const knowsMissing = categories.some(isNaNValue);
    const register = lowering.encode(column, categories, codes, { missing: unknown, unknown }, estimator);
    if (errors) guardUnknown(column, categories, lowering, estimator);
    return {
      kind: 'number',
      register,
      mayBeMissing: (Number.isNaN(unknown) && !errors) || (knowsMissing && Number.isNaN(forMissing)),
    };
  });
}

/** An unknown category is an error, and so is a missing one unless the encoder knows it: its code may be NaN then. */
function guardUnknown(
  column: Column,
  categories: readonly PyValue[],
  lowering: Lowering,
  estimator: Estimator,
): void {
  const known = categories.map(() => 0);
  const other = { missing: Number.NaN, unknown: Number.NaN };
  lowering.guards.add(lowering.encode(column, categories, known, other, estimator));
}

/** Each category's mean of the target, shrunk to the mean of all; the latter for unknown categories. */
export function targetEncoder(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  const lists = categoryLists(estimator, columns);
  const encodings = estimator
    .list('encodings_')
    .map((each) =>
      each instanceof NdArray ? Array.from(each.numbers()) : estimator.fail('a column has no encodings'),
    );
  const means = estimator.numbers('target_mean_');
  const perColumn = encodings.length / columns.length;
  if (!Number.isInteger(perColumn) || perColumn !== means.length) {
    estimator.fail(
      `has ${encodings.length} encodings for ${columns.length} columns and ${means.length} targets`,
    );
  }
  // Several classes: feature by feature, and within it class by class.
  const registers = encodings.map((codes, k) => {
    const i = Math.floor(k / perColumn);
    const mean = means[k % perColumn]!;
    if (codes.length !== lists[i]!.length)
      estimator.fail('a column has encodings that do not fit its categories');
    return lowering.encode(columns[i]!, lists[i]!, codes, { missing: mean, unknown: mean }, estimator);
  });
  return lowering.columns(registers, false);
}
