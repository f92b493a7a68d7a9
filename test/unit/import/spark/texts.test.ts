import { describe, expect, it } from 'vitest';
import { readJson } from '../../../conformance/runner.ts';
import {
  assembler,
  importSaved,
  MATRIX,
  matrix,
  pipeline,
  type Saved,
  type StageOptions,
  saved,
  score,
  transform,
  VECTOR,
  vector,
  wordVectors,
} from './files.ts';

/** A stage between two columns. */
function stage(name: string, input: string, output: string, options: StageOptions = {}): Saved {
  const params = { inputCol: input, outputCol: output, ...options.params };
  return saved(name, { uid: `${name}_${output}`, ...options, params });
}

function counter(vocabulary: readonly string[], params: Readonly<Record<string, unknown>> = {}): Saved {
  return stage('CountVectorizerModel', 'terms', 'counts', {
    params,
    data: { data: [{ vocabulary: { list: 'text' } }, [{ vocabulary }]] },
  });
}

const tokenizer = stage('Tokenizer', 'text', 'terms');

/** Counts of terms that stages make from a text. */
function counting(vocabulary: readonly string[], ...stages: readonly Saved[]): Saved {
  return pipeline([...stages, counter(vocabulary)]);
}

function splitting(params: Readonly<Record<string, unknown>>, vocabulary: readonly string[]): Saved {
  return counting(vocabulary, stage('RegexTokenizer', 'text', 'terms', { params }));
}

describe('Tokenizer', () => {
  it('splits at each white space of ASCII, and drops empty terms at the end alone', async () => {
    const model = counting(['', 'a', 'b', 'c\u00a0d'], tokenizer);
    // '', A, '', b; then c, U+00A0 and d as one.
    expect(await transform(model, { text: ' A  b\tc\u00a0d \n' })).toEqual([2, 1, 1, 1]);
    // Without any match Java answers with the text as it is.
    expect(await transform(model, { text: '' })).toEqual([1, 0, 0, 0]);
    expect(await transform(model, { text: '  ' })).toEqual([0, 0, 0, 0]);
    expect(importSaved(model).model.features).toEqual([{ kind: 'text', name: 'text', categories: [] }]);
  });

  it('answers NULL for a missing text, which is an error to Spark', async () => {
    expect((await score(counting(['a'], tokenizer), { text: null })).value).toBeNull();
  });

  const { lowercases } = readJson<{ lowercases: readonly (readonly [string, string])[] }>(
    'java-patterns/cases.json',
  );

  it('has the lower case of Java, or no prediction', async () => {
    const answers = await Promise.all(
      lowercases.map(async ([text, lower]) => {
        const terms = [...new Set(lower.split(' '))];
        const { value, raw } = await score(counting(terms, tokenizer), { text });
        return value === null ? text : raw.every((count) => count > 0);
      }),
    );
    // Beside a capital sigma: digits, and signs that join words to one of the two.
    const none = ['ΑΣ1', 'ΑΣ1Α', 'ΑΣ-Α', 'ΑΣ.Α', "ΑΣ'Α", '1Σ', 'Α\u0301Σ', 'AΣ\u00ad', 'Α:Σ', 'Α_Σ'];
    expect(answers.filter((answer) => answer !== true)).toEqual(none);
  });

  it('refuses what is no text of the table', () => {
    const indexed = saved('IndexToString', {
      params: { inputCol: 'index', outputCol: 'text', labels: ['a'] },
    });
    expect(() => importSaved(counting(['a'], indexed, tokenizer))).toThrow('splits a text that the pipeline');
  });
});

describe('RegexTokenizer', () => {
  it('splits at matches, in lower case, without empty terms, unless told otherwise', async () => {
    expect(await transform(splitting({}, ['', 'ab', 'c']), { text: ' Ab  c ' })).toEqual([0, 1, 1]);
    const kept = splitting({ minTokenLength: 0, toLowercase: false, pattern: ',' }, ['', 'A', 'a']);
    expect(await transform(kept, { text: ',A,,a,,' })).toEqual([2, 1, 1]);
  });

  it('finds matches; lengths are in UTF-16', async () => {
    const model = splitting({ gaps: false, pattern: '(\\w)+|\\p{So}', minTokenLength: 2 }, ['ab', 'c', '👍']);
    expect(await transform(model, { text: 'ab-c-👍' })).toEqual([1, 0, 1]);
  });

  it('needs no look at sigmas where terms are of ASCII', async () => {
    expect(await transform(splitting({ pattern: '\\W+' }, ['a']), { text: 'a Σ1' })).toEqual([1]);
    expect((await score(splitting({}, ['a']), { text: 'a Σ1' })).value).toBeNull();
  });

  it('refuses a pattern by name', () => {
    expect(() => importSaved(splitting({ pattern: '\\b' }, ['a']))).toThrow(
      'has the pattern "\\\\b", which has the escape \\b',
    );
  });
});

describe('StopWordsRemover', () => {
  const removing = (params: Readonly<Record<string, unknown>>): Saved =>
    counting(
      ['The', 'the', 'end'],
      stage('RegexTokenizer', 'text', 'words', { params: { toLowercase: false } }),
      stage('StopWordsRemover', 'words', 'terms', { params: { stopWords: ['THE'], ...params } }),
    );

  it('ignores case unless told otherwise', async () => {
    const text = 'The the end';
    expect(await transform(removing({}), { text })).toEqual([0, 0, 1]);
    expect(await transform(removing({ locale: 'en_US' }), { text })).toEqual([0, 0, 1]);
    expect(await transform(removing({ caseSensitive: true, stopWords: ['the'] }), { text })).toEqual([
      1, 0, 1,
    ]);
  });

  it('refuses languages of other cases', () => {
    expect(() => importSaved(removing({ locale: 'tr_TR' }))).toThrow('ignores case as locale "tr_TR" has it');
    expect(() => importSaved(removing({ locale: 'tr', caseSensitive: true }))).not.toThrow();
  });
});

describe('NGram', () => {
  it('joins runs of one length, none of a shorter list', async () => {
    const model = counting(
      ['a b', 'b c', 'a b c', 'a'],
      stage('Tokenizer', 'text', 'words'),
      stage('NGram', 'words', 'terms'),
    );
    expect(await transform(model, { text: 'a b c' })).toEqual([1, 1, 0, 0]);
    expect(await transform(model, { text: 'a' })).toEqual([0, 0, 0, 0]);
  });
});

describe('HashingTF', () => {
  const hashing = (version: string, params: Readonly<Record<string, unknown>>): Saved =>
    pipeline([tokenizer, stage('HashingTF', 'terms', 'counts', { version, params })]);

  /** The columns of a, b and c by pyspark's documentation of each version. */
  it.each([
    ['2.4.8', 10, [0, 1, 2]],
    ['2.4.8', 5, [0, 1, 2]],
    ['3.2.2', 10, [5, 7, 8]],
    ['4.0.0', 5, [0, 2, 3]],
  ])('has the columns of Spark %s among %i', async (version, numFeatures, columns) => {
    const expected = Array.from({ length: numFeatures }, (_, i) => (columns.includes(i) ? 1 : 0));
    expect(await transform(hashing(version, { numFeatures }), { text: 'a b c' })).toEqual(expected);
  });

  it('counts, or says that there are any', async () => {
    // b is in column 5 of 10, as is indexOf of the documentation.
    const counts = await transform(hashing('3.5.1', { numFeatures: 10 }), { text: 'b b' });
    expect(counts[5]).toBe(2);
    const flags = await transform(hashing('3.5.1', { numFeatures: 10, binary: true }), { text: 'b b' });
    expect(flags[5]).toBe(1);
  });

  it('refuses the hash of Spark 1, more columns than fit, and lists of the table', () => {
    expect(() => importSaved(hashing('1.6.3', {}))).toThrow("Java's hashCode");
    expect(() => importSaved(hashing('3.5.1', { numFeatures: 2 ** 24 }))).toThrow('numFeatures is 16777216');
    expect(() => importSaved(pipeline([stage('HashingTF', 'terms', 'counts')]))).toThrow(
      'takes lists of terms, but gets a column "terms" of the table',
    );
  });
});

describe('CountVectorizerModel', () => {
  const model = (params: Readonly<Record<string, unknown>>): Saved =>
    pipeline([tokenizer, counter(['a', 'b', 'c'], params)]);
  const text = 'a a a b b c x x x x';

  it('leaves out what is rarer than minTF, a count or a share of all terms', async () => {
    expect(await transform(model({}), { text })).toEqual([3, 2, 1]);
    expect(await transform(model({ minTF: 2 }), { text })).toEqual([3, 2, 0]);
    // Of ten terms: 0.25 * 10 = 2.5.
    expect(await transform(model({ minTF: 0.25 }), { text })).toEqual([3, 0, 0]);
    expect(await transform(model({ minTF: 2, binary: true }), { text })).toEqual([1, 1, 0]);
  });

  it('refuses a damaged vocabulary', () => {
    expect(() => importSaved(counting(['a', 'a'], tokenizer))).toThrow('has the same term twice');
    expect(() => importSaved(counting([], tokenizer))).toThrow('has no vocabulary');
  });
});

describe('IDFModel', () => {
  const weights = (idf: readonly number[]): Saved =>
    stage('IDFModel', 'counts', 'features', {
      data: { data: [{ idf: VECTOR }, [{ idf: vector(...idf) }]] },
    });

  it('multiplies counts, and other vectors', async () => {
    const model = pipeline([tokenizer, counter(['a', 'b']), weights([0.5, 0])]);
    expect(await transform(model, { text: 'a a a b' })).toEqual([1.5, 0]);
    const numbers = stage('IDFModel', 'features', 'weighted', {
      data: { data: [{ idf: VECTOR }, [{ idf: vector(2, 0.5) }]] },
    });
    expect(await transform(pipeline([assembler('x', 'y'), numbers]), { x: -3, y: 5 })).toEqual([-6, 2.5]);
    expect(() => importSaved(pipeline([tokenizer, counter(['a']), weights([1, 2])]))).toThrow(
      'was fitted on 2 features, but gets 1',
    );
  });

  it('stands before naive Bayes, with numbers beside it', async () => {
    const bayes = saved('NaiveBayesModel', {
      package: 'org.apache.spark.ml.classification',
      params: { featuresCol: 'all' },
      data: {
        data: [
          { pi: VECTOR, theta: MATRIX },
          [
            {
              pi: vector(-1, -2),
              theta: matrix([
                [-1, -2, -4],
                [-2, -1, -8],
              ]),
            },
          ],
        ],
      },
    });
    const both = saved('VectorAssembler', { params: { inputCols: ['features', 'n'], outputCol: 'all' } });
    const model = pipeline([tokenizer, counter(['a', 'b']), weights([1, 2]), both, bayes]);
    // a once, b with its weight 2, n = 0.5: -1 - 1 - 4 - 2 = -8 and -2 - 2 - 2 - 4 = -10.
    expect((await score(model, { text: 'a b', n: 0.5 })).raw).toEqual([-8, -10]);
    // A negative number is an error; counts need no look, or each row would take the time of the vocabulary.
    const looks = importSaved(model).model.steps.flatMap((step) =>
      step.kind === 'map' && step.operations.some(({ name }) => name === 'compare') ? step.inputs : [],
    );
    expect(looks).toHaveLength(1);
    expect((await score(model, { text: 'a b', n: -0.5 })).value).toBeNull();
    expect((await score(model, { text: null, n: 0.5 })).value).toBeNull();
  });
});

describe('CONCAT in SQLTransformer', () => {
  const sql = (statement: string): Saved => saved('SQLTransformer', { params: { statement } });
  const joined = (labels: readonly string[], expression: string, handleInvalid = 'keep'): Saved =>
    pipeline([
      sql(`SELECT *, ${expression} AS both FROM __THIS__`),
      saved('StringIndexerModel', {
        params: { inputCol: 'both', outputCol: 'index', handleInvalid },
        data: { data: [{ labelsArray: { list: { list: 'text' } } }, [{ labelsArray: [labels] }]] },
      }),
    ]);

  it('finds all ways to make a label', async () => {
    const model = joined(['1/8', 'a//b', '/'], "CONCAT(x, '/', y)");
    const rows: readonly (readonly [string | null, string | null, number])[] = [
      ['1', '8', 0],
      ['a', '/b', 1],
      ['a/', 'b', 1],
      ['', '', 2],
      ['1', 'b', 3],
      ['1/8', '', 3],
      ['8', '1', 3],
      [null, '8', 3],
    ];
    for (const [x, y, index] of rows) expect(await transform(model, { x, y })).toEqual([index]);
    expect((await score(joined(['1/8'], "CONCAT(x, '/', y)", 'error'), { x: '1', y: '9' })).value).toBeNull();
  });

  it('joins columns without anything between them', async () => {
    const model = joined(['ab', '👍'], 'concat(x, y)');
    expect(await transform(model, { x: 'a', y: 'b' })).toEqual([0]);
    expect(await transform(model, { x: '', y: 'ab' })).toEqual([0]);
    expect(await transform(model, { x: '👍', y: '' })).toEqual([1]);
    expect(await transform(model, { x: 'b', y: 'a' })).toEqual([2]);
  });

  it('refuses numbers, computed texts and other users', () => {
    expect(() => importSaved(joined(['1.0/8.0'], "CONCAT(x, '/', y)"))).toThrow('joins the numbers of x');
    expect(() => importSaved(joined(['a'], 'CONCAT(x + 1, y)'))).toThrow('joins other things than columns');
    expect(() => importSaved(joined(['a'.repeat(900)], 'CONCAT(x, y, z)'))).toThrow(
      'in more than 100000 ways',
    );
    // Time is bounded where no way is found, too.
    expect(() => importSaved(joined(['a'.repeat(3000)], "CONCAT(x, 'a', y, 'a', z, 'b')"))).toThrow('ways');
    const number = pipeline([
      sql("SELECT *, CONCAT(x, 'a') AS a FROM __THIS__"),
      saved('VectorAssembler', { params: { inputCols: ['a'], outputCol: 'features' } }),
    ]);
    expect(() => importSaved(number)).toThrow('takes a number, but gets a concatenation');
  });
});

describe('Word2VecModel', () => {
  const params = { inputCol: 'terms', outputCol: 'features' };
  const averaging = (
    vectors: Readonly<Record<string, readonly number[]>>,
    options: StageOptions = {},
    words = tokenizer,
  ): Saved => pipeline([words, wordVectors(vectors, { params, ...options })]);

  it('averages the vectors of all words, unknown ones as zeros', async () => {
    const model = averaging({ a: [1, -2], b: [4, 0.5] });
    expect(await transform(model, { text: 'a b' })).toEqual([2.5, -0.75]);
    expect(await transform(model, { text: 'A b x a' })).toEqual([1.5, -0.875]);
    expect(await transform(model, { text: 'x' })).toEqual([0, 0]);
    expect(importSaved(model).model.features).toEqual([{ kind: 'text', name: 'text', categories: [] }]);
  });

  it('gives zeros for a list without words', async () => {
    const words = stage('RegexTokenizer', 'text', 'terms');
    expect(await transform(averaging({ a: [1, 2] }, {}, words), { text: '' })).toEqual([0, 0]);
    // Tokenizer's list for the empty text has one word, the empty one.
    expect(await transform(averaging({ '': [1, 2] }), { text: '' })).toEqual([1, 2]);
  });

  it('adds up in the order of the text, in float64, and multiplies by 1 / n', async () => {
    const model = averaging({ great: [2 ** 60], one: [1], less: [-(2 ** 60)], five: [5], tenth: [0.1] });
    // (2^60 + 1) - 2^60 is 0 in float64; (2^60 - 2^60) + 1 is 1.
    expect(await transform(model, { text: 'great one less' })).toEqual([0]);
    expect(await transform(model, { text: 'great less one' })).toEqual([1 / 3]);
    // 5 / 3 would be 1.6666666666666667.
    expect(await transform(model, { text: 'five x x' })).toEqual([1.6666666666666665]);
    // Vectors are float32.
    expect(await transform(model, { text: 'tenth' })).toEqual([Math.fround(0.1)]);
  });

  it('reads the one row that Spark had before 2.2', async () => {
    const data = {
      data: [
        { wordIndex: { map: ['text', 'int'] }, wordVectors: { list: 'float' } },
        [{ wordIndex: { b: 1, a: 0 }, wordVectors: [1, 2, 3, 4] }],
      ],
    } as const;
    const model = averaging({ a: [0, 0] }, { version: '2.1.3', data });
    expect(await transform(model, { text: 'b b a x' })).toEqual([(3 + 3 + 1) / 4, (4 + 4 + 2) / 4]);
    const twice = {
      data: [data.data[0], [{ wordIndex: { b: 0, a: 0 }, wordVectors: [1, 2, 3, 4] }]],
    } as const;
    expect(() => importSaved(averaging({ a: [0, 0] }, { data: twice }))).toThrow('has the place 0');
    const short = { data: [data.data[0], [{ wordIndex: { b: 0, a: 1 }, wordVectors: [1, 2, 3] }]] } as const;
    expect(() => importSaved(averaging({ a: [0, 0] }, { data: short }))).toThrow('has 3 numbers for 2 words');
  });

  it('gives no prediction for a missing text', async () => {
    expect((await score(averaging({ a: [1] }), { text: null })).value).toBeNull();
  });

  it.each([
    [{ a: [1, 2], b: [1] }, 'has a vector of 1 numbers instead of 2'],
    [{ a: [Infinity] }, 'has a vector that is not finite'],
    [{}, 'has no words'],
  ])('refuses damaged vectors: %j', (vectors, reason) => {
    expect(() => importSaved(averaging(vectors))).toThrow(
      expect.objectContaining({ code: 'PGS_FILE', message: expect.stringContaining(reason) }),
    );
  });

  it('refuses lists of the table', () => {
    expect(() => importSaved(pipeline([wordVectors({ a: [1] }, { params })]))).toThrow(
      'takes lists of terms, but gets a column "terms" of the table',
    );
  });
});

describe('stages that stay refused say what to do', () => {
  it.each([
    ['FeatureHasher', { outputCol: 'features' }, 'StringIndexer and OneHotEncoder'],
    ['ALSModel', { predictionCol: 'prediction' }, 'userFactors and itemFactors'],
    ['LocalLDAModel', { topicDistributionCol: 'topics' }, 'topicDistribution'],
  ])('%s', (name, params, hint) => {
    const model = pipeline([
      saved(name, { params }),
      saved('Binarizer', { params: { inputCol: 'features', outputCol: 'out' } }),
    ]);
    expect(() => importSaved(model)).toThrow(
      expect.objectContaining({ code: 'PGS_UNSUPPORTED', hint: expect.stringContaining(hint) }),
    );
  });
});
