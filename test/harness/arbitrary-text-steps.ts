import fc from 'fast-check';
import type {
  AverageTerms,
  CountTerms,
  HashText,
  MeasureText,
  Register,
  Step,
  TermOperation,
  TextChange,
  TextMaker,
  TextMeasure,
  TextStep,
} from '../../src/ir/model.ts';
import { DATE_PARTS } from '../../src/ir/text-makers.ts';
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
    { weight: 1, arbitrary: fc.oneof(dateText(), numberText()) },
    {
      weight: 3,
      arbitrary: fc.array(fc.constantFrom(...ODD), { maxLength: 30 }).map((parts) => parts.join('')),
    },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 90 }) },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
  )
  .map((value) => value.replaceAll('\0', ''));

/** Dates and times of day, of which some are none. */
function dateText(): fc.Arbitrary<string> {
  const two = fc.nat(62).map((value) => String(value).padStart(2, '0'));
  const date = fc
    .tuple(
      fc.constantFrom(
        '0000',
        '0001',
        '1582',
        '1900',
        '1969',
        '1970',
        '2000',
        '2023',
        '2024',
        '9999',
        '12024',
      ),
      fc.nat(13),
      fc.nat(32),
    )
    .map(([year, ...rest]) => [year, ...rest.map((part) => String(part).padStart(2, '0'))].join('-'));
  const time = fc
    .tuple(fc.constantFrom('00', '05', '12', '23', '24'), two, two, fc.constantFrom('', '.5', '.123456'))
    .map(([hours, minutes, seconds, fraction]) => `${hours}:${minutes}:${seconds}${fraction}`);
  const offset = fc.constantFrom('', 'Z', '+00', '-05:30', '+0200', '+15:59:59', '+16:00');
  const parts = fc.tuple(date, fc.constantFrom('T', ' '), time, offset).map((each) => each.join(''));
  return fc.oneof(date, time, parts);
}

function numberText(): fc.Arbitrary<string> {
  const own = fc.constantFrom(' 12 ', '-1.5e3', '.5', '5.', '1e999', 'INF', '-INF', 'NaN', '1_0', '0x1', '');
  return fc.oneof(fc.double().map(String), own);
}

/** A step of any kind of text-steps.ts that reads a text, but makes none. */
export function textStep(input: Register): fc.Arbitrary<Exclude<TextStep, TextMaker>> {
  return fc.oneof(
    { weight: 1, arbitrary: hashText(input) },
    { weight: 4, arbitrary: countTerms(input) },
    { weight: 2, arbitrary: averageTerms(input) },
    { weight: 2, arbitrary: measureText(input) },
  );
}

function measureText(input: Register): fc.Arbitrary<MeasureText> {
  const invalid = fc.constantFrom(-1, Infinity);
  const measure = fc.oneof<fc.Arbitrary<TextMeasure>[]>(
    fc.constant({ name: 'length' }),
    fc
      .constantFrom('^', 'a|b', '^$', '\\p{Lu}', '^.{3}$', '(?<!a)\\p{L}')
      .map((pattern) => ({ name: 'matches', pattern }) as const),
    fc.record({ name: fc.constantFrom('number' as const, 'date', 'date-time', 'time'), invalid }),
  );
  return fc.record({
    kind: fc.constant('measure-text'),
    input: fc.constant(input),
    measure,
    missing: fc.constantFrom(-2, Number.NaN),
  });
}

const change: fc.Arbitrary<TextChange> = fc.oneof<fc.Arbitrary<TextChange>[]>(
  fc.constantFrom<TextChange>(
    { name: 'lowercase' },
    { name: 'uppercase' },
    { name: 'fold-case' },
    { name: 'trim' },
  ),
  fc.record({ name: fc.constant('slice' as const), start: fc.nat(3), length: fc.nat(12) }),
  fc.constantFrom<TextChange>(
    { name: 'map', from: ['a', '', 'red'], to: ['b', null, 'a'] },
    { name: 'replace', pattern: '[^ ]+', by: ['<', 0, '>'] },
    { name: 'replace', pattern: '(\\p{L})(\\d)?', by: [2, '$1', 1] },
  ),
);

/** One or two steps, the first of which makes a text of a register and the last a number; `next` is the first's register. */
export function madeText(
  input: Register,
  kind: 'number' | 'text',
  next: Register,
): fc.Arbitrary<readonly Step[]> {
  return (kind === 'text' ? textMaker(input) : numberMaker(input)).chain((maker) =>
    fc
      .oneof<fc.Arbitrary<Step>[]>(
        hashText(next),
        countTerms(next),
        averageTerms(next),
        measureText(next),
        codeOf(next),
      )
      .map((reader) => [maker, reader]),
  );
}

function codeOf(input: Register): fc.Arbitrary<Step> {
  return fc.constant({
    kind: 'encode-category',
    input,
    categories: ['', 'a', 'RED', '1970'],
    missing: Number.NaN,
    unknown: -1,
  });
}

function textMaker(input: Register): fc.Arbitrary<TextMaker> {
  return fc.oneof<fc.Arbitrary<TextMaker>[]>(
    fc.record({
      kind: fc.constant('change-text'),
      input: fc.constant(input),
      changes: fc.array(change, { maxLength: 3 }),
      missing: fc.constantFrom(null, '', 'ß"$$'),
    }),
    fc.constant({ kind: 'join-texts', inputs: [input, input], texts: ['', ' - ', '\u0001'] }),
  );
}

function numberMaker(input: Register): fc.Arbitrary<TextMaker> {
  const format = fc.record({
    kind: fc.constant('format-number' as const),
    input: fc.constant(input),
    conversion: fc.constantFrom('f' as const, 'e'),
    precision: fc.constantFrom(0, 1, 2, 6, 20, 50),
    width: fc.constantFrom(0, 8),
    fill: fc.constantFrom('before' as const, 'after', 'zeros'),
    plus: fc.constantFrom('' as const, '+', ' '),
  });
  const parts = fc.array(fc.oneof(fc.constantFrom(...DATE_PARTS), fc.constant({ text: '%' })), {
    maxLength: 14,
  });
  const choice = fc.constant({
    kind: 'choose-text',
    index: input,
    texts: ['a', null, 'RED'],
    inputs: [],
  } as const);
  return fc.oneof<fc.Arbitrary<TextMaker>[]>(
    format,
    choice,
    fc.record({ kind: fc.constant('format-date'), input: fc.constant(input), parts }),
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
  fc.constantFrom<TermOperation>({ name: 'lowercase' }, { name: 'uppercase' }, { name: 'fold-case' }),
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
