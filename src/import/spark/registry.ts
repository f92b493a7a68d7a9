import { featureSelector, interaction, vectorAssembler, vectorSizeHint, vectorSlicer } from './assemblers.ts';
import { naiveBayes } from './bayes.ts';
import { bisectingKMeans, kMeans } from './clusters.ts';
import { bestModel, formula, oneVersusRest, pipeline } from './compose.ts';
import { binarizer, bucketizer, imputer } from './discretize.ts';
import { oneHotEncoder, oneHotEncoderModel } from './encoders.ts';
import type { Frame } from './frame.ts';
import { generalisedLinear } from './generalised.ts';
import { indexToString, stringIndexer, vectorIndexer } from './indexers.ts';
import { isotonicRegression } from './isotonic.ts';
import { linearRegression, linearSupportVectors, logisticRegression, survivalRegression } from './linear.ts';
import type { Lowering } from './lowering.ts';
import { gaussianMixture } from './mixtures.ts';
import { factorClassification, factorRegression, multilayerPerceptron } from './networks.ts';
import { cosineTransform, polynomialExpansion, principalComponents } from './projections.ts';
import {
  elementwiseProduct,
  maxAbsScaler,
  minMaxScaler,
  normalizer,
  robustScaler,
  standardScaler,
} from './scalers.ts';
import { sqlTransformer } from './sql/index.ts';
import type { Stage } from './stage.ts';
import {
  countVectorizer,
  hashingTermFrequencies,
  inverseDocumentFrequencies,
  nGram,
  regexTokenizer,
  stopWordsRemover,
  tokenizer,
} from './texts.ts';
import {
  boostedClassification,
  boostedRegression,
  forestClassification,
  forestRegression,
  treeClassification,
  treeRegression,
} from './trees.ts';
import { wordVectors } from './word-vectors.ts';

/** Adds a stage's columns to the frame. */
type LowerStage = (stage: Stage, frame: Frame, lowering: Lowering) => void;

/** Stages that move or name columns only. */
const nothing: LowerStage = () => {};

const STAGES: ReadonlyMap<string, LowerStage> = new Map<string, LowerStage>([
  ['PipelineModel', pipeline],
  ['CrossValidatorModel', bestModel],
  ['TrainValidationSplitModel', bestModel],
  ['RFormulaModel', formula],
  ['SQLTransformer', sqlTransformer],
  ['ColumnPruner', nothing],
  ['VectorAttributeRewriter', nothing],
  // Indexers and encoders.
  ['StringIndexerModel', stringIndexer],
  ['IndexToString', indexToString],
  ['VectorIndexerModel', vectorIndexer],
  ['OneHotEncoderModel', oneHotEncoderModel],
  ['OneHotEncoder', oneHotEncoder],
  // Texts.
  ['Tokenizer', tokenizer],
  ['RegexTokenizer', regexTokenizer],
  ['StopWordsRemover', stopWordsRemover],
  ['NGram', nGram],
  ['HashingTF', hashingTermFrequencies],
  ['CountVectorizerModel', countVectorizer],
  ['IDFModel', inverseDocumentFrequencies],
  ['Word2VecModel', wordVectors],
  // Vectors.
  ['VectorAssembler', vectorAssembler],
  ['VectorSizeHint', vectorSizeHint],
  ['VectorSlicer', vectorSlicer],
  ['ChiSqSelectorModel', featureSelector],
  ['UnivariateFeatureSelectorModel', featureSelector],
  ['VarianceThresholdSelectorModel', featureSelector],
  ['Interaction', interaction],
  // Numbers.
  ['StandardScalerModel', standardScaler],
  ['MinMaxScalerModel', minMaxScaler],
  ['MaxAbsScalerModel', maxAbsScaler],
  ['RobustScalerModel', robustScaler],
  ['ElementwiseProduct', elementwiseProduct],
  ['Normalizer', normalizer],
  ['PCAModel', principalComponents],
  ['DCT', cosineTransform],
  ['PolynomialExpansion', polynomialExpansion],
  ['Bucketizer', bucketizer],
  ['Binarizer', binarizer],
  ['ImputerModel', imputer],
  // Models.
  ['LinearRegressionModel', linearRegression],
  ['GeneralizedLinearRegressionModel', generalisedLinear],
  ['AFTSurvivalRegressionModel', survivalRegression],
  ['IsotonicRegressionModel', isotonicRegression],
  ['FMRegressionModel', factorRegression],
  ['DecisionTreeRegressionModel', treeRegression],
  ['RandomForestRegressionModel', forestRegression],
  ['GBTRegressionModel', boostedRegression],
  ['LogisticRegressionModel', logisticRegression],
  ['LinearSVCModel', linearSupportVectors],
  ['NaiveBayesModel', naiveBayes],
  ['FMClassificationModel', factorClassification],
  ['MultilayerPerceptronClassificationModel', multilayerPerceptron],
  ['DecisionTreeClassificationModel', treeClassification],
  ['RandomForestClassificationModel', forestClassification],
  ['GBTClassificationModel', boostedClassification],
  ['OneVsRestModel', oneVersusRest],
  ['KMeansModel', kMeans],
  ['BisectingKMeansModel', bisectingKMeans],
  ['GaussianMixtureModel', gaussianMixture],
]);

/** What to do about stages that are not scored, by class. */
const HINTS: ReadonlyMap<string, string> = new Map([
  [
    'FeatureHasher',
    'The saved files do not say which of its columns are numbers, texts or true and false, which it hashes differently. Index and encode the columns by StringIndexer and OneHotEncoder, or compute its column in Spark and feed it as features.',
  ],
  [
    'ALSModel',
    'Store userFactors and itemFactors as tables: its prediction is the sum of the products of their features, as a query joins them.',
  ],
  ...['LocalLDAModel', 'DistributedLDAModel'].map(
    (name) =>
      [
        name,
        'It fits topics to each row anew, from random numbers. Compute topicDistribution in Spark, and feed it as features.',
      ] as const,
  ),
  ...['XGBoostClassificationModel', 'XGBoostRegressionModel'].map(
    (name) =>
      [name, 'Save its booster (nativeBooster.saveModel("model.json")) and import that file.'] as const,
  ),
  ...['LightGBMClassificationModel', 'LightGBMRegressionModel', 'LightGBMRankerModel'].map(
    (name) => [name, 'Save its booster (saveNativeModel) and import that text file.'] as const,
  ),
  ['Pipeline', 'Save the PipelineModel that fit() returned.'],
]);

/** Packages whose classes of these names are Spark's own. */
const PACKAGE = /^(org\.apache\.spark|pyspark)\.ml(\.|$)/;

/** Lowers one stage. @throws PgscoreError PGS_UNSUPPORTED for a class that is not scored. */
export function lowerStage(stage: Stage, frame: Frame, lowering: Lowering): void {
  const lower = PACKAGE.test(stage.package) ? STAGES.get(stage.name) : undefined;
  lowering.visit(stage, () => {
    frame.begin();
    if (lower !== undefined) return lower(stage, frame, lowering);
    return refuseLater(stage, frame);
  });
}

/**
 * A stage of an unknown class is refused when one of its columns is asked for; without any output column it is the
 * model, and refused at once.
 */
function refuseLater(stage: Stage, frame: Frame): void {
  const refuse = (): never => stage.refuse(`${stage.package}.${stage.name} is not scored`, hintFor(stage));
  if (stage.has('predictionCol') || !(stage.has('outputCol') || stage.has('outputCols'))) refuse();
  const outputs = stage.has('outputCols') ? stage.texts('outputCols') : [stage.output];
  for (const output of outputs) frame.set(output, refuse);
}

function hintFor({ name, package: owner }: Stage): string | undefined {
  const older = owner.startsWith('org.apache.spark.mllib');
  return older ? 'Fit the estimator of spark.ml that does the same, and save its model.' : HINTS.get(name);
}
