import { softplus } from './evaluate-scalar.ts';
import { runTextStep } from './evaluate-text.ts';
import { makeText, type Texts } from './evaluate-text-makers.ts';
import { runVectorStep } from './evaluate-vector.ts';
import {
  categoryCode,
  isTextMaker,
  isTextStep,
  type Linear,
  type Link,
  type Model,
  type Prediction,
  type Register,
  SplitTest,
  type Step,
  type TextMaker,
  type Tree,
  type TreeEnsemble,
  ZERO_THRESHOLD,
} from './model.ts';
import { round } from './rounding.ts';

type Value = number | string | null;

/**
 * Scores one row by the letter of the IR: the second opinion that tests hold the kernels against, written to be
 * read, not to be fast. The model must be valid (`validate`). `row` holds one value a feature, in signature order:
 * numbers for number features, texts for text features, null for missing; anything else throws a TypeError.
 * `registers` is the whole register file; texts stand in it as NaN. A NaN value becomes null.
 */
export function evaluate(
  model: Model,
  row: readonly Value[],
): { registers: readonly number[]; prediction: Prediction } {
  checkRow(model, row);
  const registers: number[] = row.map((value) => (typeof value === 'number' ? value : Number.NaN));
  const texts = new Map<Register, string | null>();
  row.forEach((value, i) => {
    if (model.features[i]!.kind === 'text') texts.set(i, value as string | null);
  });
  for (const step of model.steps) {
    if (isTextMaker(step)) {
      texts.set(registers.length, makeText(step, registers, texts));
      registers.push(Number.NaN);
    } else registers.push(...runStep(step, registers, texts));
  }
  return { registers, prediction: predictionOf(model, registers) };
}

function checkRow(model: Model, row: readonly Value[]): void {
  if (row.length !== model.features.length) {
    throw new TypeError(`The row has ${row.length} values, the model ${model.features.length} features.`);
  }
  model.features.forEach((feature, i) => {
    const value = row[i];
    const expected = feature.kind === 'number' ? 'number' : 'string';
    if (value === null || typeof value === expected) return;
    throw new TypeError(`Feature ${feature.name} needs a ${feature.kind}, but got ${typeof value}.`);
  });
}

function predictionOf(model: Model, registers: readonly number[]): Prediction {
  const { value, raw, values, classes } = model.output;
  const at = (register: number) => registers[register]!;
  const common = {
    value: Number.isNaN(at(value)) ? null : at(value),
    label: classes === undefined ? null : (classes.labels[at(classes.predicted)] ?? null),
    probabilities:
      classes?.probabilities === undefined
        ? null
        : Object.fromEntries(classes.probabilities.map((register, i) => [classes.labels[i]!, at(register)])),
    raw: raw.map(at),
  };
  return values === undefined ? common : { ...common, values: values.map(at) };
}

function runStep(
  step: Exclude<Step, TextMaker>,
  registers: readonly number[],
  texts: Texts,
): readonly number[] {
  switch (step.kind) {
    case 'encode-category': {
      const text = texts.get(step.input);
      return [categoryCode(step, text === undefined ? registers[step.input]! : text)];
    }
    case 'tree-ensemble':
      return sumTrees(step, registers);
    case 'linear':
      return linear(step, registers);
    case 'link':
      return link(
        step,
        step.inputs.map((register) => registers[register]!),
      ).map((value) => round(value, step.precision));
    default:
      return isTextStep(step) ? runTextStep(step, texts.get(step.input)!) : runVectorStep(step, registers);
  }
}

function sumTrees(step: TreeEnsemble, registers: readonly number[]): readonly number[] {
  const x = step.inputs.map((register) => round(registers[register]!, step.inputPrecision));
  const sums = step.base.map((value) => round(value, step.accumulator));
  for (const tree of step.trees) {
    const leaf = findLeaf(step, tree, x);
    const targets = tree.output === 'all' ? sums.map((_, q) => q) : [tree.output];
    targets.forEach((q, i) => {
      const value = leafValue(tree, leaf, leaf * targets.length + i, x);
      sums[q] = round(sums[q]! + round(value * tree.weight, step.accumulator), step.accumulator);
    });
  }
  return sums;
}

function findLeaf(step: TreeEnsemble, tree: Tree, x: readonly number[]): number {
  const { feature, test, threshold, left, right, sets } = tree.splits;
  if (feature.length === 0) return 0;
  let node = 0;
  while (node >= 0) {
    const value = x[feature[node]!]!;
    const goesLeft = isSetTest(test[node]!)
      ? memberGoesLeft(test[node]!, value, sets[threshold[node]!]!)
      : numberGoesLeft(test[node]!, value, threshold[node]!, step.comparison);
    node = goesLeft ? left[node]! : right[node]!;
  }
  return -1 - node;
}

function isSetTest(test: SplitTest): boolean {
  return test === SplitTest.setNanLeft || test === SplitTest.setNanRight;
}

function memberGoesLeft(test: SplitTest, value: number, set: readonly number[]): boolean {
  return Number.isNaN(value) ? test === SplitTest.setNanLeft : set.includes(Math.trunc(value));
}

function numberGoesLeft(test: SplitTest, value: number, threshold: number, comparison: '<' | '<='): boolean {
  const missing = Number.isNaN(value);
  const zeroOrMissing = missing || Math.abs(value) <= ZERO_THRESHOLD;
  if (test === SplitTest.nanLeft && missing) return true;
  if (test === SplitTest.nanRight && missing) return false;
  if (test === SplitTest.zeroLeft && zeroOrMissing) return true;
  if (test === SplitTest.zeroRight && zeroOrMissing) return false;
  const number = missing ? 0 : value;
  return comparison === '<' ? number < threshold : number <= threshold;
}

/** `at` is the place of the leaf's value for the wanted output. */
function leafValue(tree: Tree, leaf: number, at: number, x: readonly number[]): number {
  if (tree.linear === undefined) return tree.leaves[at]!;
  const features = tree.linear.features[leaf]!;
  if (features.some((feature) => Number.isNaN(x[feature]))) return tree.leaves[at]!;
  let sum = tree.linear.constant[leaf]!;
  features.forEach((feature, i) => {
    sum += tree.linear!.coefficients[leaf]![i]! * x[feature]!;
  });
  return sum;
}

function linear(step: Linear, registers: readonly number[]): readonly number[] {
  const x = step.inputs.map((register) => round(registers[register]!, step.inputPrecision));
  return step.bias.map((bias, q) => {
    let sum = round(bias, step.accumulator);
    x.forEach((value, k) => {
      if (step.missing === 'skip' && Number.isNaN(value)) return;
      sum = round(sum + round(value * step.weights[q]![k]!, step.accumulator), step.accumulator);
    });
    return sum;
  });
}

/** The link before its results are rounded. */
function link(step: Link, x: readonly number[]): readonly number[] {
  const f = step.function;
  switch (f.name) {
    case 'sigmoid':
      return x.map((value) => 1 / (1 + Math.exp(-f.scale * value)));
    case 'exp':
      return x.map((value) => Math.exp(value));
    case 'softplus':
      return x.map(softplus);
    case 'signed-square':
      return x.map((value) => Math.sign(value) * value * value);
    case 'step':
      return x.map((value) => (value > 0 ? 1 : 0));
    case 'complement':
      return x.map((value) => 1 - value);
    case 'divide':
      return x.map((value) => value / f.divisor);
    case 'softmax':
      return softmax(x);
    case 'argmax':
      return [argmax(x)];
  }
}

function softmax(x: readonly number[]): readonly number[] {
  const greatest = Math.max(...x);
  const terms = x.map((value) => Math.exp(value - greatest));
  const sum = terms.reduce((a, b) => a + b, 0);
  return terms.map((term) => term / sum);
}

/** The first of equals; a NaN is never greater. */
function argmax(x: readonly number[]): number {
  let best = 0;
  x.forEach((value, i) => {
    if (value > x[best]!) best = i;
  });
  return best;
}
