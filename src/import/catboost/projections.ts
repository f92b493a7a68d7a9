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

/** Of all statistics together; trying one takes some 0.1 microseconds at import. */
const MAX_COMBINATIONS = 10_000_000;

interface Origin {
  readonly name: string;
  readonly featureName: (categorical: number) => string;
}

/**
 * The file's tables hold hashes of combinations; this finds which categories they are of, by trying those that the file
 * names: for a combination first those that its features' own statistics hold.
 */
export function projectionsOf(
  file: CatboostFile,
  ctrs: readonly CtrFeature[],
  origin: Origin,
): readonly Projection[] {
  const groups = [...groupByKey(ctrs).values()];
  const search = new Search(file, origin);
  return groups
    .sort((a, b) => a[0]!.elements.length - b[0]!.elements.length)
    .map((group) => ({
      elements: group[0]!.elements,
      ctrs: group.map((ctr) => ({ ctr, table: tableOf(file, ctr, origin.name) })),
    }))
    .map((part) => ({ ...part, combinations: search.find(part) }));
}

class Search {
  private readonly names: readonly number[];
  private readonly origin: Origin;
  /** Per feature the hashes that its own statistics hold. */
  private readonly known = new Map<number, readonly number[]>();
  private tried = 0;

  constructor(file: CatboostFile, origin: Origin) {
    this.names = [...file.names.keys()];
    this.origin = origin;
  }

  /** Finds every combination of the tables; throws when the file does not name all, or when there are too many. */
  find(part: Pick<Projection, 'elements' | 'ctrs'>): readonly Combination[] {
    const { elements, ctrs } = part;
    const wanted = new Set(ctrs.flatMap(({ table }) => [...table.rows.keys()]));
    const title = `the target statistic ${ctrs[0]!.ctr.type} of ${describe(elements, this.origin.featureName)}`;
    let found = this.try(elements, (feature) => this.known.get(feature) ?? this.names, wanted, title);
    // Statistics may have left out rare categories, each for itself.
    if (found.length < wanted.size) found = this.try(elements, () => this.names, wanted, title);
    if (found.length < wanted.size) {
      throw unsupported(
        this.origin.name,
        `${title} has ${wanted.size} categories, of which the file names ${found.length}`,
        NAME_CATEGORIES,
      );
    }
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
    title: string,
  ): readonly Combination[] {
    const choices = elements.map((element) =>
      element.kind === 'category' ? hashesOf(element.feature) : [0, 1],
    );
    const size = choices.reduce((product, { length }) => product * length, 1);
    this.tried += size;
    if (this.tried <= MAX_COMBINATIONS) return findCombinations(choices, wanted);
    throw unsupported(
      this.origin.name,
      `${title} may have ${size} combinations of categories; at most ${MAX_COMBINATIONS} are supported in all`,
      SIMPLER_CTRS,
    );
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

function describe(elements: readonly CtrElement[], featureName: (categorical: number) => string): string {
  const features = elements.flatMap((element) =>
    element.kind === 'category' ? [`'${featureName(element.feature)}'`] : [],
  );
  const tests = elements.length - features.length;
  return [...features, ...(tests > 0 ? [`${tests} binary tests`] : [])].join(' with ');
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
