import type { Prediction } from '../../src/ir/model.ts';
import { BY_HAND, type Case, describeConformance, type Row } from './runner.ts';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const NOTHING = Number.NaN;
const value = ({ value: number }: Prediction): readonly (number | null)[] => [number];
const probabilities = (prediction: Prediction): readonly number[] => Object.values(prediction.probabilities!);

/**
 * Raw is -1 + 0.5 age + 1 for basic, - 2 for plus; max has no element of its own. The threshold of 0.25 moves labels
 * only. A plan that training did not have drops the row, a missing age is an error: NULL.
 */
const LOGISTIC: readonly (readonly [Row, number])[] = [
  [[2, 'basic'], 1],
  [[2, 'plus'], -2],
  [[1, 'max'], -0.5],
  [[2, 'other'], NOTHING],
  [[2, null], NOTHING],
  [[null, 'basic'], NOTHING],
];

/**
 * Tree 0 gives shares (0.75, 0.25) up to 1.5 and (0, 1) above; tree 1 (0.25, 0.75) for bern, and (0.5, 0.5) for the
 * others, those that training did not have among them.
 */
const FOREST: readonly (readonly [Row, readonly [number, number]])[] = [
  [
    [1.5, 'rome'],
    [1.25, 0.75],
  ],
  [
    [1.6, 'bern'],
    [0.25, 1.75],
  ],
  [
    [1, 'bern'],
    [1, 1],
  ],
  [
    [-1, null],
    [1.25, 0.75],
  ],
  [
    [2, 'paris'],
    [0.5, 1.5],
  ],
  [
    [null, 'rome'],
    [NOTHING, NOTHING],
  ],
];

/** 1 up to 0.1 and 2 above, then half of 10 up to -3 and of 20 above. A missing number is kept, and goes right. */
const BOOSTED: readonly (readonly [Row, number])[] = [
  [[0.1, -3], 6],
  [[0.1 + 2 ** -56, -3], 7],
  [[0.1, -2.9], 11],
  [[null, null], 12],
  [[Infinity, -Infinity], 7],
];

/**
 * Of (1, 2): 0.5 0.5³ = 1/16, 0.25 0.25 0.75² = 9/256 and 0.25 0.75 0.25² = 3/256, in all 28/256. Of (0, 0) the priors.
 * A negative number is an error.
 */
const BAYES: readonly (readonly [Row, readonly [number, number, number]])[] = [
  [
    [1, 2],
    [16 / 28, 9 / 28, 3 / 28],
  ],
  [
    [0, 0],
    [0.5, 0.25, 0.25],
  ],
  [
    [-1, 2],
    [NOTHING, NOTHING, NOTHING],
  ],
];

/** Centres (4, 0) and (0, 3). */
const K_MEANS: readonly (readonly [Row, number, readonly [number, number]])[] = [
  [[0, 0], 1, [4, 3]],
  [[4, 3], 0, [3, 4]],
  [[4, 0], 0, [0, 5]],
];

/** exp of 0.5 + 2 amount / months - 1 for new + exposure. By 0 months there is no rate, and the row is dropped. */
const POISSON: readonly (readonly [Row, number])[] = [
  [[1, 2, 'new', 0.5], 0.5 + 1 - 1 + 0.5],
  [[3, 2, 'old', 0], 3.5],
  [[3, 2, null, 0], 3.5],
  [[3, 0, 'old', 0], NOTHING],
  [[null, 2, 'old', 0], NOTHING],
  [[3, 2, 'old', null], NOTHING],
];

/**
 * (x - 10) / 5, once as it is and once negated, through a sigmoid: s and 1 - s. Then the sums s - (1 - s) = 2 s - 1 and
 * 2 s + 4 (1 - s) + 1 = 5 - 2 s, whose difference is 6 - 4 s.
 */
const NETWORK: readonly (readonly [Row, number])[] = [
  [[10], 0.5],
  [[20], sigmoid(2)],
  [[0], sigmoid(-2)],
];

/**
 * By the hash of Spark 2, a is in column 0 of ten, b in 1 and c in 2; their weights are 1, 2 and 4, all coefficients 1 but
 * -1 for c, and 0.5 is added. Words of other columns weigh nothing.
 */
const HASHED: readonly (readonly [Row, number])[] = [
  [['the A, a & THE b!'], 0.5 + 2 + 2],
  [['c'], 0.5 - 4],
  [[''], 0.5],
  [[null], NOTHING],
];

/**
 * -1, 2 for good, -4 for bad, 8 for empty words, if they are a quarter of all words at least; 16 where there are two words;
 * half of the stars.
 */
const COUNTED: readonly (readonly [Row, number])[] = [
  [['Good', 1], -1 + 2 + 0.5],
  [['good bad', 0], -1 + 2 - 4 + 16],
  [[' GOOD\tgood\n', 4], -1 + 4 + 8 + 16 + 2],
  [['a good b c d', 2], -1 + 16 + 1],
  [['', 0], -1 + 8],
  [['  ', 0], -1],
  [['good', null], NOTHING],
  [[null, 1], NOTHING],
  [['Σ1', 0], NOTHING],
];

/**
 * -1, half of the stars, and the mean of the words' vectors, (4, -0.5) for good, (-2, 1) for bad, 2^60 and its negative
 * for great and small, weighed by 1 and 2. Of "great good small" the sum is (2^60 + 4) - 2^60 = 0 in float64.
 */
const VECTORS: readonly (readonly [Row, number])[] = [
  [['Good', 0], -1 + 4 - 1],
  [['good, bad: x y!', 2], -1 + 2 / 4 + 0.5 / 2 + 1],
  [['great small good', 0], -1 + 4 * (1 / 3) - 1 / 3],
  [['great good small', 0], -1 - 1 / 3],
  [['...', 1], -1 + 0.5],
  [[null, 1], NOTHING],
  [['good', null], NOTHING],
];

const cases: readonly Case[] = [
  {
    name: 'logistic regression of Spark 2.4',
    file: 'spark/logistic-2.4.8',
    rows: LOGISTIC.map(([row]) => row),
    expected: LOGISTIC.map(([, raw]) => ({ raw: [-raw, raw], predicted: [sigmoid(raw)] })),
    predicted: value,
  },
  {
    name: 'forest of Spark 3.5',
    file: 'spark/forest-3.5.1',
    rows: FOREST.map(([row]) => row),
    expected: FOREST.map(([, raw]) => ({ raw, predicted: [raw[0] / 2, raw[1] / 2] })),
    predicted: probabilities,
  },
  {
    name: 'boosted trees of Spark 4.1',
    file: 'spark/boosted-4.1.0',
    rows: BOOSTED.map(([row]) => row),
    expected: BOOSTED.map(([, sum]) => ({ raw: [sum], predicted: [sum] })),
    predicted: value,
  },
  {
    name: 'naive Bayes of Spark 3.5',
    file: 'spark/bayes-3.5.1',
    rows: BAYES.map(([row]) => row),
    expected: BAYES.map(([, predicted]) => ({ predicted })),
    predicted: probabilities,
  },
  {
    name: 'k-means of Spark 4.1',
    file: 'spark/kmeans-4.1.0',
    rows: K_MEANS.map(([row]) => row),
    expected: K_MEANS.map(([, cluster, raw]) => ({ raw, predicted: [cluster] })),
    predicted: value,
  },
  {
    name: 'SQL and Poisson regression of Spark 3.5',
    file: 'spark/poisson-3.5.1',
    rows: POISSON.map(([row]) => row),
    expected: POISSON.map(([, raw]) => ({ raw: [raw], predicted: [Math.exp(raw)] })),
    predicted: value,
  },
  {
    name: 'network of Spark 3.5',
    file: 'spark/network-3.5.1',
    rows: NETWORK.map(([row]) => row),
    expected: NETWORK.map(([, s]) => ({ raw: [2 * s - 1, 5 - 2 * s], predicted: [sigmoid(6 - 4 * s)] })),
    predicted: value,
  },
  {
    name: 'hashed terms of Spark 2.4',
    file: 'spark/texts-2.4.8',
    rows: HASHED.map(([row]) => row),
    expected: HASHED.map(([, raw]) => ({ raw: [-raw, raw], predicted: [raw] })),
    predicted: value,
  },
  {
    name: 'counted terms of Spark 4.1',
    file: 'spark/texts-4.1.0',
    rows: COUNTED.map(([row]) => row),
    expected: COUNTED.map(([, raw]) => ({ raw: [-raw, raw], predicted: [sigmoid(raw)] })),
    predicted: value,
  },
  {
    name: 'averages of word vectors, and logistic regression, of Spark 4.0',
    file: 'spark/words-4.0.0',
    rows: VECTORS.map(([row]) => row),
    expected: VECTORS.map(([, raw]) => ({ raw: [-raw, raw], predicted: [sigmoid(raw)] })),
    predicted: value,
  },
];

describeConformance('Spark MLlib', cases, { raw: 1e-14, predicted: 1e-14 }, BY_HAND);
