/**
 * The model vocabulary: the one internal form (IR) of every imported model.
 *
 * A model is a straight line of steps over a file of registers. Register 0 … F-1 hold the features, in
 * signature order; each step reads registers before its own and writes the next `width` ones. Everything
 * that decides a number (precision, comparison, where a missing value goes, the order and type of sums) is
 * written out here; a reader of the IR never has to know which library the model came from.
 *
 * NULL and NaN are one thing: missing. What missing means is each step's own rule.
 */

import { isTextStep, type TextStep, textStepWidth } from './text-steps.ts';
import { type VectorStep, vectorStepWidth } from './vector-steps.ts';

export type * from './text-makers.ts';
export { isTextMaker } from './text-makers.ts';
export type * from './text-steps.ts';
export { isTextStep } from './text-steps.ts';
export type * from './vector-steps.ts';

/** The floating-point type that values are rounded to: IEEE binary32 or binary64. */
export type Precision = 'float32' | 'float64';

/** What a model was trained to answer; decides how `value`, `label` and `probabilities` are filled. */
export type Task = 'regression' | 'binary' | 'multiclass' | 'ranking' | 'survival' | 'clustering' | 'anomaly';

/** Index into the register file. Registers hold float64, except those of text features and of steps that make texts. */
export type Register = number;

export interface Model {
  readonly irVersion: 1;
  readonly task: Task;
  /** The signature's inputs. Names are unique; any text is a valid name. */
  readonly features: readonly Feature[];
  /** In execution order. Step k's registers follow those of step k-1. */
  readonly steps: readonly Step[];
  readonly output: Output;
}

export type Feature = NumberFeature | TextFeature;

export interface NumberFeature {
  readonly kind: 'number';
  readonly name: string;
  /** Whether the training data held whole numbers; a hint for people and for SQL types, never a check. */
  readonly integer?: boolean;
  /** The category codes or values that the training data held, for `inspect`; encoding is a step of its own. */
  readonly categories?: readonly number[];
}

export interface TextFeature {
  readonly kind: 'text';
  readonly name: string;
  /** The texts that the model knows. */
  readonly categories: readonly string[];
}

export type Step = EncodeCategory | TreeEnsemble | Linear | Link | VectorStep | TextStep;

/**
 * Maps a category (a text, or a number when `categories` holds numbers) to its code. Width 1. Texts match exactly, byte for byte; numbers match by ==.
 */
export interface EncodeCategory {
  readonly kind: 'encode-category';
  readonly input: Register;
  readonly categories: readonly string[] | readonly number[];
  /** One code a category, possibly NaN; absent when each category's code is its position in `categories`. */
  readonly codes?: readonly number[];
  /** The code of NULL or NaN. */
  readonly missing: number;
  /** The code of a value that is not in `categories`. */
  readonly unknown: number;
}

/**
 * Sums of decision trees. Width: `outputs`. Output q is
 * `base[q] + leaf of tree 0 + leaf of tree 1 + …` over the trees that feed q, added one by one in tree order,
 * each partial sum rounded to `accumulator`.
 */
export interface TreeEnsemble {
  readonly kind: 'tree-ensemble';
  /** Tree feature k reads register inputs[k]. */
  readonly inputs: readonly Register[];
  /** Inputs are rounded to this before any test. */
  readonly inputPrecision: Precision;
  /** A number goes left when `x comparison threshold` holds. */
  readonly comparison: '<' | '<=';
  readonly accumulator: Precision;
  readonly outputs: number;
  /** Start of each output's sum, rounded to `accumulator`; `outputs` numbers. */
  readonly base: readonly number[];
  readonly trees: readonly Tree[];
}

/** One tree in columns. The root is split 0, or leaf 0 when there are no splits. */
export interface Tree {
  /** The output that the leaves add to, or 'all' when each leaf carries `outputs` values. */
  readonly output: number | 'all';
  /** Every leaf value counts times this (DART), the product rounded to `accumulator`. 1 otherwise. */
  readonly weight: number;
  readonly splits: Splits;
  /** Leaf-major: leaf j's values stand at [j * w, (j + 1) * w), with w = 1, or `outputs` for 'all'. */
  readonly leaves: readonly number[];
  /** Per leaf a linear model; absent when leaves are constants. Only with `output` a number. */
  readonly linear?: LinearLeaves;
}

/** Parallel arrays, one entry a split. A child c >= 0 is split c; c < 0 is leaf -1 - c. */
export interface Splits {
  /** Index into the ensemble's `inputs`. */
  readonly feature: readonly number[];
  readonly test: readonly SplitTest[];
  /** Numeric test: the threshold (±Infinity allowed, never NaN). Category test: index into `sets`. */
  readonly threshold: readonly number[];
  readonly left: readonly number[];
  readonly right: readonly number[];
  /** Category sets, each ascending non-negative integers. A member goes left, all else right. */
  readonly sets: readonly (readonly number[])[];
}

/**
 * How a split decides, as a small number so that a million of them stay small in memory and in JSON.
 * Category tests first truncate the value towards zero; a truncated value that is negative or in no set goes right.
 */
export const SplitTest = {
  /** Compare; NaN goes left. */
  nanLeft: 0,
  /** Compare; NaN goes right. */
  nanRight: 1,
  /** NaN becomes 0, then compare. */
  nanIsZero: 2,
  /** |x| <= 1e-35 and NaN go left, else compare. */
  zeroLeft: 3,
  /** |x| <= 1e-35 and NaN go right, else compare. */
  zeroRight: 4,
  /** Category test; NaN goes left. */
  setNanLeft: 5,
  /** Category test; NaN goes right. */
  setNanRight: 6,
} as const;
export type SplitTest = (typeof SplitTest)[keyof typeof SplitTest];

/** The threshold under which LightGBM takes a number for zero (its kZeroThreshold, 1e-35 as a float32). */
export const ZERO_THRESHOLD = Math.fround(1e-35);

/**
 * Leaf j answers `constant[j] + Σ coefficients[j][i] * x[features[j][i]]`, summed in that order in float64;
 * when one of its features is NaN it answers `leaves[j]` instead. Features index the ensemble's `inputs`.
 */
export interface LinearLeaves {
  readonly constant: readonly number[];
  readonly features: readonly (readonly number[])[];
  readonly coefficients: readonly (readonly number[])[];
}

/**
 * Output q is `bias[q] + Σ inputs[k] * weights[q][k]`, added in input order, bias, product and sum each
 * rounded to `accumulator`. Width: `bias.length`.
 */
export interface Linear {
  readonly kind: 'linear';
  readonly inputs: readonly Register[];
  readonly inputPrecision: Precision;
  readonly accumulator: Precision;
  /** One row of `inputs.length` weights an output. */
  readonly weights: readonly (readonly number[])[];
  readonly bias: readonly number[];
  /** A missing input adds nothing ('skip') or makes the result NaN ('propagate'). */
  readonly missing: 'skip' | 'propagate';
}

/** A function from raw scores to predictions. Each result is rounded to `precision`. */
export interface Link {
  readonly kind: 'link';
  readonly inputs: readonly Register[];
  readonly precision: Precision;
  readonly function: LinkFunction;
}

export type LinkFunction =
  /** 1 / (1 + exp(-scale * x)) each. Width: inputs. */
  | { readonly name: 'sigmoid'; readonly scale: number }
  /** exp(x) each. */
  | { readonly name: 'exp' }
  /** log(1 + exp(x)) each. */
  | { readonly name: 'softplus' }
  /** sign(x) * x * x each. */
  | { readonly name: 'signed-square' }
  /** 1 when x > 0, else 0, each. */
  | { readonly name: 'step' }
  /** 1 - x each. */
  | { readonly name: 'complement' }
  /** x / divisor each. */
  | { readonly name: 'divide'; readonly divisor: number }
  /** exp(x - max) / Σ. Width: inputs. */
  | { readonly name: 'softmax' }
  /** The index of the greatest input, the first of equals. Width 1. */
  | { readonly name: 'argmax' };

/** Where the parts of a prediction are found. Registers may be named more than once. */
export interface Output {
  /** The regression value, the positive class's probability, the index of the predicted class, the anomaly score. */
  readonly value: Register;
  /** The model's scores before the link. */
  readonly raw: readonly Register[];
  /** All outputs after the link, for a model that predicts several numbers (targets, quantiles). */
  readonly values?: readonly Register[];
  /** For classifiers: class names, and each one's probability where the model gives it. */
  readonly classes?: Classes;
}

export interface Classes {
  readonly labels: readonly string[];
  /** Holds the index into `labels` of the predicted class. */
  readonly predicted: Register;
  /** One register a label; absent when the model gives no probabilities (hinge). */
  readonly probabilities?: readonly Register[];
}

/** One scored row, the same in SQL, TypeScript and on the command line. */
export interface Prediction {
  readonly value: number | null;
  readonly label: string | null;
  readonly probabilities: Readonly<Record<string, number>> | null;
  readonly raw: readonly number[];
  /** Only for models that predict several numbers. */
  readonly values?: readonly number[];
}

/** How many registers a step writes. */
export function stepWidth(step: Step): number {
  switch (step.kind) {
    case 'encode-category':
      return 1;
    case 'tree-ensemble':
      return step.outputs;
    case 'linear':
      return step.bias.length;
    case 'link':
      return step.function.name === 'argmax' ? 1 : step.inputs.length;
    default:
      return isTextStep(step) ? textStepWidth(step) : vectorStepWidth(step);
  }
}

/** The code of each category of an encoding. */
export function categoryCodes({ categories, codes }: EncodeCategory): readonly number[] {
  return codes ?? categories.map((_, position) => position);
}

/** The code that an encoding gives for one value; null and NaN are missing. Linear in the categories. */
export function categoryCode(step: EncodeCategory, value: string | number | null): number {
  if (value === null || Number.isNaN(value)) return step.missing;
  const position = (step.categories as readonly (string | number)[]).indexOf(value);
  return position === -1 ? step.unknown : categoryCodes(step)[position]!;
}

/** The first register of each step, and past them the size of the register file. */
export function registerLayout(model: Pick<Model, 'features' | 'steps'>): {
  readonly first: readonly Register[];
  readonly size: number;
} {
  const first: Register[] = [];
  let next = model.features.length;
  for (const step of model.steps) {
    first.push(next);
    next += stepWidth(step);
  }
  return { first, size: next };
}
