import { takesArrays, toArrays } from './arguments.ts';
import type { Program } from './program.ts';

/** An argument of a program; null is missing. */
export type ArgumentValue = number | string | null;

/** A program in this process. Arguments stand in the order of `Program.arguments`. */
export interface LoadedProgram {
  value(args: ArrayLike<ArgumentValue>): number;
  /** As `Program.outputs` lays them out. */
  outputs(args: ArrayLike<ArgumentValue>): number[];
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
  const taken = (args: ArrayLike<ArgumentValue>): unknown[] =>
    takesArrays(program.arguments) ? toArrays(program.arguments, Array.from(args)) : Array.from(args);
  return { value: (args) => value(...taken(args)), outputs: (args) => outputs(...taken(args)) };
}
