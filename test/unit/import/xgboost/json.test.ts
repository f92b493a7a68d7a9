import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PgscoreError } from '../../../../src/errors.ts';
import { nearestFloat32 } from '../../../../src/import/float32.ts';
import { JsonReader } from '../../../../src/import/xgboost/json.ts';

const over = (text: string) => new JsonReader('m.json', new TextEncoder().encode(text));

/** What the reader says of a value, as JSON.parse would. */
function parse(text: string): unknown {
  const reader = over(text);
  const value = read(reader, text);
  reader.end();
  return value;
}

function read(reader: JsonReader, text: string): unknown {
  const next = text.slice(reader.position()).trimStart()[0];
  if (next === '{') {
    const entries: [string, unknown][] = [];
    reader.object((key) => entries.push([key, read(reader, text)]));
    return Object.fromEntries(entries);
  }
  if (next === '[') {
    const values: unknown[] = [];
    reader.array(() => values.push(read(reader, text)));
    return values;
  }
  if (next === '"') return reader.text();
  return reader.integer();
}

describe('JSON reader', () => {
  it('reads what JSON.stringify writes', () => {
    const ascii = fc.string({ unit: 'binary-ascii' });
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.integer(),
        ascii,
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(ascii, tie('value'), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(value, fc.constantFrom(undefined, 2), (original, indent) => {
        const text = JSON.stringify(original, null, indent);
        expect(parse(text)).toEqual(original);
        const reader = over(text);
        reader.skip();
        reader.end();
      }),
    );
  });

  it('reads floats as float32, bare NaN and infinities included', () => {
    const values = over('[ 1E0,-2.5e-1, NaN,Infinity , -Infinity,0,-0E0,3.4028235E38]').floats();
    expect([...values]).toEqual([
      1,
      -0.25,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      0,
      -0,
      3.4028234663852886e38,
    ]);
    expect([...over('[]').floats()]).toEqual([]);
  });

  it('rounds once, however long the digits', () => {
    const midpoint = '1.000000059604644775390625';
    const values = over(`[${midpoint},${midpoint}1,1.00000005960464477540,0.${'0'.repeat(40)}1]`).floats();
    expect([...values]).toEqual([1, 1 + 2 ** -23, 1 + 2 ** -23, Math.fround(1e-41)]);
    // Next to the midpoint of two floats: the digits as one double, over 10^18, come out on its other side.
    expect([...over('[7.488934278488159180]').floats()]).toEqual([7.488934516906738]);
    expect([...over('[9.994194507598876953]').floats()]).toEqual([9.994194030761719]);
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = String(value);
        expect(over(`[${text}]`).floats()[0]).toBe(nearestFloat32(Number(text), () => text));
      }),
    );
  });

  it('reads booleans of old files and 0 and 1 alike', () => {
    expect([...over('[true,0,1,false]').flags()]).toEqual([1, 0, 1, 0]);
    expect(() => over('[2]').flags()).toThrow(/expected 0, 1, true or false, but found 2/);
  });

  it('keeps a backslash before u that starts no code, as XGBoost writes one', () => {
    expect(over('"c:\\user \\u00e9 \\"\\\\ \\n"').text()).toBe('c:\\user é "\\ \n');
    expect(() => over('"\\x"').text()).toThrow(/unknown escape/);
  });

  it('reads UTF-8 and skips a byte order mark', () => {
    expect(over('\ufeff"größe 😀"').text()).toBe('größe 😀');
    const broken = new JsonReader('m.json', Uint8Array.from([0x22, 0xff, 0x22]));
    expect(() => broken.text()).toThrow(/not valid UTF-8/);
  });

  it.each([
    ['{"a":1', 'byte 6'],
    ['{"a" 1}', "expected ':'"],
    ['{"a":1 "b":2}', "expected ',' or '}'"],
    ['[1,]', 'expected a number'],
    ['[1', "expected ',' or ']', but found the end of the file"],
    ['"abc', 'no closing quote'],
    ['1.5', 'whole number'],
    ['9007199254740993', 'whole number'],
    ['-', 'expected a number'],
    ['1e', 'digits of an exponent'],
    ['1 2', 'end of the file'],
    ['Nan', 'expected NaN'],
    [`[${'1'.repeat(500)}]`, 'expected a number, but found 500 digits'],
  ])('refuses %s', (text, message) => {
    expect(() => parse(text)).toThrow(PgscoreError);
    expect(() => parse(text)).toThrow(message);
  });

  it('says where in the file', () => {
    const reader = over('{"learner":{"trees":[0,"x"]}}');
    const readTrees = () =>
      reader.object(() => reader.object(() => reader.array(() => void reader.integer())));
    expect(readTrees).toThrow(
      "m.json: not a sound XGBoost model: at learner.trees[1] (byte 23), expected a number, but found '\"'.",
    );
  });

  it('passes over values without recursion, and bounds their depth', () => {
    const deep = 1_000_000;
    expect(() => over('['.repeat(deep)).skip()).toThrow(/nested more than 512/);
    expect(() => over('[[1,{"a":"]"}],2').skip()).toThrow(/the file ends/);
    expect(() => over('[}').skip()).toThrow(/expected a value/);
  });
});
