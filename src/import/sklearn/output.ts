import { PgscoreError } from '../../errors.ts';
import type { Classes, Register } from '../../ir/model.ts';
import type { TaskOutput } from '../guard.ts';
import type { Estimator } from './estimator.ts';
import type { Lowering } from './lowering.ts';
import {
  type Classifier,
  type Classifiers,
  type Clusterer,
  type Detector,
  labelsOf,
  type Predictor,
} from './predictor.ts';
import { predictedNumber } from './voting.ts';

/** Where the parts of the prediction stand. @throws PgscoreError PGS_USAGE for labels that do not fit. */
export function outputOf(predictor: Predictor, estimator: Estimator, lowering: Lowering): TaskOutput {
  if (predictor.kind !== 'classifier' && lowering.options.labels !== undefined) {
    throw new PgscoreError(
      'PGS_USAGE',
      `${estimator.place.file}: labels were given, but the model is no classifier.`,
    );
  }
  switch (predictor.kind) {
    case 'regressor':
      return valuesOutput(predictor.values(), estimator);
    case 'classifier':
      return classifierOutput(predictor, estimator, lowering);
    case 'classifiers':
      return targetsOutput(predictor, estimator, lowering);
    case 'clusterer':
      return clusterOutput(predictor);
    case 'detector':
      return detectorOutput(predictor);
  }
}

/** A regressor's targets, or the columns that a transformer gives. */
export function valuesOutput(values: readonly Register[], estimator: Estimator): TaskOutput {
  if (values.length === 0) return estimator.refuse('gives no output');
  const output = { value: values[0]!, raw: values };
  return { task: 'regression', output: values.length === 1 ? output : { ...output, values } };
}

/** values: each target's class as a number; raw: each target's probabilities, else its scores, one after the other. */
function targetsOutput({ targets }: Classifiers, estimator: Estimator, lowering: Lowering): TaskOutput {
  if (targets.length === 0) return estimator.refuse('gives no output');
  const values = targets.map((target) => {
    if (target.classes.some((label) => typeof label === 'string' && Number.isNaN(Number(label)))) {
      estimator.refuse(
        'predicts several targets at once, with texts for classes',
        'Fit it on numbers for classes (OrdinalEncoder), or save one estimator a target.',
      );
    }
    return predictedNumber(target, estimator, lowering.builder);
  });
  const raw = targets.flatMap((target, i) => target.probabilities?.() ?? target.decision?.() ?? [values[i]!]);
  lowering.notes.add(
    "The model predicts several targets: `values` has the class of each, `raw` the probabilities of each one's classes.",
  );
  return { task: 'regression', output: { value: values[0]!, raw, values } };
}

/**
 * value: the second of two classes' probability, its score where there are no probabilities; with more classes the
 * index of the predicted one.
 */
function classifierOutput(classifier: Classifier, estimator: Estimator, lowering: Lowering): TaskOutput {
  const labels = chooseLabels(classifier, estimator, lowering);
  const predicted = classifier.predicted();
  const probabilities = classifier.probabilities?.();
  if (probabilities !== undefined && probabilities.length !== labels.length) {
    estimator.fail(`gives ${probabilities.length} probabilities for ${labels.length} classes`);
  }
  const raw = classifier.decision?.() ?? classifier.scores?.() ?? probabilities ?? [predicted];
  const binary = labels.length === 2;
  const score = probabilities?.[1] ?? (classifier.decision === undefined ? predicted : raw[0]!);
  const classes: Classes = { labels, predicted, ...(probabilities === undefined ? {} : { probabilities }) };
  return {
    task: binary ? 'binary' : 'multiclass',
    output: { value: binary ? score : predicted, raw, classes },
  };
}

function chooseLabels(
  classifier: Classifier,
  estimator: Estimator,
  { options }: Lowering,
): readonly string[] {
  const own = labelsOf(classifier.classes, estimator);
  const given = options.labels;
  if (given === undefined) {
    return new Set(own).size === own.length ? own : estimator.refuse('has two classes of the same name');
  }
  if (given.length === own.length && new Set(given).size === own.length) return given;
  throw new PgscoreError(
    'PGS_USAGE',
    `${estimator.place.file}: ${given.length} labels were given, but the model has ${own.length} classes.`,
    { hint: 'Give one label a class, each another one, in the order of classes_.' },
  );
}

function clusterOutput(clusterer: Clusterer): TaskOutput {
  const value = clusterer.predicted();
  const probabilities = clusterer.probabilities?.();
  const output = { value, raw: clusterer.raw() };
  if (probabilities === undefined) return { task: 'clustering', output };
  const labels = probabilities.map((_, i) => String(i));
  return { task: 'clustering', output: { ...output, classes: { labels, predicted: value, probabilities } } };
}

/** value: decision_function(), below 0 for an outlier; labels are scikit-learn's -1 and 1. */
function detectorOutput(detector: Detector): TaskOutput {
  const value = detector.decision();
  const classes = { labels: ['-1', '1'], predicted: detector.predicted() };
  return { task: 'anomaly', output: { value, raw: [detector.scores?.() ?? value], classes } };
}
