import fc from 'fast-check';
import type {
  CombineStep,
  MapOperation,
  MapStep,
  Metric,
  Reduction,
  Register,
  Step,
  Unary,
  VectorStep,
} from '../../src/ir/model.ts';
import { addend, finite, number, precision } from './arbitrary-numbers.ts';

export interface VectorStepLimits {
  /** Default 4. */
  readonly maxInputs?: number;
  /** Default false: no function whose last bit depends on the engine, no method that rounds in another order. */
  readonly inexact?: boolean;
}

/** A step of any kind of vector-steps.ts that reads some of the registers. */
export function vectorStep(
  registers: readonly Register[],
  { maxInputs = 4, inexact = false }: VectorStepLimits = {},
): fc.Arbitrary<VectorStep> {
  const inputs = inputList(registers, maxInputs);
  return fc.oneof(
    { weight: 3, arbitrary: inputs.chain((list) => map(list, inexact)) },
    oneHot(registers),
    combine(inputs, inexact),
    select(inputs),
    reduce(inputs, inexact),
    inputs.chain(bin),
    inputs.chain(interpolate),
    inputs.chain(lookup),
    inputs.chain(distance),
    inputs.chain(nearest),
    inputs.chain(gather),
    pairwise(registers, inexact),
    inputs.chain((list) => weigh(list, inexact)),
    inputs.map(findHash),
  );
}

/** Any registers in any order, or neighbours in theirs. */
function inputList(registers: readonly Register[], maxInputs: number): fc.Arbitrary<Register[]> {
  const neighbours = fc
    .tuple(fc.nat(registers.length - 1), fc.integer({ min: 1, max: maxInputs }))
    .map(([start, length]) => registers.slice(start, start + length));
  return fc.oneof(
    fc.array(fc.constantFrom(...registers), { minLength: 1, maxLength: maxInputs }),
    neighbours,
  );
}

const constant = fc.oneof({ weight: 9, arbitrary: addend }, fc.constant(Number.NaN));

function exactly<T>(value: fc.Arbitrary<T>, length: number): fc.Arbitrary<T[]> {
  return fc.array(value, { minLength: length, maxLength: length });
}

const ARITHMETIC = ['add', 'subtract', 'multiply', 'divide', 'min', 'max', 'modulo', 'remainder'] as const;
const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='] as const;
const EXACT_UNARY: readonly Unary[] = [
  'abs',
  'negate',
  'square',
  'sqrt',
  'reciprocal',
  'floor',
  'ceil',
  'round-half-even',
  'truncate',
  'sign',
  'relu',
];
const INEXACT_UNARY: readonly Unary[] = [
  'exp',
  'expm1',
  'log',
  'log1p',
  'log2',
  'log10',
  'sin',
  'cos',
  'tan',
  'asin',
  'acos',
  'atan',
  'sinh',
  'cosh',
  'tanh',
  'asinh',
  'acosh',
  'atanh',
  'sigmoid',
  'softplus',
  'erf',
  'normal-quantile',
];

function map(inputs: readonly Register[], inexact: boolean): fc.Arbitrary<MapStep> {
  const by = fc.oneof(exactly(constant, 1), exactly(constant, inputs.length));
  const operation = fc.oneof<fc.Arbitrary<MapOperation>[]>(
    fc.record({ name: fc.constantFrom(...ARITHMETIC, ...(inexact ? ['power' as const] : [])), by }),
    fc.record({
      name: fc.constant('impute' as const),
      missing: fc.oneof(fc.constant(Number.NaN), number),
      by,
    }),
    fc.record({
      name: fc.constant('compare' as const),
      operator: fc.constantFrom(...COMPARISONS),
      by,
    }),
    fc.constant({ name: 'is-nan' as const }),
    fc.record({ name: fc.constantFrom(...(inexact ? INEXACT_UNARY : EXACT_UNARY)) }),
  );
  return fc.record({
    kind: fc.constant('map'),
    inputs: fc.constant(inputs),
    precision,
    operations: fc.array(operation, { minLength: 1, maxLength: inexact ? 1 : 3 }),
  });
}

/** Enough keys of one or two registers for an encoding by look-up. */
function oneHot(registers: readonly Register[]): fc.Arbitrary<MapStep> {
  const run = fc
    .tuple(fc.constantFrom(...registers), fc.uniqueArray(number, { minLength: 9, maxLength: 20 }))
    .map(([register, keys]) => keys.map((key) => ({ register, key })));
  return fc.tuple(fc.array(run, { minLength: 1, maxLength: 2 }), precision).map(([runs, rounding]) => ({
    kind: 'map',
    inputs: runs.flat().map(({ register }) => register),
    precision: rounding,
    operations: [{ name: 'compare', operator: '==', by: runs.flat().map(({ key }) => key) }],
  }));
}

/** Lists of one length, some of them cut to length 1. */
function matching(inputs: fc.Arbitrary<Register[]>, count: number): fc.Arbitrary<Register[][]> {
  return fc.tuple(inputs, exactly(fc.tuple(fc.boolean(), fc.nat(1000)), count)).map(([list, choices]) =>
    choices.map(([cut, shift]) => {
      const rotated = list.map((_, k) => list[(k + shift) % list.length]!);
      return cut ? rotated.slice(0, 1) : rotated;
    }),
  );
}

function combine(inputs: fc.Arbitrary<Register[]>, inexact: boolean): fc.Arbitrary<CombineStep> {
  const operations = [...ARITHMETIC, ...COMPARISONS, 'and', 'or', 'xor'] as const;
  const operation = fc.constantFrom(...operations, ...(inexact ? ['power' as const] : []));
  return fc.tuple(operation, matching(inputs, 2), precision).map(([name, [left, right], rounding]) => ({
    kind: 'combine',
    operation: name,
    left: left!,
    right: right!,
    precision: rounding,
  }));
}

function select(inputs: fc.Arbitrary<Register[]>): fc.Arbitrary<VectorStep> {
  return matching(inputs, 3).map(([condition, whenTrue, whenFalse]) => ({
    kind: 'select',
    condition: condition!,
    whenTrue: whenTrue!,
    whenFalse: whenFalse!,
  }));
}

const REDUCTIONS: readonly Reduction[] = [
  'sum',
  'mean',
  'product',
  'min',
  'max',
  'l1',
  'l2',
  'sum-of-squares',
  'argmin',
  'argmax',
];

function reduce(inputs: fc.Arbitrary<Register[]>, inexact: boolean): fc.Arbitrary<VectorStep> {
  return fc.record({
    kind: fc.constant('reduce'),
    operation: fc.constantFrom(...REDUCTIONS, ...(inexact ? ['log-sum-exp' as const] : [])),
    inputs,
    precision,
  });
}

const ascending = (values: number[]) => values.sort((a, b) => a - b);

function bin(inputs: readonly Register[]): fc.Arbitrary<VectorStep> {
  return fc.record({
    kind: fc.constant('bin'),
    inputs: fc.constant(inputs),
    edges: exactly(fc.array(number, { maxLength: 6 }).map(ascending), inputs.length),
    side: fc.constantFrom('left', 'right'),
    missing: constant,
  });
}

function interpolate(inputs: readonly Register[]): fc.Arbitrary<VectorStep> {
  const points = fc
    .array(fc.tuple(finite, finite), { minLength: 1, maxLength: 5 })
    .map((pairs) => ({ x: ascending(pairs.map(([x]) => x)), y: pairs.map(([, y]) => y) }));
  return fc.tuple(exactly(points, inputs.length), precision).map(([lists, rounding]) => ({
    kind: 'interpolate',
    inputs,
    x: lists.map(({ x }) => x),
    y: lists.map(({ y }) => y),
    precision: rounding,
  }));
}

function lookup(inputs: readonly Register[]): fc.Arbitrary<VectorStep> {
  const entries = fc.uniqueArray(fc.tuple(constant, constant), {
    maxLength: 12,
    comparator: (a, b) => a === b || (Number.isNaN(a) && Number.isNaN(b)),
    selector: ([key]) => key,
  });
  return fc.tuple(entries, constant).map(([pairs, otherwise]) => ({
    kind: 'lookup',
    inputs,
    keys: pairs.map(([key]) => key),
    values: pairs.map(([, value]) => value),
    default: otherwise,
  }));
}

const METRICS: readonly Metric[] = [
  'squared-euclidean',
  'euclidean',
  'manhattan',
  'chebyshev',
  'cosine',
  'dot',
];

function distance(inputs: readonly Register[]): fc.Arbitrary<VectorStep> {
  return fc.record({
    kind: fc.constant('distance'),
    inputs: fc.constant(inputs),
    metric: fc.constantFrom(...METRICS),
    points: fc.array(exactly(addend, inputs.length), { minLength: 1, maxLength: 9 }),
    precision,
  });
}

function nearest(inputs: readonly Register[]): fc.Arbitrary<VectorStep> {
  return fc.integer({ min: 1, max: inputs.length }).map((k) => ({ kind: 'nearest', inputs, k }));
}

function gather(inputs: readonly Register[]): fc.Arbitrary<VectorStep> {
  return fc
    .integer({ min: 1, max: 3 })
    .chain((length) => fc.array(exactly(constant, length), { minLength: 1, maxLength: 6 }))
    .chain((rows) => constant.map((otherwise) => ({ kind: 'gather', inputs, rows, default: otherwise })));
}

function pairwise(registers: readonly Register[], inexact: boolean): fc.Arbitrary<VectorStep> {
  return fc.integer({ min: 2, max: 5 }).chain((classes) =>
    fc.record({
      kind: fc.constant('pairwise'),
      method: fc.constantFrom('votes', ...(inexact ? ['coupling' as const] : [])),
      inputs: exactly(fc.constantFrom(...registers), (classes * (classes - 1)) / 2),
      classes: fc.constant(classes),
    }),
  );
}

function weigh(inputs: readonly Register[], inexact: boolean): fc.Arbitrary<VectorStep> {
  const factors = fc.option(exactly(finite, inputs.length), { nil: undefined });
  return fc
    .tuple(
      factors,
      fc.constantFrom('none' as const, 'l1' as const, 'l2' as const, 'l2-roots' as const, 'max' as const),
      precision,
      fc.boolean(),
    )
    .map(([by, norm, rounding, logarithmic]) => ({
      kind: 'weigh',
      inputs,
      sublinear: inexact && logarithmic,
      ...(by === undefined ? {} : { factors: by }),
      norm,
      precision: rounding,
    }));
}

/** Keys of small numbers, which registers may hold. */
function findHash(inputs: readonly Register[]): VectorStep {
  const factor = 0x4906ba494954cb65n;
  const keyOf = (x: number) =>
    BigInt.asUintN(
      64,
      inputs.reduce((hash) => factor * (hash + factor * BigInt(x)), 0n),
    );
  const keys = [0, 1, -1, 2, 3, 65535].map((x) => keyOf(x).toString(16).padStart(16, '0'));
  return { kind: 'find-hash', inputs, keys };
}

/** Constants of a step at which its result changes. */
export function landmarks(step: Step): readonly number[] {
  const numbers = (() => {
    switch (step.kind) {
      case 'map':
        return step.operations.flatMap((operation) => ('by' in operation ? operation.by : []));
      case 'bin':
        return step.edges.flat();
      case 'interpolate':
        return step.x.flat();
      case 'lookup':
        return step.keys;
      case 'distance':
        return step.points[0]!;
      case 'gather':
        return step.rows.map((_, index) => index);
      default:
        return [];
    }
  })();
  return numbers.filter((value) => !Number.isNaN(value));
}
