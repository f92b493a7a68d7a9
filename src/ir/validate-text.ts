import {
  arrayOf,
  type Fields,
  fieldsOf,
  isIndex,
  isNumber,
  isOrdered,
  oneOf,
  show,
  uniqueTexts,
  type Violations,
} from './check.ts';
import { type Registers, validateTextRegister } from './validate-registers.ts';

const TEXT_OPERATIONS = [
  'lowercase',
  'uppercase',
  'lowercase-each',
  'strip-marks',
  'to-ascii',
  'join-spaces',
];
const TERM_OPERATIONS = ['lowercase', 'uppercase', 'fold-case', 'drop', 'drop-short', 'runs', 'padded-runs'];

/** As many registers as a step may write; bounds memory. HashingVectorizer has so many unless told otherwise. */
const MAX_COLUMNS = 2 ** 20;

/** Longer runs of words or characters than any that is trained; bounds time. */
const MAX_RUN = 100;

const MAX_PATTERN = 2000;

type StepCheck = (step: Fields, registers: Registers, path: string, out: Violations) => number;

/** Each kind's check returns how many registers the step writes, 0 when that is unknown. */
export const TEXT_STEPS: ReadonlyMap<unknown, StepCheck> = new Map<string, StepCheck>([
  ['hash-text', validateHash],
  ['count-terms', validateCount],
  ['average-terms', validateAverage],
  ['measure-text', validateMeasure],
]);

function validateHash(step: Fields, registers: Registers, path: string, out: Violations): number {
  validateTextRegister(step.input, registers, `${path}.input`, out);
  if (!isNumber(step.missing)) {
    out.add(`${path}.missing`, `Must be a number or NaN, but is ${show(step.missing)}.`);
  }
  return 1;
}

function validateReading(step: Fields, registers: Registers, path: string, out: Violations): void {
  validateTextRegister(step.input, registers, `${path}.input`, out);
  const text = arrayOf(step.text, `${path}.text`, out) ?? [];
  for (let i = 0; i < text.length && !out.full; i++)
    oneOf(text[i], TEXT_OPERATIONS, `${path}.text[${i}]`, out);
  validateSplit(step.split, `${path}.split`, out);
  const terms = arrayOf(step.terms, `${path}.terms`, out) ?? [];
  for (let i = 0; i < terms.length && !out.full; i++) validateOperation(terms[i], `${path}.terms[${i}]`, out);
  oneOf(step.missing, ['nan', 'empty'], `${path}.missing`, out);
}

function validateCount(step: Fields, registers: Registers, path: string, out: Violations): number {
  validateReading(step, registers, path, out);
  truth(step.binary, `${path}.binary`, out);
  if (!Number.isFinite(step.least) || (step.least as number) < 0) {
    out.add(`${path}.least`, `Must be a number of at least 0, but is ${show(step.least)}.`);
  }
  return validateColumns(step.columns, `${path}.columns`, out);
}

function validateAverage(step: Fields, registers: Registers, path: string, out: Violations): number {
  validateReading(step, registers, path, out);
  const terms = validateVocabulary(step.vocabulary, `${path}.vocabulary`, out);
  if (!wholeNumber(step.width, 1, MAX_COLUMNS, `${path}.width`, out)) return 0;
  const width = step.width as number;
  const vectors = arrayOf(step.vectors, `${path}.vectors`, out) ?? [];
  if (terms > 0 && vectors.length !== terms * width) {
    out.add(
      `${path}.vectors`,
      `Must be ${terms * width} numbers, ${width} a term, but are ${vectors.length}.`,
    );
  }
  const odd = vectors.findIndex((each) => !Number.isFinite(each));
  if (odd !== -1)
    out.add(`${path}.vectors[${odd}]`, `Must be a finite number, but is ${show(vectors[odd])}.`);
  return width;
}

const MEASURES = ['length', 'matches', 'number', 'date', 'date-time', 'time'];

function validateMeasure(step: Fields, registers: Registers, path: string, out: Violations): number {
  validateTextRegister(step.input, registers, `${path}.input`, out);
  if (!isNumber(step.missing)) {
    out.add(`${path}.missing`, `Must be a number or NaN, but is ${show(step.missing)}.`);
  }
  const measure = fieldsOf(step.measure, `${path}.measure`, out);
  if (measure === undefined || !oneOf(measure.name, MEASURES, `${path}.measure.name`, out)) return 1;
  if (measure.name === 'matches') validatePattern(measure.pattern, `${path}.measure.pattern`, out, true);
  else if (measure.name !== 'length' && !isOrdered(measure.invalid)) {
    out.add(`${path}.measure.invalid`, `Must be a number, but is ${show(measure.invalid)}.`);
  }
  return 1;
}

function validateSplit(value: unknown, path: string, out: Violations): void {
  const split = fieldsOf(value, path, out);
  if (split === undefined) return;
  if (!oneOf(split.by, ['nothing', 'character', 'match', 'separator'], `${path}.by`, out)) return;
  if (split.by === 'match' || split.by === 'separator')
    validatePattern(split.pattern, `${path}.pattern`, out);
}

/** The source of a regular expression that matches no empty text, unless it may. */
export function validatePattern(value: unknown, path: string, out: Violations, mayBeEmpty = false): void {
  if (typeof value !== 'string' || value.length > MAX_PATTERN) {
    out.add(path, `Must be a text of at most ${MAX_PATTERN} characters, but is ${show(value)}.`);
    return;
  }
  try {
    if (!new RegExp(value, 'su').test('') || mayBeEmpty) return;
    out.add(path, `Must match no empty text, but ${show(value)} does.`);
  } catch {
    out.add(path, `Must be a regular expression, but is ${show(value)}.`);
  }
}

function validateOperation(value: unknown, path: string, out: Violations): void {
  const operation = fieldsOf(value, path, out);
  if (operation === undefined || !oneOf(operation.name, TERM_OPERATIONS, `${path}.name`, out)) return;
  switch (operation.name) {
    case 'drop': {
      const terms = arrayOf(operation.terms, `${path}.terms`, out);
      if (terms !== undefined) uniqueTexts(terms, `${path}.terms`, out);
      truth(operation.ignoreCase, `${path}.ignoreCase`, out);
      break;
    }
    case 'drop-short':
      wholeNumber(operation.least, 0, 2 ** 31, `${path}.least`, out);
      break;
    case 'runs':
      if (typeof operation.separator !== 'string') {
        out.add(`${path}.separator`, `Must be a text, but is ${show(operation.separator)}.`);
      }
      validateRuns(operation, path, out);
      break;
    case 'padded-runs':
      validateRuns(operation, path, out);
  }
}

function validateRuns({ min, max }: Fields, path: string, out: Violations): void {
  wholeNumber(min, 1, MAX_RUN, `${path}.min`, out);
  wholeNumber(max, isIndex(min, 1, MAX_RUN) ? min : 1, MAX_RUN, `${path}.max`, out);
}

function validateColumns(value: unknown, path: string, out: Violations): number {
  const columns = fieldsOf(value, path, out);
  if (columns === undefined || !oneOf(columns.by, ['vocabulary', 'hash'], `${path}.by`, out)) return 0;
  if (columns.by === 'hash') {
    wholeNumber(columns.seed, 0, 2 ** 32 - 1, `${path}.seed`, out);
    oneOf(columns.remainder, ['absolute', 'floor'], `${path}.remainder`, out);
    truth(columns.signed, `${path}.signed`, out);
    if (columns.tail !== undefined) oneOf(columns.tail, ['bytes'], `${path}.tail`, out);
    return wholeNumber(columns.count, 1, MAX_COLUMNS, `${path}.count`, out) ? (columns.count as number) : 0;
  }
  return validateVocabulary(columns.terms, `${path}.terms`, out);
}

/** Returns how many terms there are, 0 when that is unknown. */
function validateVocabulary(value: unknown, path: string, out: Violations): number {
  const terms = arrayOf(value, path, out);
  if (terms === undefined) return 0;
  if (!wholeNumber(terms.length, 1, MAX_COLUMNS, `${path}.length`, out)) return 0;
  uniqueTexts(terms, path, out);
  return terms.length;
}

/** From `least` to `most`, both included. */
export function wholeNumber(
  value: unknown,
  least: number,
  most: number,
  path: string,
  out: Violations,
): boolean {
  if (isIndex(value, least, most + 1)) return true;
  out.add(path, `Must be a whole number from ${least} to ${most}, but is ${show(value)}.`);
  return false;
}

function truth(value: unknown, path: string, out: Violations): void {
  if (typeof value !== 'boolean') out.add(path, `Must be true or false, but is ${show(value)}.`);
}
