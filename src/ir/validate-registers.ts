import { arrayOf, type Fields, isIndex, show, type Violations } from './check.ts';

/** What a register holds: texts where it is a text feature's, or of a step that makes one. */
export type RegisterKind = 'number' | 'text';

/** The registers that exist at this point of the program. */
export type Registers = readonly RegisterKind[];

/** Records a violation unless the value names a register before this point. */
export function validateRegister(
  value: unknown,
  registers: Registers,
  path: string,
  out: Violations,
): value is number {
  if (isIndex(value, 0, registers.length)) return true;
  const range = registers.length === 0 ? 'but there is none' : `0 to ${registers.length - 1}`;
  out.add(path, `Must be a register that exists before this step (${range}), but is ${show(value)}.`);
  return false;
}

/** As validateRegister, and the register must hold a number. */
export function validateNumberRegister(
  value: unknown,
  registers: Registers,
  path: string,
  out: Violations,
): void {
  if (!validateRegister(value, registers, path, out)) return;
  if (registers[value] === 'text') {
    out.add(path, `Register ${value} holds a text; a number is needed, so encode it first.`);
  }
}

/** As validateRegister, and the register must hold a text. */
export function validateTextRegister(
  value: unknown,
  registers: Registers,
  path: string,
  out: Violations,
): void {
  if (!validateRegister(value, registers, path, out) || registers[value] === 'text') return;
  out.add(path, `Register ${value} holds a number; a text is needed.`);
}

/** The number of inputs, possibly 0; 0 with a violation when there is no list. */
export function validateInputs(step: Fields, registers: Registers, path: string, out: Violations): number {
  return validateNumberRegisters(step.inputs, registers, `${path}.inputs`, out);
}

/** A list of at least one register; returns its length, 0 when there is none. */
export function validateRegisterList(
  value: unknown,
  registers: Registers,
  path: string,
  out: Violations,
): number {
  const length = validateNumberRegisters(value, registers, path, out);
  if (length === 0 && Array.isArray(value)) out.add(path, 'Must name at least one register.');
  return length;
}

function validateNumberRegisters(
  value: unknown,
  registers: Registers,
  path: string,
  out: Violations,
): number {
  const list = arrayOf(value, path, out) ?? [];
  for (let i = 0; i < list.length && !out.full; i++) {
    validateNumberRegister(list[i], registers, `${path}[${i}]`, out);
  }
  return list.length;
}
