import type { Precision, Register } from '../ir/model.ts';
import type { MapStep } from '../ir/vector-steps.ts';
import { literal, mapExpression, roundConstant } from './operation-source.ts';
import type { SourceContext, StepSource } from './source-context.ts';

export function mapSource(step: MapStep, first: Register, context: SourceContext): StepSource {
  const { inputs, precision } = step;
  const oneHot = planOneHot(step);
  if (oneHot !== undefined) return oneHotSource(oneHot, precision, first, context);
  const setup: string[] = [];
  const by = (values: readonly number[]) => {
    const rounded = values.map((value) => roundConstant(value, precision));
    if (rounded.every((value) => Object.is(value, rounded[0]))) return literal(rounded[0]!);
    const name = `c${first}_${setup.length}`;
    setup.push(context.constants(name, rounded));
    return `${name}[k]`;
  };
  const body = step.operations.map((operation) => `v=${mapExpression(operation, precision, by, context)};`);
  setup.push(`const f${first}=(v,k)=>{${body.join('')}return v};`);
  if (inputs.length === 1) {
    const input = context.rounded(context.read(inputs[0]!), precision);
    return { setup, run: [context.write(first, `f${first}(${input},0)`)] };
  }
  const x = context.load(`x${first}`, inputs, precision);
  const loop = `for(let k=0;k<${inputs.length};k++)${context.vector(first)}[k]=f${first}(x${first}[k],k);`;
  return {
    setup: [...x.setup, ...setup, context.declareVector(first, inputs.length)],
    run: [...x.run, loop],
  };
}

/** Below this many comparisons a loop over them is as fast. */
const MIN_ONE_HOT = 16;

/** Runs of one input that is compared with different keys: inputs[r] with the keys [starts[r], starts[r + 1]). */
interface OneHot {
  readonly inputs: readonly Register[];
  readonly starts: readonly number[];
  readonly keys: readonly number[];
}

/** A step that is nothing but one-hot encodings, or undefined. */
function planOneHot({ inputs, operations, precision }: MapStep): OneHot | undefined {
  const [operation, ...more] = operations;
  if (operation?.name !== 'compare' || operation.operator !== '==' || more.length > 0) return undefined;
  if (inputs.length < MIN_ONE_HOT || operation.by.length !== inputs.length) return undefined;
  const keys = operation.by.map((key) => roundConstant(key, precision));
  const starts = inputs.flatMap((register, k) => (register === inputs[k - 1] ? [] : [k]));
  const runs = starts.map((start, r) => keys.slice(start, starts[r + 1]));
  if (runs.some((run) => new Set(run).size < run.length)) return undefined;
  return { inputs: starts.map((start) => inputs[start]!), starts: [...starts, inputs.length], keys };
}

function oneHotSource(
  { inputs, starts, keys }: OneHot,
  precision: Precision,
  first: Register,
  context: SourceContext,
): StepSource {
  const create = context.kernel('tables', 'createOneHot');
  const x = context.load(`x${first}`, inputs, precision);
  const constants = `${context.constant(starts)},${context.constant(keys)}`;
  return {
    setup: [
      ...x.setup,
      context.declareVector(first, keys.length),
      `const encode${first}=${create}(${constants},x${first},${context.vector(first)});`,
    ],
    run: [...x.run, `encode${first}();`],
  };
}
