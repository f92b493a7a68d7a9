import {
  type Arithmetic,
  type Comparison,
  type CountTerms,
  type Feature,
  type MapOperation,
  type Precision,
  type Reduction,
  type Register,
  type Step,
  stepWidth,
  type WeighStep,
} from '../../ir/model.ts';
import { TermRows } from './counts.ts';
import { foldStep } from './fold.ts';
import { NodeError, UnsupportedNode } from './node-error.ts';
import {
  type ChoiceElement,
  type Constant,
  type Element,
  isConstant,
  isRowText,
  type NumberElement,
  type RowElement,
} from './value.ts';

/** Past this, a row takes milliseconds in the database: such models are the sidecar's. */
const MAX_REGISTERS = 200_000;
const MAX_WEIGHTS = 4_000_000;
/** Constants that one node may compute for choices. */
const MAX_CHOICES = 2 ** 21;
/** Constants are folded in parts: the evaluator spreads a step's results over a call's arguments. */
const FOLD_AT_ONCE = 10_000;

/** Makes the step that computes some positions, given the registers of each operand at these positions. */
type StepMaker = (operands: readonly (readonly Register[])[], at: readonly number[]) => Step;

export type BinaryOperation = Arithmetic | Comparison | 'and' | 'or' | 'xor';

const FLIPPED: Readonly<Partial<Record<BinaryOperation, BinaryOperation>>> = {
  add: 'add',
  multiply: 'multiply',
  min: 'min',
  max: 'max',
  '==': '==',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};
const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);
const LOGICAL: ReadonlySet<string> = new Set(['and', 'or', 'xor']);

/** Collects the steps of a row's program. Constants are computed at once and become no steps. */
export class RowProgram {
  readonly steps: Step[] = [];
  #next: Register;
  #weights = 0;
  readonly #rounded = new Map<Register, Register>();
  readonly #constants = new Map<string, Register>();
  readonly #required: Element[] = [];
  readonly #chosen = new WeakMap<ChoiceElement, Register>();
  readonly #termRows = new TermRows();

  constructor(features: readonly Feature[]) {
    this.#next = features.length;
  }

  /** Appends a step; gives its registers. @throws UnsupportedNode when the program grows too large */
  add(step: Step): readonly Register[] {
    const width = stepWidth(step);
    if (step.kind === 'linear' || step.kind === 'distance') this.#weigh(width * step.inputs.length);
    if (this.#next + width > MAX_REGISTERS) {
      throw new UnsupportedNode(`the model needs more than ${MAX_REGISTERS} numbers a row`);
    }
    const registers = Array.from({ length: width }, (_, i) => this.#next + i);
    this.#next += width;
    this.steps.push(step);
    return registers;
  }

  #weigh(weights: number): void {
    this.#weights += weights;
    if (this.#weights > MAX_WEIGHTS)
      throw new UnsupportedNode(`the model multiplies by more than ${MAX_WEIGHTS} weights`);
  }

  /** As `add`, giving elements; their numbers are what the step computed. */
  numbers(step: Step): readonly NumberElement[] {
    return this.add(step).map((register) => ({ kind: 'number', register, rounded: true }));
  }

  /** Counts of the terms of a text. */
  counts(step: CountTerms): readonly NumberElement[] {
    const counts = this.numbers(step);
    this.#termRows.counted(
      step,
      counts.map(({ register }) => register),
    );
    return counts;
  }

  /**
   * Numbers times their factors, over their norm, where all come from the terms of a text: in a step whose time is that of
   * the terms. Undefined for others.
   */
  weigh(
    elements: readonly Element[],
    weighing: Pick<WeighStep, 'factors' | 'norm'>,
    precision: Precision,
  ): readonly NumberElement[] | undefined {
    const step = this.#termRows.weighing(elements, weighing, precision);
    if (step === undefined) return undefined;
    const weights = this.numbers(step);
    this.#termRows.weighed(
      step,
      weights.map(({ register }) => register),
    );
    return weights;
  }

  /** Registers that hold the elements' numbers. `rounds`: the step that reads them rounds to float32 itself. */
  registers(elements: readonly Element[], rounds = false): readonly Register[] {
    if (!rounds) this.#round(elements);
    return elements.map((element) => {
      if (isConstant(element)) return this.#constant(element);
      if (element.kind === 'choice') return this.#choose(element);
      if (isRowText(element)) throw new NodeError('a text stands where a number is needed');
      return rounds || element.rounded ? element.register : this.#rounded.get(element.register)!;
    });
  }

  /** The same numbers as elements that need no rounding; constants and choices stay what they are. */
  exact(elements: readonly Element[]): readonly Element[] {
    this.#round(elements);
    return elements.map((element) =>
      isUnrounded(element)
        ? { kind: 'number', register: this.#rounded.get(element.register)!, rounded: true }
        : element,
    );
  }

  /** One step rounds all that are not yet. */
  #round(elements: readonly Element[]): void {
    const all = elements.filter(isUnrounded).map(({ register }) => register);
    const inputs = [...new Set(all)].filter((register) => !this.#rounded.has(register));
    if (inputs.length === 0) return;
    const operations = [{ name: 'multiply', by: [1] } as const];
    const rounded = this.add({ kind: 'map', inputs, precision: 'float32', operations });
    inputs.forEach((register, k) => {
      this.#rounded.set(register, rounded[k]!);
    });
  }

  #constant(value: Constant): Register {
    if (typeof value === 'string') throw new NodeError('a text stands where a number is needed');
    const key = Object.is(value, -0) ? '-0' : String(value);
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const [register] = Number.isNaN(value)
      ? this.add({
          kind: 'map',
          inputs: [this.#constant(0)],
          precision: 'float64',
          operations: [{ name: 'add', by: [Number.NaN] }],
        })
      : this.add({
          kind: 'linear',
          inputs: [],
          inputPrecision: 'float64',
          accumulator: 'float64',
          weights: [[]],
          bias: [value],
          missing: 'propagate',
        });
    this.#constants.set(key, register!);
    return register!;
  }

  #choose(element: ChoiceElement): Register {
    const { index, values } = element;
    if (values.every((value, k) => value === k)) return index;
    const known = this.#chosen.get(element);
    if (known !== undefined) return known;
    if (values.some((value) => typeof value === 'string')) {
      throw new NodeError('a text stands where a number is needed');
    }
    const rows = values.map((value) => [value as number]);
    const [register] = this.add({ kind: 'gather', inputs: [index], rows, default: Number.NaN });
    this.#chosen.set(element, register!);
    return register!;
  }

  /**
   * Computes position by position. Constants, and constants chosen by one index, are computed now; one step computes
   * the rest. `rounds` as for `registers`.
   */
  each(operands: readonly (readonly Element[])[], make: StepMaker, rounds = false): Element[] {
    const out: Element[] = new Array(operands[0]!.length);
    const constants: { readonly at: number; readonly values: readonly number[] }[] = [];
    const choices: {
      readonly at: number;
      readonly index: Register;
      readonly first: number;
      readonly length: number;
    }[] = [];
    const rows: number[] = [];
    for (let at = 0; at < out.length; at++) {
      const values = operands.map((operand) => operand[at]!);
      const choice = values.every(isConstant) ? undefined : commonChoice(values);
      if (values.every(isConstant)) constants.push({ at, values: values as number[] });
      else if (choice === undefined) rows.push(at);
      else {
        const { length } = choice.values;
        choices.push({ at, index: choice.index, first: constants.length, length });
        if (constants.length + length > MAX_CHOICES)
          throw new UnsupportedNode('it chooses among too many constants');
        for (let k = 0; k < length; k++) {
          const chosen = values.map((value) =>
            isConstant(value) ? value : (value as ChoiceElement).values[k]!,
          );
          constants.push({ at, values: chosen as number[] });
        }
      }
    }
    const folded = foldParts(constants, make);
    constants.forEach(({ at }, k) => {
      out[at] = folded[k]!;
    });
    for (const { at, index, first, length } of choices) {
      out[at] = { kind: 'choice', index, values: folded.slice(first, first + length) };
    }
    if (rows.length > 0) {
      const registers = operands.map((operand) =>
        this.registers(
          rows.map((at) => operand[at]!),
          rounds,
        ),
      );
      const results = this.numbers(make(registers, rows));
      rows.forEach((at, k) => {
        out[at] = results[k]!;
      });
    }
    return out;
  }

  /** Operations with lists of constants hold one an element, or one for all. */
  map(elements: readonly Element[], precision: Precision, operations: readonly MapOperation[]): Element[] {
    if (elements.length === 0) return [];
    const at = (operation: MapOperation, positions: readonly number[]): MapOperation =>
      'by' in operation && operation.by.length > 1
        ? { ...operation, by: positions.map((k) => operation.by[k]!) }
        : operation;
    return this.each(
      [elements],
      ([inputs], positions) => ({
        kind: 'map',
        inputs: inputs!,
        precision,
        operations: operations.map((operation) => at(operation, positions)),
      }),
      precision === 'float32',
    );
  }

  /** Pair by pair; the lists are equally long. */
  combine(
    operation: BinaryOperation,
    left: readonly Element[],
    right: readonly Element[],
    precision: Precision,
  ): Element[] {
    const out: Element[] = new Array(left.length);
    const groups = { byRight: [] as number[], byLeft: [] as number[], pairs: [] as number[] };
    const flipped = operation === 'subtract' ? 'subtract' : FLIPPED[operation];
    left.forEach((element, k) => {
      const other = right[k]!;
      if (isNumber(element) && typeof other === 'number' && !LOGICAL.has(operation)) groups.byRight.push(k);
      else if (typeof element === 'number' && isNumber(other) && flipped !== undefined) groups.byLeft.push(k);
      else groups.pairs.push(k);
    });
    const mapped = (
      at: readonly number[],
      elements: readonly Element[],
      by: readonly Element[],
      flip: boolean,
    ) => {
      const constants = at.map((k) => by[k] as number);
      const operations: MapOperation[] =
        flip && operation === 'subtract'
          ? [{ name: 'negate' }, { name: 'add', by: constants }]
          : [mapOperation(flip ? flipped! : operation, constants)];
      const results = this.map(
        at.map((k) => elements[k]!),
        precision,
        operations,
      );
      at.forEach((k, i) => {
        out[k] = results[i]!;
      });
    };
    mapped(groups.byRight, left, right, false);
    mapped(groups.byLeft, right, left, true);
    const { pairs } = groups;
    if (pairs.length > 0) {
      const results = this.each(
        [pairs.map((k) => left[k]!), pairs.map((k) => right[k]!)],
        ([a, b]) => ({ kind: 'combine', operation, left: a!, right: b!, precision }),
        precision === 'float32',
      );
      pairs.forEach((k, i) => {
        out[k] = results[i]!;
      });
    }
    return out;
  }

  /** Where the condition is not 0 the one, else the other. The lists are equally long. */
  select(
    condition: readonly Element[],
    whenTrue: readonly Element[],
    whenFalse: readonly Element[],
  ): Element[] {
    const out: Element[] = new Array(condition.length);
    const rows: number[] = [];
    condition.forEach((test, k) => {
      const [yes, no] = [whenTrue[k]!, whenFalse[k]!];
      if (isConstant(test)) out[k] = test !== 0 ? yes : no;
      else if (test.kind === 'choice' && isConstant(yes) && isConstant(no)) {
        out[k] = { ...test, values: test.values.map((value) => (value !== 0 ? yes : no)) };
      } else rows.push(k);
    });
    if (rows.length === 0) return out;
    const results = this.each(
      [condition, whenTrue, whenFalse].map((list) => rows.map((k) => list[k]!)),
      ([c, t, f]) => ({ kind: 'select', condition: c!, whenTrue: t!, whenFalse: f! }),
    );
    rows.forEach((k, i) => {
      out[k] = results[i]!;
    });
    return out;
  }

  /** All elements to one number; a position for argmin and argmax. */
  reduce(operation: Reduction, elements: readonly Element[], precision: Precision): Element {
    const step = (inputs: readonly Register[]): Step => ({ kind: 'reduce', operation, inputs, precision });
    if (elements.every(isConstant)) return foldStep(elements as readonly number[], step)[0]!;
    return this.numbers(step(this.registers(elements, precision === 'float32')))[0]!;
  }

  /** bias[q] + Σ elements[k] weights[q][k]. @throws UnsupportedNode when a constant is NaN */
  linear(
    elements: readonly Element[],
    weights: readonly (readonly number[])[],
    bias: readonly number[],
    precision: Precision,
  ): readonly Element[] {
    if (bias.some(Number.isNaN) || weights.some((row) => row.some(Number.isNaN))) {
      throw new UnsupportedNode('a weight is NaN');
    }
    if (bias.length === 0) return [];
    if (elements.every(isConstant)) this.#weigh(bias.length * elements.length);
    const step = (inputs: readonly Register[], from: number, to: number): Step => ({
      kind: 'linear',
      inputs,
      inputPrecision: precision,
      accumulator: precision,
      weights: weights.slice(from, to),
      bias: bias.slice(from, to),
      missing: 'propagate',
    });
    if (!elements.every(isConstant)) {
      return this.numbers(step(this.registers(elements, precision === 'float32'), 0, bias.length));
    }
    const out: number[] = [];
    for (let from = 0; from < bias.length; from += FOLD_AT_ONCE) {
      const part = foldStep(elements as readonly number[], (inputs) =>
        step(inputs, from, from + FOLD_AT_ONCE),
      );
      for (const value of part) out.push(value);
    }
    return out;
  }

  /** Rows for which one of the truth values does not hold get no answer: onnxruntime fails on them. */
  require(conditions: readonly Element[]): void {
    this.#required.push(...conditions);
  }

  /** Registers of an output's numbers: NaN where something that was required does not hold. */
  answers(elements: readonly Element[]): readonly Register[] {
    if (this.#required.length === 0) return this.registers(elements);
    const all = this.reduce('min', this.#required, 'float64');
    const answered = this.select(
      elements.map(() => all),
      elements,
      elements.map(() => Number.NaN),
    );
    return this.registers(answered);
  }

  /** Numbers through a table. NaN is a key like others; of equal keys the first counts. */
  lookup(
    elements: readonly Element[],
    table: ReadonlyMap<number, number>,
    otherwise: number,
  ): readonly Element[] {
    const keys = [...table.keys()];
    const values = [...table.values()];
    return this.each([elements], ([inputs]) => ({
      kind: 'lookup',
      inputs: inputs!,
      keys,
      values,
      default: otherwise,
    }));
  }

  /** The element at a position that a row decides; NaN past the ends. */
  pick(elements: readonly Element[], position: Element): Element {
    if (isConstant(position)) {
      const element = elements[position as number];
      if (element === undefined) throw new NodeError(`index ${position} is out of range`);
      return element;
    }
    const [index] = this.registers([position]);
    if (elements.every(isConstant)) return { kind: 'choice', index: index!, values: elements };
    const at: Element = { kind: 'number', register: index!, rounded: true };
    const found = this.combine(
      '==',
      elements.map(() => at),
      elements.map((_, k) => k),
      'float64',
    );
    return elements.reduce<Element>(
      (otherwise, element, k) => this.select([found[k]!], [element], [otherwise])[0]!,
      Number.NaN,
    );
  }
}

function isNumber(element: Element): element is NumberElement {
  return !isConstant(element) && element.kind === 'number';
}

function isUnrounded(element: Element): element is NumberElement {
  return isNumber(element) && !element.rounded;
}

/** The choice, when all that depends on the row is chosen by one index. */
function commonChoice(elements: readonly Element[]): ChoiceElement | undefined {
  const rows = elements.filter((element): element is RowElement => !isConstant(element));
  const [first] = rows;
  if (first?.kind !== 'choice') return undefined;
  const same = rows.every(
    (row) => row.kind === 'choice' && row.index === first.index && row.values.length === first.values.length,
  );
  return same ? first : undefined;
}

function mapOperation(operation: BinaryOperation, by: readonly number[]): MapOperation {
  return COMPARISONS.has(operation)
    ? { name: 'compare', operator: operation as Comparison, by }
    : { name: operation as Arithmetic, by };
}

function foldParts(
  constants: readonly { readonly at: number; readonly values: readonly number[] }[],
  make: StepMaker,
): number[] {
  const out: number[] = [];
  for (let from = 0; from < constants.length; from += FOLD_AT_ONCE) {
    const part = constants.slice(from, from + FOLD_AT_ONCE);
    if (part.some(({ values }) => values.some((value) => typeof value !== 'number'))) {
      throw new NodeError('a text stands where a number is needed');
    }
    const operands = part[0]!.values.length;
    const results = foldStep(
      part.flatMap(({ values }) => values),
      (registers) =>
        make(
          Array.from({ length: operands }, (_, operand) =>
            part.map((_, k) => registers[k * operands + operand]!),
          ),
          part.map(({ at }) => at),
        ),
    );
    for (const result of results) out.push(result);
  }
  return out;
}
