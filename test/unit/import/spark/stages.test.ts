import { describe, expect, it } from 'vitest';
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
} from './files.ts';

/** A transformer behind an assembler of a and b, or of the given columns. */
function behind(name: string, options: StageOptions, columns: readonly string[] = ['a', 'b']): Saved {
  const params = { inputCol: 'features', outputCol: 'out', ...options.params };
  return pipeline([assembler(...columns), saved(name, { ...options, params })]);
}

function indexer(labels: readonly string[], handleInvalid: string, version = '3.5.1'): Saved {
  const old = version.startsWith('2');
  return saved('StringIndexerModel', {
    version,
    params: { inputCol: 'city', outputCol: 'index', handleInvalid },
    data: {
      data: old
        ? [{ labels: { list: 'text' } }, [{ labels }]]
        : [{ labelsArray: { list: { list: 'text' } } }, [{ labelsArray: [labels] }]],
    },
  });
}

function encoder(categorySizes: readonly number[], params: Readonly<Record<string, unknown>>): Saved {
  return saved('OneHotEncoderModel', {
    params: { inputCols: ['index'], outputCols: ['out'], ...params },
    defaults: { dropLast: true, handleInvalid: 'error' },
    data: { data: [{ categorySizes: { list: 'int' } }, [{ categorySizes }]] },
  });
}

describe('StringIndexerModel', () => {
  it.each(['2.4.8', '3.5.1', '4.1.0'])(
    'gives the position of a label, as Spark %s stores them',
    async (version) => {
      const model = indexer(['x', 'y'], 'error', version);
      expect(await transform(model, { city: 'y' })).toEqual([1]);
      expect(importSaved(model).model.features).toEqual([
        { kind: 'text', name: 'city', categories: ['x', 'y'] },
      ]);
      expect(importSaved(model).source.formatVersion).toBe(version);
    },
  );

  it.each(['error', 'skip'])('answers NULL for what it does not know (%s)', async (handling) => {
    for (const city of ['z', '', null]) {
      expect((await score(indexer(['x', 'y'], handling), { city })).value).toBeNull();
    }
  });

  it('gives what it does not know a position of its own (keep)', async () => {
    for (const city of ['z', null])
      expect(await transform(indexer(['x', 'y'], 'keep'), { city })).toEqual([2]);
  });

  it('indexes several columns at once', async () => {
    const model = saved('StringIndexerModel', {
      params: { inputCols: ['a', 'b'], outputCols: ['i', 'k'], handleInvalid: 'error' },
      data: {
        data: [
          { labelsArray: { list: { list: 'text' } } },
          [
            {
              labelsArray: [
                ['p', 'q'],
                ['r', 's', 't'],
              ],
            },
          ],
        ],
      },
    });
    expect(await transform(model, { a: 'q', b: 't' })).toEqual([1, 2]);
  });

  it('takes a column for numbers where its labels are doubles, as Java writes them', async () => {
    const model = indexer(['8.0', '4.0', '1.0E10'], 'error');
    expect(await transform(model, { city: 1e10 })).toEqual([2]);
    expect((await score(model, { city: 5 })).value).toBeNull();
  });

  it('indexes the numbers of a stage before', async () => {
    const buckets = saved('Bucketizer', {
      params: { inputCol: 'x', outputCol: 'city', splits: ['-Inf', 0, 1, 'Inf'] },
    });
    // Bucket 2 was the most frequent.
    expect(await transform(pipeline([buckets, indexer(['2.0', '0.0', '1.0'], 'error')]), { x: 5 })).toEqual([
      0,
    ]);
  });
});

describe('OneHotEncoderModel', () => {
  const encoded = (params: Readonly<Record<string, unknown>>, city: string | null, handling = 'keep') =>
    transform(pipeline([indexer(['x', 'y'], handling), encoder([2], params)]), { city });

  it('has an element a category but the last', async () => {
    expect(await encoded({}, 'x')).toEqual([1]);
    expect(await encoded({}, 'y')).toEqual([0]);
    expect(await encoded({ dropLast: false }, 'y')).toEqual([0, 1]);
  });

  it('keeps invalid values in an element after the others, which dropLast drops', async () => {
    expect(await encoded({ handleInvalid: 'keep' }, 'z')).toEqual([0, 0]);
    expect(await encoded({ handleInvalid: 'keep', dropLast: false }, 'z')).toEqual([0, 0, 1]);
    expect(await encoded({ handleInvalid: 'keep', dropLast: false }, 'y')).toEqual([0, 1, 0]);
  });

  it('answers NULL for an index beyond its categories (error)', async () => {
    expect(
      (await score(pipeline([indexer(['x', 'y'], 'keep'), encoder([2], {})]), { city: 'z' })).value,
    ).toBeNull();
  });

  it('cuts an index of a raw column to a whole number, and refuses negative ones', async () => {
    expect(await transform(encoder([3], {}), { index: 1.9 })).toEqual([0, 1]);
    expect((await score(encoder([3], {}), { index: -1 })).value).toBeNull();
    expect((await score(encoder([3], {}), { index: null })).value).toBeNull();
  });

  it('of Spark 2 without a model counts the categories of the indexer before it', async () => {
    const old = saved('OneHotEncoder', {
      version: '2.3.0',
      params: { inputCol: 'index', outputCol: 'out', dropLast: true },
    });
    const model = pipeline([indexer(['x', 'y', 'z'], 'error', '2.3.0'), old], '2.3.0');
    expect(await transform(model, { city: 'y' })).toEqual([0, 1]);
    expect(await transform(model, { city: 'z' })).toEqual([0, 0]);
    expect(() => importSaved(old)).toThrow(/counts the categories of its column anew/);
  });
});

describe('VectorAssembler', () => {
  const assembled = (handleInvalid?: string) =>
    saved('VectorAssembler', {
      params: {
        inputCols: ['b', 'a'],
        outputCol: 'v',
        ...(handleInvalid === undefined ? {} : { handleInvalid }),
      },
    });

  it('puts columns side by side, in its own order', async () => {
    expect(await transform(assembled(), { a: 1, b: 2 })).toEqual([2, 1]);
  });

  it('answers NULL where a column is missing, unless that is kept', async () => {
    expect((await score(assembled(), { a: null, b: 2 })).value).toBeNull();
    expect((await score(assembled('skip'), { a: null, b: 2 })).value).toBeNull();
    expect(await transform(assembled('keep'), { a: null, b: 2 })).toEqual([2, Number.NaN]);
  });

  it('lets infinite numbers pass', async () => {
    expect(await transform(assembled(), { a: Infinity, b: 2 })).toEqual([2, Infinity]);
  });
});

describe('stages that scale', () => {
  const row = { a: 3, b: -4 };
  const scaled = (
    name: string,
    columns: Readonly<Record<string, unknown>>,
    params = {},
    version = '3.5.1',
  ) => {
    const types = Object.fromEntries(Object.keys(columns).map((column) => [column, VECTOR]));
    return transform(behind(name, { version, params, data: { data: [types, [columns]] } }), row);
  };

  it('StandardScalerModel', async () => {
    const fitted = { mean: vector(1, 1), std: vector(2, 0) };
    expect(await scaled('StandardScalerModel', fitted, { withMean: true, withStd: true })).toEqual([1, 0]);
    expect(await scaled('StandardScalerModel', fitted, { withMean: true, withStd: false })).toEqual([2, -5]);
    expect(await scaled('StandardScalerModel', fitted, { withMean: false, withStd: false })).toEqual([3, -4]);
  });

  it('RobustScalerModel', async () => {
    const fitted = { range: vector(4, 8), median: vector(1, 4) };
    const params = { withCentering: true, withScaling: true };
    expect(await scaled('RobustScalerModel', fitted, params)).toEqual([0.5, -1]);
  });

  // (3 - 1) / (5 - 1) of the way from -1 to 1 is 0; the second element was constant, and becomes the middle.
  it.each(['2.4.8', '3.5.1'])('MinMaxScalerModel of Spark %s', async (version) => {
    const fitted = { originalMin: vector(1, 7), originalMax: vector(5, 7) };
    expect(await scaled('MinMaxScalerModel', fitted, { min: -1, max: 1 }, version)).toEqual([0, 0]);
    expect(await scaled('MinMaxScalerModel', fitted, { min: 0, max: 3 }, version)).toEqual([1.5, 1.5]);
  });

  it.each(['2.4.8', '3.5.1'])('MaxAbsScalerModel of Spark %s', async (version) => {
    expect(await scaled('MaxAbsScalerModel', { maxAbs: vector(4, 0) }, {}, version)).toEqual([0.75, -4]);
  });

  // Of (3, -4): 1-norm 7, 2-norm 5, greatest 4.
  it.each([
    [1, [3 / 7, -4 / 7]],
    [2, [3 / 5, -4 / 5]],
    ['Inf', [3 / 4, -1]],
  ])('Normalizer of p = %s', async (p, expected) => {
    expect(await transform(behind('Normalizer', { params: { p } }), row)).toEqual(expected);
    expect(await transform(behind('Normalizer', { params: { p } }), { a: 0, b: 0 })).toEqual([0, 0]);
  });

  it('ElementwiseProduct of a sparse vector', async () => {
    const scalingVec = { type: 0, size: 2, indices: [1], values: [0.5] };
    expect(await transform(behind('ElementwiseProduct', { params: { scalingVec } }), row)).toEqual([0, -2]);
  });
});

describe('Bucketizer', () => {
  const bucketizer = (handleInvalid: string) =>
    saved('Bucketizer', { params: { inputCol: 'x', outputCol: 'y', splits: [0, 1, 10], handleInvalid } });

  it.each([
    [0, 0],
    [0.99, 0],
    [1, 1],
    [10, 1],
  ])('puts %d into bucket %d', async (x, bucket) => {
    expect(await transform(bucketizer('error'), { x })).toEqual([bucket]);
  });

  it('answers NULL outside of its splits, even where missing values are kept', async () => {
    for (const x of [-0.1, 10.1, Infinity]) expect((await score(bucketizer('keep'), { x })).value).toBeNull();
    expect((await score(bucketizer('error'), { x: null })).value).toBeNull();
    expect(await transform(bucketizer('keep'), { x: null })).toEqual([2]);
  });
});

it('Binarizer compares with its threshold; NaN is not above', async () => {
  const one = saved('Binarizer', { params: { inputCol: 'x', outputCol: 'y', threshold: 0.5 } });
  expect(await transform(one, { x: 0.5 })).toEqual([0]);
  expect(await transform(one, { x: 0.6 })).toEqual([1]);
  expect(await transform(one, { x: null })).toEqual([0]);
  const vectors = (version: string) => {
    const binarizer = saved('Binarizer', {
      version,
      params: { inputCol: 'features', outputCol: 'out', threshold: -1 },
    });
    const keep = { inputCols: ['a', 'b', 'c'], outputCol: 'features', handleInvalid: 'keep' };
    return pipeline([saved('VectorAssembler', { params: keep }), binarizer]);
  };
  expect(await transform(vectors('3.5.1'), { a: 0, b: -1, c: null })).toEqual([1, 0, 1]);
  expect(() => importSaved(vectors('2.4.8'))).toThrow(/negative threshold/);
});

it('ImputerModel fills in what is missing, and what its own marker says', async () => {
  const imputer = saved('ImputerModel', {
    params: { inputCols: ['x', 'y'], outputCols: ['u', 'v'], missingValue: -1 },
    data: { data: [{ x: 'double', y: 'double' }, [{ x: 5, y: 7 }]] },
  });
  expect(await transform(imputer, { x: null, y: -1 })).toEqual([5, 7]);
  expect(await transform(imputer, { x: 1, y: 2 })).toEqual([1, 2]);
});

describe('stages that combine the elements of vectors', () => {
  it('PCAModel projects without centring', async () => {
    const pc = matrix([
      [1, 0],
      [2, 3],
    ]);
    const model = behind('PCAModel', { data: { data: [{ pc: MATRIX }, [{ pc }]] } });
    expect(await transform(model, { a: 1, b: 10 })).toEqual([21, 30]);
  });

  // The documented order: (x, x * x, y, x * y, y * y).
  it('PolynomialExpansion has its products in the order of Spark', async () => {
    const model = behind('PolynomialExpansion', { params: { degree: 2 } });
    expect(await transform(model, { a: 2, b: 3 })).toEqual([2, 4, 3, 6, 9]);
    const cubes = behind('PolynomialExpansion', { params: { degree: 3 } });
    // x, x², x³, y, xy, x²y, y², xy², y³
    expect(await transform(cubes, { a: 2, b: 3 })).toEqual([2, 4, 8, 3, 6, 12, 9, 18, 27]);
  });

  it('Interaction multiplies every element by every other one, the last column fastest', async () => {
    const both = pipeline([
      saved('VectorAssembler', { uid: 'v', params: { inputCols: ['a', 'b'], outputCol: 'left' } }),
      saved('VectorAssembler', { uid: 'w', params: { inputCols: ['c', 'd'], outputCol: 'right' } }),
      saved('Interaction', { params: { inputCols: ['e', 'left', 'right'], outputCol: 'out' } }),
    ]);
    // e * (a c, a d, b c, b d)
    expect(await transform(both, { a: 1, b: 2, c: 3, d: 5, e: 10 })).toEqual([30, 50, 60, 100]);
  });

  it('Interaction takes an index for one element a category', async () => {
    const model = pipeline([
      indexer(['x', 'y', 'z'], 'error'),
      saved('Interaction', { params: { inputCols: ['index', 'n'], outputCol: 'out' } }),
    ]);
    expect(await transform(model, { city: 'y', n: 7 })).toEqual([0, 7, 0]);
  });

  // Of (1, 3): (1 + 3) / √2 and (1 cos π/4 + 3 cos 3π/4), and back.
  it('DCT and its inverse', async () => {
    const [first, second] = await transform(behind('DCT', { params: { inverse: false } }), { a: 1, b: 3 });
    expect(first).toBeCloseTo(4 / Math.SQRT2, 14);
    expect(second).toBeCloseTo(-2 / Math.SQRT2, 14);
    const back = await transform(behind('DCT', { params: { inverse: true } }), { a: first!, b: second! });
    expect(back[0]).toBeCloseTo(1, 14);
    expect(back[1]).toBeCloseTo(3, 14);
  });

  it('VectorSlicer and selectors pick elements', async () => {
    expect(await transform(behind('VectorSlicer', { params: { indices: [1, 0] } }), { a: 1, b: 2 })).toEqual([
      2, 1,
    ]);
    const selector = behind(
      'ChiSqSelectorModel',
      {
        params: { featuresCol: 'features' },
        data: { data: [{ selectedFeatures: { list: 'int' } }, [{ selectedFeatures: [2, 0] }]] },
      },
      ['a', 'b', 'c'],
    );
    expect(await transform(selector, { a: 1, b: 2, c: 3 })).toEqual([1, 3]);
  });

  it('VectorIndexerModel maps the values of categorical elements', async () => {
    const model = (handleInvalid: string) =>
      behind('VectorIndexerModel', {
        params: { handleInvalid },
        data: {
          data: [
            { numFeatures: 'int', categoryMaps: { map: ['int', { map: ['double', 'int'] }] } },
            [
              {
                numFeatures: 2,
                categoryMaps: new Map([
                  [
                    1,
                    new Map([
                      [-1, 0],
                      [2.5, 1],
                    ]),
                  ],
                ]),
              },
            ],
          ],
        },
      });
    expect(await transform(model('error'), { a: 9, b: 2.5 })).toEqual([9, 1]);
    expect((await score(model('error'), { a: 9, b: 3 })).value).toBeNull();
    expect(await transform(model('keep'), { a: 9, b: 3 })).toEqual([9, 2]);
  });
});

describe('SQLTransformer', () => {
  const sql = (statement: string): Saved => saved('SQLTransformer', { params: { statement } });
  const value = async (expression: string, row: Readonly<Record<string, number | string | null>>) =>
    (await score(sql(`SELECT *, ${expression} AS v FROM __THIS__`), row)).value;

  it.each([
    ['a + b * 2', 3 + 4 * 2],
    ['(a - b) / 2', -0.5],
    ['-a % 2', -1],
    ['CASE WHEN a > 3 THEN 1 WHEN a = 3 THEN 2 ELSE 3 END', 2],
    ['CASE a WHEN 3 THEN 10 END', 10],
    ['if(a <> 3 OR NOT b <= 4, 1, 0)', 0],
    ['a BETWEEN 3 AND 4 AND b IN (1, 4)', 1],
    ['coalesce(NULL, a)', 3],
    ['pow(a, 2) + sqrt(b) + abs(-1)', 12],
    ['CAST(b / a AS INT)', 1],
    ['`a` + __THIS__.b', 7],
  ])('%s', async (expression, expected) => {
    const used = { a: 3, b: 4 };
    expect(await value(expression, used)).toBe(expected);
  });

  it('gives NULL where Spark does', async () => {
    expect(await value('a / b', { a: 1, b: 0 })).toBeNull();
    expect(await value('log(a)', { a: 0 })).toBeNull();
    expect(await value('if(a > 0, 1, 2)', { a: null })).toBe(2);
    expect(await value('a > 0', { a: null })).toBeNull();
    expect(await value('NOT a > 0 OR 1 = 1', { a: null })).toBe(1);
    expect(await value('a IS NULL', { a: null })).toBe(1);
  });

  it('compares texts, and gives texts to an indexer', async () => {
    const chain = pipeline([
      sql("SELECT *, CASE WHEN sex = 'm' THEN 'man' ELSE 'other' END AS city FROM __THIS__"),
      indexer(['other', 'man'], 'error'),
    ]);
    expect(await transform(chain, { sex: 'm' })).toEqual([1]);
    expect(await transform(chain, { sex: 'x' })).toEqual([0]);
    expect(await transform(chain, { sex: null })).toEqual([0]);
  });

  it('drops rows that WHERE does not want', async () => {
    const model = sql('SELECT a + 1 AS v FROM __THIS__ WHERE a > 0');
    expect((await score(model, { a: 1 })).value).toBe(2);
    expect((await score(model, { a: 0 })).value).toBeNull();
    expect((await score(model, { a: null })).value).toBeNull();
  });

  it.each([
    ['SELECT upper(a) AS v FROM __THIS__', /calls upper/],
    ['SELECT a AS v FROM other', /"other"/],
    ['SELECT a AS v FROM __THIS__ GROUP BY a', /"GROUP"/],
    ["SELECT a < 'x' AS v FROM __THIS__", /order/],
    ["SELECT 'it\\'s' AS v FROM __THIS__", /does not read/],
    [`SELECT ${'('.repeat(5000)}1${')'.repeat(5000)} AS v FROM __THIS__`, /nests/],
  ])('refuses %s', (statement, reason) => {
    expect(() => importSaved(sql(statement))).toThrow(reason);
  });
});

describe('what is refused', () => {
  it.each([['FeatureHasher', /FeatureHasher is not scored/]])(
    '%s by name, where its column is needed',
    (name, reason) => {
      const text = saved(name, { params: { inputCol: 'words', outputCol: 'features' } });
      const slicer = saved('VectorSlicer', {
        params: { inputCol: 'features', outputCol: 'out', indices: [0] },
      });
      expect(() => importSaved(pipeline([text, slicer]))).toThrow(reason);
      // A stage beside the way to the prediction does no harm.
      const unused = saved(name, { params: { inputCol: 'words', outputCol: 'other' } });
      expect(
        importSaved(pipeline([unused, assembler('a')])).model.features.map((feature) => feature.name),
      ).toEqual(['a']);
    },
  );

  it('a Pipeline that was not fitted', () => {
    expect(() => importSaved(saved('Pipeline', { package: 'org.apache.spark.ml' }))).toThrow(
      /Pipeline is not scored/,
    );
  });

  it('models of the older package, with another way', () => {
    const older = saved('LogisticRegressionModel', { package: 'org.apache.spark.mllib.classification' });
    expect(() => importSaved(older)).toThrow(/mllib.classification.LogisticRegressionModel is not scored/);
  });

  it('but not what Python wrote in the same layout', async () => {
    const model = saved('VectorAssembler', {
      package: 'pyspark.ml.feature',
      params: { inputCols: ['a'], outputCol: 'v' },
    });
    expect(await transform(model, { a: 2 })).toEqual([2]);
  });

  it('classes of other packages that have the name of one of Spark', () => {
    expect(() => importSaved(saved('VectorAssembler', { package: 'com.example' }))).toThrow(
      /com.example.VectorAssembler/,
    );
  });
});
