import type { Register } from '../../ir/model.ts';
import type { Builder } from '../builder.ts';
import { once } from '../once.ts';
import { NdArray } from '../pickle/index.ts';
import { binaryPair, labelClassifier } from './classify.ts';
import type { Column } from './columns.ts';
import { type Estimator, rowsOf } from './estimator.ts';
import type { Lowering } from './lowering.ts';
import { type Classifier, type Classifiers, classesOf, isMultilabel, type Regressor } from './predictor.ts';

const ACTIVATIONS = { identity: undefined, logistic: 'sigmoid', tanh: 'tanh', relu: 'relu' } as const;

/** The network up to the last layer's sums. */
function outputSums(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Register[] {
  const b = lowering.builder;
  const activation = estimator.text('activation');
  if (!Object.hasOwn(ACTIVATIONS, activation))
    return estimator.refuse(`has an unknown activation ${activation}`);
  const apply = ACTIVATIONS[activation as keyof typeof ACTIVATIONS];
  const coefficients = estimator.list('coefs_');
  const intercepts = estimator.list('intercepts_');
  let current: readonly Register[] = lowering.inputs(columns, estimator, 'refused');
  coefficients.forEach((matrix, layer) => {
    const bias = intercepts[layer];
    if (!(matrix instanceof NdArray) || !(bias instanceof NdArray))
      estimator.fail(`layer ${layer} has no weights`);
    const rows = rowsOf(matrix, estimator, 'coefs_', bias.length);
    if (rows.length !== current.length)
      estimator.fail(`layer ${layer} has weights for ${rows.length} inputs`);
    const offsets = Array.from(bias.numbers());
    const weights = offsets.map((_, q) => rows.map((row) => row[q]!));
    const sums = b.linear(current, weights, offsets);
    current = layer < coefficients.length - 1 && apply !== undefined ? b.unary(sums, apply) : sums;
  });
  return current;
}

export function networkRegressor(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Regressor {
  const last = estimator.text('out_activation_', 'identity');
  const b = lowering.builder;
  const sums = () => outputSums(estimator, columns, lowering);
  if (last === 'identity') return { kind: 'regressor', values: once(sums) };
  if (last === 'exp') return { kind: 'regressor', values: once(() => b.unary(sums(), 'exp')) };
  return refuseActivation(estimator, last);
}

function refuseActivation(estimator: Estimator, last: string): never {
  return estimator.refuse(`has an unknown activation ${last} at its end`);
}

export function networkClassifier(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier | Classifiers {
  const b = lowering.builder;
  const last = estimator.text('out_activation_');
  const sums = once(() => outputSums(estimator, columns, lowering));
  if (isMultilabel(estimator.child('_label_binarizer'))) return labelsOfNetwork(sums(), last, estimator, b);
  const classes = classesOf(estimator);
  const probabilities = once(() => {
    if (last === 'softmax') return b.link(sums(), { name: 'softmax' });
    if (last !== 'logistic') return refuseActivation(estimator, last);
    return binaryPair(b, b.link(sums(), { name: 'sigmoid', scale: 1 })[0]!);
  });
  const predicted = once(() => {
    const values = probabilities();
    return last === 'softmax' ? b.argmax(values) : b.compare([values[1]!], '>', [0.5])[0]!;
  });
  return { kind: 'classifier', classes, probabilities, predicted };
}

/** A label holds where its probability is above one half. */
function labelsOfNetwork(
  sums: readonly Register[],
  last: string,
  estimator: Estimator,
  b: Builder,
): Classifiers {
  if (last !== 'logistic') return refuseActivation(estimator, last);
  const targets = b.link(sums, { name: 'sigmoid', scale: 1 }).map((probability) =>
    labelClassifier(
      b,
      once(() => b.compare([probability], '>', [0.5])[0]!),
      { probability: () => probability },
    ),
  );
  return { kind: 'classifiers', targets };
}
