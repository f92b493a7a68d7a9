import type { Register } from '../../ir/model.ts';
import type { MapOperation } from '../../ir/vector-steps.ts';
import type { Builder } from '../builder.ts';
import { NdArray } from '../pickle/index.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import { anyMissing, type Lowering } from './lowering.ts';
import { normalQuantile } from './normal.ts';
import { standardScaler } from './scalers.ts';

/** The bin of each number, as its position or one-hot. */
export function binsDiscretizer(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  const b = lowering.builder;
  const inputs = lowering.inputs(columns, estimator, 'refused');
  const all = estimator
    .list('bin_edges_')
    .map((edges) =>
      edges instanceof NdArray ? Array.from(edges.numbers()) : estimator.fail('a column has no edges'),
    );
  if (all.length !== inputs.length) estimator.fail(`has edges of ${all.length} columns`);
  const edges = all.map((list) => list.slice(1, -1));
  const bins = b.add({
    kind: 'bin',
    inputs: lifted(inputs, estimator, b),
    edges,
    side: 'right',
    missing: Number.NaN,
  });
  if (estimator.text('encode', 'onehot') === 'ordinal') return lowering.columns(bins, false);
  const flags = bins.flatMap((bin, k) => {
    const numbers = Array.from({ length: edges[k]!.length + 1 }, (_, i) => i);
    return b.compare(
      numbers.map(() => bin),
      '==',
      numbers,
    );
  });
  return lowering.columns(flags, false);
}

/** Before 1.1 numbers just below an edge counted as beyond it: 1e-8 and a part in 100,000 were added to each. */
function lifted(inputs: readonly Register[], estimator: Estimator, b: Builder): readonly Register[] {
  if (estimator.version >= 101) return inputs;
  const lifts = b.map(inputs, { name: 'abs' }, { name: 'multiply', by: [1e-5] }, { name: 'add', by: [1e-8] });
  return b.combine('add', inputs, lifts);
}

/** Yeo-Johnson or Box-Cox, then scaled to mean 0 and variance 1 when asked. */
export function powerTransformer(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  const inputs = lowering.inputs(columns, estimator, 'allowed');
  const lambdas = estimator.numbers('lambdas_', inputs.length);
  const method = estimator.text('method', 'yeo-johnson');
  const registers = inputs.map((input, k) =>
    method === 'box-cox'
      ? boxCox(input, lambdas[k]!, lowering)
      : yeoJohnson(input, lambdas[k]!, lowering.builder),
  );
  const result = lowering.columns(registers, method === 'box-cox' || anyMissing(columns));
  if (!estimator.flag('standardize', true)) return result;
  return standardScaler(estimator.child('_scaler', 'scaler'), result, lowering);
}

/** (x^λ - 1) / λ, or log x; x must be positive. */
function boxCox(input: Register, lambda: number, lowering: Lowering): Register {
  const b = lowering.builder;
  // A number that is not positive is an error; NaN passes.
  const [bad] = b.compare([input], '<=', [0]);
  lowering.guards.add(b.select([bad!], [b.nothing()], [bad!])[0]!);
  return b.map([input], { name: 'log' }, ...powerOfLog(lambda))[0]!;
}

/** From log x to (x^λ - 1) / λ. */
function powerOfLog(lambda: number): readonly MapOperation[] {
  if (lambda === 0) return [{ name: 'multiply', by: [1] }];
  return [{ name: 'multiply', by: [lambda] }, { name: 'expm1' }, { name: 'divide', by: [lambda] }];
}

/** Box-Cox of x + 1 for numbers from 0 on, and of 1 - x with 2 - λ, negated, below. NaN stays. */
function yeoJohnson(input: Register, lambda: number, b: Builder): Register {
  const near = (value: number): number => (Math.abs(value) < 2 ** -52 ? 0 : value);
  const [positive] = b.map([input], { name: 'max', by: [0] }, { name: 'log1p' }, ...powerOfLog(near(lambda)));
  const [negative] = b.map(
    [input],
    { name: 'min', by: [0] },
    { name: 'negate' },
    { name: 'log1p' },
    ...powerOfLog(near(2 - lambda)),
    { name: 'negate' },
  );
  return b.select(b.compare([input], '>=', [0]), [positive!], [negative!])[0]!;
}

/** How near a bound of the training data counts as beyond it, and how near a share of 0 or 1 is kept to it. */
const BOUNDS = 1e-7;

/** The share of the training data below each number, or the normal variable that has this share below it. */
export function quantileTransformer(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  const b = lowering.builder;
  const inputs = lowering.inputs(columns, estimator, 'allowed');
  const distribution = estimator.text('output_distribution', 'uniform');
  const references = estimator.numbers('references_');
  const table = estimator.rows('quantiles_', inputs.length);
  if (table.length !== references.length) estimator.fail('has quantiles that do not fit its references');
  b.charge(4 * references.length * inputs.length);
  const quantiles = inputs.map((_, k) => table.map((row) => row[k]!));
  const inner = sharesBelow(b, inputs, quantiles, references);
  const lowest = quantiles.map((list) => list[0]!);
  const highest = quantiles.map((list) => list.at(-1)!);
  const normal = distribution === 'normal';
  const above = normal
    ? b.map(inputs, { name: 'add', by: [BOUNDS] }, { name: 'compare', operator: '>', by: highest })
    : b.compare(inputs, '==', highest);
  const below = normal
    ? b.map(inputs, { name: 'subtract', by: [BOUNDS] }, { name: 'compare', operator: '<', by: lowest })
    : b.compare(inputs, '==', lowest);
  const [one, zero] = b.constants([1, 0]);
  const shares = b.select(below, [zero!], b.select(above, [one!], inner));
  if (!normal) return lowering.columns(shares, anyMissing(columns));
  const least = BOUNDS - 2 ** -52;
  const kept = b.map(shares, { name: 'max', by: [least] }, { name: 'min', by: [1 - least] });
  return lowering.columns(normalQuantile(b, kept), anyMissing(columns));
}

/** Interpolated from below and from above: where quantiles repeat, the mean of the first and the last counts. */
function sharesBelow(
  b: Builder,
  inputs: readonly Register[],
  quantiles: readonly (readonly number[])[],
  references: readonly number[],
): readonly Register[] {
  const reversed = (values: readonly number[]): number[] => values.map((value) => -value).reverse();
  const along = (from: readonly Register[], x: readonly (readonly number[])[], y: readonly number[]) =>
    b.add({ kind: 'interpolate', inputs: from, x, y: x.map(() => y), precision: 'float64' });
  const up = along(inputs, quantiles, references);
  const down = along(b.unary(inputs, 'negate'), quantiles.map(reversed), reversed(references));
  return b.map(b.combine('subtract', up, down), { name: 'multiply', by: [0.5] });
}
