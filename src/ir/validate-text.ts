import { type Fields, isNumber, show, type Violations } from './check.ts';
import { type Registers, validateTextRegister } from './validate-registers.ts';

type StepCheck = (step: Fields, registers: Registers, path: string, out: Violations) => number;

/** Each kind's check returns how many registers the step writes, 0 when that is unknown. */
export const TEXT_STEPS: ReadonlyMap<unknown, StepCheck> = new Map<string, StepCheck>([
  ['hash-text', validateHash],
]);

function validateHash(step: Fields, registers: Registers, path: string, out: Violations): number {
  validateTextRegister(step.input, registers, `${path}.input`, out);
  if (!isNumber(step.missing)) {
    out.add(`${path}.missing`, `Must be a number or NaN, but is ${show(step.missing)}.`);
  }
  return 1;
}
