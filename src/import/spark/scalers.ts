import type { Register } from '../../ir/model.ts';
import type { MapOperation } from '../../ir/vector-steps.ts';
import { type Frame, vectorColumn } from './frame.ts';
import type { Lowering } from './lowering.ts';
import type { Stage } from './stage.ts';

type Registers = readonly Register[];
type Scale = (inputs: Registers, stage: Stage, lowering: Lowering) => Registers;

/** A stage that works on each element of a vector by itself. */
function scaler(width: (stage: Stage) => number | undefined, scale: Scale) {
  return (stage: Stage, frame: Frame, lowering: Lowering): void => {
    const column = frame.column(stage.text('inputCol'));
    frame.set(stage.output, () => {
      const parts = lowering.vector(column(), width(stage), stage);
      const inputs = parts.map(({ register }) => register);
      const scaled = vectorColumn(scale(inputs, stage, lowering), true).parts;
      return {
        kind: 'vector',
        parts: scaled.map((part, i) => ({ ...part, mayBeMissing: parts[i]!.mayBeMissing })),
      };
    });
  };
}

function widthOf(column: string) {
  return (stage: Stage): number => stage.row().vector(column).length;
}

/** x times 1 / divisor; a divisor of 0 gives `otherwise`. */
function inverse(divisor: number, otherwise: number): number {
  return divisor === 0 ? otherwise : 1 / divisor;
}

/** (x - mean) * (1 / std); an element without deviation becomes 0. */
export const standardScaler = scaler(widthOf('std'), (inputs, stage, { builder }) =>
  builder.map(inputs, ...centredAndScaled(stage, ['withMean', 'mean'], ['withStd', 'std'])),
);

export const robustScaler = scaler(widthOf('range'), (inputs, stage, { builder }) =>
  builder.map(inputs, ...centredAndScaled(stage, ['withCentering', 'median'], ['withScaling', 'range'])),
);

type Part = readonly [flag: string, column: string];

function centredAndScaled(stage: Stage, centre: Part, scale: Part): readonly MapOperation[] {
  const row = stage.row();
  const operations: MapOperation[] = [];
  if (stage.flag(centre[0], false)) operations.push({ name: 'subtract', by: row.vector(centre[1]) });
  if (stage.flag(scale[0], true)) {
    operations.push({ name: 'multiply', by: row.vector(scale[1]).map((value) => inverse(value, 0)) });
  }
  // Without either it hands its input on.
  return operations.length > 0 ? operations : [{ name: 'multiply', by: [1] }];
}

/** Before 3.0 by division. https://github.com/apache/spark/blob/v2.4.8/mllib/src/main/scala/org/apache/spark/ml/feature/MaxAbsScaler.scala */
export const maxAbsScaler = scaler(widthOf('maxAbs'), (inputs, stage, { builder }) => {
  const greatest = stage.row().vector('maxAbs');
  if (stage.major < 3) {
    return builder.map(inputs, { name: 'divide', by: greatest.map((value) => (value === 0 ? 1 : value)) });
  }
  return builder.map(inputs, { name: 'multiply', by: greatest.map((value) => inverse(value, 1)) });
});

/**
 * (x - least) * scale + min; elements that were constant become the middle of the range. NaN stays.
 * https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/ml/feature/MinMaxScaler.scala
 * Before 3.0 in other steps:
 * https://github.com/apache/spark/blob/v2.4.8/mllib/src/main/scala/org/apache/spark/ml/feature/MinMaxScaler.scala
 */
export const minMaxScaler = scaler(widthOf('originalMin'), (inputs, stage, { builder: b }) => {
  const row = stage.row();
  const least = row.vector('originalMin');
  const greatest = row.vector('originalMax');
  const [low, high] = [stage.number('min', 0), stage.number('max', 1)];
  if (greatest.length !== least.length) return stage.fail('has ranges of different lengths');
  const ranges = greatest.map((value, i) => value - least[i]!);
  const safe = ranges.map((range) => (range === 0 ? 1 : range));
  const old = stage.major < 3;
  const scaled = b.map(
    inputs,
    { name: 'subtract', by: least },
    ...(old ? [{ name: 'divide' as const, by: safe }] : []),
    { name: 'multiply', by: old ? [high - low] : safe.map((range) => (high - low) / range) },
    { name: 'add', by: [low] },
  );
  const constant = ranges.flatMap((range, i) => (range === 0 || (!old && high === low) ? [i] : []));
  if (constant.length === 0) return scaled;
  const [middle] = b.constants([old ? 0.5 * (high - low) + low : (low + high) / 2]);
  const missing = b.map(
    constant.map((i) => inputs[i]!),
    { name: 'is-nan' },
  );
  const middles = b.select(
    missing,
    constant.map((i) => inputs[i]!),
    [middle!],
  );
  return scaled.map((register, i) => middles[constant.indexOf(i)] ?? register);
});

/** Times a vector of weights. */
export const elementwiseProduct = scaler(
  (stage) => stage.vector('scalingVec').length,
  (inputs, stage, { builder }) => builder.map(inputs, { name: 'multiply', by: stage.vector('scalingVec') }),
);

/** Each vector over its p-norm; one of norm 0 stays. */
export const normalizer = scaler(
  () => undefined,
  (inputs, stage, { builder: b }) => {
    if (inputs.length === 0) return inputs;
    const norm = pNorm(inputs, stage.number('p', 2), b);
    const some = b.compare([norm], '!=', [0]);
    return b.select(some, b.combine('divide', inputs, [norm]), inputs);
  },
);

function pNorm(inputs: Registers, p: number, b: Lowering['builder']): Register {
  if (p === 1) return b.reduce('l1', inputs);
  if (p === 2) return b.reduce('l2', inputs);
  if (p === Infinity) return b.reduce('max', b.unary(inputs, 'abs'));
  const powers = b.map(inputs, { name: 'abs' }, { name: 'power', by: [p] });
  return b.map([b.reduce('sum', powers)], { name: 'power', by: [1 / p] })[0]!;
}
