import { describe, expect, it } from 'vitest';
import { expressionModel, failure, numbers, predict, type Row, texts } from './files.ts';

const FIELDS = numbers('x', 'y') + texts('s', 'a', 'bb', 'c') + texts('any');
const ACTIVE = ['x', 'y', 's', 'any'];

function value(expression: string, row: Row, dictionary = ''): number | null {
  return predict(expressionModel(FIELDS, ACTIVE, expression, { dictionary }), row).value;
}

function apply(name: string, ...parts: readonly string[]): string {
  return `<Apply function="${name}">${parts.join('')}</Apply>`;
}

const x = '<FieldRef field="x"/>';
const y = '<FieldRef field="y"/>';
const s = '<FieldRef field="s"/>';

function number(value: number, type = 'double'): string {
  return `<Constant dataType="${type}">${value}</Constant>`;
}

function text(value: string): string {
  return `<Constant dataType="string">${value}</Constant>`;
}

describe('built-in functions', () => {
  it.each<[string, Row, number | null]>([
    [apply('+', x, y), { x: 1, y: 2 }, 3],
    [apply('-', x, y), { x: 1, y: 2 }, -1],
    [apply('*', x, number(4)), { x: 3 }, 12],
    [apply('/', x, y), { x: 1, y: 4 }, 0.25],
    // A division by zero is invalid: no prediction.
    [apply('/', x, y), { x: 1, y: 0 }, null],
    [apply('+', x, y), { x: 1 }, null],
    // Aggregates leave missing values out.
    [apply('min', x, y), { x: 1 }, 1],
    [apply('max', x, y), { x: 1, y: 5 }, 5],
    [apply('sum', x, y, number(1)), { y: 5 }, 6],
    [apply('avg', x, y, number(1)), { y: 5 }, 3],
    [apply('product', x, y), { x: 3, y: 5 }, 15],
    [apply('sum', x, y), {}, null],
    [apply('ln', x), { x: 1 }, 0],
    [apply('log10', x), { x: 1000 }, Math.log10(1000)],
    [apply('sqrt', x), { x: 9 }, 3],
    [apply('abs', x), { x: -9 }, 9],
    [apply('exp', x), { x: 0 }, 1],
    [apply('pow', x, y), { x: 2, y: 10 }, 1024],
    // C's pow(1, NaN) is 1, but a missing argument gives a missing result.
    [apply('pow', x, y), { x: 1 }, null],
    [apply('threshold', x, y), { x: 2, y: 1 }, 1],
    [apply('threshold', x, y), { x: 1, y: 1 }, 0],
    [apply('floor', x), { x: -1.5 }, -2],
    [apply('ceil', x), { x: -1.5 }, -1],
    // Halves go up; the number before a half does not.
    [apply('round', x), { x: 2.5 }, 3],
    [apply('round', x), { x: -2.5 }, -2],
    [apply('round', x), { x: 0.49999999999999994 }, 0],
    [apply('modulo', x, y), { x: -7, y: 3 }, 2],
    [apply('median', x, y, number(9)), { x: 1, y: 5 }, 5],
    [apply('median', x, y, number(9)), { x: 1 }, 5],
    [apply('median', x, y, number(9)), { y: 4 }, 6.5],
    [apply('median', x, y), {}, null],
    [apply('hypot', x, y), { x: -3, y: 4 }, 5],
    [apply('hypot', x, y), { x: 3 * 2 ** 600, y: 4 * 2 ** 600 }, 5 * 2 ** 600],
    [apply('hypot', x, y), { x: 3 * 2 ** -600, y: 4 * 2 ** -600 }, 5 * 2 ** -600],
    [apply('hypot', x, y), { x: 0, y: 0 }, 0],
    [apply('hypot', x, y), { x: Infinity, y: 1 }, Infinity],
    [apply('x-hypot', x, y), { x: 1 }, null],
    [apply('stdNormalCDF', x), { x: 0 }, 0.5],
    [apply('stdNormalIDF', x), { x: 0.5 }, 0],
    [apply('stdNormalIDF', x), { x: 1 }, Infinity],
    [apply('stdNormalIDF', x), { x: 1.5 }, null],
    [apply('normalIDF', x, number(3), number(2)), { x: 0.5 }, 3],
    [apply('isMissing', x), {}, 1],
    [apply('isNotMissing', x), {}, 0],
    [apply('equal', s, text('bb')), { s: 'bb' }, 1],
    [apply('notEqual', s, text('bb')), { s: 'bb' }, 0],
    [apply('equal', s, text('bb')), {}, null],
    [apply('equal', x, number(2)), { x: 2 }, 1],
    [apply('lessThan', x, y), { x: 1, y: 1 }, 0],
    [apply('lessOrEqual', x, y), { x: 1, y: 1 }, 1],
    [apply('greaterThan', x, y), { x: 2, y: 1 }, 1],
    [apply('greaterOrEqual', x, y), { x: 0, y: 1 }, 0],
    [apply('and', apply('lessThan', x, number(1)), apply('lessThan', y, number(1))), { x: 0, y: 0 }, 1],
    [apply('or', apply('lessThan', x, number(1)), apply('lessThan', y, number(1))), { x: 0, y: 4 }, 1],
    [apply('not', apply('lessThan', x, number(1))), { x: 0 }, 0],
    [apply('isIn', s, text('a'), text('c')), { s: 'c' }, 1],
    [apply('isNotIn', x, number(1), number(2)), { x: 3 }, 1],
    [apply('if', apply('isMissing', x), number(7), apply('*', x, number(2))), { x: 4 }, 8],
    [apply('if', apply('isMissing', x), number(7), apply('*', x, number(2))), {}, 7],
    [apply('if', apply('greaterThan', x, number(0)), number(7)), { x: -1 }, null],
    [apply('if', apply('greaterThan', x, number(0)), number(7), number(8)), {}, null],
    [apply('stringLength', s), { s: 'bb' }, 2],
    [apply('equal', apply('uppercase', s), text('BB')), { s: 'bb' }, 1],
    [
      apply('equal', apply('substring', s, number(1, 'integer'), number(1, 'integer')), text('b')),
      { s: 'bb' },
      1,
    ],
    [apply('equal', apply('concat', s, text('-'), s), text('a-a')), { s: 'a' }, 1],
    [apply('equal', apply('concat', s, text('-'), s), text('a-a')), { s: 'c' }, 0],
  ])('%s of %j', (expression, row, expected) => {
    expect(value(expression, row)).toBe(expected);
  });

  it('replace a missing argument, or a missing result', () => {
    const mapped = `<Apply function="+" mapMissingTo="-1" defaultValue="5">${x}${y}</Apply>`;
    expect(value(mapped, { x: 1, y: 1 })).toBe(2);
    expect(value(mapped, { x: 1 })).toBe(-1);
    const defaulted = `<Apply function="+" defaultValue="5">${x}${y}</Apply>`;
    expect(value(defaulted, { x: 1 })).toBe(5);
  });

  it('take a division by zero for missing where the file says so', () => {
    const divided = `<Apply function="/" invalidValueTreatment="asMissing" defaultValue="9">${x}${y}</Apply>`;
    expect(value(divided, { x: 1, y: 0 })).toBe(9);
  });

  it.each([
    ['a function that nobody defined', apply('frobnicate', x), 'frobnicate'],
    ['days of a number', apply('dateDaysSinceYear', x, number(1960)), 'dateDaysSinceYear'],
  ])('refuse %s by name', (_, expression, name) => {
    const error = failure(expressionModel(FIELDS, ACTIVE, expression));
    expect(error.code).toBe('PGS_UNSUPPORTED');
    expect(error.message).toContain(name);
    expect(error.message).toMatch(/line \d+/);
    expect(error.hint).toBeTruthy();
  });

  const integers = ['i', 'j']
    .map((name) => `<DataField name="${name}" optype="continuous" dataType="integer"/>`)
    .join('');
  const ofIntegers = (name: string, application = 'SkLearn2PMML package') =>
    expressionModel(integers, ['i', 'j'], apply(name, '<FieldRef field="i"/>', '<FieldRef field="j"/>'), {
      type: 'integer',
    }).replace('<Header/>', `<Header><Application name="${application}"/></Header>`);

  it('refuse the division of two integers, in which engines differ', () => {
    expect(failure(ofIntegers('/', 'KNIME')).message).toContain('integer by an integer');
  });

  it('divide integers in a file of JPMML as Java does, and have its 32 bits', () => {
    const divided = (i: number, j: number) => predict(ofIntegers('/'), { i, j }).value;
    expect([divided(7, 2), divided(-7, 2), divided(6, 3), divided(1, 0)]).toEqual([3, -3, 2, null]);
    const product = (i: number, j: number) => predict(ofIntegers('*'), { i, j }).value;
    expect([product(46340, 46340), product(65536, 32768), product(-65536, 32768)]).toEqual([
      2147395600,
      null,
      -(2 ** 31),
    ]);
  });

  it('take a result that is too great for missing where the file says so', () => {
    const treated =
      '<MiningField name="i" missingValueReplacement="1"/><MiningField name="j" missingValueReplacement="1"/>';
    const product =
      '<Apply function="*" invalidValueTreatment="asMissing"><FieldRef field="i"/><FieldRef field="j"/></Apply>';
    const model = expressionModel(integers, ['i', 'j'], apply('isMissing', product)).replace(
      '<MiningField name="i"/><MiningField name="j"/>',
      treated,
    );
    const missing = (i: number, j: number | null) => predict(model, { i, j }).value;
    expect([missing(2 ** 30, 2 ** 30), missing(2 ** 53 - 1, null), missing(2, 3)]).toEqual([1, 0, 0]);
  });

  it('have no prediction where integers are too great to be exact', () => {
    const sum = (i: number, j: number) => predict(ofIntegers('+', 'KNIME'), { i, j }).value;
    expect([sum(2 ** 53 - 2, 1), sum(2 ** 53 - 1, 1), sum(-(2 ** 53), 0)]).toEqual([2 ** 53 - 1, null, null]);
  });
});

describe('functions of the file', () => {
  const twice = `<DefineFunction name="twice" optype="continuous" dataType="double">
    <ParameterField name="p" optype="continuous" dataType="double"/>${apply('*', number(2), '<FieldRef field="p"/>')}
  </DefineFunction>`;

  it('stand for their expression', () => {
    expect(value(apply('twice', apply('twice', x)), { x: 3 }, twice)).toBe(12);
  });

  it('end when they call themselves', () => {
    const endless = `<DefineFunction name="f" optype="continuous"><ParameterField name="p" optype="continuous"/>
      ${apply('f', '<FieldRef field="p"/>')}</DefineFunction>`;
    const error = failure(expressionModel(FIELDS, ACTIVE, apply('f', x), { dictionary: endless }));
    expect(error.code).toBe('PGS_FILE');
    expect(error.message).toContain('calls itself');
  });

  it('end when each doubles the one before', () => {
    const chain = Array.from(
      { length: 60 },
      (
        _,
        i,
      ) => `<DefineFunction name="f${i}" optype="continuous"><ParameterField name="p" optype="continuous"/>
      ${i === 0 ? '<FieldRef field="p"/>' : apply('+', apply(`f${i - 1}`, '<FieldRef field="p"/>'), apply(`f${i - 1}`, '<FieldRef field="p"/>'))}</DefineFunction>`,
    ).join('');
    const started = performance.now();
    const error = failure(expressionModel(FIELDS, ACTIVE, apply('f59', x), { dictionary: chain }));
    expect(error.code).toBe('PGS_UNSUPPORTED');
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('NormContinuous', () => {
  const norm = (attributes: string) =>
    `<NormContinuous field="x"${attributes}><LinearNorm orig="0" norm="0"/><LinearNorm orig="2" norm="10"/><LinearNorm orig="4" norm="12"/></NormContinuous>`;

  // 5 a unit up to 2, then 1 a unit; extended past both ends.
  it.each<[string, number, number | null]>([
    ['', 1, 5],
    ['', 2, 10],
    ['', 3, 11],
    ['', -1, -5],
    ['', 6, 14],
    [' outliers="asExtremeValues"', -1, 0],
    [' outliers="asExtremeValues"', 6, 12],
    [' outliers="asMissingValues"', 6, null],
    [' outliers="asMissingValues"', 4, 12],
  ])('%s at %d', (attributes, at, expected) => {
    expect(value(norm(attributes), { x: at })).toBe(expected);
  });

  it('maps a missing value, but no outlier, to what it says', () => {
    expect(value(norm(' mapMissingTo="77"'), {})).toBe(77);
    expect(value(norm(' mapMissingTo="77" outliers="asMissingValues"'), { x: 9 })).toBe(null);
  });
});

describe('tables', () => {
  it('NormDiscrete is 1 for its value', () => {
    const norm = '<NormDiscrete field="s" value="bb" mapMissingTo="0.5"/>';
    expect(value(norm, { s: 'bb' })).toBe(1);
    expect(value(norm, { s: 'a' })).toBe(0);
    expect(value(norm, {})).toBe(0.5);
  });

  it('Discretize takes the first bin that holds the number, by its closure', () => {
    const bins = `<Discretize field="x" defaultValue="-1" mapMissingTo="-2" dataType="double">
      <DiscretizeBin binValue="10"><Interval closure="openClosed" rightMargin="0"/></DiscretizeBin>
      <DiscretizeBin binValue="20"><Interval closure="openOpen" leftMargin="0" rightMargin="5"/></DiscretizeBin>
      <DiscretizeBin binValue="30"><Interval closure="closedClosed" leftMargin="1" rightMargin="7"/></DiscretizeBin>
    </Discretize>`;
    const got = [-3, 0, 1, 5, 7, 8, null].map((at) => value(bins, { x: at }));
    expect(got).toEqual([10, 10, 20, 30, 30, -1, -2]);
  });

  it('MapValues looks several fields up at once', () => {
    const map = `<MapValues outputColumn="out" defaultValue="-1" mapMissingTo="-2" dataType="double">
      <FieldColumnPair field="s" column="text"/><FieldColumnPair field="x" column="number"/>
      <InlineTable><row><text>a</text><number>1</number><out>11</out></row>
      <row><text>a</text><number>2</number><out>12</out></row>
      <row><text>bb</text><number>1.0</number><out>21</out></row></InlineTable></MapValues>`;
    const rows: Row[] = [
      { s: 'a', x: 1 },
      { s: 'a', x: 2 },
      { s: 'bb', x: 1 },
      { s: 'bb', x: 2 },
      { s: 'c', x: 1 },
      { s: 'a' },
      { x: 1 },
    ];
    expect(rows.map((row) => value(map, row))).toEqual([11, 12, 21, -1, -1, -2, -2]);
  });

  it('a table that is elsewhere is refused', () => {
    const map = `<MapValues outputColumn="out" dataType="double"><FieldColumnPair field="s" column="text"/><TableLocator/></MapValues>`;
    expect(failure(expressionModel(FIELDS, ACTIVE, map)).code).toBe('PGS_UNSUPPORTED');
  });
});

describe('data types', () => {
  it('a float field and what it is compared with are rounded to binary32', () => {
    const field = '<DataField name="x" optype="continuous" dataType="float"/>';
    const model = expressionModel(field, ['x'], apply('equal', x, number(0.1)));
    // 0.1 as a float is 0.10000000149…, not the double 0.1.
    expect(predict(model, { x: 0.1 }).value).toBe(0);
    expect(predict(expressionModel(field, ['x'], x), { x: 0.1 }).value).toBe(Math.fround(0.1));
  });

  it('a boolean field is 0 or 1, and true and false in the file', () => {
    const field = '<DataField name="b" optype="categorical" dataType="boolean"/>';
    const model = expressionModel(field, ['b'], '<NormDiscrete field="b" value="true"/>');
    expect([0, 1].map((b) => predict(model, { b }).value)).toEqual([0, 1]);
  });
});
