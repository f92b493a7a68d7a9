import type { Register } from '../../ir/model.ts';
import type { Builder } from '../builder.ts';
import type { Estimator } from './estimator.ts';
import type { Lowering } from './lowering.ts';

type Registers = readonly Register[];

/** inverse_transform() of a PowerTransformer after its scaler's. A power of a negative number is NaN. */
export function inversePower(estimator: Estimator, inputs: Registers, { builder: b }: Lowering): Registers {
  const lambdas = estimator.numbers('lambdas_', inputs.length);
  const boxCox = estimator.text('method', 'yeo-johnson') === 'box-cox';
  return inputs.map((input, k) => (boxCox ? inverseBoxCox : inverseYeoJohnson)(input, lambdas[k]!, b));
}

/** (λx + 1)^(1/λ) as exp(log1p(λx) / λ), as scipy has it; exp(x) for λ = 0. */
function inverseBoxCox(input: Register, lambda: number, b: Builder): Register {
  if (lambda === 0) return b.unary([input], 'exp')[0]!;
  return b.map(
    [input],
    { name: 'multiply', by: [lambda] },
    { name: 'log1p' },
    { name: 'divide', by: [lambda] },
    { name: 'exp' },
  )[0]!;
}

/** https://github.com/scikit-learn/scikit-learn/blob/1.9.1/sklearn/preprocessing/_data.py */
function inverseYeoJohnson(input: Register, lambda: number, b: Builder): Register {
  const near = (value: number): boolean => Math.abs(value) < 2 ** -52;
  const [positive] = near(lambda)
    ? b.map([input], { name: 'exp' }, { name: 'subtract', by: [1] })
    : b.map(
        [input],
        { name: 'multiply', by: [lambda] },
        { name: 'add', by: [1] },
        { name: 'power', by: [1 / lambda] },
        { name: 'subtract', by: [1] },
      );
  const other = 2 - lambda;
  const [negative] = near(other)
    ? b.map([input], { name: 'negate' }, { name: 'exp' })
    : b.map(
        [input],
        { name: 'multiply', by: [-other] },
        { name: 'add', by: [1] },
        { name: 'power', by: [1 / other] },
      );
  const [below] = b.link([negative!], { name: 'complement' });
  return b.select(b.compare([input], '>=', [0]), [positive!], [below!])[0]!;
}

/** How near 0 or 1 a share counts as that, for normal variables. */
const BOUNDS = 1e-7;

/** inverse_transform() of a QuantileTransformer: the number below which a share of the training data lies. */
export function inverseQuantiles(
  estimator: Estimator,
  inputs: Registers,
  { builder: b }: Lowering,
): Registers {
  const normal = estimator.text('output_distribution', 'uniform') === 'normal';
  const references = estimator.numbers('references_');
  const table = estimator.rows('quantiles_', inputs.length);
  if (table.length !== references.length) estimator.fail('has quantiles that do not fit its references');
  b.charge(2 * references.length * inputs.length);
  const quantiles = inputs.map((_, k) => table.map((row) => row[k]!));
  const shares = normal
    ? b.map(
        inputs,
        { name: 'divide', by: [Math.SQRT2] },
        { name: 'erf' },
        { name: 'add', by: [1] },
        { name: 'multiply', by: [0.5] },
      )
    : inputs;
  const found = b.add({
    kind: 'interpolate',
    inputs: shares,
    x: quantiles.map(() => references),
    y: quantiles,
    precision: 'float64',
  });
  if (!normal) return found;
  const below = b.map(
    shares,
    { name: 'subtract', by: [BOUNDS] },
    { name: 'compare', operator: '<', by: [0] },
  );
  const above = b.map(shares, { name: 'add', by: [BOUNDS] }, { name: 'compare', operator: '>', by: [1] });
  const lowest = b.constants(quantiles.map((list) => list[0]!));
  const highest = b.constants(quantiles.map((list) => list.at(-1)!));
  return b.select(below, lowest, b.select(above, highest, found));
}
