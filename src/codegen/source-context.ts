import {
  isTextMaker,
  isTextStep,
  type Model,
  type Precision,
  type Register,
  registerLayout,
  type Step,
  stepWidth,
} from '../ir/model.ts';
import { textStepInputs } from '../ir/text-steps.ts';
import { vectorStepInputs } from '../ir/vector-steps.ts';
import { type ProgramArgument, takesArrays } from './arguments.ts';
import { packColumn } from './pack-columns.ts';

/** A step as statements: what it does once a session, and once a row. */
export interface StepSource {
  readonly setup: readonly string[];
  readonly run: readonly string[];
}

/** Steps that read more registers than this, one by one, are code over an array of registers. */
const MAX_STRAIGHT_READS = 256;

/** Constants up to this number are written out; more are packed. */
const MAX_WRITTEN_CONSTANTS = 8;

/**
 * How the generated code names things. In a small model registers are constants `r0`, `r1`, … and elements of `a7`
 * where a step writes several; in a wide one all stand in the array `R` (straight code over thousands of registers
 * would be too long for V8 to optimise), of which `a7` is then a view or a copy.
 */
export class SourceContext {
  /** Whether the program takes its arguments as arrays, `p` of numbers and `t` of texts. */
  readonly argumentsInArrays: boolean;
  /** Whether the registers stand in `R`. */
  readonly inArray: boolean;
  readonly #imports = new Map<string, Set<string>>();
  /** Registers that are elements of a step's array: its first register and its width. */
  readonly #vectors = new Map<Register, { readonly first: Register; readonly width: number }>();
  /** The parameter of each feature that the program takes as a text. */
  readonly #texts = new Map<Register, string>();
  /** The registers of texts that steps make. */
  readonly #made = new Set<Register>();
  /** Steps whose array has a SparseRow beside it, by their first register. */
  readonly #sparse = new Set<Register>();
  readonly size: number;

  constructor(model: Model, programArguments: readonly ProgramArgument[]) {
    this.argumentsInArrays = takesArrays(programArguments);
    programArguments.forEach(({ feature, text }, k) => {
      if (text) this.#texts.set(feature, this.argumentsInArrays ? `t[${this.#texts.size}]` : `p${k}`);
    });
    this.inArray = this.argumentsInArrays || straightReads(model.steps) > MAX_STRAIGHT_READS;
    const { first, size } = registerLayout(model);
    this.size = size;
    model.steps.forEach((step, k) => {
      if (isTextMaker(step)) this.#made.add(first[k]!);
      const width = stepWidth(step);
      if (width === 1) return;
      for (let q = 0; q < width; q++) this.#vectors.set(first[k]! + q, { first: first[k]!, width });
    });
  }

  /** The name of a kernel's export, imported by the generated code. */
  kernel(module: string, name: string): string {
    const names = this.#imports.get(module) ?? new Set();
    this.#imports.set(module, names.add(name));
    return name;
  }

  imports(): string[] {
    return [...this.#imports].map(
      ([module, names]) => `import {${[...names].join()}} from './${module}.ts';`,
    );
  }

  /** The text of a register that holds one, or null. */
  readText(register: Register): string {
    const parameter = this.#texts.get(register);
    return parameter === undefined ? `t${register}` : `(${parameter}??null)`;
  }

  /** Whether a step made the text that the register holds. */
  isText(register: Register): boolean {
    return this.#made.has(register);
  }

  /** Texts never stand in `R`. */
  writeText(register: Register, expression: string): string {
    return `const t${register}=${expression};`;
  }

  read(register: Register): string {
    if (this.inArray) return `R[${register}]`;
    const vector = this.#vectors.get(register);
    return vector === undefined ? `r${register}` : `a${vector.first}[${register - vector.first}]`;
  }

  write(register: Register, expression: string): string {
    return this.inArray ? `R[${register}]=${expression};` : `const r${register}=${expression};`;
  }

  /** The array that a step of several registers writes to. */
  vector(first: Register): string {
    return `a${first}`;
  }

  /** Declares that array; `alone` then does what `written` does for an array that was declared otherwise. */
  declareVector(first: Register, width: number): string {
    const array = this.inArray ? `R.subarray(${first},${first + width})` : `new Float64Array(${width})`;
    return `const ${this.vector(first)}=${array};`;
  }

  /** Declares a step's array, of mostly zeros, as a SparseRow of src/plv8/sparse.ts beside. */
  declareSparse(first: Register): string {
    this.#sparse.add(first);
    return `const ${this.sparse(first)}=${this.kernel('sparse', 'createSparseRow')}(${this.vector(first)});`;
  }

  sparse(first: Register): string {
    return `sparse${first}`;
  }

  /** How many registers the SparseRow has that begins with this one. */
  sparseWidth(first: Register): number | undefined {
    return this.#sparse.has(first) ? this.#vectors.get(first)?.width : undefined;
  }

  /** The SparseRow that holds exactly these registers, in this order, where there is one. */
  wholeSparse(registers: readonly Register[]): string | undefined {
    const [start] = registers;
    if (start === undefined || !this.#sparse.has(start)) return undefined;
    return this.#isVector(registers) ? this.sparse(start) : undefined;
  }

  /** Declares `name` as a typed array of registers, rounded to the precision; `run` fills it. */
  load(name: string, registers: readonly Register[], precision: Precision): StepSource {
    const declare = `const ${name}=new ${floatArray(precision)}(${registers.length});`;
    const whole = this.#whole(registers);
    if (whole !== undefined && precision === 'float64')
      return { setup: [`const ${name}=${whole};`], run: [] };
    if (whole !== undefined) {
      return { setup: [`const ${name}s=${whole};`, declare], run: [`${name}.set(${name}s);`] };
    }
    if (!this.inArray) {
      return {
        setup: [declare],
        run: registers.map((register, k) => `${name}[${k}]=${this.read(register)};`),
      };
    }
    const gather = this.kernel('registers', 'gatherRegisters');
    return {
      setup: [declare, this.constants(`${name}i`, registers)],
      run: [`${gather}(R,${name}i,${name});`],
    };
  }

  /** An array that holds exactly these registers, in this order. */
  #whole(registers: readonly Register[]): string | undefined {
    const [start] = registers;
    if (start === undefined || !registers.every((register, i) => register === start + i)) return undefined;
    if (this.inArray) return `R.subarray(${start},${start + registers.length})`;
    return this.#isVector(registers) ? this.vector(start) : undefined;
  }

  /** Whether these are all registers that one step writes, in this order. */
  #isVector(registers: readonly Register[]): boolean {
    const start = registers[0]!;
    const vector = this.#vectors.get(start);
    return (
      vector?.first === start &&
      vector.width === registers.length &&
      registers.every((register, i) => register === start + i)
    );
  }

  /** Declares a constant array-like of numbers. */
  constants(name: string, values: readonly number[]): string {
    return `const ${name}=${this.constant(values)};`;
  }

  constant(values: readonly number[]): string {
    if (values.length <= MAX_WRITTEN_CONSTANTS) return `[${values.map(numberSource).join()}]`;
    return `${this.kernel('columns', 'unpackColumn')}(${JSON.stringify(packColumn(values))})`;
  }

  /** The name of the kernel that rounds to the precision. */
  rounding(precision: Precision): string {
    return this.kernel('rounding', precision === 'float32' ? 'toFloat32' : 'toFloat64');
  }

  rounded(expression: string, precision: Precision): string {
    return precision === 'float32' ? `${this.rounding(precision)}(${expression})` : expression;
  }

  /** Makes the register of a step of width 1 that has written its array. */
  alone(first: Register, width: number): string[] {
    return width === 1 && !this.inArray ? [this.write(first, `${this.vector(first)}[0]`)] : [];
  }

  /** Makes the registers of a step that has written its array. */
  written(first: Register, width: number): string[] {
    if (width === 1) return [this.write(first, `${this.vector(first)}[0]`)];
    return this.inArray ? [`R.set(${this.vector(first)},${first});`] : [];
  }

  /** Registers as an array-like; a step's own array when they are exactly that. */
  readAll(registers: readonly Register[]): string {
    return this.#isVector(registers)
      ? this.vector(registers[0]!)
      : `[${registers.map((register) => this.read(register)).join()}]`;
  }
}

/** How many registers steps name one by one. Trees have slots of their own, links read a step's array. */
function straightReads(steps: readonly Step[]): number {
  const counts = steps.map((step) =>
    step.kind === 'tree-ensemble' || step.kind === 'link' ? 0 : readRegisters(step).length,
  );
  return counts.reduce((a, b) => a + b, 0);
}

/** The registers that a step's results depend on. */
export function readRegisters(step: Step): readonly Register[] {
  switch (step.kind) {
    case 'encode-category':
      return [step.input];
    case 'tree-ensemble':
      return usedInputs(step.trees).map((input) => step.inputs[input]!);
    case 'linear':
    case 'link':
      return step.inputs;
    default:
      return isTextStep(step) ? textStepInputs(step) : vectorStepInputs(step);
  }
}

function usedInputs(trees: Extract<Step, { kind: 'tree-ensemble' }>['trees']): number[] {
  const used = new Set<number>();
  for (const { splits, linear } of trees) {
    for (const input of splits.feature) used.add(input);
    for (const inputs of linear?.features ?? []) for (const input of inputs) used.add(input);
  }
  return [...used];
}

export function floatArray(precision: Precision): string {
  return precision === 'float32' ? 'Float32Array' : 'Float64Array';
}

/** A number as JavaScript source. */
export function numberSource(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
