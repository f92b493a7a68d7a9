import { describe, expect, it } from 'vitest';
import { evaluate } from '../../src/ir/evaluate.ts';
import type { Prediction } from '../../src/ir/model.ts';
import { BY_HAND, type Case, describeConformance, importCase, type Row } from './runner.ts';

/** A row, what `predicted` picks of its prediction, and its label. NaN stands for no prediction. */
type Answer = readonly [row: Row, numbers: readonly number[], label?: string | null];

interface Model extends Case {
  readonly labels: readonly (string | null)[];
}

const none = Number.NaN;

function value({ value }: Prediction): readonly (number | null)[] {
  return [value];
}

function probabilities(prediction: Prediction): readonly (number | null)[] {
  return Object.values(prediction.probabilities!);
}

function model(name: string, predicted: Case['predicted'], answers: readonly Answer[]): Model {
  return {
    name,
    file: `pmml/${name}.pmml`,
    rows: answers.map(([row]) => row),
    expected: answers.map(([, numbers]) => ({ predicted: numbers })),
    labels: answers.map(([, , label]) => label ?? null),
    predicted,
  };
}

function shares(...values: readonly number[]): readonly number[] {
  const sum = values.reduce((a, b) => a + b, 0);
  return values.map((each) => each / sum);
}

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Free and team: node 1, 30 of 40. Pro: node 3 from 30 years on, 5 of 50, else node 4, 6 of 10, also for a missing age. */
const tree = model('tree', probabilities, [
  [[50, 'free'], [0.25, 0.75], 'yes'],
  [[null, 'team'], [0.25, 0.75], 'yes'],
  [[30, 'pro'], [0.9, 0.1], 'no'],
  [[29.5, 'pro'], [0.4, 0.6], 'yes'],
  [[null, 'pro'], [0.4, 0.6], 'yes'],
  // A missing plan goes to node 2; an unknown one is invalid.
  [[40, null], [0.9, 0.1], 'no'],
  [[40, 'gold'], [none, none], null],
]);

/** s = p: 0.8 and 0.2; q: 0.1 and 0.9. Missing: 0.75 * 0.8 + 0.25 * 0.1 = 0.625 for a. */
const weighted = model('weighted', probabilities, [
  [['p', 0], [0.8, 0.2], 'a'],
  [['q', 0], [0.1, 0.9], 'b'],
  [[null, 0], [0.625, 0.375], 'a'],
]);

/** (1 or 2, 10 or 30) / 2; a tree without an answer makes the whole have none. */
const forest = model('forest', value, [
  [[0, 0.5], [5.5]],
  [[0.1, 0.5], [6]],
  [[-1, 0.6], [15.5]],
  [[1, 1], [16]],
  [[null, 1], [none]],
]);

/** Trees vote for a or b, b or c, b or c. A tree without an answer has no vote, unless such have the most. */
const vote = model('vote', probabilities, [
  [[1, 0, 0], [0, 1, 0], 'b'],
  [[0, 0, 0], shares(1, 2, 0), 'b'],
  [[0, 1, 1], shares(1, 0, 2), 'c'],
  // One each: the first class of the dictionary.
  [[0, 0, 1], shares(1, 1, 1), 'a'],
  [[1, null, 0], [0, 1, 0], 'b'],
  [[null, 0, null], [none, none, none], null],
]);

/**
 * The share of a: 3/4 or, for positive x, 1/8; 5/8; 1/4 where s is q. The median's models give the shares. Without x, one of
 * two has no answer, which is too many, or one of three.
 */
const median = model('median', probabilities, [
  [[0, 'p'], [11 / 16, 5 / 16], 'a'],
  [[0, 'q'], [5 / 8, 3 / 8], 'a'],
  [[1, 'p'], [3 / 8, 5 / 8], 'b'],
  [[1, 'q'], [1 / 4, 3 / 4], 'b'],
  [[null, 'p'], [none, none], null],
  [[null, 'q'], [7 / 16, 9 / 16], 'b'],
]);

/** Average path lengths 1.5, 2.5, 3.5; 2^(-length / c) with c = 2 (ln 15 + 0.57721566) - 30 / 16. */
const c = 2 * (Math.log(15) + 0.57721566) - 30 / 16;
const isolation = model('isolation', value, [
  [[0, 0], [2 ** (-1.5 / c)]],
  [[1, 0], [2 ** (-2.5 / c)]],
  [[1, 1], [2 ** (-3.5 / c)]],
  [[null, 1], [none]],
]);

/**
 * float32: 0.1 or -0.7 (from float32(0.3) on, or missing), plus 0.2, or 0.4 above 1. 1 / (1 + exp(-sum)) in single steps;
 * the double 0.29999999999999999 is float32(0.3) too.
 */
const f = Math.fround;
const single = (margin: number) => f(1 / f(1 + f(Math.exp(-margin))));
const chance = (a: number, b: number): readonly number[] => {
  const yes = single(f(f(a) + f(b)));
  return [f(1 - yes), yes];
};
const boosted = model('boosted', probabilities, [
  [[0.2], chance(0.1, 0.2), 'yes'],
  [[0.3], chance(-0.7, 0.2), 'no'],
  [[1], chance(-0.7, 0.2), 'no'],
  [[1.5], chance(-0.7, 0.4), 'no'],
  [[null], chance(-0.7, 0.2), 'no'],
]);

/** 10 + x² / 2 - 3 [s = q] + x z / 4. */
const linear = model('linear', value, [
  [[2, 4, 'p'], [14]],
  [[2, 4, 'q'], [11]],
  [[-4, 1, null], [17]],
  [[null, 1, 'p'], [none]],
]);

const softmax = model('softmax', probabilities, [
  [[1], shares(Math.exp(1.5), Math.exp(-1), Math.exp(0.25)), 'a'],
  [[-2], shares(Math.exp(-1.5), Math.exp(2), Math.exp(0.25)), 'b'],
  [[null], [none, none, none], null],
]);

/** exp(0.1 + 0.2 x + [s = q] (-0.3 + 0.4 x²) + log_time). */
const poisson = model('poisson', value, [
  [[2, 'p', 0], [Math.exp(0.5)]],
  [[2, 'q', 1], [Math.exp(0.5 - 0.3 + 1.6 + 1)]],
  [[2, 'q', null], [none]],
]);

/** Cumulative logits -1 + x / 2 and 1 + x / 2. */
const ordinal = model('ordinal', probabilities, [
  [[0], [logistic(-1), logistic(1) - logistic(-1), 1 - logistic(1)], 'middle'],
  [[4], [logistic(1), logistic(3) - logistic(1), 1 - logistic(3)], 'low'],
  [[-4], [logistic(-3), logistic(-1) - logistic(-3), 1 - logistic(-1)], 'high'],
]);

/** 40 and 20 times 30/40 or 10/40, and 0.001 for the count of 0, or 20/20, times normal densities of at least 0.001. */
const normal = (x: number, mean: number, variance: number) =>
  Math.exp(-((x - mean) ** 2) / (2 * variance)) / Math.sqrt(2 * Math.PI * variance);
const bayes = model('bayes', probabilities, [
  [['p', null], shares(40 * 0.75, 20 * 0.001), 'a'],
  [['q', null], shares(40 * 0.25, 20), 'b'],
  [['q', 1], shares(10 * normal(1, 0, 1), 20 * normal(1, 2, 4)), 'b'],
  [[null, -1], shares(40 * normal(-1, 0, 1), 20 * normal(-1, 2, 4)), 'a'],
  [['q', 6], shares(10 * 0.001, 20 * normal(6, 2, 4)), 'b'],
]);

/** x to -1 … 1, two tanh, then 100 + 200 * output. */
const neural = model('neural', value, [
  [[5, 0], [100 + 200 * (0.1 + Math.tanh(0.25))]],
  [[10, 0.5], [100 + 200 * (0.1 + Math.tanh(0.25 + 0.5 - 0.5) + 3 * Math.tanh(1))]],
  [[null, 0.5], [none]],
]);

/**
 * k(p) = exp(-|row - p|² / 2). a against b: k(2, 0) - k(0, 0) is below 0 near (0, 0). a against c: below 0 when k(0, 0) is
 * above 0.5. b against c likewise by (2, 0).
 */
const vectors = model('vectors', ({ value: index }) => [index], [
  [[0, 0], [0], 'a'],
  [[2, 0], [1], 'b'],
  [[9, 9], [2], 'c'],
  [[null, 0], [none], null],
]);

/** Distances √(4 dx² + dz²); a missing z makes the sum (1 + 3) / 1 times greater, a missing x (1 + 3) / 3 times. */
const clusters = model('clusters', ({ raw }) => raw, [
  [[0, 0], [0, Math.sqrt(4 * 9 + 16)], 'near'],
  [[2, 4], [Math.sqrt(16 + 16), 2], 'far'],
  [[1, null], [Math.sqrt(4 * 4), Math.sqrt(4 * 16)], 'near'],
  [[null, 3], [Math.sqrt((9 * 4) / 3), Math.sqrt(4 / 3)], 'far'],
  [[null, null], [none, none], null],
]);

/**
 * 100 + (-5 | 5 | 20) + (income / 2 | 600); no attribute is true of a missing income. After the score how much is missing to
 * the baselines of 10; what is missing most is the first reason, unless nothing is.
 */
const scorecard = model('scorecard', ({ raw }) => raw, [
  [[29, 500], [355, 5, -240], 'RC0'],
  [[30, 1000], [620, -10, -490], null],
  [[null, 1001], [695, 15, -590], 'RC0'],
  [[null, 2], [96, 15, 9], 'RC0'],
  [[29, -2], [104, 5, 11], 'RC1'],
  [[30, null], [none, none, none], null],
]);

/** The greatest weight of the rules that fire: a 0.5, b 0.75, a 0.6, else c. */
const rules = model('rules', ({ value: index }) => [index], [
  [[5, 'p'], [0], 'a'],
  [[11, 'p'], [1], 'b'],
  [[5, 'q'], [2], 'c'],
  [[-11, 'q'], [0], 'a'],
  [[null, 'p'], [2], 'c'],
]);

/** |dx| + 2 [other s]: (2, q) is 4, 1 and 3 away: 20 / 2 and 40 / 4 over 1 / 2 + 1 / 4. Alike for others. */
const neighbors = model('neighbors', value, [
  [[2, 'q'], [(20 / 2 + 40 / 4) / (1 / 2 + 1 / 4)]],
  // 0 and 3 away.
  [[0, 'p'], [(10 + 20 / 4) / (1 + 1 / 4)]],
  // A missing s doubles distances: 2, 0, 8.
  [[1, null], [(20 + 10 / 3) / (1 + 1 / 3)]],
  [[null, null], [none]],
]);

/**
 * Days since 1960: 15796 for 2003-04-01, 2 for 1960-01-03, at which 185403 seconds have passed (the specification's examples);
 * 12603 of them since midnight, and 19410 until 05:23:30. 1960-01-03 was a Sunday.
 */
const dates = model('dates', value, [
  [['1960-01-01', '1960-01-03T03:30:03', '05:23:30'], [2000 + 92701.5 + 6807 / 4 - 7]],
  [['2003-04-01', '1960-01-03T03:30:03.9', '05:23:30'], [-15794000 + 92701.5 + 6807 / 4 - 7]],
  // At UTC it is two hours less, and still Saturday.
  [['1960-01-01', '1960-01-03T01:30:03+02:00', '05:23:30'], [1000 + (185403 - 14400) / 2 - 65_193 / 4]],
  [[null, '1960-01-01T00:00:00', '00:00'], [0]],
  [['no date', '1960-01-01', '00:00:01'], [0.25]],
  [['1960-01-01', '1960-01-32T00:00:00', '00:00'], [none]],
  [['1960-01-01', null, '00:00'], [none]],
]);

/** 7/AB 2.5 from AB-007; two digits at the end; more than four characters; the rest. 2.45 has the digits 2.4500000000000001776. */
const strings = model('strings', probabilities, [
  [[' ab-007', 2.45], [0.25, 0.75], 'yes'],
  [['AB-007', 2.44], [0.375, 0.625], 'yes'],
  [['ab-7', 2.44], [0.5625, 0.4375], 'no'],
  [['ab 1a2', 1], [1, 0], 'no'],
  // A missing code makes all of them unknown: the default child.
  [[null, 2.45], [1, 0], 'no'],
]);

/** term is 1 + x / 2; 10 + 2 term - [s = q] below 3, 99 from there on. */
const composed = model('composed', value, [
  [[2, 'p'], [14]],
  [[2, 'q'], [13]],
  [[4, 'q'], [99]],
  [[null, 'q'], [none]],
]);

/** (2 x + 4 trust 10) / (2 + 4 trust), the latter for positive x alone. */
const weighed = model('weighed', value, [
  [[4, 0.5], [(8 + 20) / 4]],
  [[4, 2], [(8 + 80) / 10]],
  [[-4, 0.5], [-4]],
  [[4, null], [none]],
]);

const EXACT = [dates, strings, composed, weighed, tree, forest, median, linear, vectors, scorecard, rules];
const COMPUTED = [weighted, vote, isolation, softmax, poisson, ordinal, bayes, neural, clusters, neighbors];

describeConformance('PMML', EXACT, { raw: 0, predicted: 0 }, BY_HAND);
describeConformance('PMML with functions', COMPUTED, { raw: 1e-14, predicted: 1e-14 }, BY_HAND);
describeConformance('PMML in float32', [boosted], { raw: 1e-7, predicted: 1e-7 }, BY_HAND);

describe('labels', () => {
  it.each([...EXACT, ...COMPUTED, boosted])('$name', (each) => {
    const imported = importCase(each);
    expect(each.rows.map((row) => evaluate(imported, row).prediction.label)).toEqual(each.labels);
  });
});
