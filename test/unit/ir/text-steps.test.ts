import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../src/ir/evaluate.ts';
import { modelFromJson, modelToJson } from '../../../src/ir/json.ts';
import { type CountTerms, type Model, stepWidth, type TextStep } from '../../../src/ir/model.ts';
import { validate } from '../../../src/ir/validate.ts';
import { counting } from '../../harness/text-models.ts';
import { bothResults } from '../codegen/programs.ts';

function modelOf(step: TextStep): Model {
  return {
    irVersion: 1,
    task: 'regression',
    features: [{ kind: 'text', name: 'text', categories: [] }],
    steps: [step],
    output: { value: 1, raw: Array.from({ length: stepWidth(step) }, (_, i) => i + 1) },
  };
}

/** The counts of a text, which evaluator and kernel have to agree on. */
async function counts(step: CountTerms, text: string | null): Promise<readonly number[]> {
  const model = modelOf(step);
  const [both] = await bothResults(model, [[text]]);
  expect(both!.program).toEqual(both!.evaluator);
  return evaluate(model, [text]).prediction.raw;
}

describe('terms', () => {
  it('are counted, those of the vocabulary alone', async () => {
    expect(await counts(counting({}), 'a b a c')).toEqual([2, 1]);
    expect(await counts(counting({}), '')).toEqual([0, 0]);
  });

  it('of NULL are missing, or those of the empty text', async () => {
    expect(await counts(counting({}), null)).toEqual([Number.NaN, Number.NaN]);
    expect(await counts(counting({ missing: 'empty' }), null)).toEqual([0, 0]);
  });

  it('may be told as there or not, and cut off below a count or a share', async () => {
    expect(await counts(counting({ binary: true }), 'a a')).toEqual([1, 0]);
    expect(await counts(counting({ least: 2 }), 'a a b')).toEqual([2, 0]);
    // A quarter of four terms is one, of five more than one.
    expect(await counts(counting({ least: 0.25 }), 'a a x b')).toEqual([2, 1]);
    expect(await counts(counting({ least: 0.25 }), 'a a x x b')).toEqual([2, 0]);
  });

  it.each([
    ['lowercase', 'ΑΣ', 'ας'],
    ['uppercase', 'straße', 'STRASSE'],
    ['lowercase-each', 'ΑΣ', 'ασ'],
    ['strip-marks', 'é ﬁ Å', 'e fi A'],
    ['to-ascii', 'é日½', 'e12'],
    ['join-spaces', ' a\t\u00a0b \u001fc', ' a b c'],
  ] as const)('of a changed text: %s', async (operation, text, changed) => {
    // NFKD of ½ is 1, U+2044, 2.
    const step = counting({ text: [operation], split: { by: 'nothing' }, vocabulary: [changed] });
    expect(await counts(step, text)).toEqual([1]);
  });

  it('are split by characters, not by UTF-16 units', async () => {
    expect(await counts(counting({ split: { by: 'character' }, vocabulary: ['👍', 'x'] }), '👍x👍')).toEqual([
      2, 1,
    ]);
  });

  it('are what a group holds', async () => {
    const split = { by: 'match', pattern: '(\\p{L}+)!|\\?' } as const;
    expect(await counts(counting({ split, vocabulary: ['no', ''] }), 'yes no! ?')).toEqual([1, 1]);
  });

  it('stand between separators, as Java has it', async () => {
    const step = counting({ split: { by: 'separator', pattern: ' ' }, vocabulary: ['', 'a'] });
    expect(await counts(step, ' a  a  ')).toEqual([2, 2]);
    expect(await counts(step, '')).toEqual([1, 0]);
    expect(await counts(step, '  ')).toEqual([0, 0]);
  });

  it('are left out where they are listed, or too short', async () => {
    const drop = (ignoreCase: boolean) => ({ name: 'drop', terms: ['a'], ignoreCase }) as const;
    const step = (ignoreCase: boolean) =>
      counting({ terms: [drop(ignoreCase)], vocabulary: ['a', 'A', 'b'] });
    expect(await counts(step(false), 'a A b')).toEqual([0, 1, 1]);
    expect(await counts(step(true), 'a A b')).toEqual([0, 0, 1]);
    const short = counting({ terms: [{ name: 'drop-short', least: 2 }], vocabulary: ['a', 'ab'] });
    expect(await counts(short, 'a ab')).toEqual([0, 1]);
  });

  it('may be runs of terms, or of the characters of padded terms', async () => {
    const runs = counting({
      terms: [{ name: 'runs', min: 1, max: 2, separator: ' ' }],
      vocabulary: ['a', 'a b', 'b a', 'a b a'],
    });
    expect(await counts(runs, 'a b a')).toEqual([2, 1, 1, 0]);
    const padded = counting({
      terms: [{ name: 'padded-runs', min: 3, max: 5 }],
      vocabulary: [' a ', ' ab', ' ab ', 'ab '],
    });
    // The first is shorter than a run of 4 or 5, and counts once.
    expect(await counts(padded, 'a ab')).toEqual([1, 1, 1, 1]);
  });

  it('fall to the columns of their hashes', async () => {
    // scikit-learn's murmurhash3_32('foo') is -156908512.
    const columns = { by: 'hash', seed: 0, count: 10, remainder: 'absolute', signed: true } as const;
    expect(await counts(counting({ columns }), 'foo foo')).toEqual([0, 0, -2, 0, 0, 0, 0, 0, 0, 0]);
    const floor = { ...columns, remainder: 'floor', signed: false } as const;
    expect(await counts(counting({ columns: floor }), 'foo')).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
  });

  it('do not know characters that came after Unicode 14', async () => {
    // U+A7DC has been a capital letter since Unicode 16.
    const step = counting({ text: ['lowercase'], vocabulary: ['a', 'b', '\ua7dc'] });
    expect(await counts(step, 'A\ua7dcB')).toEqual([1, 1, 0]);
  });
});

describe('the validator', () => {
  const paths = (step: unknown) => validate(modelOf(step as CountTerms)).map(({ path }) => path);

  it('passes what is sound, and JSON keeps it', () => {
    const model = modelOf(counting({ terms: [{ name: 'runs', min: 1, max: 3, separator: '\0' }] }));
    expect(validate(model)).toEqual([]);
    expect(modelFromJson(modelToJson(model))).toEqual(model);
  });

  it.each([
    ['a number feature', { input: 7 }, 'steps[0].input'],
    ['an unknown operation', { text: ['reverse'] }, 'steps[0].text[0]'],
    ['a pattern that is none', { split: { by: 'match', pattern: '(' } }, 'steps[0].split.pattern'],
    ['a pattern of nothing', { split: { by: 'separator', pattern: 'a*' } }, 'steps[0].split.pattern'],
    ['runs of none', { terms: [{ name: 'runs', min: 0, max: 1, separator: '' }] }, 'steps[0].terms[0].min'],
    ['runs backwards', { terms: [{ name: 'padded-runs', min: 3, max: 2 }] }, 'steps[0].terms[0].max'],
    ['a term twice', { columns: { by: 'vocabulary', terms: ['a', 'a'] } }, 'steps[0].columns.terms[1]'],
    ['a negative share', { least: -1 }, 'steps[0].least'],
    ['an unknown way of NULL', { missing: 'zero' }, 'steps[0].missing'],
  ])('refuses %s', (_, wrong, path) => {
    expect(paths({ ...counting({}), ...wrong })).toContain(path);
  });

  it('refuses a hash of a number, and too many columns', () => {
    const columns = { by: 'hash', seed: 0, count: 2 ** 21, remainder: 'floor', signed: false };
    const step = { ...counting({}), columns: { ...columns } } as CountTerms;
    const broken = { ...modelOf(counting({})), steps: [step] };
    expect(validate(broken).map(({ path }) => path)).toContain('steps[0].columns.count');
    const number = {
      ...modelOf({ kind: 'hash-text', input: 0, missing: 0 }),
      features: [{ kind: 'number', name: 'x' }],
    };
    expect(validate(number).map(({ path }) => path)).toEqual(['steps[0].input']);
  });
});
