import {
  arrayOf,
  type Fields,
  fieldsOf,
  isIndex,
  oneOf,
  sameLength,
  show,
  uniqueTexts,
  type Violations,
} from './check.ts';
import { DATE_PARTS, isTextMaker } from './text-makers.ts';
import { type Registers, validateNumberRegister, validateTextRegister } from './validate-registers.ts';
import { validatePattern, wholeNumber } from './validate-text.ts';

type StepCheck = (step: Fields, registers: Registers, path: string, out: Violations) => number;

/** Each kind's check returns 1, the number of registers that the step writes. */
export const TEXT_MAKERS: ReadonlyMap<unknown, StepCheck> = new Map<string, StepCheck>([
  ['change-text', validateChange],
  ['join-texts', validateJoin],
  ['choose-text', validateChoice],
  ['format-number', validateFormat],
  ['format-date', validateDate],
]);

/** Whether the register of what may be a step holds a text. */
export function makesText(step: unknown): boolean {
  return typeof step === 'object' && step !== null && isTextMaker(step as { readonly kind: string });
}

const CHANGES = ['lowercase', 'uppercase', 'fold-case', 'trim', 'slice', 'map', 'replace'];

/** Longer texts than any that is trained; bounds memory. */
const MAX_LENGTH = 2 ** 30;

function validateChange(step: Fields, registers: Registers, path: string, out: Violations): number {
  validateTextRegister(step.input, registers, `${path}.input`, out);
  textOrNull(step.missing, `${path}.missing`, out);
  const changes = arrayOf(step.changes, `${path}.changes`, out) ?? [];
  for (let i = 0; i < changes.length && !out.full; i++) {
    validateOne(changes[i], `${path}.changes[${i}]`, out);
  }
  return 1;
}

function validateOne(value: unknown, path: string, out: Violations): void {
  const change = fieldsOf(value, path, out);
  if (change === undefined || !oneOf(change.name, CHANGES, `${path}.name`, out)) return;
  switch (change.name) {
    case 'slice':
      wholeNumber(change.start, 0, MAX_LENGTH, `${path}.start`, out);
      wholeNumber(change.length, 0, MAX_LENGTH, `${path}.length`, out);
      break;
    case 'map':
      validateMap(change, path, out);
      break;
    case 'replace':
      validateReplace(change, path, out);
  }
}

function validateMap(change: Fields, path: string, out: Violations): void {
  const from = arrayOf(change.from, `${path}.from`, out);
  const to = arrayOf(change.to, `${path}.to`, out);
  if (from === undefined || to === undefined) return;
  uniqueTexts(from, `${path}.from`, out);
  sameLength(to, from.length, 'one a text', `${path}.to`, out);
  for (let i = 0; i < to.length && !out.full; i++) textOrNull(to[i], `${path}.to[${i}]`, out);
}

function validateReplace(change: Fields, path: string, out: Violations): void {
  validatePattern(change.pattern, `${path}.pattern`, out);
  const by = arrayOf(change.by, `${path}.by`, out) ?? [];
  for (let i = 0; i < by.length && !out.full; i++) {
    if (typeof by[i] === 'string' || isIndex(by[i], 0, 100)) continue;
    out.add(`${path}.by[${i}]`, `Must be a text or the number of a group, but is ${show(by[i])}.`);
  }
}

function textOrNull(value: unknown, path: string, out: Violations): void {
  if (value !== null && typeof value !== 'string')
    out.add(path, `Must be a text or null, but is ${show(value)}.`);
}

function validateJoin(step: Fields, registers: Registers, path: string, out: Violations): number {
  const inputs = arrayOf(step.inputs, `${path}.inputs`, out);
  const texts = arrayOf(step.texts, `${path}.texts`, out);
  if (inputs === undefined || texts === undefined) return 1;
  if (inputs.length === 0) out.add(`${path}.inputs`, 'Must name at least one register.');
  for (let i = 0; i < inputs.length && !out.full; i++) {
    validateTextRegister(inputs[i], registers, `${path}.inputs[${i}]`, out);
  }
  sameLength(texts, inputs.length + 1, 'one more than inputs', `${path}.texts`, out);
  for (let i = 0; i < texts.length && !out.full; i++) {
    if (typeof texts[i] !== 'string')
      out.add(`${path}.texts[${i}]`, `Must be a text, but is ${show(texts[i])}.`);
  }
  return 1;
}

function validateChoice(step: Fields, registers: Registers, path: string, out: Violations): number {
  validateNumberRegister(step.index, registers, `${path}.index`, out);
  const texts = arrayOf(step.texts, `${path}.texts`, out) ?? [];
  for (let i = 0; i < texts.length && !out.full; i++) textOrNull(texts[i], `${path}.texts[${i}]`, out);
  const inputs = arrayOf(step.inputs, `${path}.inputs`, out) ?? [];
  for (let i = 0; i < inputs.length && !out.full; i++) {
    validateTextRegister(inputs[i], registers, `${path}.inputs[${i}]`, out);
  }
  return 1;
}

function validateFormat(step: Fields, registers: Registers, path: string, out: Violations): number {
  validateNumberRegister(step.input, registers, `${path}.input`, out);
  oneOf(step.conversion, ['d', 'f', 'e'], `${path}.conversion`, out);
  oneOf(step.fill, ['before', 'after', 'zeros'], `${path}.fill`, out);
  oneOf(step.plus, ['', '+', ' '], `${path}.plus`, out);
  wholeNumber(step.precision, 0, step.conversion === 'd' ? 0 : 50, `${path}.precision`, out);
  wholeNumber(step.width, 0, 100, `${path}.width`, out);
  return 1;
}

function validateDate(step: Fields, registers: Registers, path: string, out: Violations): number {
  validateNumberRegister(step.input, registers, `${path}.input`, out);
  const parts = arrayOf(step.parts, `${path}.parts`, out) ?? [];
  for (let i = 0; i < parts.length && !out.full; i++) {
    const at = `${path}.parts[${i}]`;
    if (typeof parts[i] === 'string') oneOf(parts[i], DATE_PARTS, at, out);
    else {
      const part = fieldsOf(parts[i], at, out);
      if (part !== undefined && typeof part.text !== 'string')
        out.add(`${at}.text`, `Must be a text, but is ${show(part.text)}.`);
    }
  }
  return 1;
}
