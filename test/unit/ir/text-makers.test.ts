import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelFromJson, modelToJson } from '../../../src/ir/json.ts';
import type { FormatNumber, MeasureText, Model, Step, TextChange, TextMaker } from '../../../src/ir/model.ts';
import { validate } from '../../../src/ir/validate.ts';
import { bothResults } from '../codegen/programs.ts';

/** A model over one feature whose `value` is the last step's first number. */
function modelOf(kind: 'number' | 'text', ...steps: readonly Step[]): Model {
  const output = { value: steps.length, raw: [steps.length] };
  const feature = kind === 'number' ? { kind, name: 'x' } : { kind, name: 'x', categories: [] };
  return { irVersion: 1, task: 'regression', features: [feature], steps, output };
}

/** What evaluator and kernel give, which have to agree. */
async function resultOf(model: Model, value: number | string | null): Promise<number> {
  const [both] = await bothResults(model, [[value]]);
  expect(both!.program).toEqual(both!.evaluator);
  return both!.evaluator[0]!;
}

/** Whether a step makes the text: 0 for that text, -1 for another, NaN for NULL. */
function compared(kind: 'number' | 'text', maker: TextMaker, expected: string): Model {
  const code = { kind: 'encode-category', input: 1, missing: Number.NaN, unknown: -1 } as const;
  return modelOf(kind, maker, { ...code, categories: [expected] });
}

function changed(...changes: readonly TextChange[]): TextMaker {
  return { kind: 'change-text', input: 0, changes, missing: null };
}

describe('texts that are made of texts', () => {
  it.each<[string, TextMaker, string, string]>([
    ['lowercase', changed({ name: 'lowercase' }), 'ΑΣ', 'ας'],
    ['uppercase', changed({ name: 'uppercase' }), 'straße', 'STRASSE'],
    ['trim', changed({ name: 'trim' }), ' \t\u0001a b\n ', 'a b'],
    ['no other blanks', changed({ name: 'trim' }), '\u00a0a', '\u00a0a'],
    ['slice', changed({ name: 'slice', start: 2, length: 3 }), 'abcdefg', 'cde'],
    ['slice past the end', changed({ name: 'slice', start: 5, length: 3 }), 'abc', ''],
    ['map', changed({ name: 'map', from: ['a', 'b'], to: ['b', 'c'] }), 'a', 'b'],
    ['map of others', changed({ name: 'map', from: ['a'], to: ['b'] }), 'c', 'c'],
    [
      'replace',
      changed({ name: 'replace', pattern: 'a(.)', by: ['a', 1, 1] }),
      'abracadabra',
      'abbraccaddabbra',
    ],
    ['replace lazily', changed({ name: 'replace', pattern: 'a.*?a', by: ['*'] }), 'abracadabra', '*c*bra'],
    ['groups without a part', changed({ name: 'replace', pattern: '(x)|b', by: [1, 0] }), 'abc', 'abc'],
    ['two', changed({ name: 'uppercase' }, { name: 'slice', start: 0, length: 1 }), 'éa', 'É'],
    ['join', { kind: 'join-texts', inputs: [0, 0], texts: ['<', '|', '>'] }, 'a', '<a|a>'],
  ])('%s', async (_, maker, text, expected) => {
    expect(await resultOf(compared('text', maker, expected), text)).toBe(0);
    expect(await resultOf(compared('text', maker, expected), null)).toBe(Number.NaN);
  });

  it('are chosen by a number', async () => {
    const choice = (expected: string) => {
      const maker: TextMaker = { kind: 'choose-text', index: 0, texts: ['a', null], inputs: [1] };
      const code: Step = {
        kind: 'encode-category',
        input: 2,
        categories: [expected],
        missing: NaN,
        unknown: -1,
      };
      const steps = [
        {
          kind: 'format-number',
          input: 0,
          conversion: 'f',
          precision: 1,
          width: 0,
          fill: 'before',
          plus: '',
        },
        maker,
        code,
      ];
      return modelOf('number', ...(steps as Step[]));
    };
    expect(await resultOf(choice('a'), 0)).toBe(0);
    expect(await resultOf(choice('2.0'), 2)).toBe(0);
    for (const none of [1, 3, -1, 0.5, null]) expect(await resultOf(choice('a'), none)).toBe(Number.NaN);
  });

  it('may stand for NULL, or become it', async () => {
    const filled: TextMaker = { kind: 'change-text', input: 0, changes: [], missing: 'none' };
    expect(await resultOf(compared('text', filled, 'none'), null)).toBe(0);
    const gone = changed({ name: 'map', from: ['NA'], to: [null] }, { name: 'uppercase' });
    expect(await resultOf(compared('text', gone, 'NA'), 'NA')).toBe(Number.NaN);
  });

  it('do not know characters that came after Unicode 14', async () => {
    // U+A7DC has been a capital letter since Unicode 16.
    expect(await resultOf(compared('text', changed({ name: 'lowercase' }), 'a\ua7dcb'), 'A\ua7dcB')).toBe(0);
    const letters = changed({ name: 'replace', pattern: '\\p{L}', by: ['x'] });
    expect(await resultOf(compared('text', letters, 'x\ua7dcx'), 'A\ua7dcB')).toBe(0);
  });
});

/** As printf of glibc writes them: of two nearest numbers the one with the even last digit. */
describe('numbers as texts', () => {
  const plain = { width: 0, fill: 'before', plus: '' } as const;
  it.each<[Partial<FormatNumber> & Pick<FormatNumber, 'conversion' | 'precision'>, number, string]>([
    [{ conversion: 'd', precision: 0, width: 3 }, 2, '  2'],
    [{ conversion: 'd', precision: 0, width: 4, fill: 'zeros' }, -7, '-007'],
    [{ conversion: 'd', precision: 0, width: 3, fill: 'after', plus: '+' }, 7, '+7 '],
    [{ conversion: 'f', precision: 2 }, 0.125, '0.12'],
    [{ conversion: 'f', precision: 2 }, 0.375, '0.38'],
    [{ conversion: 'f', precision: 2 }, 1.005, '1.00'],
    [{ conversion: 'f', precision: 0 }, 2.5, '2'],
    [{ conversion: 'f', precision: 0 }, 3.5, '4'],
    [{ conversion: 'f', precision: 1 }, -0, '-0.0'],
    [{ conversion: 'f', precision: 1 }, 1e22, '10000000000000000000000.0'],
    [{ conversion: 'f', precision: 20 }, 0.1, '0.10000000000000000555'],
    [{ conversion: 'e', precision: 6 }, 12345.678, '1.234568e+04'],
    [{ conversion: 'e', precision: 0 }, 8.5, '8e+00'],
    [{ conversion: 'e', precision: 0 }, 9.5, '1e+01'],
    [{ conversion: 'e', precision: 1 }, 0, '0.0e+00'],
    [{ conversion: 'e', precision: 3 }, 5e-324, '4.941e-324'],
    [{ conversion: 'f', precision: 2, width: 6, fill: 'zeros' }, Infinity, '   inf'],
  ])('%j of %d', async (format, x, expected) => {
    const maker: TextMaker = { kind: 'format-number', input: 0, ...plain, ...format };
    expect(await resultOf(compared('number', maker, expected), x)).toBe(0);
    expect(await resultOf(compared('number', maker, expected), null)).toBe(Number.NaN);
  });
});

describe('dates', () => {
  const measured = (name: 'date' | 'date-time' | 'time' | 'number', text: string) => {
    const measure: MeasureText['measure'] = { name, invalid: Infinity };
    return resultOf(modelOf('text', { kind: 'measure-text', input: 0, measure, missing: -1 }), text);
  };

  it.each([
    ['1970-01-01', 0],
    ['1969-12-31', -1],
    ['2000-03-01', 11017],
    // 719528 days from year 0, which is a leap year, to 1970.
    ['0000-01-01', -719528],
    ['2024-02-29', 19782],
    ['2024-02-29T00:00:00', 19782],
    ['2024-02-29T02:00:00+02:00', 19782],
    ['2023-02-29', Infinity],
    ['1900-02-29', Infinity],
    ['2024-13-01', Infinity],
    ['2024-00-10', Infinity],
    ['2024-04-31', Infinity],
    ['2024-02-29T00:00:01', Infinity],
    ['24-02-29', Infinity],
    [' 2024-02-29', Infinity],
    ['infinity', Infinity],
    ['', Infinity],
  ])('date %j', async (text, days) => {
    expect(await measured('date', text)).toBe(days);
  });

  it.each([
    ['1960-01-01T00:00:00', -3653 * 86400],
    ['1970-01-02 03:30:03.25', 86400 + 12603.25],
    ['1970-01-01T00:30', 1800],
    ['1970-01-01T01:00:00Z', 3600],
    ['1970-01-01T01:00:00-05:30', 3600 + 19800],
    ['1970-01-01T01:00:00+00', 3600],
    // As PostgreSQL writes instants of times with local mean time.
    ['1970-01-01 00:53:28+00:53:28', 0],
    ['1970-01-01', 0],
    ['1970-01-01T24:00:00', Infinity],
    ['1970-01-01T00:60', Infinity],
    ['1970-01-01T00:00:60', Infinity],
    ['1970-01-01T00:00:00+16', Infinity],
    ['1970-01-01T', Infinity],
  ])('date and time %j', async (text, seconds) => {
    expect(await measured('date-time', text)).toBe(seconds);
  });

  it.each([
    ['05:23:30', 19410],
    ['23:59:59.5', 86399.5],
    ['00:00', 0],
    ['5:23:30', Infinity],
    ['05:23:30+01', Infinity],
  ])('time %j', async (text, seconds) => {
    expect(await measured('time', text)).toBe(seconds);
  });

  it.each([
    [' 12 ', 12],
    ['-1.5e3', -1500],
    ['.5', 0.5],
    ['-INF', -Infinity],
    ['0x1', Infinity],
    ['', Infinity],
    ['1 2', Infinity],
  ])('number %j', async (text, value) => {
    expect(await measured('number', text)).toBe(value);
  });

  it.each([
    [1092960000, '08/20/04'],
    [-1, '12/31/69'],
    [-5e-324, '12/31/69'],
    // 0000-01-01 and 9999-12-31.
    [-719528 * 86400, '01/01/00'],
    [253402300799.5, '12/31/99'],
  ])('are written: %d', async (seconds, expected) => {
    const parts = ['m', { text: '/' }, 'd', { text: '/' }, 'y'] as const;
    expect(
      await resultOf(compared('number', { kind: 'format-date', input: 0, parts }, expected), seconds),
    ).toBe(0);
  });

  it.each([-719528 * 86400 - 1, 253402300800, Infinity])('are not written: %d', async (seconds) => {
    const maker: TextMaker = { kind: 'format-date', input: 0, parts: ['Y'] };
    expect(await resultOf(compared('number', maker, ''), seconds)).toBe(Number.NaN);
  });

  it('are written as they are read', async () => {
    const parts = ['Y', { text: '-' }, 'm', { text: '-' }, 'd'] as const;
    const measure = { name: 'date', invalid: Number.POSITIVE_INFINITY } as const;
    const model = modelOf(
      'number',
      { kind: 'format-date', input: 0, parts },
      { kind: 'measure-text', input: 1, measure, missing: 0 },
    );
    const days = fc.integer({ min: -719528, max: 2932896 });
    await fc.assert(
      fc.asyncProperty(fc.array(days, { minLength: 20, maxLength: 20 }), async (list) => {
        const results = await bothResults(
          model,
          list.map((day) => [day * 86400]),
        );
        expect(results.map(({ program }) => program[0])).toEqual(list);
        expect(results.map(({ evaluator }) => evaluator[0])).toEqual(list);
      }),
      { numRuns: 10 },
    );
  });
});

describe('the validator', () => {
  it('passes what is sound, and JSON keeps it', () => {
    const maker = changed({ name: 'map', from: ['a'], to: [null] });
    const model = compared('text', maker, 'b');
    expect(validate(model)).toEqual([]);
    expect(modelFromJson(modelToJson(model))).toEqual(model);
  });

  const format = { kind: 'format-number', input: 0, conversion: 'f', precision: 2, width: 0 };
  it.each<[string, 'number' | 'text', unknown, string]>([
    ['a change of a number', 'number', changed(), 'steps[0].input'],
    ['an unknown change', 'text', changed({ name: 'reverse' } as never), 'steps[0].changes[0].name'],
    [
      'a pattern of nothing',
      'text',
      changed({ name: 'replace', pattern: 'a*', by: [] }),
      'steps[0].changes[0].pattern',
    ],
    [
      'a group that is none',
      'text',
      changed({ name: 'replace', pattern: 'a', by: [-1] }),
      'steps[0].changes[0].by[0]',
    ],
    [
      'a slice from before',
      'text',
      changed({ name: 'slice', start: -1, length: 1 }),
      'steps[0].changes[0].start',
    ],
    [
      'a text twice',
      'text',
      changed({ name: 'map', from: ['a', 'a'], to: ['b', 'c'] }),
      'steps[0].changes[0].from[1]',
    ],
    ['a text too few', 'text', { kind: 'join-texts', inputs: [0], texts: [''] }, 'steps[0].texts'],
    [
      'a choice by a text',
      'text',
      { kind: 'choose-text', index: 0, texts: [], inputs: [] },
      'steps[0].index',
    ],
    [
      'a choice of a number',
      'number',
      { kind: 'choose-text', index: 0, texts: [], inputs: [0] },
      'steps[0].inputs[0]',
    ],
    ['a format of a text', 'text', { ...format, fill: 'before', plus: '' }, 'steps[0].input'],
    ['an unknown filling', 'number', { ...format, fill: 'stars', plus: '' }, 'steps[0].fill'],
    ['an unknown part', 'number', { kind: 'format-date', input: 0, parts: ['Z'] }, 'steps[0].parts[0]'],
  ])('refuses %s', (_, kind, maker, path) => {
    const broken = compared(kind, maker as TextMaker, '');
    expect(validate(broken).map((each) => each.path)).toContain(path);
  });

  it('refuses texts that may become too long', () => {
    const grow = (input: number): TextMaker =>
      ({ ...changed({ name: 'replace', pattern: '.', by: ['0'.repeat(99), 0] }), input }) as TextMaker;
    const code = (input: number): Step => ({
      kind: 'measure-text',
      input,
      measure: { name: 'length' },
      missing: 0,
    });
    expect(validate(modelOf('text', grow(0), grow(1), code(2)))).toEqual([]);
    expect(validate(modelOf('text', grow(0), grow(1), grow(2), code(3))).map(({ path }) => path)).toEqual([
      'steps[2]',
    ]);
  });

  it('refuses a text for a number, and a measure that is none', () => {
    const model = modelOf('text', changed());
    expect(validate(model).map(({ path }) => path)).toEqual(['output.value', 'output.raw[0]']);
    const measure = { kind: 'measure-text', input: 0, measure: { name: 'date' }, missing: 0 } as never;
    expect(validate(modelOf('text', measure)).map(({ path }) => path)).toEqual(['steps[0].measure.invalid']);
  });
});
