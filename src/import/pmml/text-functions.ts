import type { Element } from './element.ts';
import type { BuiltIn } from './functions.ts';
import type { Lowering } from './lowering.ts';
import { textOf } from './merge.ts';
import { constant, number, type TextValue, type Value } from './values.ts';

/** Texts that one result may be. */
const MAX_TEXTS = 10_000;

/** The texts that a value may be. @throws PgscoreError PGS_UNSUPPORTED when any text may come. */
function textsOf(value: TextValue, at: Element): readonly string[] {
  if (!value.open) return value.texts;
  if (value.known !== undefined) return value.texts.slice(0, value.known);
  return at.refuse(
    'computes a text of one that may be any',
    'Declare the values of the field in the data dictionary, or compute the text before the model, in SQL.',
  );
}

/** Computes the text of each known text now. */
function mapTexts(value: Value, make: (text: string) => string, at: Element, lowering: Lowering): Value {
  if (value.kind === 'constant')
    return value.value === null ? value : constant(make(String(value.value)), 'string');
  const text = textOf(value, at, lowering);
  const results = textsOf(text, at).map(make);
  const texts = [...new Set(results)];
  const codes = results.map((result) => texts.indexOf(result));
  return {
    kind: 'text',
    register: lowering.gather(text.register, codes),
    texts,
    open: false,
    known: texts.length,
    present: text.present && text.known === undefined,
  };
}

function textFunction(make: (text: string) => string): BuiltIn {
  return (values, at, lowering) => {
    if (values.length !== 1) at.fail(`takes 1 value, but is given ${values.length}`);
    return mapTexts(values[0]!, make, at, lowering);
  };
}

const substring: BuiltIn = (values, at, lowering) => {
  const [value, start, length] = values;
  if (values.length !== 3 || start?.kind !== 'constant' || length?.kind !== 'constant') {
    at.refuse('cuts a text at places that are no constants');
  }
  const [from, count] = [
    Number((start as { value: unknown }).value),
    Number((length as { value: unknown }).value),
  ];
  if (!Number.isInteger(from) || !Number.isInteger(count) || from < 1 || count < 0) {
    at.fail('needs a position from 1 and a length from 0');
  }
  return mapTexts(value!, (text) => text.slice(from - 1, from - 1 + count), at, lowering);
};

const stringLength: BuiltIn = (values, at, lowering) => {
  if (values.length !== 1) at.fail(`takes 1 value, but is given ${values.length}`);
  const text = textOf(values[0]!, at, lowering);
  const lengths = textsOf(text, at).map((each) => each.length);
  return number(lowering.gather(text.register, lengths), 'integer', false);
};

/** Every combination of the known texts. */
const concat: BuiltIn = (values, at, lowering) => {
  if (values.length === 0) at.fail('takes at least one value');
  return values.reduce((left, right) => {
    const [a, c] = [textOf(left, at, lowering), textOf(right, at, lowering)];
    const [firsts, seconds] = [textsOf(a, at), textsOf(c, at)];
    if (firsts.length * seconds.length > MAX_TEXTS) at.refuse(`joins to more than ${MAX_TEXTS} texts`);
    const results = firsts.flatMap((first) => seconds.map((second) => first + second));
    const texts = [...new Set(results)];
    const { b } = lowering;
    const rows = b.map([a.register], { name: 'multiply', by: [seconds.length] });
    const index = b.combine('add', rows, [c.register])[0]!;
    const register = lowering.gather(
      index,
      results.map((result) => texts.indexOf(result)),
    );
    return { kind: 'text', register, texts, open: false, known: texts.length, present: false };
  });
};

export const TEXT_FUNCTIONS: readonly (readonly [string, BuiltIn])[] = [
  ['uppercase', textFunction((text) => text.toUpperCase())],
  ['lowercase', textFunction((text) => text.toLowerCase())],
  ['trimBlanks', textFunction((text) => text.trim())],
  ['substring', substring],
  ['stringLength', stringLength],
  ['concat', concat],
];
