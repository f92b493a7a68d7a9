import type { PyObject, PyValue } from '../pickle/index.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import type { Lowering } from './lowering.ts';
import { refuseSinglePrecision } from './text.ts';

/** What a column of a DictVectorizer is made of: a number under its key, or 1 where the key has this text. */
interface Entry {
  readonly key: string;
  readonly text: string | undefined;
}

/**
 * The keys of the dicts that a DictVectorizer was fitted on, in the order in which its columns name them; undefined for
 * another object. It keeps 'key' for numbers and 'key=text' for texts: a key ends at the first separator.
 */
export function dictionaryKeys(object: PyObject): readonly string[] | undefined {
  if (object.type.name !== 'DictVectorizer') return undefined;
  const names = object.attribute('feature_names_');
  const separator = object.attribute('separator');
  if (!Array.isArray(names) || typeof separator !== 'string' || separator === '') return undefined;
  return [...new Set(names.map((name) => entryOf(name, separator)?.key ?? ''))];
}

function entryOf(name: PyValue, separator: string): Entry | undefined {
  if (typeof name !== 'string') return undefined;
  const end = name.indexOf(separator);
  if (end === -1) return { key: name, text: undefined };
  return { key: name.slice(0, end), text: name.slice(end + separator.length) };
}

/** Numbers under their key, and a column for each text of a key. Unknown and missing texts have none. */
export function dictVectorizer(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  refuseSinglePrecision(estimator);
  const separator = estimator.text('separator');
  const entries = estimator
    .list('feature_names_')
    .map((name) => entryOf(name, separator) ?? estimator.fail('has a column whose name is no text'));
  const keys = dictionaryKeys(estimator.object) ?? [];
  if (keys.length !== columns.length) {
    return estimator.refuse(
      `takes dicts of ${keys.length} keys, but gets ${columns.length} columns`,
      'Make it the first step, so that the keys are the columns of the table.',
    );
  }
  const groups = new Map(keys.map((key) => [key, [] as Entry[]]));
  for (const entry of entries) groups.get(entry.key)!.push(entry);
  const byKey = new Map(
    keys.map((key, k) => [key, keyColumns(groups.get(key)!, columns[k]!, estimator, lowering)]),
  );
  return entries.map(({ key, text }) => byKey.get(key)!.get(text)!);
}

/** The column of each text of a key, or the number's. */
function keyColumns(
  entries: readonly Entry[],
  column: Column,
  estimator: Estimator,
  lowering: Lowering,
): ReadonlyMap<string | undefined, Column> {
  const texts = entries.flatMap(({ text }) => (text === undefined ? [] : [text]));
  if (texts.length === 0) return new Map([[undefined, lowering.number(column, estimator)]]);
  const numbers = texts.map((_, i) => i);
  const code = lowering.encode(column, texts, numbers, { missing: -1, unknown: -1 }, estimator);
  const flags = lowering.builder.compare(
    texts.map(() => code),
    '==',
    numbers,
  );
  const found = new Map<string | undefined, Column>(
    lowering.columns(flags, false).map((flag, i) => [texts[i], flag]),
  );
  if (texts.length === entries.length) return found;
  // Texts that were missing in training count as numbers: NaN where missing, else 0.
  const none = { missing: Number.NaN, unknown: 0 };
  const number = lowering.encode(
    column,
    texts,
    texts.map(() => 0),
    none,
    estimator,
  );
  return found.set(undefined, { kind: 'number', register: number, mayBeMissing: true });
}
