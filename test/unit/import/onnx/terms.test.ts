import { describe, expect, it } from 'vitest';
import { type FileValue, floatConstant, importFile, type NodeValue, score, TYPE } from './files.ts';

/** The vocabulary: a, b and c. */
const counting: readonly NodeValue[] = [
  {
    operator: 'Tokenizer',
    domain: 'com.microsoft',
    inputs: ['text'],
    outputs: ['terms'],
    attributes: {
      mark: { int: 0 },
      mincharnum: { int: 1 },
      pad_value: { text: '#' },
      tokenexp: { text: '[a-z]+' },
    },
  },
  {
    operator: 'TfIdfVectorizer',
    inputs: ['terms'],
    outputs: ['counts'],
    attributes: {
      mode: { text: 'TF' },
      min_gram_length: { int: 1 },
      max_gram_length: { int: 1 },
      max_skip_count: { int: 0 },
      ngram_counts: { ints: [0] },
      ngram_indexes: { ints: [0, 1, 2] },
      pool_strings: { texts: ['a', 'b', 'c'] },
    },
  },
];

function ml(
  operator: string,
  input: string,
  output: string,
  attributes: NodeValue['attributes'] = {},
): NodeValue {
  return { operator, domain: 'ai.onnx.ml', inputs: [input], outputs: [output], attributes };
}

const times: NodeValue = { operator: 'Mul', inputs: ['counts', 'idf'], outputs: ['weights'] };
const total: NodeValue = { operator: 'MatMul', inputs: ['last', 'ones'], outputs: ['y'] };

function file(idf: readonly number[], ...nodes: readonly NodeValue[]): FileValue {
  return {
    nodes: [...counting, ...nodes],
    inputs: [{ name: 'text', type: TYPE.string, dims: [null, 1] }],
    outputs: [{ name: 'y', type: TYPE.float, dims: [null, 1] }],
    constants: [floatConstant('idf', idf, [1, idf.length]), floatConstant('ones', [1, 10, 100], [3, 1])],
  };
}

const kindsOf = (value: FileValue) => importFile(value).model.steps.map(({ kind }) => kind);
const predicted = (value: FileValue, text: string | null) => score(value, [text]).value;
const round = Math.fround;

describe('what follows the counts of terms passes over those that a text has not', () => {
  it('products with constants', async () => {
    const model = file([2, 0.5, 0], times, { ...total, inputs: ['weights', 'ones'] });
    expect(kindsOf(model)).toEqual(['count-terms', 'weigh', 'linear']);
    // 2 · 1 of a, 0.5 · 3 · 10 of b, nothing of c and of d.
    expect(predicted(model, 'a b b b c d')).toBe(17);
    expect(predicted(model, '')).toBe(0);
    expect(predicted(model, null)).toBe(0);
  });

  it.each([
    // Each x to √(x² / Σx²) of (1, 2, 2): √(1/9), √(4/9) and √(4/9) in float32.
    ['L2', (x: number) => round(Math.sqrt(round((x * x) / 9)))],
    ['L1', (x: number) => round(x / 5)],
    ['MAX', (x: number) => round(x / 2)],
  ])('the norm %s', async (norm, scaled) => {
    const normalizer = ml('Normalizer', 'counts', 'last', { norm: { text: norm } });
    const model = file([1, 1, 1], normalizer, total);
    expect(kindsOf(model)).toEqual(['count-terms', 'weigh', 'linear']);
    const [one, two] = [scaled(1), scaled(2)];
    // Products and sums of MatMul, one by one in float32.
    const expected = round(round(one + round(10 * two)) + round(100 * two));
    expect(predicted(model, 'c a b b c')).toBe(expected);
    expect(predicted(model, 'none of these')).toBe(0);
  });

  it('both together', () => {
    const model = file(
      [2, 3, 4],
      times,
      ml('Normalizer', 'weights', 'last', { norm: { text: 'L2' } }),
      total,
    );
    expect(kindsOf(model)).toEqual(['count-terms', 'weigh', 'weigh', 'linear']);
  });

  it('but not products with what is negative, or so great that a norm is not finite', async () => {
    const negative = file([2, -3, 4], times, { ...total, inputs: ['weights', 'ones'] });
    expect(kindsOf(negative)).toEqual(['count-terms', 'map', 'linear']);
    expect(predicted(negative, 'a b')).toBe(2 - 30);
    const great = file([1e20, 1, 1], times, { ...total, inputs: ['weights', 'ones'] });
    expect(kindsOf(great)).toEqual(['count-terms', 'map', 'linear']);
  });
});
