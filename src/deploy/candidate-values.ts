import {
  type AverageTerms,
  type CountTerms,
  type Feature,
  type Model,
  type Register,
  registerLayout,
  type Step,
  type TextMeasure,
} from '../ir/model.ts';

/** A feature's list grows no longer. */
const MAX_VALUES = 200;

/** Trees and points beyond these add nothing but time. */
const MAX_TREES = 100;
const MAX_POINTS = 50;

/**
 * What each feature may take when rows are drawn: first null, then numbers and texts at and around those at which the
 * model changes its answer.
 */
export function candidateValues(model: Model): readonly (readonly (number | string | null)[])[] {
  const candidates = model.features.map((feature) => basicValues(feature));
  const rounded = roundedFeatures(model);
  for (const step of model.steps) {
    if (step.kind === 'count-terms' || step.kind === 'average-terms')
      candidates[step.input]?.push(...textsOf(vocabularyOf(step)));
    if (step.kind === 'measure-text') candidates[step.input]?.push(...SOME_MEASURED[step.measure.name]);
    for (const [register, value] of landmarks(step)) {
      const feature = rounded.get(register) ?? register;
      const list = candidates[feature];
      if (list === undefined || list.length > MAX_VALUES || !Number.isFinite(value)) continue;
      if (model.features[feature]!.kind === 'number') list.push(value, value + 0.5, value - 0.5);
    }
  }
  return candidates;
}

/** Registers that hold a feature rounded down: what is a landmark of theirs is one of the feature. */
function roundedFeatures(model: Model): ReadonlyMap<Register, number> {
  const { first } = registerLayout(model);
  return new Map(
    model.steps.flatMap((step, s) =>
      step.kind === 'map' && step.operations.every(({ name }) => name === 'floor')
        ? step.inputs.map((input, k) => [first[s]! + k, input] as const)
        : [],
    ),
  );
}

function vocabularyOf(step: CountTerms | AverageTerms): readonly string[] {
  if (step.kind === 'average-terms') return step.vocabulary;
  return step.columns.by === 'hash' ? SOME_TERMS : step.columns.terms;
}

/** Texts of the terms that the model knows: a few alone, and many in lines. */
function textsOf(vocabulary: readonly string[]): readonly string[] {
  const terms = vocabulary.filter((term) => !term.includes('\0'));
  const stride = Math.max(1, Math.floor(terms.length / MAX_VALUES));
  const some = terms.filter((_, i) => i % stride === 0).slice(0, MAX_VALUES);
  const lines = some.flatMap((_, i) => (i % 5 === 0 ? [some.slice(i, i + 9).join(' ')] : []));
  return ['', ...some.slice(0, MAX_POINTS), ...lines];
}

const SOME_TERMS = ['a', 'the', 'Some words', 'and', 'others', 'Zürich', 'number 12'];

/** Texts of which something is told. */
const SOME_MEASURED: Readonly<Record<TextMeasure['name'], readonly string[]>> = {
  length: ['', 'a', 'Some words'],
  matches: ['', 'a', 'Some words', 'number 12'],
  number: ['0', '-1', '2.5', '100'],
  date: ['1960-02-29', '1970-01-01', '2003-04-01', '2024-12-31'],
  'date-time': ['1969-12-31T23:59:59', '2003-04-01T00:00:00', '2024-02-29T12:30:15.25+02:00'],
  time: ['00:00', '05:23:30', '23:59:59.5'],
};

function basicValues(feature: Feature): (number | string | null)[] {
  const categories = (feature.categories ?? []).slice(0, MAX_VALUES);
  if (feature.kind === 'text') return [null, '\u2400 no such category', ...categories];
  return [null, 0, 1, -1, 3.7, ...categories];
}

/** The same without a model to look into: null, then what the type admits. */
export function typicalValues({ kind, categories = [] }: Feature): readonly (number | string | null)[] {
  if (categories.length > 0) return [null, ...categories.slice(0, MAX_VALUES)];
  return kind === 'text' ? [null, '', 'a', 'Some text'] : [null, 0, 1, -1, 3.7, 12, 100, 2500];
}

/** Constants of a step, each with the register that it is compared with or taken from. */
function landmarks(step: Step): Iterable<readonly [Register, number]> {
  switch (step.kind) {
    case 'tree-ensemble':
      return step.trees
        .slice(0, MAX_TREES)
        .flatMap(({ splits }) =>
          splits.feature.map((input, k) => [step.inputs[input]!, splits.threshold[k]!] as const),
        );
    case 'encode-category':
      return step.categories.flatMap((category) =>
        typeof category === 'number' ? [[step.input, category] as const] : [],
      );
    case 'map': {
      const by = step.operations.flatMap((operation) => ('by' in operation ? [operation.by] : []))[0] ?? [];
      return step.inputs.map((register, k) => [register, by[by.length === 1 ? 0 : k]!] as const);
    }
    case 'bin':
      return listed(step.inputs, step.edges);
    case 'interpolate':
      return listed(step.inputs, step.x);
    case 'lookup':
      return step.inputs.flatMap((register) => step.keys.map((key) => [register, key] as const));
    case 'distance':
      return step.points
        .slice(0, MAX_POINTS)
        .flatMap((point) => point.map((value, k) => [step.inputs[k]!, value] as const));
    default:
      return [];
  }
}

/** One list an input. */
function listed(inputs: readonly Register[], lists: readonly (readonly number[])[]) {
  return inputs.flatMap((register, k) => lists[k]!.map((value) => [register, value] as const));
}
