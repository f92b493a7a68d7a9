import { CATEGORY, PERL_CLASSES } from './java.ts';
import { type Dialect, PatternError, parsePattern } from './parser.ts';

const AT_END = '(?=\\n?(?![^]))';

/**
 * Perl's syntax as PCRE has it for texts of Unicode, without its option to take classes for those of Unicode.
 * https://www.pcre.org/current/doc/html/pcre2pattern.html
 */
export const PCRE: Dialect = {
  classes: PERL_CLASSES,
  assertions: { b: '\\b', B: '\\B', A: '^', z: '(?![^])', Z: AT_END },
  controls: { n: '\n', t: '\t', r: '\r', f: '\f', a: '\x07', e: '\x1b' },
  inClass: { b: '\b' },
  codes: { x: 2 },
  dot: '^\\n',
  end: AT_END,
  captures: 'all',
  nested: ['[:', '[.', '[='],
  property: (name) => (CATEGORY.test(name) ? `\\p{${name}}` : undefined),
};

/** A pattern as the source of a JavaScript regular expression with the flags u and s that finds the same. */
export interface PcrePattern {
  readonly source: string;
  /** Whether it may match an empty text. */
  readonly mayBeEmpty: boolean;
  /** How many groups it has. */
  readonly groups: number;
  /** Groups whose text, after a match, is not that which PCRE has. */
  readonly stale: ReadonlySet<number>;
}

/** @throws PatternError for what it does not know or refuses. */
export function translatePcre(pattern: string): PcrePattern {
  if (/\{,\d/.test(pattern))
    throw new PatternError('has a repetition {,n}, which versions of PCRE take differently');
  const { source, mayBeEmpty, groups, stale } = parsePattern(pattern, PCRE);
  return { source, mayBeEmpty, groups: groups.length, stale: new Set(stale) };
}

/**
 * What stands for a match, as texts and numbers of groups: $1 is what the first group holds, $0 the match, $$ a dollar
 * sign, and a backslash takes the character after it for itself. A number goes as far as there are such groups.
 * @throws PatternError for what is none, and for a group whose text is not known.
 */
export function parseReplacement(replacement: string, { groups, stale }: PcrePattern): (string | number)[] {
  const parts: (string | number)[] = [];
  let text = '';
  for (let i = 0; i < replacement.length; i++) {
    const character = replacement[i]!;
    const next = replacement[i + 1];
    if (character !== '$' && character !== '\\') text += character;
    else if (next === undefined) throw new PatternError(`is replaced by what ends in ${character}`);
    else if (character === '\\' || next === '$') {
      if (/[0-9A-Za-z]/.test(next)) throw new PatternError(`is replaced by the escape \\${next}`);
      text += next;
      i++;
    } else {
      const digits = longestGroup(replacement.slice(i + 1), groups);
      const group = Number(digits);
      if (stale.has(group))
        throw new PatternError(`is replaced by group ${group}, which stands inside of a repetition`);
      parts.push(text, group);
      text = '';
      i += digits.length;
    }
  }
  return [...parts, text].filter((part) => part !== '');
}

function longestGroup(text: string, groups: number): string {
  let digits = /^\d/.exec(text)?.[0];
  if (digits === undefined || Number(digits) > groups) {
    throw new PatternError(`is replaced by $${text.slice(0, 10)}, and has ${groups} groups`);
  }
  for (const next of text.slice(1)) {
    if (!/\d/.test(next) || Number(digits + next) > groups) break;
    digits += next;
  }
  return digits;
}
