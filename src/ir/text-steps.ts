/**
 * Steps that read texts themselves, not codes of categories. They are part of the vocabulary of model.ts and follow
 * its rules. Their input is a register that holds a text: that of a text feature, or of a step of text-makers.ts.
 *
 * Letters, digits, spaces, cases and decompositions are those of Unicode 14. Characters that a later version brought
 * count as unassigned, whatever version the engine has: no letters, without cases, decomposed to themselves.
 */
import type { Register } from './model.ts';
import { isTextMaker, type TextMaker, textMakerTexts } from './text-makers.ts';

export type TextStep = HashText | CountTerms | AverageTerms | MeasureText | TextMaker;

/** The low 32 bits of the text's CityHash64, version 1.0, over its UTF-8: a whole number from 0. Width 1. */
export interface HashText {
  readonly kind: 'hash-text';
  readonly input: Register;
  /** The result for NULL; may be NaN. */
  readonly missing: number;
}

/** How terms are made of a text: it goes through `text`, is split into terms, and these go through `terms`. */
export interface TermReading {
  readonly input: Register;
  readonly text: readonly TextOperation[];
  readonly split: TextSplit;
  readonly terms: readonly TermOperation[];
  /** What NULL gives: NaN everywhere, or what the empty text gives. */
  readonly missing: 'nan' | 'empty';
}

/**
 * How often each term occurs in a text: each one adds 1 (or -1, see `TermHash`) to its column. Width: the number of
 * columns.
 */
export interface CountTerms extends TermReading {
  readonly kind: 'count-terms';
  readonly columns: TermColumns;
  /** 1 for every column that a term fell to, whatever they add up to. */
  readonly binary: boolean;
  /** Counts below this become 0; a number below 1 is a share of all terms of the text, known or not. 0 keeps all. */
  readonly least: number;
}

/**
 * The mean of the vectors of a text's terms: those of known terms are added one by one, in the order of the terms, and
 * the sum is multiplied by 1 / n, where n counts all terms, unknown ones too; float64 throughout. A text without terms
 * gives zeros. Width: that of a vector.
 */
export interface AverageTerms extends TermReading {
  readonly kind: 'average-terms';
  readonly vocabulary: readonly string[];
  readonly width: number;
  /** Term-major: those of term t stand at [t * width, (t + 1) * width). Finite. */
  readonly vectors: readonly number[];
}

export type TextOperation =
  /** Full case mapping, independent of language, with the final sigma. */
  | 'lowercase'
  | 'uppercase'
  /** The simple lower case of each character by itself, as C's towlower has it. */
  | 'lowercase-each'
  /** To NFKD, without the characters of a combining class other than 0; ASCII stays as it is. */
  | 'strip-marks'
  /** To NFKD, then only what is ASCII. */
  | 'to-ascii'
  /** Two or more spaces in a row become one U+0020. Spaces are those of Python's \s. */
  | 'join-spaces';

/** Patterns are sources of JavaScript regular expressions with the flags u and s; they match no empty text. */
export type TextSplit =
  /** The whole text is one term. */
  | { readonly by: 'nothing' }
  | { readonly by: 'character' }
  /** All matches; of a pattern with a group, what the group holds, '' where it took no part. */
  | { readonly by: 'match'; readonly pattern: string }
  /**
   * What stands between matches, empty pieces too, but none at the end (as Java splits). A text without a match is one
   * piece, even when it is empty.
   */
  | { readonly by: 'separator'; readonly pattern: string };

export type TermOperation =
  | { readonly name: 'lowercase' | 'uppercase' }
  /** The simple lower case of the simple upper case of each character, so that σ and ς become one, as Java has them. */
  | { readonly name: 'fold-case' }
  /** Leaves out listed terms; with `ignoreCase`, those whose lower case is listed. */
  | { readonly name: 'drop'; readonly terms: readonly string[]; readonly ignoreCase: boolean }
  /** Leaves out terms of fewer UTF-16 units. */
  | { readonly name: 'drop-short'; readonly least: number }
  /** All runs of min to max terms, joined by the separator; in the order of their starts, then of their lengths. */
  | { readonly name: 'runs'; readonly min: number; readonly max: number; readonly separator: string }
  /**
   * All runs of min to max characters of each term between two U+0020; of a term that is shorter than a run, so
   * padded, itself, once.
   */
  | { readonly name: 'padded-runs'; readonly min: number; readonly max: number };

export type TermColumns =
  /** A term's column is its position; other terms count nothing. */
  { readonly by: 'vocabulary'; readonly terms: readonly string[] } | TermHash;

/** A term's column is its hash modulo `count`: MurmurHash3_x86_32 over UTF-8, as a signed number. */
export interface TermHash {
  readonly by: 'hash';
  readonly seed: number;
  readonly count: number;
  /** `absolute`: |hash| mod count; `floor`: the remainder that is not negative. */
  readonly remainder: 'absolute' | 'floor';
  /** Terms of a negative hash add -1. */
  readonly signed: boolean;
  /**
   * `bytes`: the one to three bytes after the last whole word are mixed in one by one, as signed numbers and like words,
   * as Spark 2 has it (hashUnsafeBytes). Absent: as MurmurHash3 has it.
   */
  readonly tail?: 'bytes';
}

/** One number that is told of a text. Width 1. */
export interface MeasureText {
  readonly kind: 'measure-text';
  readonly input: Register;
  readonly measure: TextMeasure;
  /** The result for NULL; may be NaN. */
  readonly missing: number;
}

/** `invalid` is the result for a text that cannot be read so; it may be infinite, but not NaN. */
export type TextMeasure =
  /** In UTF-16 units. */
  | { readonly name: 'length' }
  /** 1 where the pattern is found somewhere, else 0. Patterns are as those of TextSplit, but may match an empty text. */
  | { readonly name: 'matches'; readonly pattern: string }
  /** A decimal number, as XML Schema writes a double, without NaN; blanks around it do not count. */
  | { readonly name: 'number'; readonly invalid: number }
  /**
   * Days since 1970-01-01 of a date of ISO 8601 (YYYY-MM-DD). A time of day after it must be midnight; see `date-time`.
   */
  | { readonly name: 'date'; readonly invalid: number }
  /**
   * Seconds since 1970-01-01T00:00:00 of YYYY-MM-DDThh:mm, with or without seconds, which may have a fraction; a blank
   * may stand for the T, and a date alone is its midnight. Where it ends in Z or an offset (+hh, +hh:mm), the seconds are
   * those at UTC. The calendar is the Gregorian one, also for years before it was made; days have 86400 seconds. The
   * fraction, of nine digits at most, is rounded to float64 and then added.
   */
  | { readonly name: 'date-time'; readonly invalid: number }
  /** Seconds since midnight of hh:mm, with or without seconds. */
  | { readonly name: 'time'; readonly invalid: number };

const KINDS: ReadonlySet<string> = new Set<TextStep['kind']>([
  'hash-text',
  'count-terms',
  'average-terms',
  'measure-text',
]);

export function isTextStep(step: { readonly kind: string }): step is TextStep {
  return KINDS.has(step.kind) || isTextMaker(step);
}

export function textStepWidth(step: TextStep): number {
  switch (step.kind) {
    case 'count-terms':
      return termColumnCount(step.columns);
    case 'average-terms':
      return step.width;
    default:
      return 1;
  }
}

/** The registers of texts that a step reads. */
export function textStepTexts(step: TextStep): readonly Register[] {
  return isTextMaker(step) ? textMakerTexts(step) : [step.input];
}

/** All registers that a step reads. */
export function textStepInputs(step: TextStep): readonly Register[] {
  switch (step.kind) {
    case 'join-texts':
      return step.inputs;
    case 'choose-text':
      return [step.index, ...step.inputs];
    default:
      return [step.input];
  }
}

function termColumnCount(columns: TermColumns): number {
  return columns.by === 'hash' ? columns.count : columns.terms.length;
}
