import { fileURLToPath } from 'node:url';
import { bundle } from '../compile/bundle.ts';
import {
  type EncodeCategory,
  isTextStep,
  type Model,
  type Register,
  registerLayout,
  stepWidth,
} from '../ir/model.ts';
import { textStepTexts } from '../ir/text-steps.ts';
import { type ProgramArgument, takesArrays } from './arguments.ts';
import { numberSource, readRegisters, SourceContext } from './source-context.ts';
import { stepSource } from './step-source.ts';

/** A model as JavaScript, the same text in PL/v8, in PLJS and in Node. */
export interface Program {
  /** What the two functions take, in this order. Features that decide nothing are not among them. */
  readonly arguments: readonly ProgramArgument[];
  /**
   * An expression whose value is an object of three functions. `value(x0, …)` gives the prediction's value as a
   * number; `outputs(x0, …)` a plain array as `OutputLayout` says; `read(json)` the list of what these two take, out of
   * a row in JSON, or null. With more than MAX_ARGUMENTS arguments they take an array of the numbers and, where there
   * are texts, one of these. Null, undefined and NaN are missing.
   */
  readonly code: string;
  /** SHA-256 of `code`, 64 hexadecimal digits. */
  readonly hash: string;
  readonly outputs: OutputLayout;
  /** Whether the code runs functions of the user's, which may throw: whoever calls it says which model it was. */
  readonly throws?: true;
}

/** Where the parts of a prediction stand in the array that `outputs` gives. */
export interface OutputLayout {
  readonly value: 0;
  /** The index of the predicted class; NaN for a model without classes. */
  readonly predicted: 1;
  readonly raw: Range;
  readonly values: Range;
  readonly probabilities: Range;
  readonly length: number;
}

/** [start, end) */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Resolves from `src/codegen` and from `dist/codegen` alike: the bundle is always made of the published sources. */
export const KERNELS = fileURLToPath(new URL('../../src/plv8/', import.meta.url));

/** Compiles a valid model. Of a model's steps only those become code that an output depends on. */
export async function compileProgram(model: Model): Promise<Program> {
  const needed = neededSteps(model, outputRegisters(model));
  const programArguments = listArguments(model, needed);
  const context = new SourceContext(model, programArguments);
  const contents = programSource(model, needed, programArguments, context);
  const { code, hash } = await bundle({ contents, resolveDir: KERNELS, name: 'program.ts' });
  return { arguments: programArguments, code, hash, outputs: outputLayout(model) };
}

/** The registers of [value, predicted class, ...raw, ...values, ...probabilities]; undefined is NaN. */
function outputRegisters({ output }: Model): (Register | undefined)[] {
  return [
    output.value,
    output.classes?.predicted,
    ...output.raw,
    ...(output.values ?? []),
    ...(output.classes?.probabilities ?? []),
  ];
}

function outputLayout({ output }: Model): OutputLayout {
  const raw = { start: 2, end: 2 + output.raw.length };
  const values = { start: raw.end, end: raw.end + (output.values?.length ?? 0) };
  const probabilities = { start: values.end, end: values.end + (output.classes?.probabilities?.length ?? 0) };
  return { value: 0, predicted: 1, raw, values, probabilities, length: probabilities.end };
}

/** What has to be there for some registers to be computed. */
interface Needed {
  readonly registers: ReadonlySet<Register>;
  /** Indices into `model.steps`. */
  readonly steps: ReadonlySet<number>;
}

function neededSteps(model: Model, wanted: readonly (Register | undefined)[]): Needed {
  const registers = new Set(wanted.filter((register) => register !== undefined));
  const steps = new Set<number>();
  const { first } = registerLayout(model);
  for (let k = model.steps.length - 1; k >= 0; k--) {
    const step = model.steps[k]!;
    const width = stepWidth(step);
    if (!Array.from({ length: width }, (_, q) => first[k]! + q).some((register) => registers.has(register)))
      continue;
    steps.add(k);
    for (const register of readRegisters(step)) registers.add(register);
  }
  return { registers, steps };
}

function listArguments(model: Model, { registers, steps }: Needed): ProgramArgument[] {
  return model.features.flatMap((feature, i): ProgramArgument[] => {
    if (feature.kind === 'number') return registers.has(i) ? [{ feature: i }] : [];
    const codes = model.steps.flatMap((step, k) =>
      steps.has(k) && step.kind === 'encode-category' && step.input === i ? [{ feature: i, step: k }] : [],
    );
    const asText = model.steps.some(
      (step, k) => steps.has(k) && isTextStep(step) && textStepTexts(step).includes(i),
    );
    return asText ? [...codes, { feature: i, text: true }] : codes;
  });
}

/** The module that is bundled: constants once, then the two functions over them. */
function programSource(
  model: Model,
  needed: Needed,
  programArguments: readonly ProgramArgument[],
  context: SourceContext,
): string {
  const { first } = registerLayout(model);
  const steps = model.steps.map((step, k) =>
    needed.steps.has(k) ? stepSource(step, first[k]!, model, context) : { setup: [], run: [] },
  );
  const targets = programArguments.map(({ feature, step, text }) =>
    text ? undefined : step === undefined ? feature : first[step]!,
  );
  const numbers = targets.filter((target) => target !== undefined);
  const functionSource = (wanted: readonly (Register | undefined)[], result: string) => {
    const { registers, steps: own } = neededSteps(model, wanted);
    const run = steps.flatMap((step, k) => (own.has(k) ? step.run : []));
    const body = [...readArguments(targets, registers, context), ...run, `return ${result};`].join('\n');
    const parameters = context.argumentsInArrays ? 'p,t' : targets.map((_, k) => `p${k}`).join();
    return `(${parameters})=>{\n${body}\n}`;
  };
  const wanted = outputRegisters(model);
  const elements = wanted.map((register) => (register === undefined ? 'NaN' : context.read(register)));
  const registers = [
    ...(context.inArray ? [`const R=new Float64Array(${context.size});`] : []),
    ...(context.argumentsInArrays ? [context.constants('targets', numbers)] : []),
  ];
  const read = rowReaderSource(model, programArguments, context);
  // In a function of its own, and not at the top of the module, constants stay `const` in the bundle: V8 then knows
  // that they never change and compiles their addresses into the code.
  return [
    ...context.imports(),
    'const program=(()=>{',
    ...registers,
    ...steps.flatMap(({ setup }) => setup),
    `const value=${functionSource(wanted.slice(0, 1), elements[0]!)};`,
    `const outputs=${functionSource(wanted, `[${elements.join()}]`)};`,
    'return {value,outputs};',
    '})();',
    'export const value=program.value,outputs=program.outputs;',
    `export const read=${read};`,
  ].join('\n');
}

/** Calls createRowReader of src/plv8/row-reader.ts: features that are no argument are read too, and have to fit. */
function rowReaderSource(
  model: Model,
  programArguments: readonly ProgramArgument[],
  context: SourceContext,
): string {
  const features = model.features.map(({ name, kind }) => [name, kind]);
  const specs = programArguments.map(({ feature, step: index }) => {
    if (index === undefined) return `[${feature}]`;
    const step = model.steps[index] as EncodeCategory;
    const codes = step.codes === undefined ? '' : `,[${step.codes.map(numberSource).join()}]`;
    return `[${feature},${JSON.stringify(step.categories)},${step.missing},${step.unknown}${codes}]`;
  });
  const create = context.kernel('row-reader', 'createRowReader');
  return `${create}(${JSON.stringify(features)},[${specs.join()}],${takesArrays(programArguments)})`;
}

/** null and undefined become NaN: to JavaScript null were the number 0. */
function readArguments(
  targets: readonly (Register | undefined)[],
  needed: ReadonlySet<Register>,
  context: SourceContext,
): string[] {
  if (context.argumentsInArrays) return ['for(let k=0;k<targets.length;k++)R[targets[k]]=p[k]??NaN;'];
  return targets.flatMap((register, k) =>
    register !== undefined && needed.has(register) ? [context.write(register, `p${k}??NaN`)] : [],
  );
}
