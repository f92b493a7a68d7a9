import type { Member } from './aggregate.ts';
import { lowerAnomaly } from './anomaly.ts';
import { lowerBayes } from './bayes.ts';
import { lowerClustering } from './clustering.ts';
import type { Element } from './element.ts';
import { lowerGeneral } from './general-regression.ts';
import { lowerMining } from './mining.ts';
import type { ModelContext } from './model-context.ts';
import { lowerNeighbors } from './neighbors.ts';
import { lowerNeural } from './neural.ts';
import { lowerRegression } from './regression.ts';
import type { Result } from './result.ts';
import { lowerRules } from './rules.ts';
import type { Scope } from './scope.ts';
import { lowerScorecard } from './scorecard.ts';
import { lowerSupportVectors } from './support-vectors.ts';
import { lowerTreeModel } from './tree-model.ts';

/** A model's result, and the names that its <Output> may use when they are more than the model's own. */
export interface Lowered {
  readonly result: Result;
  readonly scope?: Scope;
  /** The segment of that id, of a model that has segments. */
  readonly segment?: (id: string) => Member | undefined;
}

type Lower = (model: Element, context: ModelContext) => Lowered;

function plain(lower: (model: Element, context: ModelContext) => Result): Lower {
  return (model, context) => ({ result: lower(model, context) });
}

/** The kinds of models that are scored, by the name of their element. */
export const LOWERINGS: ReadonlyMap<string, Lower> = new Map<string, Lower>([
  ['TreeModel', plain(lowerTreeModel)],
  ['MiningModel', lowerMining],
  ['RegressionModel', plain(lowerRegression)],
  ['GeneralRegressionModel', plain(lowerGeneral)],
  ['NaiveBayesModel', plain(lowerBayes)],
  ['NeuralNetwork', plain(lowerNeural)],
  ['SupportVectorMachineModel', plain(lowerSupportVectors)],
  ['ClusteringModel', plain(lowerClustering)],
  ['Scorecard', plain(lowerScorecard)],
  ['RuleSetModel', plain(lowerRules)],
  ['NearestNeighborModel', plain(lowerNeighbors)],
  ['AnomalyDetectionModel', plain(lowerAnomaly)],
]);
