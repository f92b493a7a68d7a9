/**
 * The `pandas_categorical:` trailer of LightGBM's Python package: a list of categories for each column of pandas type
 * category, in column order, without saying which columns those are. A value's code is its position in the list.
 * Source: _data_from_pandas in python-package/lightgbm/basic.py. Both unordered categories (which the trees split by
 * set) and ordered ones (which they split by threshold) are listed; plain integers may be split by set and not listed.
 */

export type Category = string | number | boolean | null;
export type CategoryLists = readonly (readonly Category[])[];

/** What is known of a feature when its list is looked for. */
export interface ColumnFacts {
  /** The entry of `feature_infos`. */
  readonly info: string;
  /** Whether any tree reads the feature. */
  readonly used: boolean;
}

/**
 * Parses the trailer. Python writes NaN, Infinity and -Infinity bare, which JSON has no words for: NaN equals no
 * value and becomes null. `fail` gets a problem that completes 'line 12 …' and must throw.
 */
export function parseCategoryLists(
  json: string,
  features: number,
  fail: (problem: string) => never,
): CategoryLists | null {
  checkNesting(json, features, fail);
  let value: unknown;
  try {
    value = JSON.parse(/\b(?:NaN|Infinity)\b/.test(json) ? replaceBareWords(json) : json);
  } catch (error) {
    return fail(`(pandas_categorical) is no JSON: ${(error as Error).message.slice(0, 200)}`);
  }
  if (value === null) return null;
  if (!Array.isArray(value) || !value.every((list) => Array.isArray(list) && list.every(isCategory))) {
    return fail('(pandas_categorical) must be a list of lists of texts, numbers and booleans');
  }
  return value;
}

function isCategory(value: unknown): value is Category {
  return value === null || typeof value !== 'object';
}

/** Refuses what would make JSON.parse build millions of lists: more than two levels, or more lists than features. */
function checkNesting(json: string, features: number, fail: (problem: string) => never): void {
  let depth = 0;
  let lists = 0;
  forEachOutsideTexts(json, (char) => {
    if (char === '{') fail('(pandas_categorical) must hold lists, but holds an object');
    if (char === ']') depth -= 1;
    if (char !== '[') return;
    depth += 1;
    if (depth === 2) lists += 1;
    if (depth > 2) fail('(pandas_categorical) is nested deeper than a list of lists');
    if (lists > features)
      fail(`(pandas_categorical) lists more columns than the model's ${features} features`);
  });
}

/** Calls back for each character that is not part of a JSON text. */
function forEachOutsideTexts(json: string, visit: (char: string, at: number) => void): void {
  let inside = false;
  for (let i = 0; i < json.length; i++) {
    const char = json[i]!;
    if (inside && char === '\\') i += 1;
    else if (char === '"') inside = !inside;
    else if (!inside) visit(char, i);
  }
}

function replaceBareWords(json: string): string {
  const parts: string[] = [];
  let from = 0;
  forEachOutsideTexts(json, (char, at) => {
    if (char !== 'N' && char !== 'I') return;
    const word = char === 'N' ? 'NaN' : 'Infinity';
    if (!json.startsWith(word, at)) return;
    parts.push(json.slice(from, at), char === 'N' ? 'null' : '1e999');
    from = at + word.length;
  });
  parts.push(json.slice(from));
  return parts.join('');
}

/**
 * The feature of each list: as many lists as categorical features is the plain case. Otherwise (ordered categories,
 * integer features declared categorical) a list can only stand where its codes fit the codes that training saw; the
 * columns are found when that leaves one place for each list that a tree could notice.
 * Returns null when it does not.
 */
export function placeCategoryLists(
  lists: CategoryLists,
  columns: readonly ColumnFacts[],
  declared: readonly number[] | null,
): readonly number[] | null {
  for (const candidates of [declared, categoricalColumns(columns)]) {
    if (candidates === null || candidates.length !== lists.length) continue;
    if (candidates.every((column, i) => fits(columns[column]!.info, lists[i]!.length))) return candidates;
  }
  return placeByCodes(lists, columns);
}

function categoricalColumns(columns: readonly ColumnFacts[]): readonly number[] {
  return columns.flatMap(({ info }, i) => (info === 'none' || info.startsWith('[') ? [] : [i]));
}

/** Whether codes 0 … size-1 (and missing) can have given these training values. */
function fits(info: string, size: number): boolean {
  if (info === 'none') return true;
  const codes = info.startsWith('[') ? info.slice(1, -1).split(':') : info.split(':');
  const lowest = info.startsWith('[') ? 0 : -1;
  return codes.every(
    (code) => Number.isInteger(Number(code)) && Number(code) >= lowest && Number(code) < size,
  );
}

/**
 * Matches lists to columns from the left and from the right: list i can only stand between its two matches. It is
 * placed for sure when those are one, or when no column between them that would fit is read by any tree.
 */
function placeByCodes(lists: CategoryLists, columns: readonly ColumnFacts[]): readonly number[] | null {
  const first: number[] = [];
  for (let c = 0; c < columns.length && first.length < lists.length; c++) {
    if (fits(columns[c]!.info, lists[first.length]!.length)) first.push(c);
  }
  if (first.length < lists.length) return null;
  const last: number[] = new Array(lists.length).fill(0);
  for (let c = columns.length - 1, i = lists.length - 1; c >= 0 && i >= 0; c--) {
    if (fits(columns[c]!.info, lists[i]!.length)) last[i--] = c;
  }
  const sure = lists.every((list, i) => {
    if (first[i] === last[i]) return true;
    const between = columns.slice(first[i]!, last[i]! + 1);
    return !between.some((column) => column.used && fits(column.info, list.length));
  });
  return sure ? first : null;
}
