import { describe, expect, test } from 'vitest';
import { createScorer } from '../../../src/codegen/score.ts';
import { PgscoreError } from '../../../src/errors.ts';
import { evaluate } from '../../../src/ir/evaluate.ts';
import { ensemble, regression, stump, textClassifier } from '../ir/models.ts';

describe('a scorer', () => {
  test.each([
    ['red', 'red'],
    ['green', 'green'],
    ['unseen', 'blue'],
    ['missing', null],
  ])('predicts as the reference evaluator does, colour %s', async (_, colour) => {
    const model = textClassifier();
    const { score } = await createScorer(model);
    expect(score({ colour, size: 1 })).toEqual(evaluate(model, [colour, 1]).prediction);
  });

  test('takes booleans for 1 and 0, null and NaN for missing', async () => {
    const { score } = await createScorer(regression([ensemble([stump({ test: 1, threshold: 0.5 })])]));
    const value = (f0: unknown) => score({ f0 }).value;
    expect([value(false), value(true), value(0), value(null), value(Number.NaN)]).toEqual([
      10, 20, 10, 20, 20,
    ]);
  });

  test('gives null for a value that is NaN, and keeps infinities', async () => {
    const infinite = regression([ensemble([], { base: [Infinity] })]);
    expect((await createScorer(infinite)).score({ f0: 1 })).toMatchObject({ value: Infinity, label: null });
    const link = {
      kind: 'link',
      inputs: [1],
      precision: 'float64',
      function: { name: 'sigmoid', scale: 0 },
    } as const;
    const undefinedValue = regression([ensemble([], { base: [Infinity] }), link], 1, 2);
    expect((await createScorer(undefinedValue)).score({ f0: 1 })).toMatchObject({
      value: null,
      raw: [Number.NaN],
    });
  });

  test('names every feature that is absent or of a wrong type, with the value and what was expected', async () => {
    const { score } = await createScorer(textClassifier());
    const fault = (row: Record<string, unknown>) => {
      try {
        return score(row);
      } catch (error) {
        return error instanceof PgscoreError ? [error.code, error.message] : error;
      }
    };
    expect(fault({})).toEqual([
      'PGS_INPUT',
      'the row does not fit the model: feature "colour" is absent; feature "size" is absent',
    ]);
    expect(fault({ colour: 3, size: '12' })).toEqual([
      'PGS_INPUT',
      'the row does not fit the model: feature "colour" is the number 3, expected a text; ' +
        'feature "size" is the text "12", expected a number',
    ]);
  });

  test('ignores keys that are no feature, and refuses them when strict', async () => {
    const model = textClassifier();
    const row = { colour: 'red', size: 1, id: 7 };
    expect((await createScorer(model)).score(row).label).toBe('no');
    const strict = await createScorer(model, { strict: true });
    expect(() => strict.score(row)).toThrow('"id" is no feature');
    expect(strict.score({ colour: 'red', size: 1 }).label).toBe('no');
  });

  test('takes features of any name', async () => {
    const names = ['__proto__', 'constructor', 'a"b', '$$', ''];
    const model = {
      ...regression(
        [ensemble([stump({ feature: 0, test: 0, threshold: 0 })], {}, names.length)],
        names.length,
      ),
      features: names.map((name) => ({ kind: 'number' as const, name })),
    };
    const { score } = await createScorer(model);
    const row = Object.fromEntries(names.map((name) => [name, 1]));
    expect(score(row).value).toBe(20);
    expect(() => score({ 'a"b': 1, $$: 1, '': 1 })).toThrow('feature "__proto__" is absent');
  });
});
