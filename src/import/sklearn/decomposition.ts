import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import type { Lowering } from './lowering.ts';

/** (x - mean) onto each component; PCA divides by each one's standard deviation when it whitens. */
export function principalComponents(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  const inputs = lowering.inputs(columns, estimator, 'refused');
  const components = estimator.rows('components_', inputs.length);
  const scales =
    estimator.flag('whiten', false) && estimator.name !== 'FastICA' ? whitening(estimator) : undefined;
  const means = estimator.has('mean_') ? estimator.numbers('mean_', inputs.length) : undefined;
  const bias = components.map((row) =>
    means === undefined ? 0 : -row.reduce((sum, weight, k) => sum + weight * means[k]!, 0),
  );
  const projected = lowering.builder.linear(inputs, components, bias);
  const result =
    scales === undefined ? projected : lowering.builder.map(projected, { name: 'divide', by: scales });
  return lowering.columns(result, true);
}

/** Since 1.4 a variance below the resolution of floats counts as that. */
function whitening(estimator: Estimator): readonly number[] {
  const deviations = estimator.numbers('explained_variance_').map(Math.sqrt);
  return estimator.version >= 104 ? deviations.map((value) => Math.max(value, 2 ** -52)) : deviations;
}

/** Linear discriminant analysis as a transformer: x, less the mean with the solver svd, onto each axis. */
export function discriminantAxes(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  const b = lowering.builder;
  const inputs = lowering.inputs(columns, estimator, 'refused');
  const solver = estimator.text('solver', 'svd');
  if (solver === 'lsqr') return estimator.refuse('does not transform with its solver lsqr');
  const scalings = estimator.rows('scalings_');
  if (scalings.length !== inputs.length) return estimator.fail('has scalings of another number of columns');
  const axes = Math.min(estimator.count('_max_components'), scalings[0]?.length ?? 0);
  const centred =
    solver === 'svd'
      ? b.map(inputs, { name: 'subtract', by: estimator.numbers('xbar_', inputs.length) })
      : inputs;
  const weights = Array.from({ length: axes }, (_, q) => scalings.map((row) => row[q]!));
  return lowering.columns(
    b.linear(
      centred,
      weights,
      weights.map(() => 0),
    ),
    true,
  );
}

/** sqrt(2 / n) * cos(x @ weights + offset). */
export function rbfSampler(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  const b = lowering.builder;
  const inputs = lowering.inputs(columns, estimator, 'refused');
  const offsets = estimator.numbers('random_offset_');
  const weights = estimator.rows('random_weights_', offsets.length);
  if (weights.length !== inputs.length) estimator.fail('has weights of another number of columns');
  const projected = b.linear(
    inputs,
    offsets.map((_, q) => weights.map((row) => row[q]!)),
    offsets,
  );
  const scale = Math.sqrt(2 / estimator.count('n_components', 1));
  return lowering.columns(b.map(projected, { name: 'cos' }, { name: 'multiply', by: [scale] }), true);
}

/** All products of up to `degree` columns, in scikit-learn's order. */
export function polynomialFeatures(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  const b = lowering.builder;
  const inputs = lowering.inputs(columns, estimator, 'refused');
  const [least, most] = degrees(estimator);
  const once = estimator.flag('interaction_only', false);
  const result = estimator.flag('include_bias', true) ? b.constants([1]) : [];
  // terms[i]: the products of the current degree whose first factor is column i, as registers.
  let terms = inputs.map((register) => [register]);
  for (let degree = 1; degree <= most; degree++) {
    if (degree > 1) {
      terms = inputs.map((register, i) => {
        const lower = terms.slice(once ? i + 1 : i).flat();
        return lower.length === 0 ? [] : b.combine('multiply', [register], lower);
      });
    }
    if (degree >= least) result.push(...terms.flat());
  }
  return lowering.columns(result, true);
}

function degrees(estimator: Estimator): readonly [number, number] {
  const degree = estimator.get('degree');
  const [least, most] = Array.isArray(degree) ? degree : [0, degree];
  if (typeof least === 'number' && typeof most === 'number' && most >= 0 && most <= 20)
    return [Math.max(least, 1), most];
  return estimator.refuse('has a degree of more than 20');
}
