import type { Register } from '../../ir/model.ts';
import { once } from '../once.ts';
import { classifier } from './classify.ts';
import type { Frame, Part } from './frame.ts';
import type { Lowering } from './lowering.ts';
import type { Stage } from './stage.ts';

type Registers = readonly Register[];
type Matrix = readonly (readonly number[])[];

interface Fitted {
  readonly priors: readonly number[];
  readonly theta: Matrix;
  /** Only for gaussian. */
  readonly sigma?: Matrix;
}

type Scores = (inputs: readonly Part[], fitted: Fitted, lowering: Lowering) => Registers;

const MODELS: Readonly<Record<'multinomial' | 'complement' | 'bernoulli' | 'gaussian', Scores>> = {
  multinomial,
  complement,
  bernoulli,
  gaussian,
};

/** https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/ml/classification/NaiveBayes.scala */
export function naiveBayes(stage: Stage, frame: Frame, lowering: Lowering): void {
  const b = lowering.builder;
  const column = frame.column(stage.text('featuresCol', 'features'));
  const type = stage.choice(
    'modelType',
    ['multinomial', 'complement', 'bernoulli', 'gaussian'],
    'multinomial',
  );
  const row = stage.row();
  const priors = row.vector('pi');
  const raw = once(() => {
    const theta = row.matrix('theta');
    const sigma = type === 'gaussian' ? row.matrix('sigma') : undefined;
    const width = theta[0]?.length;
    if (
      theta.length !== priors.length ||
      (sigma !== undefined && (sigma.length !== priors.length || sigma[0]?.length !== width))
    )
      stage.fail('has tables of different sizes');
    const inputs = lowering.vector(column(), width, stage);
    return MODELS[type](inputs, { priors, theta, ...(sigma === undefined ? {} : { sigma }) }, lowering);
  });
  const probabilities = () => b.link(raw(), { name: 'softmax' });
  classifier(stage, frame, lowering, { classes: priors.length, raw, probabilities });
}

function sumOf(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

function registersOf(parts: readonly Part[]): Registers {
  return parts.map(({ register }) => register);
}

/** A negative number is an error, and so is NaN. */
function refuseNegative(parts: readonly Part[], lowering: Lowering): void {
  const b = lowering.builder;
  const inputs = registersOf(parts.filter(({ atLeastZero }) => atLeastZero !== true));
  if (inputs.length === 0) return;
  lowering.refuseWhere(b.combine('==', b.compare(inputs, '>=', [0]), b.constants([0])));
}

function multinomial(inputs: readonly Part[], { priors, theta }: Fitted, lowering: Lowering): Registers {
  refuseNegative(inputs, lowering);
  return lowering.builder.linear(registersOf(inputs), theta, priors);
}

function complement(inputs: readonly Part[], { priors, theta }: Fitted, lowering: Lowering): Registers {
  const b = lowering.builder;
  refuseNegative(inputs, lowering);
  const scores = b.linear(
    registersOf(inputs),
    theta,
    priors.map(() => 0),
  );
  return b.combine('subtract', scores, [b.reduce('log-sum-exp', scores)]);
}

/** Anything but 0 and 1 is an error. */
function bernoulli(parts: readonly Part[], { priors, theta }: Fitted, lowering: Lowering): Registers {
  const b = lowering.builder;
  const inputs = registersOf(parts);
  const bits = b.combine('or', b.compare(inputs, '==', [0]), b.compare(inputs, '==', [1]));
  lowering.refuseWhere(b.combine('==', bits, b.constants([0])));
  const absent = theta.map((row) => row.map((log) => Math.log1p(-Math.exp(log))));
  return b.linear(
    inputs,
    theta.map((row, c) => row.map((log, k) => log - absent[c]![k]!)),
    priors.map((prior, c) => prior + sumOf(absent[c]!)),
  );
}

/** log P(c) - (Σ (x - mean)² / variance + Σ log variance) / 2. */
function gaussian(
  parts: readonly Part[],
  { priors, theta, sigma }: Fitted,
  { builder: b }: Lowering,
): Registers {
  const inputs = registersOf(parts);
  return priors.map((prior, c) => {
    const variances = sigma![c]!;
    const squares = b.map(
      inputs,
      { name: 'subtract', by: theta[c]! },
      { name: 'square' },
      { name: 'divide', by: variances },
    );
    const spread = sumOf(variances.map(Math.log));
    const half = b.map(
      [b.reduce('sum', squares)],
      { name: 'add', by: [spread] },
      { name: 'divide', by: [-2] },
    );
    return b.map(half, { name: 'add', by: [prior] })[0]!;
  });
}
