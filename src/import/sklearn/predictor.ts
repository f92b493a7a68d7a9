import type { Register } from '../../ir/model.ts';
import { NdArray, type PyValue } from '../pickle/index.ts';
import type { Estimator } from './estimator.ts';

/** What an estimator answers, as functions that add their steps when they are first called. */
export type Predictor = Regressor | Classifier | Classifiers | Clusterer | Detector;

export interface Regressor {
  readonly kind: 'regressor';
  /** predict(): one register a target. */
  values(): readonly Register[];
}

export interface Classifier {
  readonly kind: 'classifier';
  /** classes_, in order. */
  readonly classes: readonly PyValue[];
  /** The index into `classes` of what predict() gives. */
  predicted(): Register;
  /** predict_proba(); absent when the estimator has none. */
  readonly probabilities?: () => readonly Register[];
  /** decision_function(): one register for two classes, one a class (or a pair) for more; absent when there is none. */
  readonly decision?: () => readonly Register[];
  /** Why it is unknown whether the estimator had a decision_function when it was used; absent when it is known. */
  readonly decisionUnknown?: string;
  /** Scores before the link where there is no decision_function (joint log-likelihoods). */
  readonly scores?: () => readonly Register[];
}

/** Several targets at once, each with classes of its own. */
export interface Classifiers {
  readonly kind: 'classifiers';
  readonly targets: readonly Classifier[];
}

/** decision_function() where the estimator has it, else predict_proba(): what several meta-estimators take. */
export function responseOf(classifier: Classifier, estimator: Estimator): readonly Register[] {
  if (classifier.decisionUnknown !== undefined) return estimator.refuse(classifier.decisionUnknown);
  const response = classifier.decision?.() ?? classifier.probabilities?.();
  return response ?? estimator.refuse('gives neither scores nor probabilities, which are needed here');
}

export interface Clusterer {
  readonly kind: 'clusterer';
  /** predict(): the number of the cluster. */
  predicted(): Register;
  /** Distances to the centres, or the log-likelihood. */
  raw(): readonly Register[];
  /** Each cluster's probability, for mixtures. */
  readonly probabilities?: () => readonly Register[];
}

export interface Detector {
  readonly kind: 'detector';
  /** decision_function(): below 0 an outlier. */
  decision(): Register;
  /** 0 for an outlier (-1 in scikit-learn), 1 for an inlier. */
  predicted(): Register;
  /** score_samples(), where the estimator has it. */
  readonly scores?: () => Register;
}

/** The classes of each target, for a classifier of several. */
export function targetClassesOf(estimator: Estimator): readonly (readonly PyValue[])[] | undefined {
  const value = estimator.get('classes_');
  if (!Array.isArray(value) || !value.every((each) => each instanceof NdArray)) return undefined;
  return value.map((each) => (each as NdArray).values());
}

/** Whether the targets are labels of which any number may hold, as a matrix of 0 and 1. */
export function isMultilabel(binarizer: Estimator): boolean {
  return binarizer.text('y_type_', 'multiclass').startsWith('multilabel');
}

/** The classes of a classifier. @throws PgscoreError PGS_UNSUPPORTED for several targets at once. */
export function classesOf(estimator: Estimator): readonly PyValue[] {
  const value = estimator.get('classes_');
  if (Array.isArray(value) && value.some((each) => each instanceof NdArray)) {
    estimator.refuse(
      'predicts several targets at once, each with classes of its own',
      'Save one estimator a target (the members of estimators_), and deploy each as a model.',
    );
  }
  const holder = HOLDERS.find((name) => value === undefined && estimator.has(name));
  const classes = classValues((holder === undefined ? estimator : estimator.child(holder)).array('classes_'));
  return classes.length === 0 ? estimator.fail('has no classes') : classes;
}

/** The elements of an array of classes. str(np.float64(1)) is 1.0. */
export function classValues(array: NdArray): readonly PyValue[] {
  const classes = array.values();
  return array.dtype?.kind === 'f' ? classes.map((value) => floatText(value as number)) : classes;
}

/** Parts that keep the classes for estimators that do not themselves. */
const HOLDERS = ['_label_binarizer', 'label_binarizer_', '_le', 'le_'];

function floatText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e16 ? `${value}.0` : String(value);
}

/** The classes as texts, as str() gives them. */
export function labelsOf(classes: readonly PyValue[], estimator: Estimator): readonly string[] {
  return classes.map((value) => {
    if (typeof value === 'string') return value;
    if (typeof value === 'boolean') return value ? 'True' : 'False';
    if (typeof value === 'number' || typeof value === 'bigint') return String(value);
    return value === null ? 'None' : estimator.refuse('a class is neither a text nor a number');
  });
}

/** The classes as numbers, for steps that compute with predicted labels. */
export function numericClasses(classes: readonly PyValue[], estimator: Estimator): readonly number[] {
  return classes.map((value) => {
    const number = typeof value === 'string' && value !== '' ? Number(value) : Number(value ?? Number.NaN);
    return Number.isNaN(number) ? estimator.fail('a class should be a number') : number;
  });
}
