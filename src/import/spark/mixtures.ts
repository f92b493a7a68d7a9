import { once } from '../once.ts';
import { symmetricEigen } from './eigen.ts';
import type { Frame } from './frame.ts';
import type { Lowering } from './lowering.ts';
import { publish } from './prediction.ts';
import type { Stage } from './stage.ts';

/** What Spark adds to each component's share. */
const EPSILON = 2 ** -52;

/** A covariance of so many features is beyond what a database should evaluate. */
const MAX_FEATURES = 300;

/**
 * (epsilon + weight * density) of each component over their sum.
 * https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/ml/clustering/GaussianMixture.scala
 */
export function gaussianMixture(stage: Stage, frame: Frame, lowering: Lowering): void {
  const b = lowering.builder;
  const column = frame.column(stage.text('featuresCol', 'features'));
  const probabilities = once(() => {
    const row = stage.row();
    const weights = row.numbers('weights');
    const means = row.list('mus').map((mean) => stage.reader({ mean }).vector('mean'));
    const covariances = row.list('sigmas').map((sigma) => stage.reader({ sigma }).matrix('sigma'));
    const width = means[0]?.length ?? 0;
    if (weights.length === 0 || means.length !== weights.length || covariances.length !== weights.length)
      stage.fail('has components of different numbers');
    if (width > MAX_FEATURES)
      stage.refuse(
        `has covariances of ${width} features`,
        `Reduce them to ${MAX_FEATURES} before the mixture.`,
      );
    const inputs = lowering.registers(column(), width, stage);
    const parts = weights.map((weight, k) => {
      const sigma = covariances[k]!;
      if (means[k]!.length !== width || sigma.length !== width || sigma[0]!.length !== width)
        stage.fail(`has a component ${k} of another number of features`);
      const { axes, constant } = whitened(sigma);
      const offsets = axes.map((axis) => -axis.reduce((sum, w, i) => sum + w * means[k]![i]!, 0));
      const square =
        axes.length === 0
          ? b.constants([0])[0]!
          : b.reduce('sum-of-squares', b.linear(inputs, axes, offsets));
      return b.map(
        [square],
        { name: 'multiply', by: [-0.5] },
        { name: 'add', by: [constant] },
        { name: 'exp' },
        { name: 'multiply', by: [weight] },
        { name: 'add', by: [EPSILON] },
      )[0]!;
    });
    return b.combine('divide', parts, [b.reduce('sum', parts)]);
  });
  const value = once(() => b.argmax(probabilities()));
  publish({ kind: 'clustering', stage, value, raw: probabilities, probabilities }, frame, lowering);
}

/**
 * The principal axes of a covariance, each over its standard deviation, and the logarithm of the density at the mean.
 * Axes without variance are left out.
 * https://github.com/apache/spark/blob/v4.0.0/mllib-local/src/main/scala/org/apache/spark/ml/stat/distribution/MultivariateGaussian.scala
 */
function whitened(sigma: readonly (readonly number[])[]): {
  readonly axes: readonly (readonly number[])[];
  readonly constant: number;
} {
  const { values, vectors } = symmetricEigen(sigma);
  const least = EPSILON * Math.max(...values) * values.length;
  const kept = values.flatMap((value, i) => (value > least ? [i] : []));
  const axes = kept.map((i) => vectors[i]!.map((x) => x * Math.sqrt(1 / values[i]!)));
  const logDeterminant = kept.reduce((sum, i) => sum + Math.log(values[i]!), 0);
  return { axes, constant: -0.5 * (values.length * Math.log(2 * Math.PI) + logDeterminant) };
}
