/**
 * Steps that make a text of a row. Their one register holds the text, or NULL where an input is missing, and is read by the
 * steps of text-steps.ts, by encode-category, and by those here.
 */
import type { Register } from './model.ts';

export type TextMaker = ChangeText | JoinTexts | ChooseText | FormatNumber | FormatDate;

/** Changes a text, one change after the other. */
export interface ChangeText {
  readonly kind: 'change-text';
  readonly input: Register;
  readonly changes: readonly TextChange[];
  /** What stands for NULL, after the changes; null leaves it NULL. */
  readonly missing: string | null;
}

export type TextChange =
  /** As in CountTerms: full case mapping, and the simple one of TermOperation. */
  | { readonly name: 'lowercase' | 'uppercase' | 'fold-case' }
  /** Without what is not greater than U+0020 at both ends. */
  | { readonly name: 'trim' }
  /** From the UTF-16 unit `start`, counted from 0, so many as there are of `length`. */
  | { readonly name: 'slice'; readonly start: number; readonly length: number }
  /** Whole texts by others, or by NULL. `from` holds each text once. */
  | { readonly name: 'map'; readonly from: readonly string[]; readonly to: readonly (string | null)[] }
  /**
   * Every match from left to right by texts and, by number, what groups hold: 0 is the whole match, a group that took no
   * part holds nothing. The pattern is as those of TextSplit: it matches no empty text.
   */
  | { readonly name: 'replace'; readonly pattern: string; readonly by: readonly (string | number)[] };

/** texts[0], inputs[0], texts[1], inputs[1], …, texts[n]. */
export interface JoinTexts {
  readonly kind: 'join-texts';
  readonly inputs: readonly Register[];
  /** One more than inputs. */
  readonly texts: readonly string[];
}

/** The text of that number among `texts` and, after these, the inputs; an index that is none (NaN) gives NULL. */
export interface ChooseText {
  readonly kind: 'choose-text';
  /** Holds a number. */
  readonly index: Register;
  readonly texts: readonly (string | null)[];
  /** Hold texts. */
  readonly inputs: readonly Register[];
}

/** A number as C's printf writes it in the C locale. NaN is missing. */
export interface FormatNumber {
  readonly kind: 'format-number';
  /** Holds a number; for `d` a whole one. */
  readonly input: Register;
  readonly conversion: 'd' | 'f' | 'e';
  /** Digits after the point, at most 50; 0 for `d`. Of two nearest numbers the one with the even last digit. */
  readonly precision: number;
  /** At least so many characters, at most 100. */
  readonly width: number;
  /** What the width is filled with: blanks before or after, or zeros after the sign (no infinity has them). */
  readonly fill: 'before' | 'after' | 'zeros';
  /** What stands before a number that is not negative. */
  readonly plus: '' | '+' | ' ';
}

/** Parts of a date and a time, as C's strftime writes them in the C locale: `Y` is %Y, two digits are those of %m. */
export interface FormatDate {
  readonly kind: 'format-date';
  /** Holds seconds since 1970-01-01T00:00:00, of years 0 to 9999; others give NULL. */
  readonly input: Register;
  readonly parts: readonly (DatePart | { readonly text: string })[];
}

export type DatePart = (typeof DATE_PARTS)[number];

export const DATE_PARTS = ['Y', 'C', 'y', 'm', 'B', 'b', 'd', 'j', 'A', 'a', 'H', 'I', 'M', 'S'] as const;

/** A text of a model may be so many thousand times as long as one of its features; bounds time and memory. */
export const MAX_GROWTH = 10_000;

/** How long a step's text may become, in lengths of a feature of a thousand characters; `of` tells it of other registers. */
export function textGrowth(step: TextMaker, of: (register: Register) => number): number {
  switch (step.kind) {
    case 'change-text':
      return Math.max(
        step.changes.reduce((growth, change) => grown(change, growth), of(step.input)),
        lengthOf([step.missing]),
      );
    case 'join-texts':
      return step.inputs.reduce((sum, input) => sum + of(input), lengthOf([step.texts.join('')]));
    case 'choose-text':
      return Math.max(lengthOf(step.texts), ...step.inputs.map(of));
    case 'format-number':
    case 'format-date':
      return 1;
  }
}

function grown(change: TextChange, growth: number): number {
  switch (change.name) {
    case 'map':
      return Math.max(growth, lengthOf(change.to));
    case 'replace':
      // Each character may be a match.
      return (
        growth *
        Math.max(
          1,
          change.by.reduce<number>((sum, part) => sum + (typeof part === 'string' ? part.length : 1), 0),
        )
      );
    default:
      return growth;
  }
}

function lengthOf(texts: readonly (string | null)[]): number {
  return texts.reduce((longest, text) => Math.max(longest, (text ?? '').length), 0) / 1000;
}

const KINDS: ReadonlySet<string> = new Set<TextMaker['kind']>([
  'change-text',
  'join-texts',
  'choose-text',
  'format-number',
  'format-date',
]);

export function isTextMaker(step: { readonly kind: string }): step is TextMaker {
  return KINDS.has(step.kind);
}

/** The registers of texts that a step reads. */
export function textMakerTexts(step: TextMaker): readonly Register[] {
  switch (step.kind) {
    case 'change-text':
      return [step.input];
    case 'join-texts':
    case 'choose-text':
      return step.inputs;
    case 'format-number':
    case 'format-date':
      return [];
  }
}
