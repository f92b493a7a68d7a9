import { RECENT_CHARACTERS, SPACES } from './characters.ts';
import type {
  AverageTerms,
  CountTerms,
  TermColumns,
  TermHash,
  TermOperation,
  TermReading,
  TextOperation,
  TextSplit,
} from './text-steps.ts';
import { textStepWidth } from './text-steps.ts';

const RECENT = new RegExp(`([${RECENT_CHARACTERS}]+)`, 'u');

/** The counts of a text's terms, by the letter of CountTerms. */
export function countTerms(step: CountTerms, given: string | null): readonly number[] {
  const terms = readTerms(step, given);
  const counts = new Array<number>(textStepWidth(step)).fill(terms === null ? Number.NaN : 0);
  if (terms === null) return counts;
  const met = new Set<number>();
  for (const term of terms) {
    const { column, sign } = place(step.columns, term);
    if (column === -1) continue;
    met.add(column);
    counts[column]! += sign;
  }
  const least = step.least < 1 ? step.least * terms.length : step.least;
  return counts.map((count, column) => {
    if (step.least > 0 && count < least) return 0;
    return step.binary ? Number(met.has(column)) : count;
  });
}

/** The mean of the vectors of a text's terms, by the letter of AverageTerms. */
export function averageTerms(step: AverageTerms, given: string | null): readonly number[] {
  const terms = readTerms(step, given);
  const { vocabulary, vectors, width } = step;
  return Array.from({ length: width }, (_, i) => {
    if (terms === null) return Number.NaN;
    const known = terms.map((term) => vocabulary.indexOf(term)).filter((place) => place !== -1);
    const sum = known.reduce((total, place) => total + vectors[place * width + i]!, 0);
    return terms.length === 0 ? 0 : sum * (1 / terms.length);
  });
}

/** The terms of a text; null for a missing one. */
export function readTerms(
  { text: before, split, terms, missing }: Omit<TermReading, 'input'>,
  given: string | null,
): readonly string[] | null {
  const text = missing === 'empty' ? (given ?? '') : given;
  if (text === null) return null;
  const changed = before.reduce((current, operation) => changeText(operation, current), text);
  return terms.reduce((current, operation) => changeTerms(operation, current), splitText(split, changed));
}

/** Applies a function to what stands between characters that it must not know; these stay. */
function piecewise(text: string, separator: RegExp, change: (piece: string) => string): string {
  return text
    .split(separator)
    .map((piece, i) => (i % 2 === 0 ? change(piece) : piece))
    .join('');
}

/** U+0295 became a cased letter in Unicode 17; it has no other case, but a sigma beside it would. */
const NOT_CASED = new RegExp(`([\\u0295${RECENT_CHARACTERS}]+)`, 'u');

/** The lower case of a text by Unicode 14. */
export function lowerCase(text: string): string {
  return piecewise(text, NOT_CASED, (piece) => piece.toLowerCase());
}

/** These have had upper cases since Unicode 16 or 17. */
const NOT_LOWER = new RegExp(`([\\u019b\\u0264\\ua7d3\\ua7d5${RECENT_CHARACTERS}]+)`, 'u');

/** The upper case of a text by Unicode 14. */
export function upperCase(text: string): string {
  return piecewise(text, NOT_LOWER, (piece) => piece.toUpperCase());
}

/** U+0130 is the one character whose simple lower case is not its full one. */
function lowerCharacter(character: string): string {
  return character === '\u0130' ? 'i' : lowerCase(character);
}

/** The simple lower case of each character's simple upper case; where only the full one is longer, they agree. */
export function foldCase(text: string): string {
  return [...text].map((character) => lowerCharacter(upperCharacter(character))).join('');
}

function upperCharacter(character: string): string {
  const upper = upperCase(character);
  return [...upper].length === 1 ? upper : character;
}

function decompose(text: string): string {
  return piecewise(text, RECENT, (piece) => piece.normalize('NFKD'));
}

const LONG_SPACES = new RegExp(`[${SPACES}]{2,}`, 'gu');

function changeText(operation: TextOperation, text: string): string {
  switch (operation) {
    case 'lowercase':
      return lowerCase(text);
    case 'uppercase':
      return upperCase(text);
    case 'lowercase-each':
      return [...text].map(lowerCharacter).join('');
    case 'strip-marks':
      return isAscii(text) ? text : [...decompose(text)].filter((character) => !isMark(character)).join('');
    case 'to-ascii':
      return [...decompose(text)].filter(isAscii).join('');
    case 'join-spaces':
      return text.replaceAll(LONG_SPACES, ' ');
  }
}

function isAscii(text: string): boolean {
  return [...text].every((character) => character.charCodeAt(0) < 128);
}

/**
 * Whether a character has a combining class other than 0: canonical order then puts it before U+0345, whose class is
 * the greatest, or, of that class itself, behind U+0334, whose class is the least.
 */
function isMark(character: string): boolean {
  if (RECENT.test(character)) return false;
  return isReordered(`\u0345${character}`) || isReordered(`${character}\u0334`);
}

function isReordered(marks: string): boolean {
  return `a${marks}`.normalize('NFD') !== `a${[...marks].map((mark) => mark.normalize('NFD')).join('')}`;
}

/** The text with characters that patterns must not know as noncharacters of the same length. */
export function masked(text: string): string {
  return text.replaceAll(new RegExp(`[${RECENT_CHARACTERS}]`, 'gu'), (character) =>
    character.length === 1 ? '\ufdd0' : '\u{1fffe}',
  );
}

function splitText(split: TextSplit, text: string): readonly string[] {
  switch (split.by) {
    case 'nothing':
      return [text];
    case 'character':
      return [...text];
    case 'match':
      return matches(split.pattern, text).map(({ group }) => text.slice(...group));
    case 'separator': {
      const all = matches(split.pattern, text);
      if (all.length === 0) return [text];
      const starts = [0, ...all.map(({ whole }) => whole[1])];
      const pieces = starts.map((start, i) => text.slice(start, all[i]?.whole[0]));
      const last = pieces.findLastIndex((piece) => piece !== '');
      return pieces.slice(0, last + 1);
    }
  }
}

type Span = readonly [start: number, end: number];

function matches(pattern: string, text: string): { readonly whole: Span; readonly group: Span }[] {
  return [...masked(text).matchAll(new RegExp(pattern, 'dgsu'))].map(({ indices }) => ({
    whole: indices![0]!,
    group: indices!.length > 1 ? (indices![1] ?? [0, 0]) : indices![0]!,
  }));
}

function changeTerms(operation: TermOperation, terms: readonly string[]): readonly string[] {
  switch (operation.name) {
    case 'lowercase':
      return terms.map(lowerCase);
    case 'uppercase':
      return terms.map(upperCase);
    case 'fold-case':
      return terms.map(foldCase);
    case 'drop':
      return terms.filter((term) => !operation.terms.includes(operation.ignoreCase ? lowerCase(term) : term));
    case 'drop-short':
      return terms.filter((term) => term.length >= operation.least);
    case 'runs':
      return runs(terms, operation.min, operation.max).map((run) => run.join(operation.separator));
    case 'padded-runs':
      return terms.flatMap((term) => paddedRuns([' ', ...term, ' '], operation.min, operation.max));
  }
}

function runs(terms: readonly string[], min: number, max: number): (readonly string[])[] {
  const all: (readonly string[])[] = [];
  for (let start = 0; start < terms.length; start++) {
    for (let n = min; n <= max && start + n <= terms.length; n++) all.push(terms.slice(start, start + n));
  }
  return all;
}

function paddedRuns(characters: readonly string[], min: number, max: number): string[] {
  const all = runs(characters, min, Math.min(max, characters.length - 1));
  return [...all, ...(max >= characters.length ? [characters] : [])].map((run) => run.join(''));
}

function place(columns: TermColumns, term: string): { readonly column: number; readonly sign: number } {
  if (columns.by === 'vocabulary') return { column: columns.terms.indexOf(term), sign: 1 };
  const hash = murmurHash3(new TextEncoder().encode(term), columns);
  return { column: remainder(columns, hash), sign: columns.signed && hash < 0 ? -1 : 1 };
}

function remainder({ remainder: kind, count }: TermHash, hash: number): number {
  return kind === 'absolute' ? Math.abs(hash) % count : ((hash % count) + count) % count;
}

/**
 * MurmurHash3_x86_32 in unbounded integers, as a signed number.
 * https://github.com/aappleby/smhasher/blob/61a0530f28277f2e850bfc39600ce61d02b518de/src/MurmurHash3.cpp
 */
function murmurHash3(bytes: Uint8Array, { seed, tail }: TermHash): number {
  const wrap = (value: bigint) => BigInt.asUintN(32, value);
  const rotate = (value: bigint, bits: bigint) => wrap(value << bits) | (value >> (32n - bits));
  const mix = (word: bigint) => wrap(rotate(wrap(word * 0xcc9e2d51n), 15n) * 0x1b873593n);
  const word = (from: number, to: number) =>
    bytes.slice(from, to).reduceRight((value, byte) => value * 256n + BigInt(byte), 0n);
  const body = bytes.length - (bytes.length % 4);
  let hash = wrap(BigInt(seed));
  const add = (value: bigint) => {
    hash = wrap(rotate(hash ^ mix(value), 13n) * 5n + 0xe6546b64n);
  };
  for (let i = 0; i < body; i += 4) add(word(i, i + 4));
  if (tail === 'bytes') for (const byte of bytes.slice(body)) add(wrap(BigInt.asIntN(8, BigInt(byte))));
  else hash ^= mix(word(body, bytes.length));
  hash ^= BigInt(bytes.length);
  hash = wrap((hash ^ (hash >> 16n)) * 0x85ebca6bn);
  hash = wrap((hash ^ (hash >> 13n)) * 0xc2b2ae35n);
  return Number(BigInt.asIntN(32, hash ^ (hash >> 16n)));
}
