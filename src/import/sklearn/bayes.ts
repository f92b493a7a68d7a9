import { once } from '../once.ts';
import { NdArray } from '../pickle/index.ts';
import { likelyClassifier, scoredClassifier, softmaxProbabilities } from './classify.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import type { Lowering } from './lowering.ts';
import { type Classifier, classesOf } from './predictor.ts';

function sumOf(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/** log P(c) - Σ log(2π var) / 2 - Σ (x - mean)² / var / 2. */
export function gaussianBayes(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier {
  const b = lowering.builder;
  const classes = classesOf(estimator);
  const scores = once(() => {
    const inputs = lowering.inputs(columns, estimator, 'refused');
    const means = estimator.rows('theta_', inputs.length);
    // Before 1.0 variances were called sigma_.
    const variances = estimator.rows(estimator.has('var_') ? 'var_' : 'sigma_', inputs.length);
    const priors = estimator.numbers('class_prior_', classes.length);
    if (means.length !== classes.length || variances.length !== classes.length)
      estimator.fail('has means that do not fit its classes');
    return priors.map((prior, c) => {
      const squares = b.map(
        inputs,
        { name: 'subtract', by: means[c]! },
        { name: 'square' },
        { name: 'divide', by: variances[c]! },
      );
      const constant = Math.log(prior) - 0.5 * sumOf(variances[c]!.map((v) => Math.log(2 * Math.PI * v)));
      return b.linear([b.reduce('sum', squares)], [[-0.5]], [constant])[0]!;
    });
  });
  return likelyClassifier(b, classes, scores);
}

/** Multinomial, complement and Bernoulli naive Bayes: linear in the features. */
export function discreteBayes(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier {
  const b = lowering.builder;
  const classes = classesOf(estimator);
  const scores = once(() => {
    const inputs = lowering.inputs(columns, estimator, 'refused');
    const logs = estimator.rows('feature_log_prob_', inputs.length);
    const priors = estimator.numbers('class_log_prior_', classes.length);
    if (logs.length !== classes.length) estimator.fail('has probabilities that do not fit its classes');
    if (estimator.name === 'MultinomialNB') return b.linear(inputs, logs, priors);
    if (estimator.name === 'ComplementNB') {
      return b.linear(inputs, logs, classes.length === 1 ? priors : priors.map(() => 0));
    }
    const absent = logs.map((row) => row.map((log) => Math.log(1 - Math.exp(log))));
    const bits = estimator.has('binarize') ? b.compare(inputs, '>', [estimator.number('binarize')]) : inputs;
    const weights = logs.map((row, c) => row.map((log, k) => log - absent[c]![k]!));
    return b.linear(
      bits,
      weights,
      priors.map((prior, c) => prior + sumOf(absent[c]!)),
    );
  });
  return likelyClassifier(b, classes, scores);
}

/** The sum of each category's log-probability; a category that training did not have is an error. */
export function categoricalBayes(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier {
  const b = lowering.builder;
  const classes = classesOf(estimator);
  const scores = once(() => {
    const inputs = b.unary(lowering.inputs(columns, estimator, 'refused'), 'truncate');
    const tables = estimator
      .list('feature_log_prob_')
      .map((table) => (table instanceof NdArray ? table : estimator.fail('a feature has no probabilities')));
    const priors = estimator.numbers('class_log_prior_', classes.length);
    if (tables.length !== inputs.length) estimator.fail('has probabilities of another number of features');
    const perFeature = tables.map((table, k) => {
      const [rows, count = 0] = table.shape;
      const logs = table.numbers();
      if (rows !== classes.length || count === 0)
        estimator.fail('has probabilities that do not fit its classes');
      b.charge(logs.length);
      const byCategory = Array.from({ length: count }, (_, j) => classes.map((_, c) => logs[c * count + j]!));
      return b.add({ kind: 'gather', inputs: [inputs[k]!], rows: byCategory, default: Number.NaN });
    });
    for (const registers of perFeature) lowering.guards.add(registers[0]!);
    return priors.map((prior, c) => {
      const terms = perFeature.map((registers) => registers[c]!);
      return b.map([b.reduce('sum', terms)], { name: 'add', by: [prior] })[0]!;
    });
  });
  return likelyClassifier(b, classes, scores);
}

/** log P(c) - (|rotated, scaled distance to the mean|² + Σ log scaling) / 2. */
export function quadraticDiscriminant(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier {
  const b = lowering.builder;
  const classes = classesOf(estimator);
  const all = once(() => {
    const inputs = lowering.inputs(columns, estimator, 'refused');
    const means = estimator.rows('means_', inputs.length);
    const priors = estimator.numbers('priors_', classes.length);
    const rotations = estimator.list('rotations_');
    const scalings = estimator.list('scalings_');
    return classes.map((_, c) => {
      const rotation = rotations[c];
      const scaling = scalings[c];
      if (!(rotation instanceof NdArray) || !(scaling instanceof NdArray))
        return estimator.fail('a class has no rotation');
      const scale = Array.from(scaling.numbers());
      const weights = rotatedAxes(rotation, scale, inputs.length, estimator);
      const mean = means[c] ?? estimator.fail('a class has no mean');
      const projected = b.linear(
        inputs,
        weights,
        weights.map((row) => -sumOf(row.map((w, k) => w * mean[k]!))),
      );
      const constant = -0.5 * sumOf(scale.map(Math.log)) + Math.log(priors[c]!);
      return b.linear([b.reduce('sum-of-squares', projected)], [[-0.5]], [constant])[0]!;
    });
  });
  if (classes.length === 2) {
    const decision = once(() => b.combine('subtract', [all()[1]!], [all()[0]!]));
    const base = scoredClassifier(b, classes, decision);
    return { ...base, probabilities: once(() => softmaxProbabilities(b, all())) };
  }
  return scoredClassifier(b, classes, all, (scores) => softmaxProbabilities(b, scores));
}

/** The columns of rotation / sqrt(scaling), as rows. */
function rotatedAxes(
  rotation: NdArray,
  scale: readonly number[],
  inputs: number,
  estimator: Estimator,
): readonly (readonly number[])[] {
  const [rows, axes = 0] = rotation.shape;
  if (rows !== inputs || axes !== scale.length) return estimator.fail('a rotation does not fit the features');
  const values = rotation.numbers();
  return scale.map((s, a) => Array.from({ length: inputs }, (_, k) => values[k * axes + a]! / Math.sqrt(s)));
}
