import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../../src/ir/evaluate.ts';
import { type PyInstance, pickle, pipelineOf, read, regression, scaler } from './files.ts';

const DEFAULTS = {
  ...{ input: 'content', lowercase: true, preprocessor: null, tokenizer: null, stop_words: null },
  ...{
    token_pattern: '(?u)\\b\\w\\w+\\b',
    strip_accents: null,
    analyzer: 'word',
    ngram_range: [1, 1],
    binary: false,
  },
};

function vectorizer(state: PyInstance['state'] = {}): PyInstance {
  const vocabulary = new Map([
    ['two', 1],
    ['one', 0],
  ]);
  return {
    type: 'sklearn.feature_extraction.text.CountVectorizer',
    state: { ...DEFAULTS, vocabulary_: vocabulary, ...state },
  };
}

function hashing(state: PyInstance['state'] = {}): PyInstance {
  return {
    type: 'sklearn.feature_extraction.text.HashingVectorizer',
    state: { ...DEFAULTS, n_features: 4, alternate_sign: true, norm: 'l2', ...state },
  };
}

function values(root: PyInstance, text: string | null): readonly number[] | undefined {
  return evaluate(read(pickle(root)).model, [text]).prediction.values;
}

describe('a vectorizer', () => {
  it('has its columns in the order of the numbers of its vocabulary', () => {
    const { model, source } = read(pickle(vectorizer()));
    expect(model.features).toEqual([{ kind: 'text', name: 'x0', categories: [] }]);
    expect(source.notes).toContain(
      'The file holds a transformer: `values` has the columns that transform() gives.',
    );
    expect(values(vectorizer(), 'Two, one; TWO three')).toEqual([1, 2]);
  });

  it('leaves out stop words before it makes runs, those of English by name', () => {
    const vocabulary = new Map([
      ['cat hat', 0],
      ['in the', 1],
    ]);
    const runs = { ngram_range: [1, 2], vocabulary_: vocabulary };
    expect(values(vectorizer(runs), 'cat in the hat')).toEqual([0, 1]);
    expect(values(vectorizer({ ...runs, stop_words: 'english' }), 'cat in the hat')).toEqual([1, 0]);
    expect(values(vectorizer({ ...runs, stop_words: ['cat'] }), 'cat in the hat')).toEqual([0, 1]);
  });

  it('gives no numbers for NULL', () => {
    const two = { n_features_in_: 2, coef_: { shape: [2], numbers: [1, 1] } };
    const { model } = read(pickle(pipelineOf(['words', vectorizer()], ['model', regression(two)])));
    expect(evaluate(model, ['one two']).prediction.value).toBe(3.5);
    expect(evaluate(model, [null]).prediction.value).toBeNull();
  });
});

describe('what is not scored exactly is refused, with its place and a remedy', () => {
  it.each<[string, PyInstance, RegExp]>([
    ['a tokenizer', vectorizer({ tokenizer: 'split' }), /has a tokenizer of its own/],
    ['a preprocessor', vectorizer({ preprocessor: 'strip' }), /has a preprocessor of its own/],
    ['an analyzer', vectorizer({ analyzer: 'own' }), /has an analyzer of its own/],
    ['accents', vectorizer({ strip_accents: 'own' }), /strips accents by a function/],
    ['files', vectorizer({ input: 'filename' }), /reads files/],
    ['stop words', vectorizer({ stop_words: 'german' }), /unknown stop words german/],
    ['a pattern', vectorizer({ token_pattern: '(?:\\w+)+!' }), /token_pattern .* exponential time/],
    ['an unknown norm', hashing({ norm: 'l3' }), /unknown norm l3/],
    ['float32', hashing({ dtype: 'float32' }), /computes in float32/],
    [
      'a number before it',
      pipelineOf(['scale', scaler()], ['words', vectorizer()]),
      /takes texts, but gets a computed/,
    ],
    [
      'dicts of hashed keys',
      pipelineOf(
        ['hash', { type: 'sklearn.feature_extraction._hash.FeatureHasher', state: {} }],
        ['model', { type: 'sklearn.linear_model._base.LinearRegression', state: {} }],
      ),
      /FeatureHasher.* tells nothing of what they were/,
    ],
    [
      'dicts of what another step made',
      pipelineOf(
        ['scale', scaler()],
        [
          'dicts',
          {
            type: 'sklearn.feature_extraction._dict_vectorizer.DictVectorizer',
            state: { separator: '=', feature_names_: ['age', 'city=Rome'] },
          },
        ],
      ),
      /step "dicts" \(DictVectorizer\): takes dicts of 2 keys, but gets 1 columns/,
    ],
  ])('%s', (_, root, message) => {
    expect(() => read(pickle(root))).toThrow(
      expect.objectContaining({ code: 'PGS_UNSUPPORTED', message: expect.stringMatching(message) }),
    );
  });
});

describe('files that do not fit are damaged', () => {
  it.each<[string, PyInstance, RegExp]>([
    ['no vocabulary', vectorizer({ vocabulary_: null }), /has no vocabulary_/],
    ['no terms', vectorizer({ vocabulary_: new Map() }), /some column has no term/],
    ['a column beyond', vectorizer({ vocabulary_: new Map([['a', 7]]) }), /do not count from 0/],
    [
      'a column twice',
      vectorizer({
        vocabulary_: new Map([
          ['a', 0],
          ['b', 0],
        ]),
      }),
      /some column has no term/,
    ],
    ['runs', vectorizer({ ngram_range: [2, 1] }), /has no ngram_range/],
    ['columns', hashing({ n_features: 0 }), /n_features/],
    [
      'frequencies',
      pipelineOf(
        ['words', vectorizer()],
        [
          'tfidf',
          { type: 'sklearn.feature_extraction.text.TfidfTransformer', state: { use_idf: true, norm: 'l2' } },
        ],
        ['model', regression()],
      ),
      /document frequency for each of its 2 columns/,
    ],
  ])('%s', (_, root, message) => {
    expect(() => read(pickle(root))).toThrow(
      expect.objectContaining({ code: 'PGS_FILE', message: expect.stringMatching(message) }),
    );
  });
});
