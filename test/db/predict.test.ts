import { describe, expect, test } from 'vitest';
import { evaluate } from '../../src/ir/evaluate.ts';
import type { Model } from '../../src/ir/model.ts';
import { deployMade, sumModel, text } from '../harness/models.ts';
import { client, fails, prepareDatabase, prepareWorkSchema, rows } from '../harness/queries.ts';

const churn = sumModel(['a', text('b', 'x', `it's "quoted" \\ $$`, 'ü'), 'c'], {
  labels: ['no', 'maybe', 'yes'],
  bias: 0.25,
});
const sum = sumModel(['a', 'b']);
/** The feature itself. */
const echo: Model = {
  irVersion: 1,
  task: 'regression',
  features: [{ kind: 'number', name: 'a' }],
  steps: [],
  output: { value: 0, raw: [0] },
};

prepareDatabase(async (client) => {
  await deployMade(client, 'churn', churn);
  await deployMade(client, 'echo', echo);
  await deployMade(client, 'ab', sumModel(['a', 'b'], { labels: ['no', 'yes'] }));
  await deployMade(client, 'sum', sum);
});

prepareWorkSchema();

type Value = number | string | boolean | null;

const ROWS: readonly (readonly Value[])[] = [
  [1, 'x', 2],
  [null, null, null],
  [0.1, `it's "quoted" \\ $$`, -3.25],
  [Number.NaN, 'ü', 1e-320],
  [-0, 'unheard of', 5e-324],
  [1e300, 'x', -1e300],
  [true, 'X', false],
  [Infinity, 'x', 1],
  [1, 'x', -Infinity],
  [-1, '', 0.30000000000000004],
];

describe('every way to call a model gives what the reference evaluator gives', () => {
  const json = (row: readonly Value[]) =>
    JSON.stringify({
      a: typeof row[0] === 'number' && !Number.isFinite(row[0]) ? String(row[0]) : row[0],
      b: row[1],
      c: typeof row[2] === 'number' && !Number.isFinite(row[2]) ? String(row[2]) : row[2],
      more: [1],
    });
  const number = (value: Value) => (typeof value === 'boolean' ? Number(value) : value);

  test.each([
    ['text', '$1::text'],
    ['json', '$1::json'],
    ['jsonb', '$1::jsonb'],
    ['a row', `(SELECT r FROM jsonb_to_record($1::jsonb) AS r (a float8, b text, c float8))`],
    ['a table row', `(SELECT r FROM jsonb_populate_record(NULL::work.t, $1::jsonb) AS r)`],
  ])('from %s', async (_, form) => {
    await client.query('CREATE TABLE t (a float8, b text, c float8, more int[])');
    for (const row of ROWS) {
      // A record has float8 where JSON has true.
      const given = form.includes('record') ? [number(row[0]!), row[1]!, number(row[2]!)] : row;
      const { prediction } = evaluate(churn, [number(row[0]!), row[1]!, number(row[2]!)] as (
        | number
        | string
        | null
      )[]);
      const [got] = await rows(
        `SELECT pgscore.predict('churn', f), pgscore.predict_label('churn', f), pgscore.predict_proba('churn', f),
                pgscore.predict_raw('churn', f) FROM (SELECT ${form} AS f OFFSET 0) AS _`,
        [json(given)],
      );
      const [value, label, probabilities, raw] = got!;
      expect(value).toEqual(prediction.value ?? Number.NaN);
      expect(label).toBe(prediction.label);
      expect(raw).toEqual(prediction.raw);
      for (const [name, probability] of Object.entries(prediction.probabilities!)) {
        const found = (probabilities as Record<string, unknown>)[name];
        if (Number.isNaN(probability)) expect(found).toBe('NaN');
        else expect(found).toBeCloseTo(probability, 12);
      }
      const [scalar] = await rows('SELECT pgscore_models.churn($1::float8, $2, $3::float8)', [
        number(row[0]!),
        row[1],
        number(row[2]!),
      ]);
      expect(scalar![0]).toEqual(value);
    }
  });

  test('from a literal, without a cast, and by named arguments', async () => {
    expect(
      await rows(
        `SELECT pgscore.predict('sum', '{"a": 1, "b": 2}'), pgscore.predict('sum', ROW(1)) IS NULL WHERE false`,
      ),
    ).toEqual([]);
    expect(await rows(`SELECT pgscore.predict('sum', '{"a": 1, "b": 2}')`)).toEqual([[5]]);
    expect(await rows(`SELECT pgscore.predict(model => 'sum', features => '{"a": 1, "b": 2}')`)).toEqual([
      [5],
    ]);
    expect(await rows('SELECT pgscore_models.sum(b => 2, a => 1)')).toEqual([[5]]);
    expect(
      await rows(`SELECT pgscore.predict('sum', t) FROM (VALUES (1, 2), (3, NULL)) AS t (a, b)`),
    ).toEqual([[5], [3]]);
    expect(
      await rows(
        `SELECT pgscore.predict('sum', jsonb_build_object('a', 1, 'b', 2)), pgscore.predict('sum', format('{"a": %s, "b": 0}', 7))`,
      ),
    ).toEqual([[5, 7]]);
  });

  test('a model without classes has no label and no probabilities', async () => {
    expect(
      await rows(
        `SELECT pgscore.predict_label('sum', '{"a": 1, "b": 2}'), pgscore.predict_proba('sum', '{"a": 1, "b": 2}'), pgscore.predict_raw('sum', '{"a": 1, "b": 2}')`,
      ),
    ).toEqual([[null, null, [5]]]);
  });
});

describe('json and text are read as jsonb reads them', () => {
  /** The prediction's outputs, or the error. */
  async function outcome(document: string, type: string): Promise<unknown> {
    const sql = `SELECT pgscore.predict('churn', $1::${type}), pgscore.predict_raw('churn', $1::${type})`;
    return rows(sql, [document]).catch(({ code, message }) => ({ code, message }));
  }

  test.each([
    ['white space', ' \t\r\n{ "a" :\n1 , "b":"x",\t"c":2 } '],
    ['keys that occur twice: the last one', '{"a": "wrong", "b": 7, "c": 1e400, "a": 1, "b": "ü", "c": 2}'],
    ['escapes', '{"\\u0061": 1, "b": "\\u00fc", "\\u0063": 2}'],
    ['an escaped backslash before what looks like an escape', '{"a": 1, "b": "\\\\u0000", "c": 2}'],
    ['a pair of surrogates', '{"a": 1, "b": "\\ud83d\\ude00", "c": 2}'],
    [
      'more digits than float8 has',
      `{"a": 0.1000000000000000055511151231257827, "b": "x", "c": ${'9'.repeat(40)}}`,
    ],
    ['between two float8 numbers', '{"a": 9007199254740993, "b": "x", "c": 9007199254740993.00000000001}'],
    ['the least and the largest numbers', '{"a": 4.9e-324, "b": "x", "c": 1.7976931348623157e308}'],
    ['below float8', '{"a": 1e-400, "b": "x", "c": -1e-400}'],
    ['exponents', '{"a": 1E+2, "b": "x", "c": 12.5e-1}'],
    ['numbers that JSON has none for', '{"a": "NaN", "b": "NaN", "c": "-Infinity"}'],
    ['nested values among other keys', '{"a": 1, "d": {"a": 2, "b": ["c"]}, "b": "x", "c": 2}'],
  ])('%s', async (_, document) => {
    const expected = await outcome(document, 'jsonb');
    expect(expected).toEqual([[expect.any(Number), expect.any(Array)]]);
    expect(await outcome(document, 'json')).toEqual(expected);
    expect(await outcome(document, 'text')).toEqual(expected);
  });

  test.each([
    ['NUL in a text', '{"a": 1, "b": "x\\u0000", "c": 2}', '22P05'],
    ['half of a surrogate pair', '{"a": 1, "b": "\\ud83d", "c": 2}', '22P02'],
    ['the other half', '{"a": 1, "b": "x\\ude00x", "c": 2}', '22P02'],
    ['beyond float8', '{"a": 1e309, "b": "x", "c": 2}', '22023'],
    ['beyond numeric', '{"a": 1e999999, "b": "x", "c": 2}', '22003'],
  ])('%s is refused as jsonb refuses it', async (_, document, code) => {
    const expected = await outcome(document, 'jsonb');
    expect(expected).toMatchObject({ code });
    expect(await outcome(document, 'json')).toEqual(expected);
    expect(await outcome(document, 'text')).toEqual(expected);
  });

  // Each of these is an object to QuickJS, or nearly one to a reader of its own.
  test.each([
    '{"a": 1., "b": "x", "c": 2}',
    '{"a": -01, "b": "x", "c": 2}',
    '{"a": 01, "b": "x", "c": 2}',
    '{"a": 1, "b": "\\x41", "c": 2}',
    `{"a": 1, "b": "\\'", "c": 2}`,
    '{"a": 1, "b": "\\\n", "c": 2}',
    '{"a": 1, "b": "\t", "c": 2}',
    '{"a": 1, "b": "x", "c": 2,}',
    '{"a": 1, "b": "x", "c": 2} 3',
    '\ufeff{"a": 1, "b": "x", "c": 2}',
    `{'a': 1, "b": "x", "c": 2}`,
    '{"a": NaN, "b": "x", "c": 2}',
    '{"a": 1, "b": "x", "c": 2',
  ])('%s is no JSON', async (document) => {
    for (const call of ['predict', 'predict_label', 'predict_proba', 'predict_raw'])
      await fails(
        `SELECT pgscore.${call}('churn', $1::text)`,
        { code: '22P02', message: 'invalid input syntax for type json' },
        [document],
      );
  });

  test('but for the sign of zero, which jsonb does not keep', async () => {
    for (const [form, expected] of [
      [`'{"a": -0}'`, '-0'],
      [`'{"a": -0.0}'::json`, '-0'],
      [`'{"a": -0}'::jsonb`, '0'],
    ])
      expect(await rows(`SELECT pgscore.predict('echo', ${form})::text`)).toEqual([[expected]]);
    expect(await rows(`SELECT pgscore_models.echo('-0')::text`)).toEqual([['-0']]);
  });
});

describe('what does not fit is refused, and named', () => {
  test.each([
    ['absent', '{"b": 2, "A": 1}', 'model sum: absent: a'],
    ['several absent', '{}', 'model sum: absent: a, b'],
    ['a text for a number', '{"a": "1", "b": 2}', 'model sum: a is "1", expected a number'],
    ['an object', '{"a": {"x": 1}, "b": 2}', 'model sum: a is {"x": 1}, expected a number'],
    ['an array', '{"a": [], "b": 2}', 'model sum: a is [], expected a number'],
    ['beyond float8', '{"a": 1e400, "b": -1e400}', /a is 10{99}/],
    ['nan in other letters', '{"a": "nan", "b": 2}', 'model sum: a is "nan", expected a number'],
    ['both kinds of wrong', '{"a": "x"}', 'model sum: absent: b; a is "x", expected a number'],
    [
      'a JSON array',
      '[1, 2]',
      'model sum: the features are a JSON array, expected an object {feature: value, …}',
    ],
    [
      'a JSON number',
      '1',
      'model sum: the features are a JSON number, expected an object {feature: value, …}',
    ],
    [
      'a JSON null',
      'null',
      'model sum: the features are a JSON null, expected an object {feature: value, …}',
    ],
    [
      'a JSON string',
      '"{}"',
      'model sum: the features are a JSON string, expected an object {feature: value, …}',
    ],
  ])('%s', async (_, features, message) => {
    for (const [model, call] of [
      ['sum', 'predict'],
      ['sum', 'predict_raw'],
      ['ab', 'predict'],
      ['ab', 'predict_label'],
      ['ab', 'predict_proba'],
    ]) {
      for (const type of ['text', 'json', 'jsonb']) {
        await fails(
          `SELECT pgscore.${call}('${model}', $1::${type})`,
          {
            code: '22023',
            message:
              typeof message === 'string'
                ? message.replace('model sum', `model ${model}`)
                : expect.stringMatching(message),
          },
          [features],
        );
      }
    }
  });

  test('a number, true or an object for a text', async () => {
    await fails(
      `SELECT pgscore.predict('churn', '{"a": 1, "b": 5, "c": 1}')`,
      /^model churn: b is 5, expected a text$/,
    );
    await fails(
      `SELECT pgscore.predict('churn', '{"a": 1, "b": true, "c": 1}')`,
      /^model churn: b is true, expected a text$/,
    );
  });

  test('a row without the columns, a value that is no row', async () => {
    await fails(`SELECT pgscore.predict('sum', t) FROM (SELECT 1 AS a) AS t`, /^model sum: absent: b$/);
    await fails(
      `SELECT pgscore.predict('sum', t) FROM (SELECT 1 AS a, now() AS b) AS t`,
      /^model sum: b is ".*", expected a number$/,
    );
    await fails(`SELECT pgscore.predict('sum', 5)`, { code: '42883' });
  });

  test('no JSON at all', async () => {
    await fails(`SELECT pgscore.predict('sum', 'a=1')`, { code: '22P02' });
    await fails(`SELECT pgscore.predict('sum', '')`, { code: '22P02' });
  });

  test('an unknown model', async () => {
    for (const call of ['predict', 'predict_label', 'predict_proba', 'predict_raw']) {
      await fails(`SELECT pgscore.${call}('chrun', '{}')`, {
        code: '42704',
        message: `there is no model 'chrun'`,
      });
      await fails(`SELECT pgscore.${call}(NULL, '{}')`, { code: '42704', message: 'there is no model NULL' });
    }
  });

  test('NULL features have no prediction', async () => {
    await client.query('CREATE TABLE t (a int, b int)');
    for (const call of ['predict', 'predict_label', 'predict_proba', 'predict_raw']) {
      expect(
        await rows(
          `SELECT pgscore.${call}('sum', NULL), pgscore.${call}('sum', NULL::jsonb), pgscore.${call}('sum', NULL::t)`,
        ),
      ).toEqual([[null, null, null]]);
    }
  });

  test('names of JavaScript’s own are no features of every object', async () => {
    await deployMade(
      client,
      'proto',
      sumModel(['__proto__', 'constructor', text('toString', 'x'), 'hasOwnProperty']),
    );
    await fails(`SELECT pgscore.predict('proto', '{}')`, {
      message: 'model proto: absent: __proto__, constructor, "toString", "hasOwnProperty"',
    });
    expect(
      await rows(
        `SELECT pgscore.predict('proto', '{"__proto__": 1, "constructor": 2, "toString": "x", "hasOwnProperty": 3}')`,
      ),
    ).toEqual([[1 + 4 + 12]]);
    expect(await rows(`SELECT pgscore_models.proto(1, 2, 'x', 3)`)).toEqual([[17]]);
    await client.query(`SELECT pgscore.drop_version('proto', 1)`);
  });
});

describe('predict(model, row) gives what an attached trigger gives', () => {
  const TYPES = [
    ['real', '0.1'],
    ['real', '16777217'],
    ['real', `'NaN'`],
    ['real', `'-Infinity'`],
    ['rounded', '0.1'],
    ['double precision', '0.1'],
    ['numeric', '0.1000000000000000055511151231257827'],
    ['numeric', '123456789012345678901234567890'],
    ['bigint', '9007199254740993'],
    ['bigint', '-9223372036854775808'],
    ['boolean', 'true'],
    ['smallint', '700'],
    ['int', '1042'],
  ] as const;

  test.each(TYPES)('for %s %s', async (type, literal) => {
    await client.query(`
      CREATE DOMAIN rounded AS real;
      CREATE TABLE t (gone text, id text, a ${type}, b int); ALTER TABLE t DROP gone;
      SELECT pgscore.attach('sum', 't', 'p'); INSERT INTO t VALUES ('k', ${literal}, 1), ('n', NULL, 1)`);
    expect(
      await rows(
        `SELECT p, pgscore.predict('sum', t) = p, pgscore_models.sum(a::${type === 'boolean' ? 'int' : type}, b) = p FROM t`,
      ),
    ).toEqual([
      [expect.any(Number), true, true],
      [2, true, true],
    ]);
    if (type === 'rounded') return;
    expect(
      await rows(
        `SELECT DISTINCT pgscore.predict('sum', q) = p FROM (SELECT a, 1::int8 AS b, p, id FROM t OFFSET 0) AS q`,
      ),
    ).toEqual([[true]]);
  });

  test.each([
    ['char(6)', 'x'],
    ['char(2)', 'ü'],
    ['padded', 'x'],
    ['varchar', 'x   '],
    ['name', 'x'],
    ['letter', 'x'],
    ['text', ''],
  ])('for %s %s', async (type, value) => {
    await client.query(`
      CREATE TYPE letter AS ENUM ('x'); CREATE DOMAIN padded AS char(7);
      CREATE TABLE t (a real, b ${type}, c real);
      SELECT pgscore.attach('churn', 't', 'p', label_column => 'l'); INSERT INTO t VALUES (0.1, '${value}', 0.7), (NULL, NULL, NULL)`);
    expect(
      await rows(`SELECT pgscore.predict('churn', t) = p, pgscore.predict_label('churn', t) = l,
                         pgscore.predict_raw('churn', t) = pgscore.predict_raw('churn', q),
                         pgscore.predict_proba('churn', t) = pgscore.predict_proba('churn', q)
                    FROM t, LATERAL (SELECT t.a::float8, t.b::text, t.c::float8) AS q`),
    ).toEqual([
      [true, true, true, true],
      [true, true, true, true],
    ]);
    if (type === 'padded') return;
    expect(
      await rows(
        `SELECT DISTINCT pgscore.predict('churn', q) = p FROM (SELECT a, b, c, p FROM t OFFSET 0) AS q`,
      ),
    ).toEqual([[true]]);
  });

  test.each(['real', 'double precision'])('for the sign of zero in %s', async (type) => {
    await client.query(
      `CREATE TABLE t (a ${type}); SELECT pgscore.attach('echo', 't', 'p'); INSERT INTO t VALUES ('-0'), ('0')`,
    );
    expect(await rows(`SELECT p::text, pgscore.predict('echo', t)::text FROM t`)).toEqual([
      ['-0', '-0'],
      ['0', '0'],
    ]);
  });

  test('for a real in a domain over a row type', async () => {
    await client.query(`CREATE TYPE pair AS (a real, b int); CREATE DOMAIN checked_pair AS pair CHECK ((VALUE).b > 0);
      CREATE TABLE t (x checked_pair); INSERT INTO t VALUES (ROW(0.1::real, 1)::pair)`);
    expect(await rows(`SELECT pgscore.predict('sum', x) FROM t`)).toEqual([[Math.fround(0.1) + 2]]);
  });

  test('when columns share a name, the last counts, as in JSON', async () => {
    expect(
      await rows(
        `SELECT pgscore.predict('sum', q) FROM (SELECT 0.5::real AS a, 0.1::float8 AS a, 0 AS b) AS q`,
      ),
    ).toEqual([[0.1]]);
    expect(
      await rows(
        `SELECT pgscore.predict('sum', q) FROM (SELECT 0.5::float8 AS a, 0.1::real AS a, 0 AS b) AS q`,
      ),
    ).toEqual([[Math.fround(0.1)]]);
  });
});
