import { describe, expect, it } from 'vitest';
import { expressionModel, failure, numbers, predict, type Row, texts } from './files.ts';

const FIELDS =
  numbers('x') +
  '<DataField name="i" optype="continuous" dataType="integer"/>' +
  texts('any') +
  texts('known', 'abracadabra', 'B', '') +
  '<DataField name="gap" optype="categorical" dataType="string"><Value value="NA" property="missing"/><Value value="bad" property="invalid"/></DataField>';
const ACTIVE = ['x', 'i', 'any', 'known', 'gap'];

function apply(name: string, ...parts: readonly string[]): string {
  return `<Apply function="${name}">${parts.join('')}</Apply>`;
}

const field = (name: string) => `<FieldRef field="${name}"/>`;
const any = field('any');

function text(value: string): string {
  return `<Constant dataType="string">${value}</Constant>`;
}

function whole(value: number): string {
  return `<Constant dataType="integer">${value}</Constant>`;
}

function value(expression: string, row: Row): number | null {
  return predict(expressionModel(FIELDS, ACTIVE, expression), row).value;
}

/** Whether an expression makes the text, 1 or 0. */
function makes(expression: string, row: Row, expected: string): number | null {
  return value(apply('equal', expression, text(expected)), row);
}

describe('functions of texts', () => {
  it.each<[string, string, string]>([
    [apply('uppercase', any), 'straße', 'STRASSE'],
    [apply('lowercase', any), 'ÀB', 'àb'],
    [apply('trimBlanks', any), '  a b ', 'a b'],
    [apply('substring', any, whole(2), whole(3)), 'abcdef', 'bcd'],
    [apply('concat', any, text('-'), any, whole(1)), 'a', 'a-a1'],
    [apply('uppercase', apply('substring', any, whole(1), whole(1))), 'xyz', 'X'],
    [apply('concat', any, text(' '), any), 'a', 'a a'],
    // The examples of the specification.
    [apply('substring', any, whole(2), whole(3)), 'aBc9x', 'Bc9'],
    [apply('replace', any, text('B+'), text('c')), 'BBBB', 'c'],
    [apply('replace', any, text('B+?'), text('c')), 'BBBB', 'cccc'],
    // https://www.w3.org/TR/xpath-functions/#func-replace
    [apply('replace', any, text('a(.)'), text('a$1$1')), 'abracadabra', 'abbraccaddabbra'],
    [apply('replace', any, text('a.*?a'), text('*')), 'abracadabra', '*c*bra'],
    [apply('replace', any, text('(\\d+) (\\w)'), text('$2$$$1\\$')), 'is 10 c', 'is c$10$'],
  ])('%s of %j', (expression, given, expected) => {
    expect(makes(expression, { any: given }, expected)).toBe(1);
    expect(makes(expression, { any: given }, `${expected}?`)).toBe(0);
    expect(makes(expression, {}, expected)).toBe(null);
  });

  it('of texts that are declared give the same', () => {
    const replaced = apply('replace', field('known'), text('a(.)'), text('a$1$1'));
    expect(makes(replaced, { known: 'abracadabra' }, 'abbraccaddabbra')).toBe(1);
    const isMatch = apply('matches', field('known'), text('^a.*a$'));
    expect(['abracadabra', 'B', ''].map((known) => value(isMatch, { known }))).toEqual([1, 0, 0]);
  });

  it.each<[string, string, number]>([
    ['ar?y', 'January', 1],
    ['ar?y', 'March', 0],
    ['^$', '', 1],
    ['a*', 'b', 1],
    ['\\bcat\\b', 'a cat.', 1],
    ['\\bcat\\b', 'concat', 0],
    // \\w and \\b are of ASCII alone, a dot is all but \\n, and $ stands before a \\n at the end, as grep -P has them.
    ['^\\w+$', 'café', 0],
    ['^caf.$', 'café', 1],
    ['\\bé', 'é', 0],
    ['^a.b$', 'a\r\u2028b', 0],
    ['^a.b$', 'a\u2028b', 1],
    ['a$', 'a\n', 1],
    ['a\\z', 'a\n', 0],
    ['\\p{Lu}', 'aÉ', 1],
  ])('matches %j in %j', (pattern, given, expected) => {
    expect(value(apply('matches', any, text(pattern)), { any: given })).toBe(expected);
  });

  it('are missing for a missing text', () => {
    expect(value(apply('matches', any, text('a')), {})).toBe(null);
    expect(value(apply('stringLength', any), {})).toBe(null);
    expect(value(apply('stringLength', any), { any: 'abc' })).toBe(3);
  });

  it('read what the field makes of a text', () => {
    expect(makes(apply('uppercase', field('gap')), { gap: 'a' }, 'A')).toBe(1);
    expect(makes(apply('uppercase', field('gap')), { gap: 'NA' }, 'NA')).toBe(null);
    const model = expressionModel(
      FIELDS,
      ACTIVE,
      apply('equal', apply('uppercase', field('gap')), text('NONE')),
    );
    const replaced = model.replace(
      '<MiningField name="gap"/>',
      '<MiningField name="gap" invalidValueTreatment="asMissing" missingValueReplacement="none"/>',
    );
    expect(['NA', 'bad', null, 'x'].map((gap) => predict(replaced, { gap }).value)).toEqual([1, 1, 1, 0]);
  });

  it('may stand in a choice', () => {
    const isShort = apply('lessThan', apply('stringLength', any), whole(3));
    const chosen = apply('if', isShort, apply('uppercase', any), apply('concat', text('long '), any));
    expect(makes(chosen, { any: 'ab' }, 'AB')).toBe(1);
    expect(makes(chosen, { any: 'abc' }, 'long abc')).toBe(1);
  });

  it('read numbers out of texts', () => {
    const sum = apply('+', any, whole(1));
    expect(value(sum, { any: ' 2.5 ' })).toBe(3.5);
    // What is no number is invalid.
    expect(value(sum, { any: 'two' })).toBe(null);
  });

  it.each([
    ['a++', 'never goes back'],
    ['(?i)a', 'group or flag'],
    ['(a)\\1', 'the escape \\1'],
    ['(a+)+b', 'exponential'],
    ['[[:alpha:]]', 'a class of a class'],
    ['a{,2}', 'a repetition {,n}'],
    ['\\Kab', 'the escape \\K'],
  ])('refuse the pattern %s', (pattern, reason) => {
    const error = failure(expressionModel(FIELDS, ACTIVE, apply('matches', any, text(pattern))));
    expect([error.code, error.message]).toEqual(['PGS_UNSUPPORTED', expect.stringContaining(reason)]);
    expect(error.message).toContain('matches');
  });

  it.each([
    ['a*', 'x', 'may match an empty text'],
    ['a', '$', 'ends in $'],
    ['a', '$1', 'has 0 groups'],
    ['a', '\\', 'ends in \\'],
    ['a', '$x', 'has 0 groups'],
    ['a', '\\U', 'the escape \\U'],
    // PCRE keeps what the first group held in the first of two rounds; JavaScript forgets it.
    ['(?:(a)|b)+', '$1', 'group 1'],
  ])('refuse to replace %s by %s', (pattern, replacement, reason) => {
    const expression = apply('equal', apply('replace', any, text(pattern), text(replacement)), text('a'));
    const error = failure(expressionModel(FIELDS, ACTIVE, expression));
    expect([error.code, error.message]).toEqual(['PGS_UNSUPPORTED', expect.stringContaining(reason)]);
  });

  it('refuse to make texts that no memory holds', () => {
    const twice = (expression: string) => apply('concat', expression, expression);
    const doubled = Array.from({ length: 10 }).reduce<string>((inner) => twice(inner), any);
    expect(value(apply('stringLength', doubled), { any: 'ab' })).toBe(2048);
    const grown = Array.from({ length: 5 }).reduce<string>(
      (inner) => apply('replace', inner, text('.'), text('0123456789')),
      any,
    );
    const error = failure(expressionModel(FIELDS, ACTIVE, apply('stringLength', grown)));
    expect([error.code, error.message]).toEqual(['PGS_UNSUPPORTED', expect.stringContaining('too long')]);
  });

  it('refuse a pattern that rows vary', () => {
    const error = failure(expressionModel(FIELDS, ACTIVE, apply('matches', any, field('known'))));
    expect(error.message).toContain('no constant');
  });
});

describe('numbers as texts', () => {
  it.each<[string, string, Row, string]>([
    // The example of the specification.
    ['i', '%3d', { i: 2 }, '  2'],
    ['x', '%.2f', { x: 0.125 }, '0.12'],
    ['x', '%08.3e|', { x: -12345.678 }, '-1.235e+04|'],
    ['x', '%%%+5.1f%%', { x: 2 }, '% +2.0%'],
    ['x', '%-6.0f.', { x: 2.5 }, '2     .'],
  ])('%s by %j', (name, pattern, row, expected) => {
    expect(makes(apply('formatNumber', field(name), text(pattern)), row, expected)).toBe(1);
    expect(makes(apply('formatNumber', field(name), text(pattern)), {}, expected)).toBe(null);
  });

  it('of constants', () => {
    expect(
      makes(apply('concat', any, apply('formatNumber', whole(7), text('%03d'))), { any: 'a' }, 'a007'),
    ).toBe(1);
  });

  it.each([
    ['%s', '"%s"'],
    ['%d %d', '"%d %d"'],
    ['%,d', '"%,d"'],
    ['%g', '"%g"'],
    ['%d', 'no integer'],
    ['%.99f', '50 digits'],
  ])('refuse %s', (pattern, reason) => {
    const expression = apply('equal', apply('formatNumber', field('x'), text(pattern)), text('1'));
    const error = failure(expressionModel(FIELDS, ACTIVE, expression));
    expect([error.code, error.message]).toEqual(['PGS_UNSUPPORTED', expect.stringContaining(reason)]);
  });
});
