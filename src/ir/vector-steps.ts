/**
 * Steps that work on many registers alike: preprocessing, neural networks, support vectors, neighbours. They are
 * part of the vocabulary of model.ts and follow its rules.
 *
 * Lists of inputs hold at least one register; one register may stand in a list many times. Where a step has a
 * `precision`, its inputs and constants are rounded to it first and then the result of every operation. Constants may
 * be infinite; they are NaN only where that is said.
 */
import type { Precision, Register } from './model.ts';

export type VectorStep =
  | MapStep
  | CombineStep
  | SelectStep
  | ReduceStep
  | BinStep
  | InterpolateStep
  | LookupStep
  | DistanceStep
  | NearestStep
  | GatherStep
  | PairwiseStep
  | WeighStep
  | FindHashStep;

/** Operations on each input by itself, one after the other. Width: inputs. */
export interface MapStep {
  readonly kind: 'map';
  readonly inputs: readonly Register[];
  readonly precision: Precision;
  /** At least one. */
  readonly operations: readonly MapOperation[];
}

/** Where `by` is of length 1, it counts for every input; otherwise it has one number an input. */
export type MapOperation =
  /** x operation by. `by` may be NaN. */
  | { readonly name: Arithmetic; readonly by: readonly number[] }
  /** by where x is `missing` (x == missing, or both NaN), else x. Both may be NaN. */
  | { readonly name: 'impute'; readonly missing: number; readonly by: readonly number[] }
  /** 1 where x operator by holds, else 0. NaN is unequal to everything and neither less nor greater. */
  | { readonly name: 'compare'; readonly operator: Comparison; readonly by: readonly number[] }
  /** 1 for NaN, else 0. */
  | { readonly name: 'is-nan' }
  | { readonly name: Unary };

/**
 * `power` is C's pow: 1 to any power is 1, NaN included. `min` and `max` give NaN when an operand is NaN. `modulo`
 * takes the sign of the divisor (Python's %), `remainder` that of the dividend (C's fmod).
 */
export type Arithmetic =
  | 'add'
  | 'subtract'
  | 'multiply'
  | 'divide'
  | 'power'
  | 'min'
  | 'max'
  | 'modulo'
  | 'remainder';

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

/**
 * Functions of one number. sigmoid is 1 / (1 + exp(-x)), softplus log(1 + exp(x)), relu max(x, 0) with NaN kept,
 * normal-quantile the inverse of the standard normal distribution function.
 */
export type Unary =
  | 'abs'
  | 'negate'
  | 'square'
  | 'sqrt'
  | 'reciprocal'
  | 'exp'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'log2'
  | 'log10'
  | 'floor'
  | 'ceil'
  | 'round-half-even'
  | 'truncate'
  | 'sign'
  | 'relu'
  | 'sin'
  | 'cos'
  | 'tan'
  | 'asin'
  | 'acos'
  | 'atan'
  | 'sinh'
  | 'cosh'
  | 'tanh'
  | 'asinh'
  | 'acosh'
  | 'atanh'
  | 'sigmoid'
  | 'softplus'
  | 'erf'
  | 'normal-quantile';

/** left[k] operation right[k]. The lists are equally long, or one holds one register. Width: the longer. */
export interface CombineStep {
  readonly kind: 'combine';
  /** Logical operations take everything but 0 for true, NaN too. They and comparisons give 1 or 0. */
  readonly operation: Arithmetic | Comparison | 'and' | 'or' | 'xor';
  readonly left: readonly Register[];
  readonly right: readonly Register[];
  readonly precision: Precision;
}

/** whenTrue[k] where condition[k] is not 0 (NaN is not), else whenFalse[k]. Lists are equally long or of length 1. */
export interface SelectStep {
  readonly kind: 'select';
  readonly condition: readonly Register[];
  readonly whenTrue: readonly Register[];
  readonly whenFalse: readonly Register[];
}

/** All inputs to one number. Width 1. */
export interface ReduceStep {
  readonly kind: 'reduce';
  readonly operation: Reduction;
  readonly inputs: readonly Register[];
  readonly precision: Precision;
}

/**
 * Sums and products go in input order. `l1` is the sum of absolute values, `l2` the root of the sum of squares.
 * `log-sum-exp` is m + log(Σ exp(x - m)) with m the greatest input, or 0 when that is not finite. `min` and `max`
 * give NaN when an input is NaN. `argmin` and `argmax` give the first of equals; a NaN is neither less nor greater.
 */
export type Reduction =
  | 'sum'
  | 'mean'
  | 'product'
  | 'min'
  | 'max'
  | 'l1'
  | 'l2'
  | 'sum-of-squares'
  | 'log-sum-exp'
  | 'argmin'
  | 'argmax';

/**
 * How many of an input's edges, which ascend, are less than it ('left') or not greater ('right'), as
 * numpy.searchsorted counts. Width: inputs.
 */
export interface BinStep {
  readonly kind: 'bin';
  readonly inputs: readonly Register[];
  /** One list an input, possibly empty. */
  readonly edges: readonly (readonly number[])[];
  readonly side: 'left' | 'right';
  /** The result for NaN; may be NaN. */
  readonly missing: number;
}

/**
 * Piecewise linear through an input's points (x[i], y[i]): with i the last point whose x is not greater than the
 * input, (y[i+1] - y[i]) / (x[i+1] - x[i]) * (input - x[i]) + y[i]; y[i] itself at x[i] and past the last point,
 * y[0] before the first. NaN stays NaN. Width: inputs.
 */
export interface InterpolateStep {
  readonly kind: 'interpolate';
  readonly inputs: readonly Register[];
  /** One list an input, of at least one finite number; ascending, equal neighbours allowed. */
  readonly x: readonly (readonly number[])[];
  /** As long as x, finite. */
  readonly y: readonly (readonly number[])[];
  readonly precision: Precision;
}

/** Each input's value in a table. Width: inputs. */
export interface LookupStep {
  readonly kind: 'lookup';
  readonly inputs: readonly Register[];
  /** Each once; compared by ==, NaN equals NaN. */
  readonly keys: readonly number[];
  /** One a key; may be NaN. */
  readonly values: readonly number[];
  /** The result for an input that is no key; may be NaN. */
  readonly default: number;
}

/** From the inputs to each point. Width: points. */
export interface DistanceStep {
  readonly kind: 'distance';
  readonly inputs: readonly Register[];
  readonly metric: Metric;
  /** At least one; each of `inputs.length` numbers. */
  readonly points: readonly (readonly number[])[];
  readonly precision: Precision;
}

/**
 * Sums go over the dimensions in input order. `dot` is the product x · p. `cosine` is 1 - x · p / (|x| |p|), in this
 * order of operations, and 1 where a norm is 0.
 */
export type Metric = 'squared-euclidean' | 'euclidean' | 'manhattan' | 'chebyshev' | 'cosine' | 'dot';

/**
 * The k least inputs: their positions among the inputs, then their values, both ascending by value, equal ones by
 * position; NaN counts as greater than any number. Width: 2 k.
 */
export interface NearestStep {
  readonly kind: 'nearest';
  readonly inputs: readonly Register[];
  /** At least 1, at most the number of inputs. */
  readonly k: number;
}

/** For each input, the row of that number. Width: inputs times the length of a row, row after row. */
export interface GatherStep {
  readonly kind: 'gather';
  readonly inputs: readonly Register[];
  /** At least one row; equally long, of at least one number. Numbers may be NaN. */
  readonly rows: readonly (readonly number[])[];
  /** What fills the row of an input that is no row's number (out of range, not whole, NaN); may be NaN. */
  readonly default: number;
}

/**
 * From the pairs of classes (0, 1), (0, 2), …, (1, 2), … to one number a class. Width: classes.
 *
 * `votes`: an input greater than 0 is a vote for the pair's first class, any other one for the second.
 *
 * `coupling`: an input is the probability of the pair's first class given that it is one of the two, inside (0, 1);
 * the results are the probabilities of the classes, by the second method of Wu, Lin and Weng, "Probability estimates
 * for multi-class classification by pairwise coupling" (2004), with the stopping rule of libsvm: at most
 * max(100, classes) rounds, ending when no residual exceeds 0.005 / classes, for two classes too. In float64.
 */
export interface PairwiseStep {
  readonly kind: 'pairwise';
  readonly method: 'votes' | 'coupling';
  /** classes * (classes - 1) / 2 registers. */
  readonly inputs: readonly Register[];
  /** At least 2. */
  readonly classes: number;
}

/**
 * Counts to weights, as TF-IDF has them. Each input becomes `log(x) + 1` where `sublinear`, times its factor, and then
 * all are divided by their norm, unless that is 0: the sum of absolute values, the root of the sum of squares (both added
 * up in input order), or the greatest absolute value. `l2-roots`: each x becomes ±√(x² / Σx²) with its own sign, unless
 * the sum is 0; rounded, that is not x / √Σx². An input of 0 gives 0. Width: inputs.
 */
export interface WeighStep {
  readonly kind: 'weigh';
  readonly inputs: readonly Register[];
  readonly sublinear: boolean;
  /** One finite number an input; absent when all are 1. */
  readonly factors?: readonly number[];
  readonly norm: 'none' | 'l1' | 'l2' | 'l2-roots' | 'max';
  readonly precision: Precision;
}

/**
 * The position among the keys of the inputs' combined hash; the number of keys where it is none of them, or an input is
 * no whole number. The hash begins with 0, and input after input makes it FACTOR * (hash + FACTOR * x) modulo 2^64, with
 * FACTOR = 0x4906ba494954cb65 and x the input's low 32 bits as a signed number: CatBoost's hash of a combination.
 * https://github.com/catboost/catboost/blob/v1.2/catboost/libs/model/hash.h. Width 1.
 */
export interface FindHashStep {
  readonly kind: 'find-hash';
  readonly inputs: readonly Register[];
  /** Different ones, of 16 hexadecimal digits in small letters each. */
  readonly keys: readonly string[];
}

export function vectorStepWidth(step: VectorStep): number {
  switch (step.kind) {
    case 'map':
    case 'bin':
    case 'interpolate':
    case 'lookup':
    case 'weigh':
      return step.inputs.length;
    case 'combine':
      return Math.max(step.left.length, step.right.length);
    case 'select':
      return Math.max(step.condition.length, step.whenTrue.length, step.whenFalse.length);
    case 'reduce':
    case 'find-hash':
      return 1;
    case 'distance':
      return step.points.length;
    case 'nearest':
      return 2 * step.k;
    case 'gather':
      return step.inputs.length * step.rows[0]!.length;
    case 'pairwise':
      return step.classes;
  }
}

/** The registers that a step reads. */
export function vectorStepInputs(step: VectorStep): readonly Register[] {
  switch (step.kind) {
    case 'combine':
      return [...step.left, ...step.right];
    case 'select':
      return [...step.condition, ...step.whenTrue, ...step.whenFalse];
    default:
      return step.inputs;
  }
}
