import { PyObject, type PyValue } from '../pickle/index.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import { importances } from './importances.ts';
import type { Lowering } from './lowering.ts';
import type { Predictor } from './predictor.ts';
import { lowerPredictor } from './registry.ts';

/** The columns that a feature selection keeps, in their order. */
function keptColumns(estimator: Estimator, columns: readonly Column[]): readonly Column[] {
  const mask = maskOf(estimator, columns.length);
  if (mask.length !== columns.length)
    return estimator.fail(`chooses among ${mask.length} columns, but gets ${columns.length}`);
  return columns.filter((_, i) => mask[i]);
}

export function featureSelection(estimator: Estimator, columns: readonly Column[]): readonly Column[] {
  return keptColumns(estimator, columns);
}

/** RFE predicts too, with its estimator on the kept columns. */
export function selectingPredictor(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Predictor {
  const inner = estimator.child('estimator_', 'estimator');
  return lowerPredictor(inner, keptColumns(estimator, columns), lowering);
}

function maskOf(estimator: Estimator, count: number): readonly boolean[] {
  switch (estimator.name) {
    case 'RFE':
    case 'RFECV':
    case 'SequentialFeatureSelector':
      return estimator
        .numbers(estimator.has('support_') ? 'support_' : 'ranking_')
        .map((value) => value === 1);
    case 'VarianceThreshold': {
      const threshold = estimator.number('threshold', 0);
      return estimator.numbers('variances_', count).map((variance) => variance > threshold);
    }
    case 'SelectFromModel':
      return aboveThreshold(estimator, count);
    case 'SelectKBest':
      return kBest(estimator, estimator.get('k') ?? null);
    case 'SelectPercentile':
      return bestPercentile(estimator, estimator.number('percentile', 10));
    case 'SelectFpr':
    case 'SelectFwe':
    case 'SelectFdr':
      return byLevel(
        estimator,
        estimator.name.slice(6).toLowerCase(),
        estimator.number('alpha', 0.05),
        count,
      );
    case 'GenericUnivariateSelect':
      return byMode(estimator, count);
    default:
      return estimator.refuse('selects features in a way that pgscore does not read');
  }
}

/** GenericUnivariateSelect: one of the others by name, with its one parameter. */
function byMode(estimator: Estimator, count: number): readonly boolean[] {
  const mode = estimator.text('mode');
  if (mode === 'k_best') return kBest(estimator, estimator.get('param') ?? null);
  const param = estimator.number('param');
  return mode === 'percentile' ? bestPercentile(estimator, param) : byLevel(estimator, mode, param, count);
}

/** By p-values: a false positive rate, a false discovery rate, a family-wise error. */
function byLevel(estimator: Estimator, rate: string, alpha: number, count: number): readonly boolean[] {
  if (rate === 'fdr') return falseDiscoveryRate(estimator, alpha);
  if (rate !== 'fpr' && rate !== 'fwe') return estimator.refuse(`selects features by ${rate}`);
  const level = rate === 'fwe' ? alpha / count : alpha;
  return estimator.numbers('pvalues_', count).map((p) => p < level);
}

/** Scores without NaN, which counts as the least of all numbers. */
function scoresOf(estimator: Estimator): readonly number[] {
  return estimator.numbers('scores_').map((score) => (Number.isNaN(score) ? -Number.MAX_VALUE : score));
}

function kBest(estimator: Estimator, k: unknown): readonly boolean[] {
  const scores = scoresOf(estimator);
  if (k === 'all') return scores.map(() => true);
  if (typeof k !== 'number') return estimator.fail('has no number of columns to keep');
  const order = scores.map((_, i) => i).sort((a, b) => scores[a]! - scores[b]! || a - b);
  const kept = new Set(order.slice(Math.max(order.length - k, 0)));
  return scores.map((_, i) => k > 0 && kept.has(i));
}

/** Above the percentile; columns at it fill up what is missing, in their order. */
function bestPercentile(estimator: Estimator, percentile: number): readonly boolean[] {
  const scores = scoresOf(estimator);
  if (percentile >= 100) return scores.map(() => true);
  if (percentile <= 0) return scores.map(() => false);
  const sorted = [...scores].sort((a, b) => a - b);
  const place = ((sorted.length - 1) * (100 - percentile)) / 100;
  const below = Math.floor(place);
  const next = sorted[Math.min(below + 1, sorted.length - 1)]!;
  const threshold = sorted[below]! + (next - sorted[below]!) * (place - below);
  const mask = scores.map((score) => score > threshold);
  let room = Math.floor((scores.length * percentile) / 100) - mask.filter(Boolean).length;
  return mask.map((kept, i) => {
    if (kept || scores[i] !== threshold || room <= 0) return kept;
    room -= 1;
    return true;
  });
}

function falseDiscoveryRate(estimator: Estimator, alpha: number): readonly boolean[] {
  const p = estimator.numbers('pvalues_');
  const sorted = [...p].sort((a, b) => a - b);
  const passing = sorted.filter((value, i) => value <= (alpha / p.length) * (i + 1));
  if (passing.length === 0) return p.map(() => false);
  const greatest = Math.max(...passing);
  return p.map((value) => value <= greatest);
}

/** Importances of at least the threshold, and at most max_features of them. */
function aboveThreshold(estimator: Estimator, count: number): readonly boolean[] {
  const inner = estimator.child(estimator.has('estimator_') ? 'estimator_' : 'estimator', 'estimator');
  if (estimator.text('importance_getter', 'auto') !== 'auto')
    return estimator.refuse('reads importances in a way of its own');
  const scores = importances(inner, count, estimator.number('norm_order', 1));
  const threshold = thresholdOf(estimator, inner, scores);
  const most = estimator.has('max_features_')
    ? estimator.get('max_features_')
    : estimator.get('max_features');
  if (most instanceof PyObject) return estimator.refuse('limits the number of columns by a function');
  const limit = typeof most === 'number' ? most : count;
  const order = scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
  const first = new Set(order.slice(0, limit));
  return scores.map((score, i) => first.has(i) && score >= threshold);
}

function thresholdOf(estimator: Estimator, inner: Estimator, scores: readonly number[]): number {
  const threshold = estimator.get('threshold') ?? null;
  if (typeof threshold === 'number') return threshold;
  const text = threshold === null ? (isSparse(inner) ? '1e-5' : 'mean') : threshold;
  if (typeof text !== 'string') return estimator.fail('has no threshold');
  const match = /^(?:\s*([\d.eE+-]+)\s*\*)?\s*(mean|median)\s*$/.exec(text);
  if (match === null) return text === '1e-5' ? 1e-5 : estimator.fail(`has an unknown threshold ${text}`);
  const [, scale, reference] = match;
  return Number(scale ?? 1) * (reference === 'mean' ? mean(scores) : median(scores));
}

/** Estimators that leave coefficients at 0 are cut there; scikit-learn came to know more of them over time. */
function isSparse(inner: Estimator): boolean {
  const { name, version } = inner;
  if (inner.get('penalty') === 'l1' || name.includes('Lasso')) return true;
  if (name === 'LogisticRegression') return version >= 108 && isOne(inner.get('l1_ratio'));
  if (name === 'LogisticRegressionCV')
    return version >= 108 && inner.numbers('l1_ratio_').every((ratio) => isOne(ratio));
  if (version < 102) return false;
  if (version < 106 && name.includes('ElasticNet'))
    return isOne(inner.get('l1_ratio_')) || isOne(inner.get('l1_ratio'));
  if (name === 'ElasticNetCV') return isOne(inner.get('l1_ratio_'));
  return name === 'ElasticNet' && isOne(inner.get('l1_ratio'));
}

/** numpy.isclose(ratio, 1). */
function isOne(ratio: PyValue | undefined): boolean {
  return typeof ratio === 'number' && Math.abs(ratio - 1) <= 1e-8 + 1e-5;
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
