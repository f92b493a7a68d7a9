import { describe, expect, it } from 'vitest';
import { validate } from '../../../../src/ir/validate.ts';
import { bothResults } from '../../codegen/programs.ts';
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

const FIELDS = texts('any') + texts('known', 'the sun', 'Sun, sun!') + numbers('x');

function textIndex(attributes: string, term: string, field = 'any', normalization = ''): string {
  return `<TextIndex textField="${field}" ${attributes}>${normalization}<Constant dataType="string">${term}</Constant></TextIndex>`;
}

function model(expression: string): string {
  return expressionModel(FIELDS, ['any', 'known', 'x'], expression);
}

function value(expression: string, row: Row): number | null {
  return predict(model(expression), row).value;
}

function count(attributes: string, term: string, any: string | null): number | null {
  return value(textIndex(attributes, term), { any });
}

const FOX =
  'The quick browny foxy jumps over the lazy dog. The brown fox runs away and to be with another brown foxy.';
const SUN =
  "The Sun was setting while the captain's son reached the bounty island, minutes after their ship had sunk to the bottom of the ocean.";
const DASH = 'wordSeparatorCharacterRE="[\\s\\-]"';

describe('TextIndex', () => {
  // The examples of https://dmg.org/pmml/v4-4-1/Transformations.html#xsdElement_TextIndex, whose numbers
  // https://github.com/jpmml/jpmml-evaluator/blob/master/pmml-evaluator/src/test/java/org/jpmml/evaluator/ExpressionUtilTest.java
  // has too.
  it.each<[string, string, string, number]>([
    ['', 'brown fox', FOX, 1],
    ['countHits="bestHits"', 'brown fox', FOX, 1],
    ['isCaseSensitive="false"', 'sun', SUN, 1],
    ['isCaseSensitive="true"', 'sun', SUN, 0],
    [DASH, 'user friendly', 'user friendly', 1],
    [DASH, 'user friendly', 'user-friendly', 1],
    // "the" is there twice in capitals and once in small letters.
    ['', 'the', FOX, 3],
    ['isCaseSensitive="true"', 'the', FOX, 1],
    ['localTermWeights="binary"', 'the', FOX, 1],
    ['localTermWeights="binary"', 'cat', FOX, 0],
    // log10(1 + 3)
    ['localTermWeights="logarithmic"', 'the', FOX, Math.log10(4)],
    ['localTermWeights="logarithmic"', 'cat', FOX, 0],
  ])('%s of %j', (attributes, term, text, expected) => {
    expect(count(attributes, term, text)).toBeCloseTo(expected, 15);
  });

  // Tokens of TextTokenizerTest.java there: one, two, three; none of punctuation alone.
  it.each<[string, string, number]>([
    ['one', 'one!,\t¿two?,\tthree.', 1],
    ['two', 'one!,\t¿two?,\tthree.', 1],
    ['one two three', 'one!,\t¿two?,\tthree.', 1],
    ['one two', 'one , two', 1],
    ['«one»', ' one ', 1],
    [',', ' , , ', 0],
    ['', 'a b', 0],
    // Only what stands at the ends is trimmed.
    ['co-op', '(co-op)', 1],
    ['co', 'co-op', 0],
    // Hits may overlap: TextUtilTest.java, termFrequency.
    ['x x', 'x x x x', 3],
    ['x x x x x', 'x x x x', 0],
  ])('counts the words %j in %j', (term, text, expected) => {
    expect(count('wordSeparatorCharacterRE="\\s+"', term, text)).toBe(expected);
  });

  it('is missing for a missing text or term, and 0 for an empty text', () => {
    expect(count('', 'a', null)).toBe(null);
    expect(count('localTermWeights="binary"', 'a', null)).toBe(null);
    expect(count('localTermWeights="logarithmic"', 'a', null)).toBe(null);
    expect(count('', '', null)).toBe(null);
    expect(count('', 'a', '')).toBe(0);
    expect(value('<TextIndex textField="any"><Constant missing="true"/></TextIndex>', { any: 'a' })).toBe(
      null,
    );
  });

  it('ignores case as Java does, character by character', () => {
    expect(count('', 'ΟΔΟΣ', 'οδος οδοσ Οδος')).toBe(3);
    expect(count('', 'STRASSE', 'straße Strasse')).toBe(1);
  });

  it('reads declared texts', () => {
    const sun = textIndex('', 'sun', 'known');
    expect(['the sun', 'Sun, sun!', null].map((known) => value(sun, { known }))).toEqual([1, 2, null]);
  });

  it('finds words by x-wordRE, which JPMML writes for scikit-learn', () => {
    const words = 'x-wordRE="(?u)\\b\\w\\w+\\b"';
    expect(count(words, 'is it', 'It is. Is it a dog? is it!')).toBe(2);
    expect(count(words, 'a', 'a dog')).toBe(0);
    expect(count('x-wordRE="\\w{4,}"', 'four five', 'one three four, five! six')).toBe(1);
    // A word boundary within caf|é is one since Java 19 only.
    expect(count(words, 'caf', 'café')).toBe(null);
    expect(count(words, 'caf', 'caf – 5€')).toBe(1);
    expect(importText(model(textIndex(words, 'caf'))).source.notes.join()).toMatch(/beyond ASCII/);
    expect(count('x-wordRE="\\w+"', 'caf', 'café')).toBe(1);
  });

  it('counts all terms of a text, and weighs them, in one step each', () => {
    // 2 * 0.5 + 1 * 3 - 1 * 2 (in "b a"), and "c" is not there.
    const { text, row } = linear(['a', 'c', 'b', 'b a', 'a'], [0.5, 7, 3, -2, 10], 'a B a, d');
    const kinds = importText(text).model.steps.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'count-terms' || kind === 'weigh')).toEqual([
      'count-terms',
      'weigh',
    ]);
    // The second factor of "a" is a step of its own: 2 * 10.
    expect(kinds.filter((kind) => kind === 'map')).toHaveLength(1);
    expect(predict(text, row).value).toBe(2 * 0.5 + 3 - 2 + 2 * 10);
    expect(predict(text, { any: null }).value).toBe(null);
  });

  it('gives alike in the compiled program: single words, two words, weights, changed texts', async () => {
    const { text } = linear(['a', 'b', 'b a'], [0.5, 3, -2], '');
    const changed = linear(['a', 'b', 'b a'], [0.5, 3, -2], '', table('', ['and', 'a']));
    const rows = ['a B a, d', 'and b. b AND', '', null, 'ſ a'].map((any) => [any]);
    const [plain, other] = [text, changed.text].map((each) => importText(each).model);
    for (const model of [plain!, other!]) expect(validate(model)).toEqual([]);
    const results = await bothResults(plain!, rows);
    // 1 + 3 - 2, 6, 0, missing, 0.5
    expect(results.map(({ program }) => program[0])).toEqual([2, 6, 0, Number.NaN, 0.5]);
    for (const { program, evaluator } of results) expect(program).toEqual(evaluator);
    // 2 * 0.5 + 2 * 3 - 1 * 2 with "a" for "and"
    const [, second] = await bothResults(other!, rows);
    expect(second!.program[0]).toBe(5);
    expect(second!.evaluator).toEqual(second!.program);
  });

  it('takes as many steps for a thousand terms as for two', () => {
    const terms = Array.from({ length: 1000 }, (_, i) => `w${i}`);
    const { text, row } = linear(
      terms,
      terms.map((_, i) => i + 0.5),
      'w999 w1 x',
    );
    const few = linear(['w0', 'w1'], [1, 2], '');
    expect(importText(text).model.steps).toHaveLength(importText(few.text).model.steps.length);
    expect(predict(text, row).value).toBe(999.5 + 1.5);
  });

  it('changes the text by tables first: the example of the specification', () => {
    const cells = (names: readonly string[], rows: readonly (readonly string[])[]) =>
      rows
        .map((row) => `<row>${row.map((cell, i) => `<${names[i]}>${cell}</${names[i]}>`).join('')}</row>`)
        .join('');
    const first = cells(
      ['string', 'stem', 'regex'],
      [
        ['interfaces?', 'interface', 'true'],
        ['is|are|seem(ed|s?)|were', 'be', 'true'],
        ['user friendl(y|iness)', 'user_friendly', 'true'],
      ],
    );
    const second = cells(
      ['re', 'feature', 'regex'],
      [['interface be (user_friendly|well designed|excellent)', 'ui_good', 'true']],
    );
    const tables = `<TextIndexNormalization inField="string" outField="stem" regexField="regex"><InlineTable>${first}</InlineTable></TextIndexNormalization>
      <TextIndexNormalization inField="re" outField="feature" regexField="regex"><InlineTable>${second}</InlineTable></TextIndexNormalization>`;
    const good = textIndex('localTermWeights="binary" isCaseSensitive="false"', 'ui_good', 'any', tables);
    const review = 'Testing the app for a few days convinced me the interfaces are excellent!';
    expect(value(good, { any: review })).toBe(1);
    expect(value(good, { any: review.toUpperCase() })).toBe(1);
    expect(value(good, { any: 'The interface seemed well designed' })).toBe(1);
    expect(value(good, { any: 'The interfaces were poor' })).toBe(0);
    expect(value(good, {})).toBe(null);
  });

  it('changes texts that are no patterns', () => {
    // TextUtilTest.java, normalize: À becomes A, à does so only where case does not count.
    const of = (isCaseSensitive: boolean) =>
      textIndex(`isCaseSensitive="${isCaseSensitive}"`, 'ABC', 'any', table('', ['À', 'A'], ['.', ' ']));
    expect([true, false].map((each) => value(of(each), { any: 'ÀBC.x' }))).toEqual([1, 1]);
    expect([true, false].map((each) => value(of(each), { any: 'àBC.x' }))).toEqual([0, 1]);
  });

  it.each<[string, RegExp]>([
    [textIndex('', 'a', 'any', table('recursive="true"', ['a', 'b'])), /is recursive/],
    [textIndex('', 'a', 'any', table('isCaseSensitive="true"', ['a', 'b'])), /another isCaseSensitive/],
    [textIndex('', 'a', 'any', table('maxLevenshteinDistance="2"', ['a', 'b'])), /maxLevenshteinDistance 2/],
    [textIndex('', 'a', 'any', table('', ['\\w', 'b', 'true'])), /tells cases apart/],
    [textIndex('', 'a', 'any', table('', ['[a-c]', 'b', 'true'])), /tells cases apart/],
    [textIndex('', 'a', 'any', table('', ['\\bis\\b', 'b', 'true'])), /beside \\b/],
    [textIndex('', 'a', 'any', table('', ['a*', 'b', 'true'])), /may match an empty text/],
    [textIndex('', 'a', 'any', table('', ['a', '$1'])), /by one with \$/],
    [textIndex('x-wordRE="\\w+"', 'a', 'any', table('', ['a', 'b'])), /tell cases apart/],
    [textIndex('maxLevenshteinDistance="1"', 'a'), /maxLevenshteinDistance 1/],
    [textIndex('localTermWeights="augmentedNormalizedTermFrequency"', 'a'), /augmentedNormalized/],
    [textIndex('localTermWeights="other"', 'a'), /localTermWeights "other", not one of/],
    [textIndex('tokenize="false"', 'a'), /tokenize false/],
    [
      textIndex('wordSeparatorCharacterRE=",\\s"', 'a'),
      /",\\\\s", which matches other than single characters/,
    ],
    [textIndex('wordSeparatorCharacterRE="\\b"', 'a'), /other than single characters/],
    [textIndex('x-wordRE="\\w*"', 'a'), /may match an empty text/],
    [textIndex('', 'a', 'x'), /takes a number for a text/],
    ['<TextIndex textField="any"><FieldRef field="any"/></TextIndex>', /no constant text/],
    [textIndex('', Array.from({ length: 21 }, () => 'a').join(' ')), /more than 20 words/],
  ])('%s is refused by name', (expression, message) => {
    const error = failure(model(expression));
    expect(error.code).toBe('PGS_UNSUPPORTED');
    expect(error.message).toMatch(message);
  });
});

function table(attributes: string, ...rows: readonly (readonly string[])[]): string {
  const cells = rows.map(
    ([from, to, regex = 'false']) =>
      `<row><string>${from}</string><stem>${to}</stem><regex>${regex}</regex></row>`,
  );
  return `<TextIndexNormalization ${attributes}><InlineTable>${cells.join('')}</InlineTable></TextIndexNormalization>`;
}

/** What JPMML writes of TfidfVectorizer: a function of the text, a term and its weight, and a field for each term. */
function linear(
  terms: readonly string[],
  weights: readonly number[],
  any: string,
  normalization = '',
): { readonly text: string; readonly row: Row } {
  const fields = terms.map(
    (term, i) =>
      `<DerivedField name="f${i}" optype="continuous" dataType="double"><Apply function="tf-idf"><FieldRef field="any"/><Constant dataType="string">${term}</Constant><Constant dataType="double">${weights[i]}</Constant></Apply></DerivedField>`,
  );
  const predictors = terms.map((_, i) => `<NumericPredictor name="f${i}" coefficient="1"/>`);
  const dictionary = `<DefineFunction name="tf-idf" optype="continuous" dataType="double">
    <ParameterField name="document"/><ParameterField name="term"/><ParameterField name="weight"/>
    <Apply function="*"><TextIndex textField="document">${normalization}<FieldRef field="term"/></TextIndex><FieldRef field="weight"/></Apply>
    </DefineFunction>`;
  const text = pmmlText(
    texts('any'),
    `<RegressionModel functionName="regression">${schema(['any'])}
    <LocalTransformations>${fields.join('')}</LocalTransformations>
    <RegressionTable intercept="0">${predictors.join('')}</RegressionTable></RegressionModel>`,
    dictionary,
  );
  return { text, row: { any } };
}
