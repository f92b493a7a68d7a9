import { evaluate } from '../../ir/evaluate.ts';
import type { Register, Step } from '../../ir/model.ts';

/**
 * What a step gives for constants: the reference evaluator runs it on a row that holds them, so that a constant is
 * computed as a row's number would be. `make` gets the constants' registers.
 */
export function foldStep(
  constants: readonly number[],
  make: (registers: readonly Register[]) => Step,
): readonly number[] {
  const registers = constants.map((_, register) => register);
  const features = registers.map((register) => ({ kind: 'number', name: String(register) }) as const);
  const output = { value: 0, raw: [] };
  const model = { irVersion: 1, task: 'regression', features, steps: [make(registers)], output } as const;
  return evaluate(model, constants).registers.slice(constants.length);
}
