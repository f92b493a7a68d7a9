import { JAVA } from './java.ts';
import { type Dialect, PatternError, parsePattern } from './parser.ts';
import { PCRE } from './pcre.ts';

/** How words are found in a text. */
export interface Words {
  /** The source of a JavaScript regular expression with the flags u and s, whose matches are the words. */
  readonly source: string;
  /** A character that no word holds; undefined where none was found. */
  readonly between: string | undefined;
}

/** What the IR holds. */
const MAX_SOURCE = 2000;

/**
 * What stands between characters that a pattern of PCRE matches, without the punctuation at both ends; nothing is left
 * of what is punctuation alone.
 * @throws PatternError for a pattern of more than single characters, and runs of them.
 */
export function wordsBetween(pattern: string): Words {
  const { source, atoms } = parsePattern(pattern, PCRE);
  const separator = atoms.join('|');
  const isSingle = [separator, `(${separator})`, `(?:${separator})`].some(
    (each) => source === each || source === `${each}+`,
  );
  if (atoms.length === 0 || !isSingle) throw new PatternError('matches other than single characters');
  const outer = `(?!${separator})[^\\p{P}]`;
  const words = `${outer}(?:(?:(?!${separator})[^])*${outer})?`;
  if (words.length > MAX_SOURCE) throw new PatternError('has too many characters in JavaScript');
  const separates = new RegExp(`^(?:${separator})$`, 'su');
  return { source: words, between: CHARACTERS.find((character) => separates.test(character)) };
}

/** Java's pattern, with word boundaries as all versions of it have them where `dependsOnVersion` tells them apart. */
const WITH_BOUNDARIES: Dialect = { ...JAVA, assertions: { ...JAVA.assertions, b: '\\b', B: '\\B' } };

/** Letters, digits and marks that versions of Java take differently beside a \b. */
export const VERSIONED_LETTERS = '(?![\\0-\\x7f])[\\p{L}\\p{N}\\p{M}]';

/**
 * All matches of a pattern of Java, where (?u) changes nothing without a flag i. `dependsOnVersion`: whether the words of
 * a text with VERSIONED_LETTERS differ between versions of Java, as \b was of Unicode before Java 19 and is of ASCII since.
 * @throws PatternError for what it does not know or refuses.
 */
export function wordsLike(pattern: string): Words & { readonly dependsOnVersion: boolean } {
  const plain = pattern.startsWith('(?u)') ? pattern.slice(4) : pattern;
  const { source, atoms, mayBeEmpty } = parsePattern(plain, WITH_BOUNDARIES);
  if (mayBeEmpty) throw new PatternError('may match an empty text');
  const holds = new RegExp(`^(?:${atoms.join('|')})$`, 'su');
  return {
    source,
    between: CHARACTERS.find((character) => !holds.test(character)),
    dependsOnVersion: /\\b/i.test(plain.replaceAll('\\\\', '')),
  };
}

/** Those that may stand between words: a blank first. */
const CHARACTERS: readonly string[] = [
  ' ',
  ...Array.from({ length: 0x2fff }, (_, i) => String.fromCharCode(i + 1)),
];
