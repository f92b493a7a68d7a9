import type { Task } from '../../ir/model.ts';
import { parseFloat32 } from '../float32.ts';

/** What an objective means for scoring. */
export interface Objective {
  readonly task: Task;
  /** How base_score becomes a margin: the inverse of the link, where the objective has one. */
  readonly intercept: 'identity' | 'logit' | 'log' | 'gaps';
  readonly link: 'identity' | 'sigmoid' | 'exp' | 'step' | 'softmax' | 'argmax' | 'expectiles';
}

const identity = (task: Task): Objective => ({ task, intercept: 'identity', link: 'identity' });
const exponential = (task: Task): Objective => ({ task, intercept: 'log', link: 'exp' });

/**
 * Every objective that XGBoost registers, 1.7 to 3.x, by the name that files hold. XGBoost refuses to load a file
 * with another name. A function of one's own leaves the name of the objective that was set beside it.
 * https://github.com/dmlc/xgboost/tree/v3.3.0/src/objective
 */
export const OBJECTIVES: ReadonlyMap<string, Objective> = new Map<string, Objective>([
  ['reg:squarederror', identity('regression')],
  ['reg:linear', identity('regression')],
  ['reg:squaredlogerror', identity('regression')],
  ['reg:pseudohubererror', identity('regression')],
  ['reg:absoluteerror', identity('regression')],
  ['reg:quantileerror', identity('regression')],
  ['reg:expectileerror', { task: 'regression', intercept: 'gaps', link: 'expectiles' }],
  ['reg:logistic', { task: 'regression', intercept: 'logit', link: 'sigmoid' }],
  ['reg:gamma', exponential('regression')],
  ['reg:tweedie', exponential('regression')],
  ['count:poisson', exponential('regression')],
  ['survival:cox', exponential('survival')],
  ['survival:aft', exponential('survival')],
  ['rank:pairwise', identity('ranking')],
  ['rank:ndcg', identity('ranking')],
  ['rank:map', identity('ranking')],
  ['binary:logistic', { task: 'binary', intercept: 'logit', link: 'sigmoid' }],
  ['binary:logitraw', identity('binary')],
  ['binary:hinge', { task: 'binary', intercept: 'identity', link: 'step' }],
  ['multi:softmax', { task: 'multiclass', intercept: 'identity', link: 'argmax' }],
  ['multi:softprob', { task: 'multiclass', intercept: 'identity', link: 'softmax' }],
]);

/** XGBoost's kRtEps, a float32. */
export const EPSILON = Math.fround(1e-6);

const f32 = Math.fround;

/**
 * The numbers of base_score: one text of a number (to 3.0), or of a list of them. NaN stands for what is no number.
 */
export function parseBaseScore(text: string): number[] {
  const list = text.trim().replace(/^[[(]\s*/, '');
  const inner = list.replace(/\s*[\])]$/, '');
  return inner.split(',').map((part) => parseFloat32(part.trim()));
}

/**
 * base_score in margin space, in float32 as XGBoost computes it. `clamped`: XGBoost 3.2 and later keep a probability
 * away from 0 and 1. A result that is not finite means that base_score is out of the objective's range.
 * https://github.com/dmlc/xgboost/blob/v3.3.0/src/objective/regression_loss.h
 */
export function toMargins(
  baseScore: readonly number[],
  intercept: Objective['intercept'],
  clamped: boolean,
): number[] {
  switch (intercept) {
    case 'identity':
      return [...baseScore];
    case 'log':
      return baseScore.map((value) => f32(Math.log(value)));
    case 'logit':
      return baseScore.map((value) => logit(clamped ? clamp(value) : value));
    case 'gaps':
      return baseScore.map((value, j) =>
        j === 0 ? value : inverseSoftplus(f32(f32(value - baseScore[j - 1]!) - EPSILON)),
      );
  }
}

function clamp(probability: number): number {
  if (probability < 0 || probability > 1) return Number.NaN;
  return Math.min(Math.max(probability, EPSILON), f32(1 - EPSILON));
}

function logit(probability: number): number {
  return -f32(Math.log(f32(f32(1 / probability) - 1)));
}

function inverseSoftplus(value: number): number {
  const x = Math.max(value, EPSILON);
  return f32(x + f32(Math.log(f32(-Math.expm1(-x)))));
}
