import { columnTransformer, featureUnion, pipeline, pipelineTransformer } from './compose.ts';
import { oneHotEncoder, ordinalEncoder, targetEncoder } from './encoders.ts';
import {
  forestClassifier,
  forestRegressor,
  isolationForest,
  treeClassifier,
  treeRegressor,
} from './forest.ts';
import {
  gradientBoostingClassifier,
  gradientBoostingRegressor,
  histogramClassifier,
  histogramRegressor,
} from './gradient-boosting.ts';
import { missingIndicator, simpleImputer } from './imputers.ts';
import {
  generalisedLinear,
  linearClassifier,
  linearDiscriminant,
  linearRegressor,
  logisticRegression,
  stochasticGradientClassifier,
} from './linear.ts';
import type { LowerPredictor, LowerTransformer } from './registry.ts';
import {
  binarizer,
  maxAbsScaler,
  minMaxScaler,
  normalizer,
  robustScaler,
  standardScaler,
} from './scalers.ts';

/** One function for several classes of scikit-learn. */
function named<T>(lower: T, ...names: readonly string[]): [string, T][] {
  return names.map((name) => [name, lower]);
}

/** What lowers each estimator, by class name; those of other packages have the package before it. */
export const PREDICTORS: ReadonlyMap<string, LowerPredictor> = new Map<string, LowerPredictor>([
  ...named(pipeline, 'Pipeline', 'imblearn.Pipeline'),
  ...named(
    linearRegressor,
    ...[
      'LinearRegression',
      'Ridge',
      'RidgeCV',
      'Lasso',
      'LassoCV',
      'ElasticNet',
      'ElasticNetCV',
      'Lars',
      'LarsCV',
    ],
    ...[
      'LassoLars',
      'LassoLarsCV',
      'LassoLarsIC',
      'OrthogonalMatchingPursuit',
      'OrthogonalMatchingPursuitCV',
    ],
    ...[
      'MultiTaskLasso',
      'MultiTaskLassoCV',
      'MultiTaskElasticNet',
      'MultiTaskElasticNetCV',
      'BayesianRidge',
    ],
    ...['ARDRegression', 'HuberRegressor', 'TheilSenRegressor', 'QuantileRegressor', 'SGDRegressor'],
    ...['PassiveAggressiveRegressor', 'LinearSVR'],
  ),
  ...named(generalisedLinear, 'PoissonRegressor', 'GammaRegressor', 'TweedieRegressor'),
  ...named(logisticRegression, 'LogisticRegression', 'LogisticRegressionCV'),
  ...named(
    linearClassifier,
    ...['LinearSVC', 'RidgeClassifier', 'RidgeClassifierCV', 'Perceptron', 'PassiveAggressiveClassifier'],
  ),
  ...named(stochasticGradientClassifier, 'SGDClassifier'),
  ...named(linearDiscriminant, 'LinearDiscriminantAnalysis'),
  ...named(treeRegressor, 'DecisionTreeRegressor', 'ExtraTreeRegressor'),
  ...named(treeClassifier, 'DecisionTreeClassifier', 'ExtraTreeClassifier'),
  ...named(forestRegressor, 'RandomForestRegressor', 'ExtraTreesRegressor'),
  ...named(forestClassifier, 'RandomForestClassifier', 'ExtraTreesClassifier'),
  ...named(isolationForest, 'IsolationForest'),
  ...named(gradientBoostingRegressor, 'GradientBoostingRegressor'),
  ...named(gradientBoostingClassifier, 'GradientBoostingClassifier'),
  ...named(histogramRegressor, 'HistGradientBoostingRegressor'),
  ...named(histogramClassifier, 'HistGradientBoostingClassifier'),
]);

export const TRANSFORMERS: ReadonlyMap<string, LowerTransformer> = new Map<string, LowerTransformer>([
  ...named(pipelineTransformer, 'Pipeline', 'imblearn.Pipeline'),
  ...named(columnTransformer, 'ColumnTransformer'),
  ...named(featureUnion, 'FeatureUnion'),
  ...named(standardScaler, 'StandardScaler'),
  ...named(minMaxScaler, 'MinMaxScaler'),
  ...named(maxAbsScaler, 'MaxAbsScaler'),
  ...named(robustScaler, 'RobustScaler'),
  ...named(normalizer, 'Normalizer'),
  ...named(binarizer, 'Binarizer'),
  ...named(simpleImputer, 'SimpleImputer'),
  ...named(missingIndicator, 'MissingIndicator'),
  ...named(oneHotEncoder, 'OneHotEncoder'),
  ...named(ordinalEncoder, 'OrdinalEncoder'),
  ...named(targetEncoder, 'TargetEncoder'),
]);
