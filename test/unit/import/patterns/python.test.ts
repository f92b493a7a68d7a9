import { describe, expect, it } from 'vitest';
import { translatePattern } from '../../../../src/import/patterns/python.ts';
import { evaluate } from '../../../../src/ir/evaluate.ts';
import { readJson } from '../../../conformance/runner.ts';
import { counting } from '../../../harness/text-models.ts';

/** What Python finds; see make.py there. */
interface Found {
  readonly texts: readonly string[];
  readonly cases: readonly (readonly [pattern: string, found: readonly (readonly string[])[]])[];
}

const { texts, cases } = readJson<Found>('python-patterns/cases.json');

/** Counts of the wanted terms and of all others, by the step that scores texts. */
function countsOf(pattern: string, text: string, wanted: readonly string[]) {
  const terms = [...wanted, 'something else'];
  const { prediction } = evaluate(
    {
      irVersion: 1,
      task: 'regression',
      features: [{ kind: 'text', name: 'text', categories: [] }],
      steps: [
        counting({ split: { by: 'match', pattern }, vocabulary: terms }),
        counting({
          split: { by: 'match', pattern },
          columns: { by: 'hash', seed: 0, count: 1, remainder: 'floor', signed: false },
        }),
      ],
      output: { value: 1, raw: [...terms.keys(), terms.length].map((i) => i + 1) },
    },
    [text],
  );
  return { each: prediction.raw.slice(0, wanted.length), all: prediction.raw.at(-1) };
}

describe('patterns of Python find in JavaScript what they find there', () => {
  it.each(cases)('%s', (pattern, found) => {
    const translated = translatePattern(pattern);
    const got = texts.map((text, i) => countsOf(translated, text, [...new Set(found[i])]));
    const expected = found.map((terms) => ({
      each: [...new Set(terms)].map((term) => terms.filter((other) => other === term).length),
      all: terms.length,
    }));
    expect(got).toEqual(expected);
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
