import type { Register } from '../../ir/model.ts';
import { type Frame, type Lazy, numberColumn, vectorColumn } from './frame.ts';
import type { Lowering } from './lowering.ts';
import type { Stage } from './stage.ts';

/** What a fitted model answers, as functions that add their steps when they are first called. */
export type Prediction = Regression | Classification | Clustering;

interface Answer {
  readonly stage: Stage;
  /** What stands in predictionCol: a number, the index of a class, the number of a cluster. */
  readonly value: Lazy<Register>;
}

export interface Regression extends Answer {
  readonly kind: 'regression' | 'survival';
  /** The linear score before a link, where there is one. */
  readonly score?: Lazy<Register>;
  /** Numbers beside the prediction (quantiles). */
  readonly more?: Lazy<readonly Register[]>;
}

export interface Classification extends Answer {
  readonly kind: 'classification';
  readonly classes: number;
  /** rawPrediction: one number a class. */
  readonly raw: Lazy<readonly Register[]>;
  readonly probabilities?: Lazy<readonly Register[]>;
  /** The texts of the classes, where the model itself or a stage after it says them. */
  labels?: readonly string[];
}

export interface Clustering extends Answer {
  readonly kind: 'clustering';
  /** Distances to the centres; the probabilities of a mixture. */
  readonly raw: Lazy<readonly Register[]>;
  readonly probabilities?: Lazy<readonly Register[]>;
}

/** Puts a model's answers into their columns, for the stages after it. */
export function publish(prediction: Prediction, frame: Frame, lowering: Lowering): void {
  const { stage, value } = prediction;
  const put = (param: string, make: (name: string) => void): void => {
    const name = stage.text(param, DEFAULTS[param]);
    if (name !== '') make(name);
  };
  // Since 3.0 the column says how many classes there are.
  const arity = prediction.kind === 'classification' && stage.major >= 3 ? prediction.classes : undefined;
  put('predictionCol', (name) => frame.set(name, () => numberColumn(value(), true, arity)));
  if (prediction.kind === 'classification') {
    put('rawPredictionCol', (name) => frame.set(name, () => vectorColumn(prediction.raw(), true)));
  }
  const { probabilities } = { probabilities: undefined, ...prediction };
  if (probabilities !== undefined) {
    put('probabilityCol', (name) => frame.set(name, () => vectorColumn(probabilities(), true)));
  }
  lowering.predictions.push(prediction);
}

const DEFAULTS: Readonly<Record<string, string>> = {
  predictionCol: 'prediction',
  rawPredictionCol: 'rawPrediction',
  probabilityCol: 'probability',
};
