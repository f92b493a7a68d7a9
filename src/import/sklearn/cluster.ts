import type { Register } from '../../ir/model.ts';
import { once } from '../once.ts';
import { scoredClassifier, softmaxProbabilities } from './classify.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import type { Lowering } from './lowering.ts';
import { type Classifier, type Clusterer, classesOf } from './predictor.ts';

/** The nearest centre; raw: the distance to each. */
export function nearestCentre(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Clusterer {
  const raw = once(() => centreDistances(estimator, columns, lowering));
  return { kind: 'clusterer', raw, predicted: once(() => lowering.builder.reduce('argmin', raw())) };
}

function centreDistances(estimator: Estimator, columns: readonly Column[], lowering: Lowering): Register[] {
  const inputs = lowering.inputs(columns, estimator, 'refused');
  return lowering.builder.distance(inputs, 'euclidean', estimator.rows('cluster_centers_', inputs.length));
}

/** transform(): the distance to each centre. */
export function centreTransformer(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  return lowering.columns(centreDistances(estimator, columns, lowering), false);
}

/** log weight + log density of each component; raw: the log-likelihood of the row. */
export function gaussianMixture(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Clusterer {
  const b = lowering.builder;
  const weighted = once(() => {
    const inputs = lowering.inputs(columns, estimator, 'refused');
    const means = estimator.rows('means_', inputs.length);
    const weights = estimator.numbers('weights_', means.length);
    return means.map((mean, k) => {
      const axes = precisionAxes(estimator, k, means.length, inputs.length);
      const projected = b.linear(
        inputs,
        axes.rows,
        axes.rows.map((row) => -row.reduce((sum, w, i) => sum + w * mean[i]!, 0)),
      );
      const constant =
        -0.5 * inputs.length * Math.log(2 * Math.PI) + axes.logDeterminant + Math.log(weights[k]!);
      return b.linear([b.reduce('sum-of-squares', projected)], [[-0.5]], [constant])[0]!;
    });
  });
  return {
    kind: 'clusterer',
    raw: once(() => [b.reduce('log-sum-exp', weighted())]),
    predicted: once(() => b.argmax(weighted())),
    probabilities: once(() => b.link(weighted(), { name: 'softmax' })),
  };
}

/** The columns of a component's Cholesky factor of the precision, as rows, and half the log of its determinant. */
function precisionAxes(
  estimator: Estimator,
  component: number,
  components: number,
  features: number,
): { readonly rows: readonly (readonly number[])[]; readonly logDeterminant: number } {
  const type = estimator.text('covariance_type', 'full');
  const factor = estimator.array('precisions_cholesky_').numbers();
  const lengths: Readonly<Record<string, number>> = {
    full: components * features * features,
    tied: features * features,
    diag: components * features,
    spherical: components,
  };
  if (factor.length !== lengths[type])
    return estimator.fail(`has ${factor.length} numbers of a ${type} precision`);
  const at = (i: number, k: number): number => {
    if (type === 'full') return factor[(component * features + k) * features + i]!;
    if (type === 'tied') return factor[k * features + i]!;
    if (i !== k) return 0;
    return type === 'diag' ? factor[component * features + k]! : factor[component]!;
  };
  const rows = Array.from({ length: features }, (_, i) =>
    Array.from({ length: features }, (_, k) => at(i, k)),
  );
  return { rows, logDeterminant: rows.reduce((sum, row, i) => sum + Math.log(row[i]!), 0) };
}

/** The class of the nearest centroid; since 1.6 with scores and probabilities. */
export function nearestCentroid(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Classifier {
  const b = lowering.builder;
  const classes = classesOf(estimator);
  const metric = estimator.text('metric', 'euclidean');
  if (metric !== 'euclidean' && metric !== 'manhattan')
    return estimator.refuse(`measures distances by ${metric}`);
  const inputs = once(() => lowering.inputs(columns, estimator, 'refused'));
  const centroids = estimator.rows('centroids_', columns.length);
  const predicted = once(() => b.reduce('argmin', b.distance(inputs(), metric, centroids)));
  if (metric !== 'euclidean' || !estimator.has('within_class_std_dev_')) {
    return { kind: 'classifier', classes, predicted };
  }
  const priors = estimator.numbers('class_prior_', classes.length);
  const deviations = estimator.numbers('within_class_std_dev_').map((value) => (value === 0 ? 1 : value));
  const scores = once(() => {
    const scaled = b.map(inputs(), { name: 'divide', by: deviations });
    const points = centroids.map((row) => row.map((value, k) => value / deviations[k]!));
    const distances = b.distance(scaled, 'squared-euclidean', points);
    return b.map(distances, { name: 'negate' }, { name: 'add', by: priors.map((p) => 2 * Math.log(p)) });
  });
  const even = priors.every((p) => Math.abs(p - 1 / classes.length) <= 1e-8 + 1e-5 / classes.length);
  const decision = once(() =>
    classes.length === 2 ? b.combine('subtract', [scores()[1]!], [scores()[0]!]) : scores(),
  );
  const base = scoredClassifier(b, classes, decision);
  return {
    ...base,
    ...(even ? { predicted } : {}),
    probabilities: once(() => softmaxProbabilities(b, scores())),
  };
}
