import {
  arrayOf,
  type Fields,
  fieldsOf,
  isIndex,
  oneOf,
  sameLength,
  show,
  uniqueNumbers,
  uniqueTexts,
  type Violation,
  Violations,
} from './check.ts';
import { MAX_GROWTH, type TextMaker, textGrowth } from './text-makers.ts';
import {
  type RegisterKind,
  type Registers,
  validateNumberRegister,
  validateRegisterList,
} from './validate-registers.ts';
import { validateStep } from './validate-step.ts';
import { makesText } from './validate-text-makers.ts';

export type { Violation } from './check.ts';
export { MAX_VIOLATIONS } from './check.ts';

const TASKS = ['regression', 'binary', 'multiclass', 'ranking', 'survival', 'clustering', 'anomaly'];

/**
 * All rules of the IR that kernels, evaluator and generated code rely on. Takes anything (a parsed JSON text, an
 * importer's result) and returns every violation together, the first MAX_VIOLATIONS of them; an empty list means
 * that the value is a sound `Model`. Never throws, never recurses; linear in the model's size.
 */
export function validate(model: unknown): readonly Violation[] {
  const out = new Violations();
  const fields = fieldsOf(model, '', out);
  if (fields === undefined) return out.list;
  if (fields.irVersion !== 1) out.add('irVersion', `Must be 1, but is ${show(fields.irVersion)}.`);
  oneOf(fields.task, TASKS, 'task', out);
  const registers = validateFeatures(fields.features, out);
  validateSteps(fields.steps, registers, out);
  validateOutput(fields.output, fields.task, registers, out);
  return out.list;
}

/** The registers that the features fill. A feature of unknown kind counts as a number, to find more faults. */
function validateFeatures(value: unknown, out: Violations): RegisterKind[] {
  const features = arrayOf(value, 'features', out);
  if (features === undefined) return [];
  if (features.length === 0) out.add('features', 'Must hold at least one feature.');
  const seen = new Map<string, number>();
  return Array.from(features, (feature: unknown, i): RegisterKind => {
    const path = `features[${i}]`;
    const fields = fieldsOf(feature, path, out);
    if (fields === undefined) return 'number';
    validateName(fields.name, i, seen, out);
    return validateFeature(fields, path, out);
  });
}

function validateName(name: unknown, index: number, seen: Map<string, number>, out: Violations): void {
  const path = `features[${index}].name`;
  if (typeof name !== 'string') {
    out.add(path, `Must be a text, but is ${show(name)}.`);
    return;
  }
  const first = seen.get(name);
  if (first === undefined) seen.set(name, index);
  else out.add(path, `Repeats ${show(name)} of features[${first}]; feature names must be unique.`);
}

function validateFeature(feature: Fields, path: string, out: Violations): RegisterKind {
  if (!oneOf(feature.kind, ['number', 'text'], `${path}.kind`, out)) return 'number';
  if (feature.kind === 'text') {
    const categories = arrayOf(feature.categories, `${path}.categories`, out);
    if (categories !== undefined) uniqueTexts(categories, `${path}.categories`, out);
    return 'text';
  }
  if (feature.categories !== undefined) {
    const categories = arrayOf(feature.categories, `${path}.categories`, out);
    if (categories !== undefined) uniqueNumbers(categories, `${path}.categories`, out);
  }
  if (feature.integer !== undefined && typeof feature.integer !== 'boolean') {
    out.add(`${path}.integer`, `Must be true or false, but is ${show(feature.integer)}.`);
  }
  return 'number';
}

/** Appends each step's registers to `registers`, so that a step sees only those before its own. */
function validateSteps(value: unknown, registers: RegisterKind[], out: Violations): void {
  const steps = arrayOf(value, 'steps', out);
  if (steps === undefined) return;
  const growths = new Map<number, number>();
  for (let k = 0; k < steps.length && !out.full; k++) {
    const step: unknown = steps[k];
    const faults = out.list.length;
    const width = validateStep(step, registers, `steps[${k}]`, out);
    const kind = makesText(step) ? 'text' : 'number';
    if (kind === 'text' && out.list.length === faults)
      validateGrowth(step as TextMaker, registers.length, growths, `steps[${k}]`, out);
    for (let i = 0; i < width; i++) registers.push(kind);
  }
}

/** Texts of texts could become longer than any memory. */
function validateGrowth(
  step: TextMaker,
  register: number,
  growths: Map<number, number>,
  path: string,
  out: Violations,
): void {
  const growth = textGrowth(step, (input) => growths.get(input) ?? 1);
  growths.set(register, growth);
  if (growth > MAX_GROWTH)
    out.add(
      path,
      `Must make a text of at most ${MAX_GROWTH} times the length of a feature, but may make one of ${growth}.`,
    );
}

function validateOutput(value: unknown, task: unknown, registers: Registers, out: Violations): void {
  const output = fieldsOf(value, 'output', out);
  if (output === undefined) return;
  validateNumberRegister(output.value, registers, 'output.value', out);
  validateRegisterList(output.raw, registers, 'output.raw', out);
  if (output.values !== undefined) validateRegisterList(output.values, registers, 'output.values', out);
  if (output.classes !== undefined) validateClasses(output.classes, task, registers, out);
  else if (task === 'multiclass') out.add('output.classes', 'Must be given for task multiclass.');
}

function validateClasses(value: unknown, task: unknown, registers: Registers, out: Violations): void {
  const classes = fieldsOf(value, 'output.classes', out);
  if (classes === undefined) return;
  validateNumberRegister(classes.predicted, registers, 'output.classes.predicted', out);
  const labels = arrayOf(classes.labels, 'output.classes.labels', out);
  if (labels === undefined) return;
  uniqueTexts(labels, 'output.classes.labels', out);
  if (task === 'binary') sameLength(labels, 2, 'task binary', 'output.classes.labels', out);
  else if (!isIndex(labels.length, 1, 2 ** 32))
    out.add('output.classes.labels', 'Must hold at least one label.');
  if (classes.probabilities === undefined) return;
  validateRegisterList(classes.probabilities, registers, 'output.classes.probabilities', out);
  if (Array.isArray(classes.probabilities)) {
    sameLength(classes.probabilities, labels.length, 'one a label', 'output.classes.probabilities', out);
  }
}
