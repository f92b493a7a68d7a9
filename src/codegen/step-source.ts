import {
  type EncodeCategory,
  isTextStep,
  type Link,
  type LinkFunction,
  type Model,
  type Register,
  type Step,
  type TreeEnsemble,
} from '../ir/model.ts';
import { SlotKind, type SlotKindName } from '../plv8/slots.ts';
import { linearSource } from './linear-source.ts';
import { roundConstant } from './operation-source.ts';
import { packColumn } from './pack-columns.ts';
import { type ForestPlan, packForest } from './pack-forest.ts';
import type { SlotPlan } from './slot-plan.ts';
import { floatArray, numberSource, type SourceContext, type StepSource } from './source-context.ts';
import { textStepSource } from './text-source.ts';
import { vectorStepSource } from './vector-source.ts';

/** The code of a step whose registers start at `first`. Categories of text features are encoded before the program. */
export function stepSource(step: Step, first: Register, model: Model, context: SourceContext): StepSource {
  switch (step.kind) {
    case 'encode-category':
      return isTextEncoding(step, model) ? { setup: [], run: [] } : encodeSource(step, first, context);
    case 'tree-ensemble': {
      const rounded = { ...step, base: step.base.map((value) => roundConstant(value, step.accumulator)) };
      return step.trees.length === 0
        ? baseSource(rounded, first, context)
        : ensembleSource(rounded, first, context);
    }
    case 'linear':
      return linearSource(step, first, context);
    case 'link':
      return linkSource(step, first, context);
    default:
      return isTextStep(step) ? textStepSource(step, first, context) : vectorStepSource(step, first, context);
  }
}

/** Whether the step reads a text feature; the program then takes the code as an argument. */
export function isTextEncoding(step: Step, model: Model): step is EncodeCategory {
  return step.kind === 'encode-category' && model.features[step.input]?.kind === 'text';
}

function encodeSource(step: EncodeCategory, first: Register, context: SourceContext): StepSource {
  const isText = context.isText(step.input);
  const create = context.kernel('encode', isText ? 'createTextEncoder' : 'createEncoder');
  const { categories } = step;
  const packed = JSON.stringify(isText ? categories : packColumn(categories as readonly number[]));
  const codes = step.codes === undefined ? '' : `,${context.constant(step.codes)}`;
  const input = isText ? context.readText(step.input) : context.read(step.input);
  return {
    setup: [
      `const encode${first}=${create}(${packed},${numberSource(step.missing)},${numberSource(step.unknown)}${codes});`,
    ],
    run: [context.write(first, `encode${first}(${input})`)],
  };
}

function baseSource({ base }: TreeEnsemble, first: Register, context: SourceContext): StepSource {
  if (base.length === 1) return { setup: [], run: [context.write(first, numberSource(base[0]!))] };
  return {
    setup: [`const ${context.vector(first)}=[${base.map(numberSource).join()}];`],
    run: context.written(first, base.length),
  };
}

function ensembleSource(step: TreeEnsemble, first: Register, context: SourceContext): StepSource {
  const plan = packForest(step);
  const slots = slotsSource(step, plan.slots, first, context);
  const sum = sumSource(step, plan, first, context);
  return {
    setup: [
      `const x${first}=new ${floatArray(step.inputPrecision)}(${plan.slots.size});`,
      ...slots.setup,
      ...sum.setup,
    ],
    run: [...slots.run, ...sum.run],
  };
}

/** Fills x, the kernel's copies of the inputs. */
function slotsSource(
  step: TreeEnsemble,
  plan: SlotPlan,
  first: Register,
  context: SourceContext,
): StepSource {
  const x = `x${first}`;
  const round = context.rounding(step.inputPrecision);
  const setup: string[] = [];
  const run: string[] = [];
  if (context.inArray) {
    const sources = JSON.stringify(plan.numbers.map(({ input }) => step.inputs[input]));
    const kinds = JSON.stringify(plan.numbers.map(({ kind }) => SlotKind[kind]));
    setup.push(`const sources${first}=${sources},kinds${first}=${kinds};`);
    run.push(`${context.kernel('slots', 'fillSlots')}(${x},1,R,sources${first},kinds${first},${round});`);
  } else {
    plan.numbers.forEach(({ input, kind }, i) => {
      run.push(`${x}[${i + 1}]=${slotValue(kind, context.read(step.inputs[input]!), step, context)};`);
    });
  }
  for (const { input, first: slot, packed } of plan.sets) {
    const name = `sets${first}_${input}`;
    setup.push(
      `const ${name}=${context.kernel('sets', 'createSets')}(${JSON.stringify(packed)},${x},${slot});`,
    );
    run.push(`${name}(${context.rounded(context.read(step.inputs[input]!), step.inputPrecision)});`);
  }
  return { setup, run };
}

const LOOK_FOR_ZERO: ReadonlySet<SlotKindName> = new Set(['zeroLow', 'zeroHigh', 'isZero', 'isNonZero']);

/** x is of the input precision: storing rounds, so that only a look for zeros has to round before. */
function slotValue(kind: SlotKindName, value: string, step: TreeEnsemble, context: SourceContext): string {
  if (kind === 'plain') return value;
  if (kind === 'always') return `${context.kernel('slots', kind)}()`;
  const argument = LOOK_FOR_ZERO.has(kind) ? context.rounded(value, step.inputPrecision) : value;
  return `${context.kernel('slots', kind)}(${argument})`;
}

/** Walks the trees and adds up their leaves. */
function sumSource(
  step: TreeEnsemble,
  { forest, table }: ForestPlan,
  first: Register,
  context: SourceContext,
): StepSource {
  const { base, outputs } = step;
  const packed = JSON.stringify(forest);
  const round = context.rounding(step.accumulator);
  if (table === undefined && outputs === 1 && forest.places === undefined) {
    const create = context.kernel('forest-walks', 'createForestSum');
    return {
      setup: [`const sum${first}=${create}(${packed},x${first},${numberSource(base[0]!)},${round});`],
      run: [context.write(first, `sum${first}()`)],
    };
  }
  const sums = context.vector(first);
  const ofOutputs = [
    `const ${sums}=new Float64Array(${outputs});`,
    `const base${first}=[${base.map(numberSource).join()}];`,
  ];
  const written = context.written(first, outputs);
  const treeOutputs = JSON.stringify(
    packColumn(step.trees.map(({ output }) => (output === 'all' ? outputs : output))),
  );
  if (table === undefined && outputs > 1 && forest.places === undefined) {
    const create = context.kernel('forest-walks', 'createForestSums');
    const sum = `${create}(${packed},x${first},base${first},${treeOutputs},${sums},${round})`;
    return { setup: [...ofOutputs, `const sum${first}=${sum};`], run: [`sum${first}();`, ...written] };
  }
  const reached = `reached${first}`;
  const create = context.kernel('forest-walks', 'createForest');
  const walk = [
    `const ${reached}=new Float64Array(${forest.trees + 1});`,
    `const walk${first}=${create}(${packed},x${first},${reached});`,
  ];
  if (table === undefined && outputs === 1) {
    const sum = context.kernel('sums', 'sumTrees');
    const expression = `${sum}(${numberSource(base[0]!)},${reached},${forest.trees},${round})`;
    return { setup: walk, run: [`walk${first}();`, context.write(first, expression)] };
  }
  if (table === undefined) {
    const unpack = context.kernel('columns', 'unpackColumn');
    const sum = context.kernel('sums', 'sumTreesByOutput');
    return {
      setup: [...walk, ...ofOutputs, `const outputs${first}=${unpack}(${treeOutputs});`],
      run: [
        `walk${first}();`,
        `${sum}(base${first},${reached},outputs${first},${sums},${round});`,
        ...written,
      ],
    };
  }
  const createSum = context.kernel('leaf-tables', 'createLeafTableSum');
  return {
    setup: [
      ...walk,
      ...ofOutputs,
      `const sum${first}=${createSum}(${JSON.stringify(table)},base${first},x${first},${reached},${sums},${round});`,
    ],
    run: [`walk${first}();`, `sum${first}();`, ...written],
  };
}

/** Kernel and parameter of each link; the parameter is empty when there is none. */
function linkKernel(link: LinkFunction): { name: string; parameter: string } {
  switch (link.name) {
    case 'sigmoid':
      return { name: 'sigmoid', parameter: numberSource(link.scale) };
    case 'divide':
      return { name: 'divide', parameter: numberSource(link.divisor) };
    case 'signed-square':
      return { name: 'signedSquare', parameter: '' };
    default:
      return { name: link.name, parameter: '' };
  }
}

function linkSource(step: Link, first: Register, context: SourceContext): StepSource {
  const { inputs, precision } = step;
  const { name, parameter } = linkKernel(step.function);
  const kernel = context.kernel('links', name);
  if (name === 'argmax') {
    const expression = `${kernel}(${context.readAll(inputs)})`;
    return { setup: [], run: [context.write(first, context.rounded(expression, precision))] };
  }
  if (name !== 'softmax' && inputs.length === 1) {
    const expression = `${kernel}(${context.read(inputs[0]!)}${parameter && `,${parameter}`})`;
    return { setup: [], run: [context.write(first, context.rounded(expression, precision))] };
  }
  const out = context.vector(first);
  const call =
    name === 'softmax'
      ? `${kernel}(${context.readAll(inputs)},${out});`
      : `${context.kernel('links', 'each')}(${kernel},${parameter || '0'},${context.readAll(inputs)},${out});`;
  return {
    setup: [`const ${out}=new ${floatArray(precision)}(${inputs.length});`],
    run: [call, ...context.written(first, inputs.length)],
  };
}
