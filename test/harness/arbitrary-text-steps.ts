import fc from 'fast-check';
import type {
  AverageTerms,
  CountTerms,
  HashText,
  Register,
  TermOperation,
  TextStep,
} from '../../src/ir/model.ts';
import { number } from './arbitrary-numbers.ts';

/** Characters at which case, word, mark and version rules differ; the last line is of Unicode 15 and later. */
const ODD = [
  ...[
    'a',
    'B',
    'b ',
    ' ',
    '_',
    '1',
    '-',
    '\t',
    '\n',
    '\u001c',
    '\u0085',
    '\ufeff',
    '\u00a0',
    '\u3000',
    '\r\n',
  ],
  ...[
    'Σ',
    'ΑΣ',
    'İ',
    'ı',
    'ß',
    'ﬁ',
    'é',
    'e\u0301',
    '\u0345',
    '\u0334',
    'Ǆ',
    '½',
    '٣',
    '中',
    'ー',
    '👍🏽',
    '𝔘',
    'a\u0301\u0323',
  ],
  ...[
    '\u0295',
    '\u0264',
    '\ua7d3',
    '\u1c89',
    '\ua7dc',
    '\u{10d50}',
    '\u0897',
    '\u{16d40}',
    '\u{31350}',
    '\u{1fae8}',
  ],
];

/** Any text that PostgreSQL can hold: single words, odd characters, and whatever else. */
export const text: fc.Arbitrary<string> = fc
  .oneof(
    {
      weight: 3,
      arbitrary: fc.array(fc.constantFrom(...ODD), { maxLength: 30 }).map((parts) => parts.join('')),
    },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 90 }) },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
  )
  .map((value) => value.replaceAll('\0', ''));

/** A step of any kind of text-steps.ts that reads a text feature. */
export function textStep(input: Register): fc.Arbitrary<TextStep> {
  return fc.oneof(
    { weight: 1, arbitrary: hashText(input) },
    { weight: 4, arbitrary: countTerms(input) },
    { weight: 2, arbitrary: averageTerms(input) },
  );
}

function hashText(input: Register): fc.Arbitrary<HashText> {
  return fc.record({
    kind: fc.constant('hash-text'),
    input: fc.constant(input),
    missing: fc.oneof(number, fc.constant(Number.NaN)),
  });
}

const WORD = '[\\p{L}\\p{N}_]';

const split: fc.Arbitrary<CountTerms['split']> = fc.oneof(
  fc.constantFrom<CountTerms['split']>({ by: 'nothing' }, { by: 'character' }),
  fc
    .constantFrom(`${WORD}{2,}`, `${WORD}+`, '[^ ]+', '.', '(a)|b', 'a(.)', '\\p{Lu}+')
    .map((pattern) => ({ by: 'match', pattern }) as const),
  fc
    .constantFrom('[ \\t\\n\\x0b\\f\\r]', ' +', `[^\\p{L}]+`)
    .map((pattern) => ({ by: 'separator', pattern }) as const),
);

const runLength = fc
  .tuple(fc.integer({ min: 1, max: 3 }), fc.nat(2))
  .map(([min, more]) => ({ min, max: min + more }));

const term = fc.oneof(
  fc.constantFrom(...ODD),
  fc.tuple(fc.constantFrom(...ODD), fc.constantFrom(...ODD)).map((pair) => pair.join('')),
  fc.constantFrom('aa', 'ab', ' a', 'a ', 'σ', 'ς', 'ας', 'ss', 'fi', 'e', ''),
);

const termOperation: fc.Arbitrary<TermOperation> = fc.oneof(
  fc.constantFrom<TermOperation>({ name: 'lowercase' }, { name: 'uppercase' }),
  fc.record({
    name: fc.constant('drop' as const),
    terms: fc.uniqueArray(term, { maxLength: 4 }),
    ignoreCase: fc.boolean(),
  }),
  fc.record({ name: fc.constant('drop-short' as const), least: fc.nat(3) }),
  fc
    .tuple(runLength, fc.constantFrom(' ', '', '\0'))
    .map(([length, separator]) => ({ name: 'runs', ...length, separator }) as const),
  runLength.map((length) => ({ name: 'padded-runs', ...length }) as const),
);

const columns: fc.Arbitrary<CountTerms['columns']> = fc.oneof(
  fc
    .uniqueArray(term, { minLength: 1, maxLength: 12 })
    .map((terms) => ({ by: 'vocabulary', terms }) as const),
  fc.record(
    {
      by: fc.constant('hash' as const),
      seed: fc.constantFrom(0, 42, 2 ** 32 - 1),
      count: fc.integer({ min: 1, max: 16 }),
      remainder: fc.constantFrom('absolute' as const, 'floor' as const),
      signed: fc.boolean(),
      tail: fc.constant('bytes' as const),
    },
    { requiredKeys: ['by', 'seed', 'count', 'remainder', 'signed'] },
  ),
);

/** What all steps that read terms have. */
function reading(input: Register) {
  return {
    input: fc.constant(input),
    text: fc.uniqueArray(
      fc.constantFrom(
        'lowercase' as const,
        'uppercase' as const,
        'lowercase-each' as const,
        'strip-marks' as const,
        'to-ascii' as const,
        'join-spaces' as const,
      ),
      { maxLength: 2 },
    ),
    split,
    terms: fc.array(termOperation, { maxLength: 2 }),
    missing: fc.constantFrom<'nan' | 'empty'>('nan', 'empty'),
  };
}

function countTerms(input: Register): fc.Arbitrary<CountTerms> {
  return fc.record({
    kind: fc.constant('count-terms'),
    ...reading(input),
    columns,
    binary: fc.boolean(),
    least: fc.constantFrom(0, 0, 0.2, 1, 2),
  });
}

function averageTerms(input: Register): fc.Arbitrary<AverageTerms> {
  return fc
    .tuple(fc.uniqueArray(term, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 12 }))
    .chain(([vocabulary, width]) => {
      const size = vocabulary.length * width;
      return fc.record({
        kind: fc.constant('average-terms' as const),
        ...reading(input),
        vocabulary: fc.constant(vocabulary),
        width: fc.constant(width),
        vectors: fc.array(number.filter(Number.isFinite), { minLength: size, maxLength: size }),
      });
    });
}
