import {
  isTextStep,
  type MapOperation,
  type MapStep,
  type Output,
  type Register,
  type Step,
  stepWidth,
} from '../../ir/model.ts';
import { textStepInputs } from '../../ir/text-steps.ts';
import { vectorStepInputs } from '../../ir/vector-steps.ts';

/** Steps with fewer inputs are worth comparing with each other. */
const MAX_COMPARED_INPUTS = 256;

/** Operations in one step; longer chains stay several steps. */
const MAX_JOINED = 32;

interface Compacted {
  readonly steps: readonly Step[];
  readonly output: Output;
}

/**
 * The same program in fewer steps: graphs compute one thing twice, write each operation of a chain as a node of its
 * own, and compute what no output needs. Results are equal bit for bit.
 */
export function compactSteps(features: number, steps: readonly Step[], output: Output): Compacted {
  const shared = shareEqual(features, { steps, output });
  const joined = joinMaps(features, shared);
  return dropUnused(features, joined);
}

/** Renumbers as it goes: `place` says where a step's registers stand now. */
class Renumbering {
  readonly steps: Step[] = [];
  readonly #to: Register[];
  #next: Register;

  constructor(features: number) {
    this.#to = Array.from({ length: features }, (_, register) => register);
    this.#next = features;
  }

  readonly of = (register: Register): Register => this.#to[register]!;

  /** Appends a step whose registers are renumbered already; gives its first register. */
  append(step: Step): Register {
    this.steps.push(step);
    const first = this.#next;
    this.#next += stepWidth(step);
    return first;
  }

  place(width: number, first: Register): void {
    for (let k = 0; k < width; k++) this.#to.push(first + k);
  }
}

function shareEqual(features: number, { steps, output }: Compacted): Compacted {
  const numbering = new Renumbering(features);
  const known = new Map<string, Register>();
  for (const step of steps) {
    const renamed = withRegisters(step, numbering.of);
    const key = keyOf(renamed);
    const before = key === undefined ? undefined : known.get(key);
    const first = before ?? numbering.append(renamed);
    if (key !== undefined) known.set(key, first);
    numbering.place(stepWidth(step), first);
  }
  return { steps: numbering.steps, output: withOutput(output, numbering.of) };
}

/** What a step computes, as a text; undefined for steps that are too large to compare. */
function keyOf(step: Step): string | undefined {
  if (step.kind === 'tree-ensemble' || registersOf(step).length > MAX_COMPARED_INPUTS) return undefined;
  return JSON.stringify(step, (_, value: unknown) => {
    if (typeof value !== 'number' || (Number.isFinite(value) && !Object.is(value, -0))) return value;
    return Object.is(value, -0) ? '-0' : String(value);
  });
}

/** A map that alone reads another map's results, in the same precision, takes over that map's operations. */
function joinMaps(features: number, { steps, output }: Compacted): Compacted {
  const makers = makersOf(features, steps);
  const readers = readersOf(features, steps, output);
  const joined: (Step | undefined)[] = [...steps];
  steps.forEach((step, k) => {
    if (step.kind !== 'map') return;
    const [from] = new Set(step.inputs.map((register) => makers[register]));
    const before = from === undefined ? undefined : joined[from.step];
    const alone = step.inputs.every((register) => makers[register]?.step === from?.step);
    if (before?.kind !== 'map' || !alone || before.precision !== step.precision) return;
    if (step.inputs.length > before.inputs.length || before.operations.length >= MAX_JOINED) return;
    if (![...readers[from!.step]!].every((reader) => reader === k)) return;
    const places = step.inputs.map((register) => makers[register]!.place);
    joined[k] = {
      ...step,
      inputs: places.map((place) => before.inputs[place]!),
      operations: [...before.operations.map((operation) => atPlaces(operation, places)), ...step.operations],
    } satisfies MapStep;
    joined[from!.step] = undefined;
  });
  const numbering = new Renumbering(features);
  joined.forEach((step, k) => {
    // Nobody reads the registers of a step that went into another.
    const first = step === undefined ? -1 : numbering.append(withRegisters(step, numbering.of));
    numbering.place(stepWidth(steps[k]!), first);
  });
  return { steps: numbering.steps, output: withOutput(output, numbering.of) };
}

function atPlaces(operation: MapOperation, places: readonly number[]): MapOperation {
  if (!('by' in operation) || operation.by.length === 1) return operation;
  return { ...operation, by: places.map((place) => operation.by[place]!) };
}

/** By register the step that writes it and its place among that step's; undefined for features. */
function makersOf(features: number, steps: readonly Step[]) {
  const makers: ({ readonly step: number; readonly place: number } | undefined)[] = new Array(features).fill(
    undefined,
  );
  steps.forEach((step, k) => {
    for (let place = 0; place < stepWidth(step); place++) makers.push({ step: k, place });
  });
  return makers;
}

/** By step the steps that read it; `steps.length` stands for the output. */
function readersOf(features: number, steps: readonly Step[], output: Output): readonly ReadonlySet<number>[] {
  const makers = makersOf(features, steps);
  const readers = steps.map(() => new Set<number>());
  const read = (reader: number) => (register: Register) => {
    const maker = makers[register];
    if (maker !== undefined) readers[maker.step]!.add(reader);
  };
  steps.forEach((step, k) => {
    registersOf(step).forEach(read(k));
  });
  outputRegisters(output).forEach(read(steps.length));
  return readers;
}

function dropUnused(features: number, { steps, output }: Compacted): Compacted {
  const makers = makersOf(features, steps);
  const needed = new Set<number>();
  const need = (register: Register) => {
    const maker = makers[register];
    if (maker !== undefined) needed.add(maker.step);
  };
  outputRegisters(output).forEach(need);
  for (let k = steps.length - 1; k >= 0; k--) if (needed.has(k)) registersOf(steps[k]!).forEach(need);
  const numbering = new Renumbering(features);
  steps.forEach((step, k) => {
    const first = needed.has(k) ? numbering.append(withRegisters(step, numbering.of)) : -1;
    numbering.place(stepWidth(step), first);
  });
  return { steps: numbering.steps, output: withOutput(output, numbering.of) };
}

function registersOf(step: Step): readonly Register[] {
  switch (step.kind) {
    case 'encode-category':
      return [step.input];
    case 'tree-ensemble':
    case 'linear':
    case 'link':
      return step.inputs;
    default:
      return isTextStep(step) ? textStepInputs(step) : vectorStepInputs(step);
  }
}

function withRegisters(step: Step, of: (register: Register) => Register): Step {
  switch (step.kind) {
    case 'encode-category':
    case 'hash-text':
    case 'count-terms':
    case 'average-terms':
    case 'measure-text':
    case 'change-text':
    case 'format-number':
    case 'format-date':
      return { ...step, input: of(step.input) };
    case 'choose-text':
      return { ...step, index: of(step.index), inputs: step.inputs.map(of) };
    case 'combine':
      return { ...step, left: step.left.map(of), right: step.right.map(of) };
    case 'select':
      return {
        ...step,
        condition: step.condition.map(of),
        whenTrue: step.whenTrue.map(of),
        whenFalse: step.whenFalse.map(of),
      };
    default:
      return { ...step, inputs: step.inputs.map(of) };
  }
}

function outputRegisters({ value, raw, values = [], classes }: Output): readonly Register[] {
  return [
    value,
    ...raw,
    ...values,
    ...(classes === undefined ? [] : [classes.predicted, ...(classes.probabilities ?? [])]),
  ];
}

function withOutput({ value, raw, values, classes }: Output, of: (register: Register) => Register): Output {
  return {
    value: of(value),
    raw: raw.map(of),
    ...(values === undefined ? {} : { values: values.map(of) }),
    ...(classes === undefined
      ? {}
      : {
          classes: {
            ...classes,
            predicted: of(classes.predicted),
            ...(classes.probabilities === undefined ? {} : { probabilities: classes.probabilities.map(of) }),
          },
        }),
  };
}
