import type { Task } from '../../ir/model.ts';

/** What CatBoost's predict() and predict_proba() make of the raw scores of a model that was trained for a loss. */
export interface Loss {
  readonly task: Task;
  readonly link: 'identity' | 'exp' | 'binary' | 'softmax' | 'one-vs-all' | 'sigmoids' | 'uncertainty';
}

const names = (task: Task, link: Loss['link'], losses: readonly string[]): [string, Loss][] =>
  losses.map((loss) => [loss, { task, link }]);

/** By the loss's name. Several numbers of an `identity` are several targets or quantiles. */
export const LOSSES: ReadonlyMap<string, Loss> = new Map([
  ...names('regression', 'identity', [
    'RMSE',
    'MAE',
    'Quantile',
    'LogLinQuantile',
    'Expectile',
    'MAPE',
    'Lq',
    'Huber',
    'LogCosh',
    'MultiRMSE',
    'MultiRMSEWithMissingValues',
    'MultiQuantile',
  ]),
  ...names('regression', 'exp', ['Poisson', 'Tweedie']),
  ...names('regression', 'uncertainty', ['RMSEWithUncertainty']),
  ...names('regression', 'sigmoids', ['MultiLogloss', 'MultiCrossEntropy']),
  ...names('binary', 'binary', ['Logloss', 'CrossEntropy', 'Focal']),
  ...names('multiclass', 'softmax', ['MultiClass']),
  ...names('multiclass', 'one-vs-all', ['MultiClassOneVsAll']),
  ...names('survival', 'identity', ['Cox', 'SurvivalAft']),
  ...names('ranking', 'identity', [
    'QueryRMSE',
    'QuerySoftMax',
    'QueryCrossEntropy',
    'PairLogit',
    'PairLogitPairwise',
    'YetiRank',
    'YetiRankPairwise',
    'LambdaMart',
    'StochasticFilter',
    'StochasticRank',
  ]),
]);
