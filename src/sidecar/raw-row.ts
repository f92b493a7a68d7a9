import type { GraphFeature } from '../ir/graph.ts';
import { unwritableAsText } from '../json-numbers.ts';
import { RowError } from './row-error.ts';

/**
 * A row as text, one entry a feature in the signature's order; null is missing. Numbers, texts, arrays and bytea stand as
 * PostgreSQL writes them (see `parseArray`).
 */
export type RawRow = readonly (string | null)[];

/**
 * The row of a JSON object {feature: value}: numbers ("NaN", "Infinity" and "-Infinity" as texts; true and false are 1
 * and 0), texts, and arrays as nested lists or as text in any form that PostgreSQL writes. Other keys are ignored.
 * `row` is the row's index, for the error. @throws RowError for a feature that is absent or of another type
 */
export function rawRowOf(
  features: readonly GraphFeature[],
  json: Readonly<Record<string, unknown>>,
  row = 0,
): (string | null)[] {
  return features.map((feature) => {
    const value = Object.hasOwn(json, feature.name) ? json[feature.name] : undefined;
    if (value === undefined) {
      throw new RowError(
        row,
        feature.name,
        'it is absent',
        'Every feature must be given; null means missing.',
      );
    }
    return value === null ? null : (textOf(feature, value) ?? refuse(feature, value, row));
  });
}

function textOf({ kind }: GraphFeature, value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (kind === 'number' && ['number', 'boolean', 'bigint'].includes(typeof value)) return String(value);
  return kind === 'array' && Array.isArray(value) ? JSON.stringify(value, unwritableAsText) : undefined;
}

function refuse({ name, kind }: GraphFeature, value: unknown, row: number): never {
  const wanted = { number: 'a number', text: 'a text', array: 'a list of numbers' }[kind];
  throw new RowError(row, name, `${JSON.stringify(value, unwritableAsText)?.slice(0, 60)} is not ${wanted}`);
}
