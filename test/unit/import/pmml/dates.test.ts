import { describe, expect, it } from 'vitest';
import {
  expressionModel,
  failure,
  importText,
  numbers,
  pmmlText,
  predict,
  type Row,
  schema,
  texts,
} from './files.ts';

const FIELDS = ['date', 'time', 'dateTime']
  .map((type) => `<DataField name="${type}" optype="ordinal" dataType="${type}"/>`)
  .join('');
const ALL = FIELDS + texts('s') + numbers('x');
const ACTIVE = ['date', 'time', 'dateTime', 's', 'x'];

function apply(name: string, ...parts: readonly string[]): string {
  return `<Apply function="${name}">${parts.join('')}</Apply>`;
}

const field = (name: string) => `<FieldRef field="${name}"/>`;

function constant(value: number | string, type: string): string {
  return `<Constant dataType="${type}">${value}</Constant>`;
}

const year = (value: number) => constant(value, 'integer');

function value(expression: string, row: Row): number | null {
  return predict(expressionModel(ALL, ACTIVE, expression), row).value;
}

describe('dates', () => {
  it('are texts of a row', () => {
    const { model, source } = importText(
      expressionModel(ALL, ACTIVE, apply('dateDaysSinceYear', field('date'), year(1960))),
    );
    expect(model.features.map(({ name, kind }) => [name, kind])).toEqual([
      ['date', 'text'],
      ['time', 'text'],
      ['dateTime', 'text'],
      ['s', 'text'],
      ['x', 'number'],
    ]);
    expect(source.notes).toEqual(['Texts of ISO 8601 are date (date), time (time), dateTime (dateTime).']);
  });

  /** The specification's examples, and what is on either side of an edge. */
  it.each<[string, Row, number | null]>([
    [apply('dateDaysSinceYear', field('date'), year(1960)), { date: '2003-04-01' }, 15796],
    [apply('dateDaysSinceYear', field('date'), year(1960)), { date: '1959-12-31' }, -1],
    [apply('dateDaysSinceYear', field('dateTime'), year(1960)), { dateTime: '2003-04-01T23:59:59.9' }, 15796],
    [apply('dateDaysSinceYear', field('date'), year(0)), { date: '0000-02-01' }, 31],
    [apply('dateDaysSinceYear', field('date'), year(1960)), {}, null],
    [
      apply('dateSecondsSinceYear', field('dateTime'), year(1960)),
      { dateTime: '1960-01-03T03:30:03' },
      185403,
    ],
    [
      apply('dateSecondsSinceYear', field('dateTime'), year(1960)),
      { dateTime: '1960-01-03T03:30:03.9' },
      185403,
    ],
    // Whatever the time zone of a server: what has an offset counts at UTC.
    [
      apply('dateSecondsSinceYear', field('dateTime'), year(1960)),
      { dateTime: '1960-01-03T05:30:03+02:00' },
      185403,
    ],
    [apply('dateSecondsSinceYear', field('date'), year(1960)), { date: '1960-01-02' }, 86400],
    [apply('dateSecondsSinceMidnight', field('time')), { time: '05:23:30' }, 19410],
    [apply('dateSecondsSinceMidnight', field('dateTime')), { dateTime: '1959-05-01T05:23:30' }, 19410],
    [apply('lessThan', field('date'), constant('2024-02-29', 'date')), { date: '2024-02-28' }, 1],
    [apply('lessThan', field('date'), constant('2024-02-29', 'string')), { date: '2024-02-29' }, 0],
    [
      apply('equal', field('date'), field('dateTime')),
      { date: '2024-02-29', dateTime: '2024-02-29T00:00' },
      1,
    ],
    [
      apply('equal', field('date'), field('dateTime')),
      { date: '2024-02-29', dateTime: '2024-02-29T00:01' },
      0,
    ],
    [
      apply('isIn', field('time'), constant('05:00', 'string'), constant('06:00', 'time')),
      { time: '06:00:00' },
      1,
    ],
    [apply('isMissing', field('date')), {}, 1],
    [
      apply(
        'dateDaysSinceYear',
        apply('if', apply('isMissing', field('date')), field('dateTime'), field('dateTime')),
        year(1970),
      ),
      { dateTime: '1970-01-02T10:00' },
      1,
    ],
  ])('%s of %j', (expression, row, expected) => {
    expect(value(expression, row)).toBe(expected);
  });

  it('that cannot be read are invalid, as the model treats it', () => {
    const model = expressionModel(ALL, ACTIVE, apply('isMissing', field('date')));
    const treated = (treatment: string, date: string | null) =>
      predict(model.replace('<MiningField name="date"/>', `<MiningField name="date" ${treatment}/>`), {
        date,
      }).value;
    expect(treated('', '2024-02-30')).toBe(null);
    expect(treated('invalidValueTreatment="asIs"', 'yesterday')).toBe(null);
    expect(treated('invalidValueTreatment="asMissing"', 'yesterday')).toBe(1);
    const value = 'invalidValueTreatment="asValue" invalidValueReplacement="2024-01-01"';
    expect(treated(value, 'yesterday')).toBe(0);
    expect(treated('missingValueReplacement="2024-01-01"', null)).toBe(0);
    // A timestamp of a date field has to be a midnight.
    expect(treated('', '2024-02-29T00:00:00')).toBe(0);
    expect(treated('', '2024-02-29T00:00:01')).toBe(null);
  });

  it('are numbers by the data type of what is derived', () => {
    const derived = (type: string, from: string, row: Row) => {
      const inner = `<DerivedField name="inner" optype="continuous" dataType="${type}">${field(from)}</DerivedField>`;
      return predict(expressionModel(ALL, ACTIVE, field('inner'), { dictionary: inner }), row).value;
    };
    expect(derived('dateDaysSince[1960]', 'date', { date: '1960-02-01' })).toBe(31);
    expect(derived('dateDaysSince[1980]', 's', { s: '1979-12-31' })).toBe(-1);
    expect(derived('dateDaysSince[1980]', 's', { s: 'never' })).toBe(null);
    expect(derived('dateTimeSecondsSince[1970]', 'dateTime', { dateTime: '1970-01-01T00:01' })).toBe(60);
    expect(derived('dateTimeSecondsSince[0]', 'date', { date: '0000-01-02' })).toBe(86400);
    expect(derived('timeSeconds', 'time', { time: '00:01:40' })).toBe(100);
    expect(derived('timeSeconds', 'x', { x: 7 })).toBe(7);
  });

  it('of fields that count from a date are numbers', () => {
    const days = '<DataField name="days" optype="continuous" dataType="dateDaysSince[1960]"/>';
    expect(predict(expressionModel(days, ['days'], field('days')), { days: 31 }).value).toBe(31);
  });

  it('are compared by predicates, and in a tree', () => {
    const nodes = `<Node score="0"><True/>
      <Node score="1"><SimplePredicate field="date" operator="lessThan" value="2000-01-01"/></Node>
      <Node score="2"><SimplePredicate field="date" operator="equal" value="2000-01-01"/></Node></Node>`;
    const text = pmmlText(
      FIELDS,
      `<TreeModel functionName="regression" noTrueChildStrategy="returnLastPrediction">${schema(['date'])}${nodes}</TreeModel>`,
    );
    const scores = ['1999-12-31', '2000-01-01', '2000-01-02'].map((date) => predict(text, { date }).value);
    expect(scores).toEqual([1, 2, 0]);
  });

  it.each<[string, string, Row, string]>([
    // The example of the specification.
    ['date', '%m/%d/%y', { date: '2004-08-20' }, '08/20/04'],
    ['date', '%A, %d %B %Y (%j)', { date: '2024-12-31' }, 'Tuesday, 31 December 2024 (366)'],
    ['dateTime', '%F %T %I', { dateTime: '2024-02-29T00:05:09.9' }, '2024-02-29 00:05:09 12'],
    ['time', '%R%%', { time: '23:59:59' }, '23:59%'],
    ['date', '%C%b', { date: '1999-05-01' }, '19May'],
  ])('%s by %j', (name, pattern, row, expected) => {
    const made = apply('formatDatetime', field(name), constant(pattern, 'string'));
    expect(value(apply('equal', made, constant(expected, 'string')), row)).toBe(1);
    expect(value(apply('equal', made, constant(expected, 'string')), {})).toBe(null);
  });

  const formatted = (name: string, pattern: string) =>
    apply('equal', apply('formatDatetime', field(name), constant(pattern, 'string')), constant('', 'string'));
  it.each([
    ['a date as a number', field('date'), 'date'],
    ['a sum of dates', apply('+', field('date'), year(1)), 'date'],
    ['a date of a number', apply('dateDaysSinceYear', field('x'), year(1960)), 'number'],
    ['a year that varies', apply('dateDaysSinceYear', field('date'), field('x')), 'year'],
    ['the time of a date', apply('dateSecondsSinceMidnight', field('date')), 'time of a date'],
    ['the days of a time', apply('dateDaysSinceYear', field('time'), year(1960)), 'date of a time'],
    ['%p, which C and Java write differently', formatted('dateTime', '%p'), '%p'],
    ['the hour of a date', formatted('date', '%H'), '%H'],
    ['the year of a time', formatted('time', '%Y'), '%Y'],
    ['a number as a date', formatted('x', '%Y'), 'none'],
  ])('refuse %s', (_, expression, reason) => {
    const error = failure(expressionModel(ALL, ACTIVE, expression));
    expect([error.code, error.message]).toEqual(['PGS_UNSUPPORTED', expect.stringContaining(reason)]);
    expect(error.message).toMatch(/line \d+/);
  });

  it('refuse a constant that is no date, and an unknown data type', () => {
    const wrong = apply('equal', field('date'), constant('2024-02-30', 'date'));
    expect(failure(expressionModel(ALL, ACTIVE, wrong)).code).toBe('PGS_FILE');
    const unknown = ALL.replace('dataType="date"', 'dataType="julianDate"');
    expect(failure(expressionModel(unknown, ACTIVE, field('x'))).message).toContain('julianDate');
  });
});
