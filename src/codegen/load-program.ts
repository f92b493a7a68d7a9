import type { Program } from './program.ts';
import { MAX_ARGUMENTS } from './source-context.ts';

/** A program in this process. Arguments stand in the order of `Program.arguments`; null is missing. */
export interface LoadedProgram {
  value(args: ArrayLike<number | null>): number;
  /** As `Program.outputs` lays them out. */
  outputs(args: ArrayLike<number | null>): number[];
}

/** What a program's code evaluates to. */
export interface ProgramExports {
  value(...args: unknown[]): number;
  outputs(...args: unknown[]): number[];
}

/** Evaluates a program in this process: the very code that the database runs. */
export function evaluateProgram(program: Program): ProgramExports {
  return new Function(`return ${program.code}`)() as ProgramExports;
}

/** A program's functions over arrays of arguments, however many there are. */
export function loadProgram(program: Program): LoadedProgram {
  const { value, outputs } = evaluateProgram(program);
  if (program.arguments.length > MAX_ARGUMENTS) {
    return { value: (args) => value(args), outputs: (args) => outputs(args) };
  }
  return {
    value: (args) => value(...Array.from(args)),
    outputs: (args) => outputs(...Array.from(args)),
  };
}
