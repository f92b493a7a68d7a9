import { describe, expect, it } from 'vitest';
import {
  assembler,
  importSaved,
  logistic,
  MATRIX,
  matrix,
  pipeline,
  type Saved,
  saved,
  score,
  type Type,
  VECTOR,
  vector,
} from './files.ts';

const CLASSIFICATION = 'org.apache.spark.ml.classification';
const REGRESSION = 'org.apache.spark.ml.regression';
const CLUSTERING = 'org.apache.spark.ml.clustering';

type Params = Readonly<Record<string, unknown>>;

function linear(name: string, params: Params = {}, more: Params = {}): Saved {
  const columns: Record<string, Type> = { intercept: 'double', coefficients: VECTOR };
  for (const column of Object.keys(more)) columns[column] = 'double';
  const row = { intercept: 0.5, coefficients: vector(2, -1), ...more };
  return saved(name, { package: REGRESSION, params, data: { data: [columns, [row]] } });
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

describe('linear models', () => {
  it('name the elements of their vector f0, f1, …, or as the caller says', async () => {
    const model = linear('LinearRegressionModel');
    expect(importSaved(model).model.features.map(({ name }) => name)).toEqual(['f0', 'f1']);
    expect((await score(model, { f0: 3, f1: 1 })).value).toBe(5.5);
    expect((await score(model, { age: 3, size: 1 }, { features: ['age', 'size'] })).value).toBe(5.5);
    expect(() => importSaved(model, { features: ['age'] })).toThrow(/1 feature names were given/);
    expect((await score(model, { f0: null, f1: 1 })).value).toBeNull();
  });

  // The score is 0.5 + 2 * 1 - 1 * 0.5 = 2.
  it.each<[string, Params, number]>([
    ['gaussian', {}, 2],
    ['gaussian', { link: 'log' }, Math.exp(2)],
    ['gaussian', { link: 'inverse' }, 0.5],
    ['binomial', {}, sigmoid(2)],
    ['binomial', { link: 'cloglog' }, 1 - Math.exp(-Math.exp(2))],
    // The standard normal distribution up to 2.
    ['binomial', { link: 'probit' }, 0.9772498680518208],
    ['poisson', {}, Math.exp(2)],
    ['poisson', { link: 'sqrt' }, 4],
    ['poisson', { link: 'identity' }, 2],
    ['gamma', {}, 0.5],
    ['tweedie', { variancePower: 1.5 }, 2 ** (1 / -0.5)],
    ['tweedie', { variancePower: 1.5, linkPower: 0 }, Math.exp(2)],
    ['tweedie', { variancePower: 0, linkPower: 0.5 }, 4],
  ])('GeneralizedLinearRegressionModel of %s and %j', async (family, params, expected) => {
    const model = linear('GeneralizedLinearRegressionModel', { family, ...params });
    const { value, raw } = await score(model, { f0: 1, f1: 0.5 });
    expect(value).toBeCloseTo(expected, 14);
    expect(raw).toEqual([2]);
  });

  it('keeps a generalised linear model within the range of its family', async () => {
    const model = (params: Params) => linear('GeneralizedLinearRegressionModel', params);
    expect((await score(model({ family: 'poisson', link: 'identity' }), { f0: -9, f1: 0 })).value).toBe(
      1e-16,
    );
    expect((await score(model({ family: 'binomial' }), { f0: 900, f1: 0 })).value).toBe(1 - 1e-16);
    expect((await score(model({ family: 'poisson' }), { f0: 900, f1: 0 })).value).toBe(Number.MAX_VALUE);
  });

  it('adds the offset column to the score', async () => {
    const model = linear('GeneralizedLinearRegressionModel', { family: 'poisson', offsetCol: 'exposure' });
    expect((await score(model, { f0: 0, f1: 0, exposure: 1.5 })).value).toBeCloseTo(Math.exp(2), 14);
  });

  // exp(0.5 + 2 - 0.5) = e²; the median of a Weibull of scale 0.5 is e² (log 2)^0.5.
  it('AFTSurvivalRegressionModel gives quantiles where they have a column', async () => {
    const params = { quantileProbabilities: [0.5], quantilesCol: 'q' };
    const { value, values } = await score(linear('AFTSurvivalRegressionModel', params, { scale: 0.5 }), {
      f0: 1,
      f1: 0.5,
    });
    expect(value).toBeCloseTo(Math.exp(2), 12);
    expect(values![1]).toBeCloseTo(Math.exp(2) * Math.sqrt(Math.LN2), 12);
  });

  it('LinearSVCModel has a threshold on its score', async () => {
    const svc = (threshold: number) =>
      saved('LinearSVCModel', {
        package: CLASSIFICATION,
        params: { threshold },
        data: {
          data: [{ intercept: 'double', coefficients: VECTOR }, [{ intercept: 0, coefficients: vector(1) }]],
        },
      });
    expect(await score(svc(0), { f0: 0.5 })).toEqual({
      value: 0.5,
      label: '1',
      probabilities: null,
      raw: [-0.5, 0.5],
    });
    expect((await score(svc(0.5), { f0: 0.5 })).label).toBe('0');
  });
});

describe('LogisticRegressionModel', () => {
  it.each(['2.4.8', '3.5.1'])('binomial, of Spark %s', async (version) => {
    const model = logistic({ weights: [[1]], intercepts: [0], version });
    const { value, label, raw } = await score(model, { f0: 2 });
    expect(value).toBeCloseTo(sigmoid(2), 15);
    expect([label, raw]).toEqual(['1', [-2, 2]]);
    // Not greater than the threshold.
    expect((await score(model, { f0: 0 })).label).toBe('0');
  });

  it('has one threshold, or two that stand for it', async () => {
    const at = (params: Params) => logistic({ weights: [[1]], intercepts: [0], params });
    // log(0.8 / 0.2) = 1.386…
    for (const params of [{ threshold: 0.8 }, { thresholds: [0.2, 0.8] }]) {
      expect((await score(at(params), { f0: 1.38 })).label).toBe('0');
      expect((await score(at(params), { f0: 1.39 })).label).toBe('1');
    }
    expect((await score(at({ threshold: 0 }), { f0: -99 })).label).toBe('1');
    expect((await score(at({ threshold: 1 }), { f0: 99 })).label).toBe('0');
  });

  it('multinomial, with the first of equals and with thresholds', async () => {
    const weights = [[0], [0], [1]];
    const model = (params: Params = {}) =>
      logistic({ weights, intercepts: [0, 0, 0], multinomial: true, params });
    expect((await score(model(), { f0: 0 })).label).toBe('0');
    const { probabilities } = await score(model(), { f0: Math.LN2 });
    [0.25, 0.25, 0.5].forEach((p, i) => {
      expect(probabilities![i]).toBeCloseTo(p, 15);
    });
    // 0.25 / 0.2 is more than 0.5 / 0.5.
    expect((await score(model({ thresholds: [0.3, 0.2, 0.5] }), { f0: Math.LN2 })).label).toBe('1');
  });

  it('takes class names from the indexer of its label, from IndexToString, or from the caller', async () => {
    const indexer = saved('StringIndexerModel', {
      params: { inputCol: 'answer', outputCol: 'label' },
      data: { data: [{ labelsArray: { list: { list: 'text' } } }, [{ labelsArray: [['no', 'yes']] }]] },
    });
    const model = logistic({ weights: [[1]], intercepts: [0] });
    const back = saved('IndexToString', {
      params: { inputCol: 'prediction', outputCol: 'said', labels: ['n', 'y'] },
    });
    const chain = pipeline([indexer, assembler('x'), model]);
    expect((await score(chain, { x: 1 })).label).toBe('yes');
    expect(importSaved(chain).model.features.map(({ name }) => name)).toEqual(['x']);
    expect((await score(pipeline([indexer, assembler('x'), model, back]), { x: 1 })).label).toBe('y');
    expect((await score(chain, { x: 1 }, { labels: ['left', 'right'] })).label).toBe('right');
    expect(() => importSaved(chain, { labels: ['one'] })).toThrow(/1 labels were given/);
  });
});

describe('NaiveBayesModel', () => {
  const bayes = (
    modelType: string,
    theta: readonly (readonly number[])[],
    sigma?: readonly (readonly number[])[],
  ) =>
    saved('NaiveBayesModel', {
      package: CLASSIFICATION,
      params: { modelType },
      data: {
        data: [
          { pi: VECTOR, theta: MATRIX, sigma: MATRIX },
          [{ pi: vector(Math.log(0.5), Math.log(0.5)), theta: matrix(theta), sigma: sigma && matrix(sigma) }],
        ],
      },
    });
  const logs = [
    [Math.log(0.8), Math.log(0.2)],
    [Math.log(0.4), Math.log(0.6)],
  ];

  // 0.8² 0.2 against 0.4² 0.6: 0.128 and 0.096.
  it('multinomial', async () => {
    const { probabilities } = await score(bayes('multinomial', logs), { f0: 2, f1: 1 });
    expect(probabilities!['0']).toBeCloseTo(0.128 / 0.224, 14);
    expect(await score(bayes('multinomial', logs), { f0: -1, f1: 1 })).toMatchObject({
      value: null,
      label: null,
    });
  });

  // 0.8 * (1 - 0.2) against 0.4 * (1 - 0.6): 0.64 and 0.16.
  it('bernoulli', async () => {
    const { probabilities } = await score(bayes('bernoulli', logs), { f0: 1, f1: 0 });
    expect(probabilities!['0']).toBeCloseTo(0.8, 14);
    expect((await score(bayes('bernoulli', logs), { f0: 2, f1: 0 })).value).toBeNull();
  });

  // Sums 2 log 0.8 + log 0.2 and 2 log 0.4 + log 0.6, without priors, less the logarithm of the sum of their exponentials.
  it('complement', async () => {
    const { raw } = await score(bayes('complement', logs), { f0: 2, f1: 1 });
    expect(raw[0]).toBeCloseTo(Math.log(0.128 / 0.224), 14);
  });

  // (1 - 0)² / 1 + (0 - 0)² / 4 + log 1 + log 4 = 1 + log 4 against (1 - 1)² + 0 + log 1 = 0, halved.
  it('gaussian', async () => {
    const means = [
      [0, 0],
      [1, 0],
    ];
    const variances = [
      [1, 4],
      [1, 1],
    ];
    const { raw } = await score(bayes('gaussian', means, variances), { f0: 1, f1: 0 });
    expect(raw[0]).toBeCloseTo(Math.log(0.5) - (1 + Math.log(4)) / 2, 14);
    expect(raw[1]).toBeCloseTo(Math.log(0.5), 14);
  });
});

describe('clusters', () => {
  const kMeans = (distanceMeasure: string) =>
    saved('KMeansModel', {
      package: CLUSTERING,
      params: { distanceMeasure },
      data: {
        data: [
          { clusterIdx: 'int', clusterCenter: VECTOR },
          [
            { clusterIdx: 1, clusterCenter: vector(0, 3) },
            { clusterIdx: 0, clusterCenter: vector(4, 0) },
          ],
        ],
      },
    });

  it('KMeansModel gives the nearest centre, and the distances', async () => {
    expect(await score(kMeans('euclidean'), { f0: 0, f1: 0 })).toMatchObject({ value: 1, raw: [4, 3] });
    expect((await score(kMeans('cosine'), { f0: 1, f1: 0.5 })).value).toBe(0);
    expect((await score(kMeans('cosine'), { f0: 0, f1: 0 })).value).toBeNull();
  });

  // The root parts left from right of 0, the left node -10 from -2; leaves are 0, 1 and 2.
  it('BisectingKMeansModel walks down its tree', async () => {
    const cluster = (index: number, center: number, children: readonly number[] = []) => ({
      index,
      center: vector(center),
      children,
    });
    const inner = saved('BisectingKMeansModel', {
      package: 'org.apache.spark.mllib.clustering',
      extra: { rootId: -1 },
      data: {
        data: [
          { index: 'int', center: VECTOR, children: { list: 'int' } },
          [cluster(0, -10), cluster(1, -2), cluster(-2, -6, [0, 1]), cluster(2, 5), cluster(-1, 0, [-2, 2])],
        ],
      },
    });
    const model = saved('BisectingKMeansModel', { package: CLUSTERING, inside: { data: inner } });
    for (const [f0, leaf] of [
      [-9, 0],
      [-3, 1],
      [-0.4, 2],
      [-0.6, 1],
    ]) {
      expect((await score(model, { f0: f0! })).value).toBe(leaf);
    }
  });

  // Two normal distributions of variances (1, 1) and (4, 4) around 0, each of weight 1 / 2: at 0 the densities are as
  // 1 to 1 / 4. Along (1, 1) the third has no variance at all: there it has the density of its one axis.
  it('GaussianMixtureModel', async () => {
    const mixture = (sigmas: readonly (readonly (readonly number[])[])[]) =>
      saved('GaussianMixtureModel', {
        package: CLUSTERING,
        data: {
          data: [
            { weights: { list: 'double' }, mus: { list: VECTOR }, sigmas: { list: MATRIX } },
            [{ weights: [0.5, 0.5], mus: [vector(0, 0), vector(0, 0)], sigmas: sigmas.map(matrix) }],
          ],
        },
      });
    const unit = [
      [1, 0],
      [0, 1],
    ];
    const { probabilities } = await score(
      mixture([
        unit,
        [
          [4, 0],
          [0, 4],
        ],
      ]),
      { f0: 0, f1: 0 },
    );
    expect(probabilities!['0']).toBeCloseTo(0.8, 12);
    // Covariance (5, 4; 4, 5) has the axes (1, 1) / √2 of variance 9 and (1, -1) / √2 of variance 1.
    const { probabilities: turned } = await score(
      mixture([
        unit,
        [
          [5, 4],
          [4, 5],
        ],
      ]),
      { f0: 1, f1: 1 },
    );
    const [first, second] = [Math.exp(-1), Math.exp(-1 / 9) / 3];
    expect(turned!['0']).toBeCloseTo(first / (first + second), 12);
  });
});

describe('other models', () => {
  // Layers 1 - 2 - 2: hidden σ(0 + 1 * 0) = 0.5 and σ(2 * 0) = 0.5; sums 0.5 - 0.5 + 0 and 2 * 0.5 + 4 * 0.5 + 1 = 4.
  it.each(['2.4.8', '3.5.1'])('MultilayerPerceptronClassificationModel of Spark %s', async (version) => {
    const layers = [1, 2, 2];
    const weights = vector(1, 2, 0, 0, 1, 2, -1, 4, 0, 1);
    const old = version.startsWith('2');
    const model = saved('MultilayerPerceptronClassificationModel', {
      package: CLASSIFICATION,
      version,
      params: old ? {} : { layers },
      data: {
        data: old
          ? [{ layers: { list: 'int' }, weights: VECTOR }, [{ layers, weights }]]
          : [{ weights: VECTOR }, [{ weights }]],
      },
    });
    const { raw, value } = await score(model, { f0: 0 });
    expect(raw).toEqual([0, 4]);
    expect(value).toBeCloseTo(sigmoid(4), 15);
  });

  it('IsotonicRegressionModel interpolates, and is constant outside', async () => {
    const model = saved('IsotonicRegressionModel', {
      package: REGRESSION,
      params: { featuresCol: 'x' },
      data: {
        data: [
          { boundaries: { list: 'double' }, predictions: { list: 'double' }, isotonic: 'flag' },
          [{ boundaries: [1, 2, 4], predictions: [10, 20, 40], isotonic: true }],
        ],
      },
    });
    for (const [x, y] of [
      [0, 10],
      [1, 10],
      [3, 30],
      [4, 40],
      [9, 40],
    ]) {
      expect((await score(model, { x: x! })).value).toBe(y);
    }
  });

  // 1 + (2 * 1 + 3 * 2) + ((1 * 1 + 2 * 2)² - (1 + 16)) / 2 = 9 + 4 = 13.
  it('FMRegressionModel and FMClassificationModel', async () => {
    const machine = (name: string, owner: string) =>
      saved(name, {
        package: owner,
        data: {
          data: [
            { intercept: 'double', linear: VECTOR, factors: MATRIX },
            [{ intercept: 1, linear: vector(2, 3), factors: matrix([[1], [2]]) }],
          ],
        },
      });
    expect((await score(machine('FMRegressionModel', REGRESSION), { f0: 1, f1: 2 })).value).toBe(13);
    const { raw, value } = await score(machine('FMClassificationModel', CLASSIFICATION), { f0: 1, f1: 2 });
    expect(raw).toEqual([-13, 13]);
    expect(value).toBeCloseTo(sigmoid(13), 15);
  });

  it('OneVsRestModel takes the class of the greatest score, with the labels of its metadata', async () => {
    const member = (weight: number, bias: number) => logistic({ weights: [[weight]], intercepts: [bias] });
    const model = saved('OneVsRestModel', {
      package: CLASSIFICATION,
      extra: {
        numClasses: 3,
        labelMetadata: '{"ml_attr":{"vals":["a","b","c"],"type":"nominal","name":"label"}}',
      },
      inside: { model_0: member(1, 0), model_1: member(-1, 0), model_2: member(0, 1) },
    });
    expect(await score(model, { f0: 3 })).toEqual({
      value: 0,
      label: 'a',
      probabilities: null,
      raw: [3, -3, 1],
    });
    expect((await score(model, { f0: -3 })).label).toBe('b');
    expect((await score(model, { f0: 1 })).label).toBe('a');
  });

  it('CrossValidatorModel answers with its best model, a formula with its pipeline', async () => {
    const best = linear('LinearRegressionModel');
    for (const [name, folder] of [
      ['CrossValidatorModel', 'bestModel'],
      ['TrainValidationSplitModel', 'bestModel'],
      ['RFormulaModel', 'pipelineModel'],
    ] as const) {
      const model = saved(name, { package: 'org.apache.spark.ml.tuning', inside: { [folder]: best } });
      expect((await score(model, { f0: 3, f1: 1 })).value).toBe(5.5);
    }
  });

  it('the last of several models answers, and may take the answers of others', async () => {
    const first = logistic({ weights: [[1]], intercepts: [0], params: { featuresCol: 'features' } });
    const chain = pipeline([
      assembler('x'),
      first,
      saved('VectorAssembler', {
        uid: 'second',
        params: { inputCols: ['rawPrediction', 'prediction'], outputCol: 'both' },
      }),
      saved('LinearRegressionModel', {
        package: REGRESSION,
        params: { featuresCol: 'both' },
        data: {
          data: [
            { intercept: 'double', coefficients: VECTOR },
            [{ intercept: 0, coefficients: vector(0, 10, 1) }],
          ],
        },
      }),
    ]);
    expect((await score(chain, { x: 2 })).value).toBe(21);
  });
});
