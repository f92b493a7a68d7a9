import { foldCase } from '../../ir/evaluate-terms.ts';
import { once } from '../once.ts';
import { PatternError, parsePattern } from './parser.ts';
import { PCRE } from './pcre.ts';

/** The characters that folding changes. */
const unfolded = once((): readonly string[] =>
  Array.from({ length: 0x1f000 }, (_, code) => code)
    .filter((code) => code < 0xd800 || code > 0xdfff)
    .map((code) => String.fromCodePoint(code))
    .filter((character) => /[\p{CWL}\p{CWU}]/u.test(character) && foldCase(character) !== character),
);

/** Whether a part of a pattern, of one character each, takes every character as it takes the folded one. */
function isCaseless(atom: string): boolean {
  const takes = new RegExp(`^(?:${atom})$`, 'su');
  return unfolded().every((character) => takes.test(character) === takes.test(foldCase(character)));
}

/** Whether a pattern of PCRE without assertions matches a folded text where it matches the text. */
export function ignoresCase(pattern: string): boolean {
  return parsePattern(pattern, PCRE).atoms.every(isCaseless);
}

/**
 * The pattern that finds in a folded text what a pattern of PCRE finds in the text with its flag i.
 * @throws PatternError where there is none, or it is not known.
 */
export function foldPattern(pattern: string): string {
  if (/\\b|\(\?[=!<]/i.test(pattern.replaceAll('\\\\', ''))) {
    throw new PatternError('ignores case beside \\b, or within a look around');
  }
  const folded = pattern.replace(/\\?[\s\S]/gu, (each) => (each.startsWith('\\') ? each : foldCase(each)));
  for (const atom of parsePattern(folded, PCRE).atoms) {
    const isClass = atom.startsWith('[') || atom.startsWith('(');
    const takes = new RegExp(`^${atom}$`, 'su');
    if (isClass ? isCaseless(atom) : !unfolded().some((character) => takes.test(character))) continue;
    throw new PatternError('ignores case, and has a class or an escape that tells cases apart');
  }
  return folded;
}
