import { fitsTable } from './ctr-value.ts';
import { corrupt } from './field.ts';
import { combineHash } from './hash.ts';
import type { CatboostFile } from './scan.ts';
import type { CtrElement, CtrFeature, CtrTable } from './scan-ctrs.ts';

/** What target statistics are taken of, with all statistics of it. */
export interface Projection {
  readonly elements: readonly CtrElement[];
  readonly ctrs: readonly { readonly ctr: CtrFeature; readonly table: CtrTable }[];
  /** Hashes of all combinations that a table has a row for. */
  readonly hashes: readonly bigint[];
  /** These combinations; absent where the file does not name the categories of all, or where too many are possible. */
  readonly combinations?: readonly Combination[];
}

export interface Combination {
  readonly hash: bigint;
  /** One an element: a category's hash, or 1 or 0 for a test. */
  readonly parts: readonly number[];
}

/** Of all statistics together; trying one takes some 0.1 microseconds at import. */
const MAX_COMBINATIONS = 10_000_000;

/**
 * The file's tables hold hashes of combinations; this finds which categories they are of, by trying those that the file
 * names: for a combination first those that its features' own statistics hold.
 */
export function projectionsOf(
  file: CatboostFile,
  ctrs: readonly CtrFeature[],
  name: string,
): readonly Projection[] {
  const groups = [...groupByKey(ctrs).values()];
  const search = new Search(file);
  return groups
    .sort((a, b) => a[0]!.elements.length - b[0]!.elements.length)
    .map((group) => ({
      elements: group[0]!.elements,
      ctrs: group.map((ctr) => ({ ctr, table: tableOf(file, ctr, name) })),
    }))
    .map(({ elements, ctrs }) => {
      const hashes = [...new Set(ctrs.flatMap(({ table }) => [...table.rows.keys()]))];
      const combinations = search.find(elements, hashes);
      return { elements, ctrs, hashes, ...(combinations === undefined ? {} : { combinations }) };
    });
}

class Search {
  private readonly names: readonly number[];
  /** Per feature the hashes that its own statistics hold. */
  private readonly known = new Map<number, readonly number[]>();
  private tried = 0;

  constructor(file: CatboostFile) {
    this.names = [...file.names.keys()];
  }

  /** Every combination of the hashes, or undefined when the file does not name all, or when there are too many. */
  find(elements: readonly CtrElement[], hashes: readonly bigint[]): readonly Combination[] | undefined {
    const wanted = new Set(hashes);
    let found = this.try(elements, (feature) => this.known.get(feature) ?? this.names, wanted);
    // Statistics may have left out rare categories, each for itself.
    if (found.length < wanted.size) found = this.try(elements, () => this.names, wanted);
    if (found.length < wanted.size) return undefined;
    const [only] = elements;
    if (elements.length === 1 && only?.kind === 'category') {
      this.known.set(
        only.feature,
        found.map(({ parts }) => parts[0]!),
      );
    }
    return found;
  }

  private try(
    elements: readonly CtrElement[],
    hashesOf: (feature: number) => readonly number[],
    wanted: ReadonlySet<bigint>,
  ): readonly Combination[] {
    const choices = elements.map((element) =>
      element.kind === 'category' ? hashesOf(element.feature) : [0, 1],
    );
    const size = choices.reduce((product, { length }) => product * length, 1);
    if (this.tried + size > MAX_COMBINATIONS) return [];
    this.tried += size;
    return findCombinations(choices, wanted);
  }
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
