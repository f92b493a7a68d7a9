import { fitsTable } from './ctr-value.ts';
import { corrupt } from './field.ts';
import { combineHash } from './hash.ts';
import type { CatboostFile } from './scan.ts';
import type { CtrElement, CtrFeature, CtrTable } from './scan-ctrs.ts';
import { NAME_CATEGORIES, SIMPLER_CTRS, unsupported } from './unsupported.ts';

/** What target statistics are taken of, with all statistics of it. */
export interface Projection {
  readonly elements: readonly CtrElement[];
  readonly ctrs: readonly { readonly ctr: CtrFeature; readonly table: CtrTable }[];
  /** Every combination that a table has a row for. */
  readonly combinations: readonly Combination[];
}

export interface Combination {
  readonly hash: bigint;
  /** One an element: a category's hash, or 1 or 0 for a test. */
  readonly parts: readonly number[];
}

/** Trying a combination takes about a microsecond at import. */
const MAX_COMBINATIONS = 1_000_000;

/**
 * The files' tables hold hashes of combinations; this finds which categories they are of, by trying all that the file
 * names. A combination takes the categories of its features' own statistics where they have some.
 */
export function projectionsOf(
  file: CatboostFile,
  ctrs: readonly CtrFeature[],
  origin: { readonly name: string; readonly featureName: (categorical: number) => string },
): readonly Projection[] {
  const groups = groupByKey(ctrs);
  const ordered = [...groups.values()].sort((a, b) => a[0]!.elements.length - b[0]!.elements.length);
  const known = new Map<number, readonly number[]>();
  return ordered.map((group) => {
    const { elements } = group[0]!;
    const withTables = group.map((ctr) => ({ ctr, table: tableOf(file, ctr, origin.name) }));
    const wanted = new Set(withTables.flatMap(({ table }) => [...table.rows.keys()]));
    const choices = elements.map((element) =>
      element.kind === 'category'
        ? ((elements.length > 1 ? known.get(element.feature) : undefined) ?? [...file.names.keys()])
        : [0, 1],
    );
    const title = `the target statistic ${group[0]!.type} of ${describe(elements, origin.featureName)}`;
    guardSize(choices, title, origin.name);
    const combinations = findCombinations(choices, wanted);
    if (combinations.length < wanted.size) {
      throw unsupported(
        origin.name,
        `${title} has ${wanted.size} categories, of which the file names ${combinations.length}`,
        NAME_CATEGORIES,
      );
    }
    const [only] = elements;
    if (elements.length === 1 && only?.kind === 'category') {
      known.set(
        only.feature,
        combinations.map(({ parts }) => parts[0]!),
      );
    }
    return { elements, ctrs: withTables, combinations };
  });
}

function keyOf({ elements }: CtrFeature): string {
  return JSON.stringify(elements);
}

function groupByKey(ctrs: readonly CtrFeature[]): Map<string, CtrFeature[]> {
  const groups = new Map<string, CtrFeature[]>();
  for (const ctr of ctrs) {
    const key = keyOf(ctr);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [ctr]);
    else group.push(ctr);
  }
  return groups;
}

function tableOf(file: CatboostFile, ctr: CtrFeature, name: string): CtrTable {
  const table = file.tables.get(ctr.identifier);
  if (table === undefined) throw corrupt(name, `ctr_data has no table '${ctr.identifier.slice(0, 120)}'`);
  if (!fitsTable(ctr, table)) {
    throw corrupt(name, `the table of a ${ctr.type} statistic has rows of ${table.width} numbers`);
  }
  return table;
}

function describe(elements: readonly CtrElement[], featureName: (categorical: number) => string): string {
  const features = elements.flatMap((element) =>
    element.kind === 'category' ? [`'${featureName(element.feature)}'`] : [],
  );
  const tests = elements.length - features.length;
  return [...features, ...(tests > 0 ? [`${tests} binary tests`] : [])].join(' with ');
}

function guardSize(choices: readonly (readonly number[])[], title: string, name: string): void {
  const size = choices.reduce((product, { length }) => product * length, 1);
  if (size <= MAX_COMBINATIONS) return;
  throw unsupported(
    name,
    `${title} may have ${size} combinations of categories; at most ${MAX_COMBINATIONS} are supported`,
    SIMPLER_CTRS,
  );
}

function findCombinations(
  choices: readonly (readonly number[])[],
  wanted: ReadonlySet<bigint>,
): readonly Combination[] {
  const found: Combination[] = [];
  const parts: number[] = [];
  const visit = (hash: bigint): void => {
    if (parts.length === choices.length) {
      if (wanted.has(hash)) found.push({ hash, parts: [...parts] });
      return;
    }
    for (const choice of choices[parts.length]!) {
      parts.push(choice);
      visit(combineHash(hash, choice));
      parts.pop();
    }
  };
  visit(0n);
  return found;
}
