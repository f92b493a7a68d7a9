import type { Linear, Register } from '../ir/model.ts';
import { roundConstant } from './operation-source.ts';
import type { SourceContext, StepSource } from './source-context.ts';
import { type SparseParts, sparseParts } from './sparse-source.ts';

export function linearSource(step: Linear, first: Register, context: SourceContext): StepSource {
  const parts = zerosAddNothing(step) ? sparseParts(`part${first}`, step.inputs, context) : undefined;
  return parts === undefined ? denseSource(step, first, context) : sparseSource(step, parts, first, context);
}

function denseSource(step: Linear, first: Register, context: SourceContext): StepSource {
  const x = context.load(`x${first}`, step.inputs, step.inputPrecision);
  const out = context.vector(first);
  const options = { skipZeros: zerosAddNothing(step), skipMissing: step.missing === 'skip' };
  const linear = context.kernel('linear', 'createLinear');
  return {
    setup: [
      ...x.setup,
      context.declareVector(first, step.bias.length),
      `const sum${first}=${linear}(${constants(step, context)},x${first},${out},${context.rounding(step.accumulator)},${JSON.stringify(options)});`,
    ],
    run: [...x.run, `sum${first}();`, ...context.alone(first, step.bias.length)],
  };
}

function sparseSource(
  step: Linear,
  { parts, setup, run }: SparseParts,
  first: Register,
  context: SourceContext,
): StepSource {
  const linear = context.kernel('sparse-linear', 'createSparseLinear');
  const roundings = `${context.rounding(step.inputPrecision)},${context.rounding(step.accumulator)}`;
  const rows = parts.map(({ row, offset }) => `{row:${row},offset:${offset}}`).join();
  const rest = `[${rows}],${context.vector(first)},${roundings},{skipMissing:${step.missing === 'skip'}}`;
  return {
    setup: [
      ...setup,
      context.declareVector(first, step.bias.length),
      `const sum${first}=${linear}(${constants(step, context)},${rest});`,
    ],
    run: [...run, `sum${first}();`, ...context.alone(first, step.bias.length)],
  };
}

/** Weights, input by input, and biases. */
function constants({ inputs, weights, bias, accumulator }: Linear, context: SourceContext): string {
  const inputMajor = inputs.flatMap((_, k) => weights.map((row) => row[k]!));
  const start = bias.map((value) => roundConstant(value, accumulator));
  return `${context.constant(inputMajor)},${context.constant(start)}`;
}

/** Adding 0 changes a sum of -0, and 0 times infinity is NaN. Only a bias can make a sum -0: a + b is -0 of -0 and -0 alone. */
function zerosAddNothing({ weights, bias }: Linear): boolean {
  return (
    weights.every((row) => row.every(Number.isFinite)) &&
    !bias.some((value) => Object.is(Math.fround(value), -0))
  );
}
