import type { Linear, Register } from '../ir/model.ts';
import { roundConstant } from './operation-source.ts';
import type { SourceContext, StepSource } from './source-context.ts';

export function linearSource(step: Linear, first: Register, context: SourceContext): StepSource {
  const { inputs, bias, weights, missing } = step;
  const inputMajor = inputs.flatMap((_, k) => weights.map((row) => row[k]!));
  const x = context.load(`x${first}`, inputs, step.inputPrecision);
  const out = context.vector(first);
  const options = { skipZeros: zerosAddNothing(step), skipMissing: missing === 'skip' };
  const linear = context.kernel('linear', 'createLinear');
  const start = bias.map((value) => roundConstant(value, step.accumulator));
  const constants = `${context.constant(inputMajor)},${context.constant(start)}`;
  return {
    setup: [
      ...x.setup,
      context.declareVector(first, bias.length),
      `const sum${first}=${linear}(${constants},x${first},${out},${context.rounding(step.accumulator)},${JSON.stringify(options)});`,
    ],
    run: [...x.run, `sum${first}();`, ...context.alone(first, bias.length)],
  };
}

/** Adding 0 changes a sum of -0, and 0 times infinity is NaN. Only a bias can make a sum -0: a + b is -0 of -0 and -0 alone. */
function zerosAddNothing({ weights, bias }: Linear): boolean {
  return (
    weights.every((row) => row.every(Number.isFinite)) &&
    !bias.some((value) => Object.is(Math.fround(value), -0))
  );
}
