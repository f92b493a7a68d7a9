import { type Model, type Register, registerLayout, stepWidth } from '../ir/model.ts';

/**
 * Up to this many arguments SQL passes each by itself, above them one array. PostgreSQL's own limit is 100, and one
 * is taken by the row in JSON.
 */
export const MAX_ARGUMENTS = 99;

/**
 * How the generated code names things. With arguments of their own, registers are constants `r0`, `r1`, … and
 * elements of `a7` where a step writes several; with an array of arguments all stand in the array `R` (straight
 * code over thousands of registers would be too long for V8 to optimise).
 */
export class SourceContext {
  readonly inArray: boolean;
  readonly #imports = new Map<string, Set<string>>();
  /** Registers that are elements of a step's array: its first register and its width. */
  readonly #vectors = new Map<Register, { readonly first: Register; readonly width: number }>();
  readonly size: number;

  constructor(model: Model, argumentCount: number) {
    this.inArray = argumentCount > MAX_ARGUMENTS;
    const { first, size } = registerLayout(model);
    this.size = size;
    model.steps.forEach((step, k) => {
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

  /** Makes the registers of a step that has written its array. */
  written(first: Register, width: number): string[] {
    if (width === 1) return [this.write(first, `${this.vector(first)}[0]`)];
    return this.inArray ? [`R.set(${this.vector(first)},${first});`] : [];
  }

  /** Registers as an array-like; a step's own array when they are exactly that. */
  readAll(registers: readonly Register[]): string {
    const vector = this.#vectors.get(registers[0]!);
    const whole =
      vector?.first === registers[0] &&
      vector?.width === registers.length &&
      registers.every((register, i) => register === registers[0]! + i);
    return whole
      ? this.vector(registers[0]!)
      : `[${registers.map((register) => this.read(register)).join()}]`;
  }
}

/** A number as JavaScript source. */
export function numberSource(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
