import { murmurHash3 } from './murmur-hash.ts';
import { clear, makeMissing, type SparseRow } from './sparse.ts';
import { createMask, createTextChanges, type TextChanges } from './text-change.ts';

/** Texts, none of which holds the separator, one after the other. `src/codegen/pack-texts.ts` writes it. */
export interface PackedTexts {
  readonly separator: string;
  readonly joined: string;
}

type Split =
  | { readonly by: 'nothing' | 'character' }
  | { readonly by: 'match' | 'separator'; readonly pattern: string };

type Operation =
  | { readonly name: 'lowercase' | 'uppercase' | 'fold-case' }
  | { readonly name: 'drop'; readonly terms: readonly string[]; readonly ignoreCase: boolean }
  | { readonly name: 'drop-short'; readonly least: number }
  | { readonly name: 'runs'; readonly min: number; readonly max: number; readonly separator: string }
  | { readonly name: 'padded-runs'; readonly min: number; readonly max: number };

type Columns =
  | { readonly by: 'vocabulary'; readonly terms: PackedTexts }
  | {
      readonly by: 'hash';
      readonly seed: number;
      readonly count: number;
      readonly remainder: 'absolute' | 'floor';
      readonly signed: boolean;
      readonly tail?: 'bytes';
    };

/** How a step makes terms of a text; the fields are explained in `src/ir/text-steps.ts`. */
export interface TermReading {
  readonly text: readonly (keyof TextChanges)[];
  readonly split: Split;
  readonly terms: readonly Operation[];
  readonly missing: 'nan' | 'empty';
  /** Characters that count as unassigned: the inside of a class of a regular expression. */
  readonly recent: string;
}

/** A count-terms step. */
export interface TermCounting extends TermReading {
  readonly columns: Columns;
  readonly binary: boolean;
  readonly least: number;
}

/**
 * A function that writes how often each term occurs in a text to the row. The time is that of the text, not that of
 * the vocabulary.
 */
export function createTermCounter(counting: TermCounting, row: SparseRow): (text: string | null) => void {
  const read = createTermReader(counting);
  const add = createAdder(counting.columns, row);
  const { binary, least } = counting;
  return (text) => {
    clear(row);
    const terms = read(text);
    if (terms === null) {
      makeMissing(row);
      return;
    }
    add(terms);
    finish(row, binary, least < 1 ? least * terms.length : least);
  };
}

/** A function that makes terms of a text; null for a missing one. */
export function createTermReader(reading: TermReading): (text: string | null) => string[] | null {
  const changes = createTextChanges(reading.recent);
  const split = createSplit(reading.split, createMask(reading.recent));
  const operations = reading.terms.map((operation) => createOperation(operation, changes));
  const { text: before, missing } = reading;
  return (given) => {
    const text = missing === 'empty' ? (given ?? '') : given;
    if (text === null) return null;
    let changed = text;
    for (const change of before) changed = changes[change](changed);
    let terms = split(changed);
    for (const operation of operations) terms = operation(terms);
    return terms;
  };
}

function createSplit(split: Split, mask: (text: string) => string): (text: string) => string[] {
  switch (split.by) {
    case 'nothing':
      return (text) => [text];
    case 'character':
      return (text) => Array.from(text);
    case 'match':
      return createMatcher(split.pattern, mask);
    case 'separator':
      return createSplitter(split.pattern, mask);
  }
}

function createMatcher(pattern: string, mask: (text: string) => string): (text: string) => string[] {
  const expression = new RegExp(pattern, 'gsu');
  const withGroup = new RegExp(pattern, 'dgsu');
  const grouped = new RegExp(`${pattern}|`, 'su').exec('')!.length > 1;
  return (text) => {
    const hidden = mask(text);
    if (grouped) {
      return Array.from(hidden.matchAll(withGroup), ({ indices }) => {
        const [start, end] = indices![1] ?? [0, 0];
        return text.slice(start, end);
      });
    }
    const found = hidden.match(expression) ?? [];
    if (hidden === text) return found;
    return Array.from(hidden.matchAll(expression), (match) =>
      text.slice(match.index, match.index + match[0].length),
    );
  };
}

function createSplitter(pattern: string, mask: (text: string) => string): (text: string) => string[] {
  const expression = new RegExp(pattern, 'gsu');
  return (text) => {
    const pieces: string[] = [];
    let start = 0;
    for (const match of mask(text).matchAll(expression)) {
      pieces.push(text.slice(start, match.index));
      start = match.index + match[0].length;
    }
    if (pieces.length === 0) return [text];
    pieces.push(text.slice(start));
    while (pieces.length > 0 && pieces[pieces.length - 1] === '') pieces.pop();
    return pieces;
  };
}

function createOperation(operation: Operation, changes: TextChanges): (terms: string[]) => string[] {
  switch (operation.name) {
    case 'lowercase':
    case 'uppercase':
    case 'fold-case': {
      const change = changes[operation.name];
      return (terms) => terms.map(change);
    }
    case 'drop': {
      const dropped = new Set(operation.terms);
      const { lowercase } = changes;
      return operation.ignoreCase
        ? (terms) => terms.filter((term) => !dropped.has(lowercase(term)))
        : (terms) => terms.filter((term) => !dropped.has(term));
    }
    case 'drop-short':
      return (terms) => terms.filter(({ length }) => length >= operation.least);
    case 'runs':
      return (terms) => runsOf(terms, operation.min, operation.max, operation.separator);
    case 'padded-runs':
      return (terms) => terms.flatMap((term) => paddedRuns(term, operation.min, operation.max));
  }
}

function runsOf(terms: readonly string[], min: number, max: number, separator: string): string[] {
  const runs: string[] = [];
  for (let start = 0; start < terms.length; start++) {
    const end = Math.min(start + max, terms.length);
    let run = terms[start]!;
    if (min === 1) runs.push(run);
    for (let i = start + 1; i < end; i++) {
      run += separator + terms[i];
      if (i - start + 1 >= min) runs.push(run);
    }
  }
  return runs;
}

function paddedRuns(term: string, min: number, max: number): string[] {
  const characters = [' ', ...term, ' '];
  const short = max >= characters.length;
  const runs = runsOf(characters, min, short ? characters.length - 1 : max, '');
  if (short) runs.push(` ${term} `);
  return runs;
}

/** A function that adds terms to their columns and notes these in `positions`, in any order. */
function createAdder(columns: Columns, row: SparseRow): (terms: readonly string[]) => void {
  const { values, positions } = row;
  const met = new Uint8Array(values.length);
  const place = columns.by === 'hash' ? createHashing(columns) : createVocabulary(columns.terms);
  return (terms) => {
    let count = 0;
    for (const term of terms) {
      const signed = place(term);
      if (signed === undefined) continue;
      const column = signed < 0 ? ~signed : signed;
      values[column]! += signed < 0 ? -1 : 1;
      if (met[column] === 0) {
        met[column] = 1;
        positions[count++] = column;
      }
    }
    for (let i = 0; i < count; i++) met[positions[i]!] = 0;
    row.count = count;
  };
}

/** A function that gives a term's position among the texts. */
export function createVocabulary({ separator, joined }: PackedTexts): (term: string) => number | undefined {
  const columnOf = new Map<string, number>();
  joined.split(separator).forEach((term, column) => {
    columnOf.set(term, column);
  });
  return (term) => columnOf.get(term);
}

/** The column, or its bitwise complement where the term counts -1. */
function createHashing(columns: Extract<Columns, { by: 'hash' }>): (term: string) => number {
  const { seed, count, remainder, signed, tail } = columns;
  return (term) => {
    const hash = murmurHash3(term, seed, tail);
    const rest = (remainder === 'absolute' ? Math.abs(hash) : hash) % count;
    const column = rest < 0 ? rest + count : rest;
    return signed && hash < 0 ? ~column : column;
  };
}

function finish(row: SparseRow, binary: boolean, least: number): void {
  const { values, positions, count } = row;
  positions.subarray(0, count).sort();
  if (!binary && least === 0) return;
  for (let i = 0; i < count; i++) {
    const column = positions[i]!;
    if (values[column]! < least && least > 0) values[column] = 0;
    else if (binary) values[column] = 1;
  }
}
