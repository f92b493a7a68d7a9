import type { Prediction } from '../../src/ir/model.ts';
import { BY_HAND, type Case, describeConformance, type Row } from './runner.ts';

/**
 * Tree 0 tests x > 0.5 (a missing x passes) and city = alpha: leaves 1, 2, 4, 8 for neither, x, city, both.
 *
 * Tree 1: Borders of city, (good + 0.5) / (total + 1) * 15. alpha 3 of 4: 10.5; beta 0 of 2: 2.5; others 0.5 / 1 * 15
 * = 7.5. Leaves 10 up to 5, 20 above 5, 40 above 8.
 *
 * Tree 2: Counter of city and plan, count / (15 + 1) * 15. (alpha, 3) 4 / 16 * 15 = 3.75; (beta, 7) 8 / 16 * 15 = 7.5;
 * others 0. Leaves 100 up to 1, 200 above 1, 400 above 5.
 *
 * Tree 3: mean of city and the test x > 0.5, (sum + 1) / (count + 1). (alpha, true) 3 / 4; others 1 / 1. Leaves 1000 up
 * to 0.8, 2000 above.
 *
 * The raw score is sum / 1024 - 2, exact in float64.
 */
const CATEGORIES: readonly (readonly [Row, number])[] = [
  [[1, 'alpha', '3'], 8 + 40 + 200 + 1000],
  [[0, 'alpha', '7'], 4 + 40 + 100 + 2000],
  [[null, 'beta', '7'], 2 + 10 + 400 + 2000],
  [[0.5, 'beta', '3'], 1 + 10 + 100 + 2000],
  [[0, 'delta', '3'], 1 + 20 + 100 + 2000],
  [[null, 'alpha', '3'], 8 + 40 + 200 + 1000],
  [[null, null, null], 2 + 20 + 100 + 2000],
  [[0, '3', 'alpha'], 1 + 20 + 100 + 2000],
];

/**
 * Tree 0: class 2 gains 1 where f0 > 1.5, else class 1 where f1 > 0.1, else class 0; missing values pass no border.
 * Tree 1 adds 0.25, 0.25 and -0.25, the bias 0, 0 and 0.5: all exact. Probabilities are exp(raw) over their sum.
 */
const BRANCHING: readonly (readonly [Row, readonly number[]])[] = [
  [
    [2, 0],
    [0.25, 0.25, 1.25],
  ],
  [
    [1.5, 0.2],
    [0.25, 1.25, 0.25],
  ],
  // 0.10000000149 is, as a float32, the border itself.
  [
    [1, 0.10000000149],
    [1.25, 0.25, 0.25],
  ],
  [
    [null, null],
    [1.25, 0.25, 0.25],
  ],
];

const categories: Case = {
  name: 'categories and target statistics',
  file: 'catboost/categories.json',
  rows: CATEGORIES.map(([row]) => row),
  expected: CATEGORIES.map(([, sum]) => {
    const raw = sum / 1024 - 2;
    return { raw: [raw], predicted: [1 / (1 + Math.exp(-raw))] };
  }),
  predicted: ({ value }: Prediction) => [value],
};

const unnamed: Case = {
  ...categories,
  name: 'categories that the file does not name',
  file: 'catboost/unnamed.json',
};

const branching: Case = {
  name: 'trees of other shapes, three classes',
  file: 'catboost/branching.json',
  rows: BRANCHING.map(([row]) => row),
  expected: BRANCHING.map(([, raw]) => {
    const terms = raw.map((score) => Math.exp(score));
    const sum = terms.reduce((a, b) => a + b, 0);
    return { raw, predicted: terms.map((term) => term / sum) };
  }),
  predicted: ({ probabilities }: Prediction) => Object.values(probabilities!),
};

describeConformance('CatBoost', [categories, unnamed, branching], { raw: 0, predicted: 1e-15 }, BY_HAND);
