import fc from 'fast-check';
import {
  type EncodeCategory,
  type Feature,
  isTextMaker,
  type Linear,
  type Link,
  type LinkFunction,
  type Model,
  type Register,
  SplitTest,
  type Step,
  stepWidth,
  type Tree,
  type TreeEnsemble,
} from '../../src/ir/model.ts';
import { addend, number, precision } from './arbitrary-numbers.ts';
import { madeText, text, textStep } from './arbitrary-text-steps.ts';
import { landmarks, vectorStep } from './arbitrary-vector-steps.ts';

/** One row as `evaluate` takes it: a value a feature, in signature order. */
export type RowValues = readonly (number | string | null)[];

const KNOWN_TEXTS = ['red', 'green', "o'clock", '', 'ß"$$'];

const category = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 40 }) },
  { weight: 1, arbitrary: fc.constantFrom(65535, 65536, 2 ** 24 + 1, 2 ** 31 - 1) },
);
const categorySet = fc.uniqueArray(category, { maxLength: 6 }).map((set) => set.sort((a, b) => a - b));

/** A model with some rows that look for its edges. */
export interface ModelWithRows {
  readonly model: Model;
  readonly rows: readonly RowValues[];
}

export interface ModelLimits {
  readonly maxTrees?: number;
  readonly maxSplits?: number;
  /** Default 1 and 4. */
  readonly features?: { readonly min: number; readonly max: number };
  readonly maxRows?: number;
  /** Inputs of a step, default 4. */
  readonly maxInputs?: number;
}

/**
 * A valid model of any shape that the IR allows, and rows for it. `output.raw` names every register that is computed
 * without a transcendental function, so that comparing it bit for bit compares all of them.
 */
export function modelWithRows(limits: ModelLimits = {}): fc.Arbitrary<ModelWithRows> {
  return model(limits).chain((made) =>
    fc.record({
      model: fc.constant(made),
      rows: fc.array(rowFor(made), { minLength: 1, maxLength: limits.maxRows ?? 12 }),
    }),
  );
}

function model(limits: ModelLimits): fc.Arbitrary<Model> {
  const features = fc.array(fc.constantFrom<Feature['kind']>('number', 'number', 'number', 'text'), {
    minLength: limits.features?.min ?? 1,
    maxLength: limits.features?.max ?? 4,
  });
  return features
    .chain((kinds) =>
      encodings(kinds)
        .chain((encoded) => withMadeText(kinds, encoded))
        .map((encoded) => ({ kinds, encoded })),
    )
    .chain(({ kinds, encoded }) => {
      const inputs = numberRegisters(kinds, encoded);
      const start = kinds.length + stepsWidth(encoded);
      return scoringSteps(inputs, start, limits).map((steps) => ({
        kinds,
        steps: [...encoded, ...steps],
        scores: encoded.length,
      }));
    })
    .chain(({ kinds, steps, scores }) =>
      links(firstRegister(kinds, steps, scores), firstRegister(kinds, steps, steps.length)).map((linked) =>
        assemble(kinds, [...steps, ...linked], steps.length),
      ),
    );
}

/** One to four steps, each over some of the registers before it. */
function scoringSteps(
  registers: readonly Register[],
  next: Register,
  limits: ModelLimits,
): fc.Arbitrary<Step[]> {
  const extend = (steps: readonly Step[], known: readonly Register[], left: number): fc.Arbitrary<Step[]> =>
    left === 0
      ? fc.constant([...steps])
      : scoringStep(known, limits).chain((step) => {
          const start = next + stepsWidth(steps);
          const made = Array.from({ length: stepWidth(step) }, (_, q) => start + q);
          return extend([...steps, step], [...known, ...made], left - 1);
        });
  return fc.integer({ min: 1, max: 4 }).chain((count) => extend([], registers, count));
}

function stepsWidth(steps: readonly Step[]): number {
  return steps.reduce((width, step) => width + stepWidth(step), 0);
}

function scoringStep(registers: readonly Register[], limits: ModelLimits): fc.Arbitrary<Step> {
  return fc.oneof<fc.Arbitrary<Step>[]>(
    ensemble(registers, limits),
    linearStep(registers, limits),
    vectorStep(registers, limits),
  );
}

function firstRegister(kinds: readonly unknown[], steps: readonly Step[], step: number): Register {
  return kinds.length + stepsWidth(steps.slice(0, step));
}

/** A text feature has one or two encodings or steps of its own; a number feature may have an encoding. */
function encodings(kinds: readonly Feature['kind'][]): fc.Arbitrary<Step[]> {
  const ofFeature = kinds.map((kind, input) =>
    fc.array<Step>(kind === 'text' ? fc.oneof(textEncoding(input), textStep(input)) : numberEncoding(input), {
      minLength: kind === 'text' ? 1 : 0,
      maxLength: kind === 'text' ? 2 : 1,
    }),
  );
  return fc.tuple(...ofFeature).map((lists) => lists.flat());
}

/** Half of the time with a text that is made of a feature, and a number of it. */
function withMadeText(kinds: readonly Feature['kind'][], encoded: readonly Step[]): fc.Arbitrary<Step[]> {
  const next = kinds.length + stepsWidth(encoded);
  const made = fc.nat(kinds.length - 1).chain((input) => madeText(input, kinds[input]!, next));
  return fc.oneof(fc.constant([]), made).map((steps) => [...encoded, ...steps]);
}

const code = fc.constantFrom(-1, 0, 3, Number.NaN);

function withCodes(step: EncodeCategory): fc.Arbitrary<EncodeCategory> {
  const { length } = step.categories;
  const codes = fc.array(fc.oneof(code, number), { minLength: length, maxLength: length });
  return fc.oneof(
    fc.constant(step),
    codes.map((list) => ({ ...step, codes: list })),
  );
}

function textEncoding(input: Register): fc.Arbitrary<EncodeCategory> {
  return fc
    .record<EncodeCategory>({
      kind: fc.constant('encode-category'),
      input: fc.constant(input),
      categories: fc.shuffledSubarray(KNOWN_TEXTS),
      missing: code,
      unknown: code,
    })
    .chain(withCodes);
}

function numberEncoding(input: Register): fc.Arbitrary<EncodeCategory> {
  return fc
    .record<EncodeCategory>({
      kind: fc.constant('encode-category'),
      input: fc.constant(input),
      categories: fc.uniqueArray(number, { maxLength: 5, comparator: (a, b) => a === b }),
      missing: code,
      unknown: code,
    })
    .chain(withCodes);
}

function numberRegisters(kinds: readonly Feature['kind'][], encoded: readonly Step[]): Register[] {
  const features = kinds.flatMap((kind, i) => (kind === 'number' ? [i] : []));
  return [...features, ...numbersOf(kinds.length, encoded)];
}

/** The registers of numbers that steps write from `start` on. */
function numbersOf(start: Register, steps: readonly Step[]): Register[] {
  let next = start;
  return steps.flatMap((step) => {
    const registers = Array.from({ length: stepWidth(step) }, (_, q) => next + q);
    next += registers.length;
    return isTextMaker(step) ? [] : registers;
  });
}

function inputList(registers: readonly Register[], maxLength = 4): fc.Arbitrary<Register[]> {
  return fc.array(fc.constantFrom(...registers), { minLength: 1, maxLength });
}

function ensemble(registers: readonly Register[], limits: ModelLimits): fc.Arbitrary<TreeEnsemble> {
  return fc
    .record({ inputs: inputList(registers), outputs: fc.constantFrom(1, 1, 1, 2, 3) })
    .chain(({ inputs, outputs }) =>
      fc.record({
        kind: fc.constant('tree-ensemble'),
        inputs: fc.constant(inputs),
        inputPrecision: precision,
        comparison: fc.constantFrom('<', '<='),
        accumulator: precision,
        outputs: fc.constant(outputs),
        base: fc.array(addend, { minLength: outputs, maxLength: outputs }),
        trees: trees(inputs.length, outputs, limits),
      }),
    );
}

/** Half of the ensembles have constant leaves of one value only. */
function trees(inputs: number, outputs: number, limits: ModelLimits): fc.Arbitrary<Tree[]> {
  return fc.boolean().chain((plain) => {
    const tree = fc
      .record({
        output: plain ? fc.nat(outputs - 1) : fc.oneof(fc.nat(outputs - 1), fc.constant('all' as const)),
        linear: plain ? fc.constant(false) : fc.boolean(),
        growth: fc.array(fc.nat(1000), { maxLength: limits.maxSplits ?? 12 }),
      })
      .chain(({ output, linear, growth }) =>
        treeOf({ inputs, outputs, output, linear: linear && output !== 'all', growth }),
      );
    return fc.array(tree, { maxLength: limits.maxTrees ?? 20 });
  });
}

interface TreeShape {
  readonly inputs: number;
  readonly outputs: number;
  readonly output: number | 'all';
  readonly linear: boolean;
  /** Split k takes the place of leaf growth[k] modulo the leaves so far. */
  readonly growth: readonly number[];
}

function treeOf(shape: TreeShape): fc.Arbitrary<Tree> {
  const { inputs, outputs, output, growth } = shape;
  const splits = growth.length;
  const each = <T>(value: fc.Arbitrary<T>, length = splits) =>
    fc.array(value, { minLength: length, maxLength: length });
  const numbers = (splits + 1) * (output === 'all' ? outputs : 1);
  return fc
    .record({
      feature: each(fc.nat(inputs - 1)),
      test: each(fc.constantFrom(...Object.values(SplitTest))),
      number: each(number),
      set: each(categorySet),
      leaves: each(addend, numbers),
      weight: fc.constantFrom(1, 1, 0.3, -2, 0),
      linear: shape.linear ? linearLeaves(inputs, splits + 1) : fc.constant(undefined),
    })
    .map(({ feature, test, number: thresholds, set, leaves, weight, linear }) => {
      const sets: number[][] = [];
      const threshold = test.map((kind, s) =>
        kind < SplitTest.setNanLeft ? thresholds[s]! : sets.push(set[s]!) - 1,
      );
      const tree = { output, weight, splits: { feature, test, threshold, ...grow(growth), sets }, leaves };
      return linear === undefined ? tree : { ...tree, linear };
    });
}

/** Children of each split; the last splits come first in the numbering after the root, leaves as they appear. */
function grow(growth: readonly number[]): { left: number[]; right: number[] } {
  const splits = growth.length;
  const left: number[] = [];
  const right: number[] = [];
  const number = (split: number) => (split === 0 ? 0 : splits - split);
  let leaves = 1;
  const places: { side: number[]; split: number }[] = [{ side: [], split: 0 }];
  growth.forEach((choice, k) => {
    const at = choice % places.length;
    const { side, split } = places[at]!;
    const leaf = side[split] ?? -1;
    side[split] = number(k);
    left[number(k)] = leaf;
    right[number(k)] = -1 - leaves++;
    places.splice(at, 1, { side: left, split: number(k) }, { side: right, split: number(k) });
  });
  return { left, right };
}

function linearLeaves(inputs: number, leaves: number): fc.Arbitrary<NonNullable<Tree['linear']>> {
  const leaf = fc.record({
    constant: addend,
    terms: fc.array(fc.record({ feature: fc.nat(inputs - 1), coefficient: addend }), { maxLength: 3 }),
  });
  return fc.array(leaf, { minLength: leaves, maxLength: leaves }).map((list) => ({
    constant: list.map(({ constant }) => constant),
    features: list.map(({ terms }) => terms.map(({ feature }) => feature)),
    coefficients: list.map(({ terms }) => terms.map(({ coefficient }) => coefficient)),
  }));
}

function linearStep(registers: readonly Register[], { maxInputs }: ModelLimits): fc.Arbitrary<Linear> {
  return fc
    .record({ inputs: inputList(registers, maxInputs), outputs: fc.constantFrom(1, 1, 3) })
    .chain(({ inputs, outputs }) =>
      fc.record({
        kind: fc.constant('linear'),
        inputs: fc.constant(inputs),
        inputPrecision: precision,
        accumulator: precision,
        weights: fc.array(fc.array(addend, { minLength: inputs.length, maxLength: inputs.length }), {
          minLength: outputs,
          maxLength: outputs,
        }),
        bias: fc.array(addend, { minLength: outputs, maxLength: outputs }),
        missing: fc.constantFrom('skip', 'propagate'),
      }),
    );
}

const linkFunction = fc.oneof(
  fc.record({ name: fc.constant('sigmoid' as const), scale: fc.constantFrom(1, 0.5, -2) }),
  fc.record({ name: fc.constant('divide' as const), divisor: fc.constantFrom(3, -0.1) }),
  fc.constantFrom<LinkFunction>(
    { name: 'exp' },
    { name: 'softplus' },
    { name: 'signed-square' },
    { name: 'step' },
    { name: 'complement' },
    { name: 'softmax' },
    { name: 'argmax' },
  ),
);

/** Links over the scores in [from, to): all of them in order, or some. */
function links(from: Register, to: Register): fc.Arbitrary<Link[]> {
  const scores = Array.from({ length: to - from }, (_, i) => from + i);
  const link = fc.record({
    kind: fc.constant('link' as const),
    inputs: fc.oneof(fc.constant(scores), inputList(scores)),
    precision,
    function: linkFunction,
  });
  return fc.array(link, { minLength: 1, maxLength: 3 });
}

/** Every register of the first `exact` steps is raw, every one of the links is among the values. */
function assemble(kinds: readonly Feature['kind'][], steps: readonly Step[], exact: number): Model {
  const firstLink = firstRegister(kinds, steps, exact);
  const end = firstRegister(kinds, steps, steps.length);
  const numberFeatures = kinds.flatMap((kind, i) => (kind === 'number' ? [i] : []));
  const computed = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
  return {
    irVersion: 1,
    task: 'regression',
    features: kinds.map(
      (kind, i): Feature =>
        kind === 'text'
          ? { kind, name: `text ${i}`, categories: KNOWN_TEXTS }
          : { kind, name: `number ${i}` },
    ),
    steps,
    output: {
      value: end - 1,
      raw: [...numberFeatures, ...numbersOf(kinds.length, steps.slice(0, exact))],
      values: computed(firstLink, end),
    },
  };
}

function rowFor({ features, steps }: Model): fc.Arbitrary<RowValues> {
  const thresholds = steps.flatMap((step) =>
    step.kind === 'tree-ensemble'
      ? step.trees.flatMap(({ splits }) =>
          splits.threshold.filter((_, s) => splits.test[s]! < SplitTest.setNanLeft),
        )
      : [],
  );
  const members = steps.flatMap((step) =>
    step.kind === 'tree-ensemble' ? step.trees.flatMap(({ splits }) => splits.sets.flat()) : [],
  );
  const keys = steps.flatMap((step) =>
    step.kind === 'encode-category' ? step.categories.filter((key) => typeof key === 'number') : [],
  );
  const near = [...thresholds, ...keys, ...steps.flatMap(landmarks)].flatMap(neighbours);
  const numberValue = fc.oneof(
    { weight: 6, arbitrary: near.length > 0 ? fc.constantFrom(...near) : number },
    { weight: 3, arbitrary: members.length > 0 ? fc.constantFrom(...members) : category },
    { weight: 3, arbitrary: number },
    { weight: 1, arbitrary: category.map((value) => value + 0.7) },
    { weight: 2, arbitrary: fc.constantFrom(null, Number.NaN) },
  );
  const textValue = fc.oneof(fc.constantFrom<string | null>(...KNOWN_TEXTS, 'unseen', null), text);
  return fc.tuple(...features.map(({ kind }) => (kind === 'text' ? textValue : numberValue)));
}

/** The number itself, and the next ones up and down in float64 and in float32. */
function neighbours(value: number): number[] {
  if (!Number.isFinite(value)) return [value];
  const doubles = new BigInt64Array(Float64Array.of(value).buffer)[0]!;
  const singles = new Int32Array(Float32Array.of(value).buffer)[0]!;
  const around = [-1, 1].flatMap((step) => [
    new Float64Array(BigInt64Array.of(doubles + BigInt(step)).buffer)[0]!,
    new Float32Array(Int32Array.of(singles + step).buffer)[0]!,
  ]);
  return [value, Math.fround(value), ...around].filter((near) => !Number.isNaN(near));
}
