import { adaBoostClassifier, adaBoostRegressor } from './adaboost.ts';
import { baggingClassifier, baggingRegressor } from './bagging.ts';
import { categoricalBayes, discreteBayes, gaussianBayes, quadraticDiscriminant } from './bayes.ts';
import { embeddedBooster } from './boosters.ts';
import { centreTransformer, gaussianMixture, nearestCentre, nearestCentroid } from './cluster.ts';
import { columnTransformer, featureUnion, pipeline, pipelineTransformer } from './compose.ts';
import { discriminantAxes, polynomialFeatures, principalComponents, rbfSampler } from './decomposition.ts';
import { ellipticEnvelope, oneClassGradient } from './detectors.ts';
import { dictVectorizer } from './dictionaries.ts';
import { binsDiscretizer, powerTransformer, quantileTransformer } from './discretize.ts';
import { oneHotEncoder, ordinalEncoder, targetEncoder } from './encoders.ts';
import {
  forestClassifier,
  forestRegressor,
  isolationForest,
  treeClassifier,
  treeRegressor,
} from './forest.ts';
import { functionTransformer } from './functions.ts';
import { binaryProcess, gaussianProcess, processClassifier } from './gaussian-process.ts';
import {
  gradientBoostingClassifier,
  gradientBoostingRegressor,
  histogramClassifier,
  histogramRegressor,
} from './gradient-boosting.ts';
import { missingIndicator, simpleImputer } from './imputers.ts';
import { isotonicRegression } from './isotonic.ts';
import { iterativeImputer } from './iterative-imputer.ts';
import { kernelPca, kernelRidge, nystroem } from './kernel-models.ts';
import { knnImputer } from './knn-imputer.ts';
import { labelEncoder } from './labels.ts';
import {
  generalisedLinear,
  linearClassifier,
  linearDiscriminant,
  linearRegressor,
  logisticRegression,
  stochasticGradientClassifier,
} from './linear.ts';
import {
  bestEstimator,
  bestTransformer,
  calibratedClassifier,
  dummyClassifier,
  dummyRegressor,
  innerEstimator,
  innerTransformer,
  thresholdClassifier,
  transformedTarget,
} from './meta.ts';
import {
  classifierChain,
  multiOutputClassifier,
  multiOutputRegressor,
  oneVersusOne,
  oneVersusRest,
  regressorChain,
} from './multi.ts';
import { localOutlierFactor, neighborsClassifier, neighborsRegressor } from './neighbors.ts';
import { networkClassifier, networkRegressor } from './neural.ts';
import { partialLeastSquares } from './partial-least-squares.ts';
import type { LowerPredictor, LowerTransformer } from './registry.ts';
import {
  binarizer,
  maxAbsScaler,
  minMaxScaler,
  normalizer,
  robustScaler,
  standardScaler,
} from './scalers.ts';
import { featureSelection, selectingPredictor } from './selection.ts';
import { splineTransformer } from './spline.ts';
import { oneClassSupport, supportVectorClassifier, supportVectorRegressor } from './support-vectors.ts';
import { countVectorizer, hashingVectorizer, tfidfTransformer, tfidfVectorizer } from './text.ts';
import { stackingClassifier, stackingRegressor, votingClassifier, votingRegressor } from './voting.ts';

/** Searches over parameters, which keep the best estimator. */
const SEARCHES = ['GridSearchCV', 'RandomizedSearchCV', 'HalvingGridSearchCV', 'HalvingRandomSearchCV'];

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
  ...named(adaBoostRegressor, 'AdaBoostRegressor'),
  ...named(adaBoostClassifier, 'AdaBoostClassifier'),
  ...named(baggingRegressor, 'BaggingRegressor'),
  ...named(baggingClassifier, 'BaggingClassifier'),
  ...named(votingRegressor, 'VotingRegressor'),
  ...named(votingClassifier, 'VotingClassifier'),
  ...named(stackingRegressor, 'StackingRegressor'),
  ...named(stackingClassifier, 'StackingClassifier'),
  ...named(bestEstimator, ...SEARCHES),
  ...named(innerEstimator, 'RANSACRegressor', 'SelfTrainingClassifier', 'FrozenEstimator'),
  ...named(partialLeastSquares, 'PLSRegression', 'PLSCanonical', 'CCA'),
  ...named(ellipticEnvelope, 'EllipticEnvelope'),
  ...named(oneClassGradient, 'SGDOneClassSVM'),
  ...named(thresholdClassifier, 'TunedThresholdClassifierCV', 'FixedThresholdClassifier'),
  ...named(transformedTarget, 'TransformedTargetRegressor'),
  ...named(calibratedClassifier, 'CalibratedClassifierCV'),
  ...named(dummyRegressor, 'DummyRegressor'),
  ...named(dummyClassifier, 'DummyClassifier'),
  ...named(oneVersusRest, 'OneVsRestClassifier'),
  ...named(oneVersusOne, 'OneVsOneClassifier'),
  ...named(multiOutputRegressor, 'MultiOutputRegressor'),
  ...named(multiOutputClassifier, 'MultiOutputClassifier'),
  ...named(classifierChain, 'ClassifierChain'),
  ...named(regressorChain, 'RegressorChain'),
  ...named(selectingPredictor, 'RFE', 'RFECV'),
  ...named(gaussianBayes, 'GaussianNB'),
  ...named(discreteBayes, 'MultinomialNB', 'ComplementNB', 'BernoulliNB'),
  ...named(categoricalBayes, 'CategoricalNB'),
  ...named(quadraticDiscriminant, 'QuadraticDiscriminantAnalysis'),
  ...named(nearestCentre, 'KMeans', 'MiniBatchKMeans', 'MeanShift', 'AffinityPropagation'),
  ...named(gaussianMixture, 'GaussianMixture'),
  ...named(nearestCentroid, 'NearestCentroid'),
  ...named(neighborsRegressor, 'KNeighborsRegressor'),
  ...named(neighborsClassifier, 'KNeighborsClassifier'),
  ...named(localOutlierFactor, 'LocalOutlierFactor'),
  ...named(networkRegressor, 'MLPRegressor'),
  ...named(networkClassifier, 'MLPClassifier'),
  ...named(supportVectorRegressor, 'SVR', 'NuSVR'),
  ...named(supportVectorClassifier, 'SVC', 'NuSVC'),
  ...named(oneClassSupport, 'OneClassSVM'),
  ...named(kernelRidge, 'KernelRidge'),
  ...named(gaussianProcess, 'GaussianProcessRegressor'),
  ...named(processClassifier, 'GaussianProcessClassifier'),
  ...named(binaryProcess, '_BinaryGaussianProcessClassifierLaplace'),
  ...named(isotonicRegression, 'IsotonicRegression'),
  ...named(
    embeddedBooster,
    ...['xgboost.XGBClassifier', 'xgboost.XGBRegressor', 'xgboost.XGBRanker', 'xgboost.XGBRFClassifier'],
    ...['xgboost.XGBRFRegressor', 'lightgbm.LGBMClassifier', 'lightgbm.LGBMRegressor', 'lightgbm.LGBMRanker'],
  ),
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
  ...named(knnImputer, 'KNNImputer'),
  ...named(iterativeImputer, 'IterativeImputer'),
  ...named(missingIndicator, 'MissingIndicator'),
  ...named(oneHotEncoder, 'OneHotEncoder'),
  ...named(ordinalEncoder, 'OrdinalEncoder'),
  ...named(targetEncoder, 'TargetEncoder'),
  ...named(labelEncoder, 'LabelEncoder'),
  ...named(functionTransformer, 'FunctionTransformer'),
  ...named(polynomialFeatures, 'PolynomialFeatures'),
  ...named(splineTransformer, 'SplineTransformer'),
  ...named(binsDiscretizer, 'KBinsDiscretizer'),
  ...named(powerTransformer, 'PowerTransformer'),
  ...named(quantileTransformer, 'QuantileTransformer'),
  ...named(principalComponents, 'PCA', 'IncrementalPCA', 'TruncatedSVD', 'FastICA'),
  ...named(principalComponents, 'GaussianRandomProjection', 'SparseRandomProjection'),
  ...named(discriminantAxes, 'LinearDiscriminantAnalysis'),
  ...named(kernelPca, 'KernelPCA'),
  ...named(nystroem, 'Nystroem'),
  ...named(rbfSampler, 'RBFSampler'),
  ...named(centreTransformer, 'KMeans', 'MiniBatchKMeans'),
  ...named(dictVectorizer, 'DictVectorizer'),
  ...named(countVectorizer, 'CountVectorizer'),
  ...named(tfidfVectorizer, 'TfidfVectorizer'),
  ...named(hashingVectorizer, 'HashingVectorizer'),
  ...named(tfidfTransformer, 'TfidfTransformer'),
  ...named(bestTransformer, ...SEARCHES),
  ...named(innerTransformer, 'FrozenEstimator'),
  ...named(
    featureSelection,
    ...['RFE', 'RFECV', 'SequentialFeatureSelector', 'VarianceThreshold', 'SelectFromModel', 'SelectKBest'],
    ...['SelectPercentile', 'SelectFpr', 'SelectFdr', 'SelectFwe', 'GenericUnivariateSelect'],
  ),
]);
