import { describe, expect, it } from 'vitest';
import { translateJavaPattern } from '../../../../src/import/patterns/java.ts';
import { readJson } from '../../../conformance/runner.ts';
import { occurrences, termCounts } from '../../../harness/text-models.ts';

type Lists = readonly (readonly string[])[];

/** What Java splits and finds; see Make.java there. */
interface Recorded {
  readonly texts: readonly string[];
  readonly cases: readonly (readonly [pattern: string, split: Lists, found: Lists])[];
}

const { texts, cases } = readJson<Recorded>('java-patterns/cases.json');

describe('patterns of Java do in JavaScript what they do there', () => {
  it.each(cases)('%s', (given, split, found) => {
    const pattern = translateJavaPattern(given);
    const pieces = texts.map((text, i) => termCounts({ by: 'separator', pattern }, text, split[i]!));
    expect(pieces).toEqual(split.map(occurrences));
    const matches = texts.map((text, i) => termCounts({ by: 'match', pattern }, text, found[i]!));
    expect(matches).toEqual(found.map(occurrences));
  });
});

describe('patterns that are refused, with the reason', () => {
  it.each([
    ['\\bword\\b', 'has the escape \\b'],
    ['\\s*', 'may match an empty text'],
    ['(?=a)|b', 'may match an empty text'],
    ['a{0,2}', 'may match an empty text'],
    ['(?i)a', 'group or flag'],
    ['(?<name>a)', 'group or flag'],
    ['(?>a+)', 'group or flag'],
    ['(a)\\1', 'the escape \\1'],
    ['a++', 'never goes back'],
    ['(?:a+)+b', 'exponential'],
    ['[a-z&&[^b]]', 'a class of a class'],
    ['[a[b]]', 'a class of a class'],
    ['\\p{IsAlphabetic}', 'the class \\p{IsAlphabetic}'],
    ['\\p{InGreek}+', 'the class \\p{InGreek}'],
    ['\\P{javaLowerCase}', 'the class \\P{javaLowerCase}'],
    ['\\p{L', 'ends too early'],
    ['\\Qa.b\\E', 'the escape \\Q'],
    ['\\R', 'the escape \\R'],
    ['\\x{1f600}', 'an escape \\x{1 that is none'],
    ['\\ud83d\\ude00', 'an escape \\ud83d that is none'],
  ])('%s', (pattern, reason) => {
    expect(() => translateJavaPattern(pattern)).toThrow(reason);
  });
});
