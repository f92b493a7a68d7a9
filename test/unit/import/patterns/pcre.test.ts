import { describe, expect, it } from 'vitest';
import { parseReplacement, translatePcre } from '../../../../src/import/patterns/pcre.ts';
import { measureText } from '../../../../src/ir/evaluate-text.ts';
import { changeText } from '../../../../src/ir/evaluate-text-makers.ts';
import { readJson } from '../../../conformance/runner.ts';

/** What Perl finds, and what replacing makes; see make.pl there. */
interface Recorded {
  readonly texts: readonly string[];
  readonly cases: readonly (readonly [
    pattern: string,
    found: readonly number[],
    replacement: string | null,
    replaced: readonly string[] | null,
  ])[];
}

const { texts, cases } = readJson<Recorded>('pcre-patterns/cases.json');

describe('patterns of Perl do in JavaScript what they do there', () => {
  it.each(cases)('%s', (given, found, replacement, replaced) => {
    const translated = translatePcre(given);
    const pattern = translated.source;
    expect(texts.map((text) => measureText({ name: 'matches', pattern }, text))).toEqual(found);
    if (replacement === null) return;
    const by = parseReplacement(replacement, translated);
    expect(texts.map((text) => changeText({ name: 'replace', pattern, by }, text))).toEqual(replaced);
  });

  it('tell whether they may match an empty text, and which groups go stale', () => {
    expect(translatePcre('a|').mayBeEmpty).toBe(true);
    expect(translatePcre('(a)(b(c))').groups).toBe(3);
    const stale = (pattern: string) => [...translatePcre(pattern).stale];
    expect(stale('((a)|b)+')).toEqual([2]);
    expect(stale('(?:(a)|b){2}')).toEqual([1]);
    expect(stale('(a|)*')).toEqual([1]);
    expect(stale('(a)+(b)?')).toEqual([]);
    expect(stale('(?:(a)|b)?')).toEqual([]);
  });
});

describe('patterns that are refused, with the reason', () => {
  it.each([
    ['(?i)a', 'group or flag'],
    ['(?<name>a)', 'group or flag'],
    ['(a)\\1', 'the escape \\1'],
    ['a++', 'never goes back'],
    ['(?:a+)+b', 'exponential'],
    ['[[:alpha:]]', 'a class of a class'],
    ['\\p{Greek}', 'the class \\p{Greek}'],
    ['\\Qa', 'the escape \\Q'],
    ['\\R', 'the escape \\R'],
    ['\\x{61}', 'an escape \\x{6 that is none'],
    ['\\v'.repeat(190), 'more than 2000 characters'],
    ['a{,2}', 'a repetition {,n}'],
  ])('%s', (pattern, reason) => {
    expect(() => translatePcre(pattern)).toThrow(reason);
  });
});
