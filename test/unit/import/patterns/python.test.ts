import { describe, expect, it } from 'vitest';
import { translatePattern } from '../../../../src/import/patterns/python.ts';
import { readJson } from '../../../conformance/runner.ts';
import { occurrences, termCounts } from '../../../harness/text-models.ts';

/** What Python finds; see make.py there. */
interface Found {
  readonly texts: readonly string[];
  readonly cases: readonly (readonly [pattern: string, found: readonly (readonly string[])[]])[];
}

const { texts, cases } = readJson<Found>('python-patterns/cases.json');

describe('patterns of Python find in JavaScript what they find there', () => {
  it.each(cases)('%s', (pattern, found) => {
    const translated = translatePattern(pattern);
    const got = texts.map((text, i) => termCounts({ by: 'match', pattern: translated }, text, found[i]!));
    expect(got).toEqual(found.map(occurrences));
  });
});

describe('patterns that are refused, with the reason', () => {
  it.each([
    ['(a)(b)', 'several groups'],
    ['(?i)a', 'group or flag'],
    ['(?P<name>a)', 'group or flag'],
    ['(a)\\1', 'the escape \\1'],
    ['\\w*', 'matches an empty text'],
    ['(?:\\w+)*x', 'exponential'],
    ['(?:a|ab)*(?:a*)*c', 'exponential'],
    ['(?:aa+)+b', 'exponential'],
    ['a++', 'never goes back'],
    ['a**', 'never goes back'],
    ['*a', 'repeats nothing'],
    ['(a', 'does not close'],
    ['a)', 'has not opened'],
    ['[a', 'ends too early'],
    ['[z-a]', 'range'],
    ['\\p{L}', 'the escape \\p'],
    ['\\b+a', 'matches no character'],
    ['\\ud8', 'ends too early'],
    ['a'.repeat(401), 'more than 400'],
  ])('%s', (pattern, reason) => {
    expect(() => translatePattern(pattern)).toThrow(reason);
  });
});
