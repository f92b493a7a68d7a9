// Writes the models of this folder: node --import ./test/bench/typescript.mjs test/models/spark/make.ts
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  logistic,
  MATRIX,
  matrix,
  NODE,
  pipeline,
  type Saved,
  type StageOptions,
  saved,
  type Type,
  VECTOR,
  vector,
  wordVectors,
} from '../../unit/import/spark/files.ts';

const CLASSIFICATION = 'org.apache.spark.ml.classification';
const REGRESSION = 'org.apache.spark.ml.regression';

const STORED_NODE: Type = { struct: { ...NODE, impurity: 'double', rawCount: 'long', gain: 'double' } };

interface Split {
  readonly feature: number;
  readonly values: readonly number[];
  readonly categories?: number;
}

/** A split with two leaves; rows stand in no order, as Spark's partitions do. */
function stump(
  { feature, values, categories = -1 }: Split,
  leaves: readonly [Leaf, Leaf],
): readonly unknown[] {
  const [left, right] = leaves.map((leaf, i) => node(i + 1, leaf, [-1, -1], { feature: -1, values: [] }, -1));
  return [right, node(0, {}, [1, 2], { feature, values }, categories), left];
}

interface Leaf {
  readonly prediction?: number;
  readonly stats?: readonly number[];
}

function node(
  id: number,
  leaf: Leaf,
  children: readonly [number, number],
  split: Split,
  categories: number,
): unknown {
  return {
    id,
    prediction: leaf.prediction ?? 0,
    impurity: 0,
    impurityStats: leaf.stats ?? [],
    rawCount: 1n,
    gain: -1,
    leftChild: children[0],
    rightChild: children[1],
    split: {
      featureIndex: split.feature,
      leftCategoriesOrThreshold: split.values,
      numCategories: categories,
    },
  };
}

/** Spark 4 leaves the columns of treesMetadata without names. */
function ensemble(
  name: string,
  version: string,
  extra: object,
  params: object,
  trees: readonly (readonly unknown[])[],
  weights: readonly number[],
): Saved {
  const [id, metadata, weight] = version.startsWith('4')
    ? ['_1', '_2', '_3']
    : ['treeID', 'metadata', 'weights'];
  return saved(name, {
    package: name.includes('Classification') ? CLASSIFICATION : REGRESSION,
    version,
    params: params as Record<string, unknown>,
    extra: { ...extra, numTrees: trees.length },
    data: {
      data: [
        { treeID: 'int', nodeData: STORED_NODE },
        trees.flatMap((tree, treeID) => tree.map((nodeData) => ({ treeID, nodeData }))),
      ],
      treesMetadata: [
        { [id!]: 'int', [metadata!]: 'text', [weight!]: 'double' },
        weights.map((value, i) => ({ [id!]: i, [metadata!]: '{}', [weight!]: value })),
      ],
    },
  });
}

function indexer(
  version: string,
  input: string,
  output: string,
  labels: readonly string[],
  handleInvalid: string,
): Saved {
  const old = version.startsWith('2');
  return saved('StringIndexerModel', {
    version,
    uid: `strIdx_${output}`,
    params: { inputCol: input, outputCol: output, handleInvalid },
    data: {
      data: old
        ? [{ labels: { list: 'text' } }, [{ labels }]]
        : [{ labelsArray: { list: { list: 'text' } } }, [{ labelsArray: [labels] }]],
    },
  });
}

const assembler = (version: string, inputCols: readonly string[], params: object = {}): Saved =>
  saved('VectorAssembler', { version, params: { inputCols, outputCol: 'features', ...params } });

const MODELS: Readonly<Record<string, Saved>> = {
  'logistic-2.4.8': pipeline(
    [
      indexer('2.4.8', 'churned', 'label', ['no', 'yes'], 'error'),
      indexer('2.4.8', 'plan', 'planIndex', ['basic', 'plus', 'max'], 'skip'),
      saved('OneHotEncoderModel', {
        version: '2.4.8',
        params: {
          inputCols: ['planIndex'],
          outputCols: ['planFlags'],
          dropLast: true,
          handleInvalid: 'error',
        },
        data: { data: [{ categorySizes: { list: 'int' } }, [{ categorySizes: [3] }]] },
      }),
      assembler('2.4.8', ['age', 'planFlags']),
      logistic({ weights: [[0.5, 1, -2]], intercepts: [-1], params: { threshold: 0.25 }, version: '2.4.8' }),
    ],
    '2.4.8',
  ),
  'forest-3.5.1': pipeline([
    indexer('3.5.1', 'city', 'cityIndex', ['rome', 'oslo', 'bern'], 'keep'),
    assembler('3.5.1', ['size', 'cityIndex']),
    ensemble(
      'RandomForestClassificationModel',
      '3.5.1',
      { numFeatures: 2, numClasses: 2 },
      {},
      [
        stump({ feature: 0, values: [1.5] }, [{ stats: [3, 1] }, { stats: [0, 8] }]),
        // Of categories 0 to 3, three go left: only 2 is looked up, and goes right.
        stump({ feature: 1, values: [0, 1, 3], categories: 4 }, [{ stats: [1, 1] }, { stats: [2, 6] }]),
      ],
      [1, 1],
    ),
    saved('IndexToString', {
      params: { inputCol: 'prediction', outputCol: 'answer', labels: ['stays', 'goes'] },
    }),
  ]),
  'boosted-4.1.0': pipeline(
    [
      assembler('4.1.0', ['a', 'b'], { handleInvalid: 'keep' }),
      ensemble(
        'GBTRegressionModel',
        '4.1.0',
        { numFeatures: 2 },
        {},
        [
          stump({ feature: 0, values: [0.1] }, [{ prediction: 1 }, { prediction: 2 }]),
          stump({ feature: 1, values: [-3] }, [{ prediction: 10 }, { prediction: 20 }]),
        ],
        [1, 0.5],
      ),
    ],
    '4.1.0',
  ),
  'bayes-3.5.1': saved('NaiveBayesModel', {
    package: CLASSIFICATION,
    params: { modelType: 'multinomial' },
    data: {
      data: [
        { pi: VECTOR, theta: MATRIX, sigma: MATRIX },
        [
          {
            pi: vector(Math.log(0.5), Math.log(0.25), Math.log(0.25)),
            theta: matrix([
              [Math.log(0.5), Math.log(0.5)],
              [Math.log(0.25), Math.log(0.75)],
              [Math.log(0.75), Math.log(0.25)],
            ]),
            sigma: {
              type: 1,
              numRows: 0,
              numCols: 0,
              colPtrs: null,
              rowIndices: null,
              values: [],
              isTransposed: false,
            },
          },
        ],
      ],
    },
  }),
  'kmeans-4.1.0': saved('KMeansModel', {
    package: 'org.apache.spark.ml.clustering',
    version: '4.1.0',
    params: { k: 2, distanceMeasure: 'euclidean' },
    data: {
      data: [
        { clusterIdx: 'int', clusterCenter: VECTOR },
        [
          { clusterIdx: 1, clusterCenter: vector(0, 3) },
          { clusterIdx: 0, clusterCenter: vector(4, 0) },
        ],
      ],
    },
  }),
  'poisson-3.5.1': pipeline([
    saved('SQLTransformer', {
      params: {
        statement:
          "SELECT *, amount / months AS rate, CASE WHEN kind = 'new' THEN 1 ELSE 0 END AS fresh FROM __THIS__",
      },
    }),
    assembler('3.5.1', ['rate', 'fresh'], { handleInvalid: 'skip' }),
    saved('GeneralizedLinearRegressionModel', {
      package: REGRESSION,
      params: { family: 'poisson', link: 'log', offsetCol: 'exposure' },
      data: {
        data: [
          { intercept: 'double', coefficients: VECTOR },
          [{ intercept: 0.5, coefficients: vector(2, -1) }],
        ],
      },
    }),
  ]),
  'network-3.5.1': pipeline([
    assembler('3.5.1', ['x']),
    saved('MinMaxScalerModel', {
      params: { inputCol: 'features', outputCol: 'scaled', min: 0, max: 2 },
      data: {
        data: [
          { originalMin: VECTOR, originalMax: VECTOR },
          [{ originalMin: vector(10), originalMax: vector(20) }],
        ],
      },
    }),
    saved('MultilayerPerceptronClassificationModel', {
      package: CLASSIFICATION,
      params: { layers: [1, 2, 2], featuresCol: 'scaled' },
      data: { data: [{ weights: VECTOR }, [{ weights: vector(1, -1, 0, 0, 1, 2, -1, 4, 0, 1) }]] },
    }),
  ]),
};

/** A stage between two columns; its uid says the second one. */
function between(
  name: string,
  version: string,
  input: string,
  output: string,
  options: Pick<StageOptions, 'params' | 'data'> = {},
): Saved {
  const params = { inputCol: input, outputCol: output, ...options.params };
  return saved(name, { ...options, uid: `${name}_${output}`, version, params });
}

const TEXTS: Readonly<Record<string, Saved>> = {
  'texts-2.4.8': pipeline(
    [
      between('RegexTokenizer', '2.4.8', 'text', 'words', { params: { pattern: '\\W+' } }),
      between('StopWordsRemover', '2.4.8', 'words', 'terms', { params: { stopWords: ['The'] } }),
      between('HashingTF', '2.4.8', 'terms', 'counts', { params: { numFeatures: 10 } }),
      between('IDFModel', '2.4.8', 'counts', 'features', {
        data: { data: [{ idf: VECTOR }, [{ idf: vector(1, 2, 4, 0, 0, 0, 0, 0, 0, 0) }]] },
      }),
      saved('LinearSVCModel', {
        package: CLASSIFICATION,
        version: '2.4.8',
        params: { threshold: 0 },
        data: {
          data: [
            { coefficients: VECTOR, intercept: 'double' },
            [{ coefficients: vector(1, 1, -1, 9, 9, 9, 9, 9, 9, 9), intercept: 0.5 }],
          ],
        },
      }),
    ],
    '2.4.8',
  ),
  'texts-4.1.0': pipeline(
    [
      between('Tokenizer', '4.1.0', 'text', 'words'),
      between('NGram', '4.1.0', 'words', 'pairs'),
      between('CountVectorizerModel', '4.1.0', 'words', 'counts', {
        params: { minTF: 0.25 },
        data: { data: [{ vocabulary: { list: 'text' } }, [{ vocabulary: ['good', 'bad', ''] }]] },
      }),
      between('HashingTF', '4.1.0', 'pairs', 'flags', { params: { numFeatures: 1, binary: true } }),
      assembler('4.1.0', ['counts', 'flags', 'stars']),
      logistic({ weights: [[2, -4, 8, 16, 0.5]], intercepts: [-1], version: '4.1.0' }),
    ],
    '4.1.0',
  ),
  'words-4.0.0': pipeline(
    [
      between('RegexTokenizer', '4.0.0', 'text', 'words', { params: { pattern: '\\W+' } }),
      wordVectors(
        { good: [4, -0.5], bad: [-2, 1], great: [2 ** 60, 0], small: [-(2 ** 60), 0] },
        {
          version: '4.0.0',
          uid: 'Word2VecModel_vector',
          params: { inputCol: 'words', outputCol: 'vector' },
        },
      ),
      assembler('4.0.0', ['vector', 'stars']),
      logistic({ weights: [[1, 2, 0.5]], intercepts: [-1], version: '4.0.0' }),
    ],
    '4.0.0',
  ),
};

for (const [name, files] of Object.entries({ ...MODELS, ...TEXTS })) {
  const folder = fileURLToPath(new URL(`${name}/`, import.meta.url));
  rmSync(folder, { recursive: true, force: true });
  for (const [path, bytes] of files) {
    mkdirSync(dirname(folder + path), { recursive: true });
    writeFileSync(folder + path, bytes);
  }
}
