import {
  arrayOf,
  type Fields,
  fieldsOf,
  isIndex,
  isOrdered,
  numbers,
  oneOf,
  orderedNumbers,
  sameLength,
  show,
  uniqueNumbers,
  uniqueTexts,
  type Violations,
} from './check.ts';
import { type Registers, validateInputs, validateRegister } from './validate-registers.ts';
import { TEXT_STEPS } from './validate-text.ts';
import { TEXT_MAKERS } from './validate-text-makers.ts';
import { validateTree } from './validate-tree.ts';
import { VECTOR_STEPS } from './validate-vector.ts';

const KINDS = ['encode-category', 'tree-ensemble', 'linear', 'link'];
const PRECISIONS = ['float32', 'float64'];
const LINKS = [
  'sigmoid',
  'exp',
  'softplus',
  'signed-square',
  'step',
  'complement',
  'divide',
  'softmax',
  'argmax',
];

const STEPS = new Map([...VECTOR_STEPS, ...TEXT_STEPS, ...TEXT_MAKERS]);

/** Checks one step against the registers before it; returns how many registers it writes, 0 when that is unknown. */
export function validateStep(value: unknown, registers: Registers, path: string, out: Violations): number {
  const step = fieldsOf(value, path, out);
  if (step === undefined) return 0;
  switch (step.kind) {
    case 'encode-category':
      return validateEncode(step, registers, path, out);
    case 'tree-ensemble':
      return validateEnsemble(step, registers, path, out);
    case 'linear':
      return validateLinear(step, registers, path, out);
    case 'link':
      return validateLink(step, registers, path, out);
    default: {
      const check = STEPS.get(step.kind);
      if (check !== undefined) return check(step, registers, path, out);
      const others = [...STEPS.keys()] as readonly string[];
      oneOf(step.kind, [...KINDS, ...others], `${path}.kind`, out);
      return 0;
    }
  }
}

function validateEncode(step: Fields, registers: Registers, path: string, out: Violations): number {
  for (const code of ['missing', 'unknown']) {
    if (typeof step[code] !== 'number')
      out.add(`${path}.${code}`, `Must be a number, but is ${show(step[code])}.`);
  }
  const categories = arrayOf(step.categories, `${path}.categories`, out);
  if (step.codes !== undefined) validateCodes(step.codes, categories, `${path}.codes`, out);
  if (!validateRegister(step.input, registers, `${path}.input`, out) || categories === undefined) return 1;
  if (registers[step.input] === 'text') uniqueTexts(categories, `${path}.categories`, out);
  else uniqueNumbers(categories, `${path}.categories`, out);
  return 1;
}

function validateCodes(
  value: unknown,
  categories: readonly unknown[] | undefined,
  path: string,
  out: Violations,
): void {
  const codes = arrayOf(value, path, out);
  if (codes === undefined) return;
  numbers(codes, path, out);
  if (categories !== undefined) sameLength(codes, categories.length, 'one a category', path, out);
}

function validateEnsemble(step: Fields, registers: Registers, path: string, out: Violations): number {
  const inputs = validateInputs(step, registers, path, out);
  oneOf(step.inputPrecision, PRECISIONS, `${path}.inputPrecision`, out);
  oneOf(step.accumulator, PRECISIONS, `${path}.accumulator`, out);
  oneOf(step.comparison, ['<', '<='], `${path}.comparison`, out);
  const base = arrayOf(step.base, `${path}.base`, out);
  if (base !== undefined) orderedNumbers(base, `${path}.base`, out);
  let outputs = base?.length ?? 0;
  if (!isIndex(step.outputs, 1, 2 ** 31)) {
    out.add(`${path}.outputs`, `Must be a whole number of at least 1, but is ${show(step.outputs)}.`);
  } else if (base !== undefined && !sameLength(base, step.outputs, 'one an output', `${path}.base`, out)) {
    outputs = Math.min(outputs, step.outputs);
  }
  const trees = arrayOf(step.trees, `${path}.trees`, out) ?? [];
  for (let t = 0; t < trees.length && !out.full; t++) {
    validateTree(trees[t], { inputs, outputs }, `${path}.trees[${t}]`, out);
  }
  return outputs;
}

function validateLinear(step: Fields, registers: Registers, path: string, out: Violations): number {
  const inputs = validateInputs(step, registers, path, out);
  oneOf(step.inputPrecision, PRECISIONS, `${path}.inputPrecision`, out);
  oneOf(step.accumulator, PRECISIONS, `${path}.accumulator`, out);
  oneOf(step.missing, ['skip', 'propagate'], `${path}.missing`, out);
  const bias = arrayOf(step.bias, `${path}.bias`, out);
  if (bias === undefined) return 0;
  if (bias.length === 0) out.add(`${path}.bias`, 'Must hold at least one number, one an output.');
  orderedNumbers(bias, `${path}.bias`, out);
  const weights = arrayOf(step.weights, `${path}.weights`, out);
  if (weights === undefined) return bias.length;
  sameLength(weights, bias.length, 'one row an output', `${path}.weights`, out);
  for (let q = 0; q < weights.length && !out.full; q++) {
    const row = arrayOf(weights[q], `${path}.weights[${q}]`, out);
    if (row === undefined) continue;
    sameLength(row, inputs, 'one an input', `${path}.weights[${q}]`, out);
    orderedNumbers(row, `${path}.weights[${q}]`, out);
  }
  return bias.length;
}

function validateLink(step: Fields, registers: Registers, path: string, out: Violations): number {
  const inputs = validateInputs(step, registers, path, out);
  if (inputs === 0) out.add(`${path}.inputs`, 'Must name at least one register.');
  oneOf(step.precision, PRECISIONS, `${path}.precision`, out);
  const link = fieldsOf(step.function, `${path}.function`, out);
  if (link === undefined || !oneOf(link.name, LINKS, `${path}.function.name`, out)) return inputs;
  if (link.name === 'sigmoid' && !Number.isFinite(link.scale)) {
    out.add(`${path}.function.scale`, `Must be a finite number, but is ${show(link.scale)}.`);
  }
  if (link.name === 'divide' && !(isOrdered(link.divisor) && link.divisor !== 0)) {
    out.add(
      `${path}.function.divisor`,
      `Must be a number other than 0 and NaN, but is ${show(link.divisor)}.`,
    );
  }
  return link.name === 'argmax' ? 1 : inputs;
}
