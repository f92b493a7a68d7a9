import type { Program } from './program.ts';
import { MAX_ARGUMENTS } from './source-context.ts';

/** A program in this process. Arguments stand in the order of `Program.arguments`; null is missing. */
export interface LoadedProgram {
  value(args: ArrayLike<number | null>): number;
  /** As `Program.outputs` lays them out. */
  outputs(args: ArrayLike<number | null>): number[];
}

interface Exports {
  value(...args: unknown[]): number;
  outputs(...args: unknown[]): number[];
}

/** Evaluates a program in Node: the very code that the database runs. */
export function loadProgram(program: Program): LoadedProgram {
  const { value, outputs } = new Function(`return ${program.code}`)() as Exports;
  if (program.arguments.length > MAX_ARGUMENTS) {
    return { value: (args) => value(args), outputs: (args) => outputs(args) };
  }
  return {
    value: (args) => value(...Array.from(args)),
    outputs: (args) => outputs(...Array.from(args)),
  };
}
