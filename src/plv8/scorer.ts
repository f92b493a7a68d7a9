/** A parameter of a hand-written scorer, or a property of its one object parameter, as its type says. */
export interface ParameterSpec {
  readonly name: string;
  /** A boolean is the number 1 or 0 outside of the function. */
  readonly type: 'number' | 'text' | 'boolean';
  /** What the function gets for a missing value; with 'none' it is not called, and there is no prediction. */
  readonly missing: 'null' | 'undefined' | 'none';
  /** The only values that the type admits; absent when it admits all. */
  readonly categories?: readonly (string | number)[];
}

export interface ResultSpec {
  readonly kind: 'number' | 'label' | 'boolean' | 'object';
  /** Class names in class order; absent without classes. */
  readonly labels?: readonly string[];
  readonly hasProbabilities: boolean;
  /** How many raw scores and values the result holds. */
  readonly raw: number;
  readonly values: number;
}

export interface ScorerSpec {
  /** The function's name, for messages. */
  readonly name: string;
  /** One parameter a feature, or one object that has them all. */
  readonly form: 'scalars' | 'object';
  readonly parameters: readonly ParameterSpec[];
  readonly result: ResultSpec;
  /** Whether the program takes its arguments as arrays: one of numbers and, where some are texts, one of texts. */
  readonly inArrays: boolean;
}

type Argument = number | string | null | undefined;

/** [value, predicted class, raw…, values…, probabilities…]; without a value null. */
type Outputs = (number | null)[];

export interface ScorerProgram {
  value(...args: never[]): number | null;
  outputs(...args: never[]): Outputs;
}

/** What a scorer may return as an object. */
interface ObjectResult {
  readonly value?: unknown;
  readonly label?: unknown;
  readonly probabilities?: Readonly<Record<string, unknown>> | null;
  readonly raw?: unknown;
  readonly values?: unknown;
}

/**
 * A typed function as a program. Arguments come as SQL has them: numbers and texts, NULL and NaN for missing. Errors
 * name the function, and what it threw.
 */
export function createScorerProgram(scorer: (...args: never[]) => unknown, spec: ScorerSpec): ScorerProgram {
  const outputs = (args: readonly Argument[]): Outputs => {
    const values: unknown[] = [];
    for (let k = 0; k < spec.parameters.length; k++) {
      const parameter = spec.parameters[k]!;
      const given = args[k];
      if (isMissing(given)) {
        if (parameter.missing === 'none') return resultOutputs(null, spec);
        values.push(parameter.missing === 'null' ? null : undefined);
      } else values.push(readArgument(given, parameter, spec));
    }
    return resultOutputs(callScorer(scorer, values, spec), spec);
  };
  if (spec.inArrays) {
    const merged = (numbers: readonly Argument[], texts: readonly Argument[]) => merge(numbers, texts, spec);
    return {
      value: (numbers: readonly Argument[], texts: readonly Argument[]) =>
        outputs(merged(numbers, texts))[0]!,
      outputs: (numbers: readonly Argument[], texts: readonly Argument[]) => outputs(merged(numbers, texts)),
    };
  }
  return {
    value: (...args: Argument[]) => outputs(args)[0]!,
    outputs: (...args: Argument[]) => outputs(args),
  };
}

function merge(
  numbers: readonly Argument[],
  texts: readonly Argument[],
  { parameters }: ScorerSpec,
): readonly Argument[] {
  let number = 0;
  let text = 0;
  return parameters.map(({ type }) => (type === 'text' ? texts[text++] : numbers[number++]));
}

function isMissing(value: Argument): value is null | undefined {
  return value === null || value === undefined || Number.isNaN(value);
}

function readArgument(
  value: number | string,
  { name, type, categories }: ParameterSpec,
  spec: ScorerSpec,
): unknown {
  if (type === 'boolean') {
    if (value === 0 || value === 1) return value === 1;
    throw new RangeError(`${spec.name}(): ${name} is ${value}, expected 1 or 0 for a boolean`);
  }
  if (categories !== undefined && !categories.includes(value)) {
    throw new RangeError(
      `${spec.name}(): ${name} is ${JSON.stringify(value)}, and its type admits only ${list(categories)}`,
    );
  }
  return value;
}

function list(values: readonly (string | number)[]): string {
  const shown = values.slice(0, 20).map((value) => JSON.stringify(value));
  return shown.join(', ') + (values.length > shown.length ? `, … (${values.length} in all)` : '');
}

function callScorer(
  scorer: (...args: never[]) => unknown,
  values: readonly unknown[],
  { name, form, parameters }: ScorerSpec,
): unknown {
  try {
    if (form === 'scalars') return scorer(...(values as never[]));
    const row: Record<string, unknown> = {};
    parameters.forEach((parameter, k) => {
      if (values[k] !== undefined) define(row, parameter.name, values[k]);
    });
    return scorer(row as never);
  } catch (error) {
    throw new Error(`${name}() threw ${String(error)}`);
  }
}

/** Assignment would take the key __proto__ for something else. */
function define(row: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(row, key, { value, enumerable: true, writable: true, configurable: true });
}

function resultOutputs(result: unknown, spec: ScorerSpec): Outputs {
  const { kind, labels = [], raw, values, hasProbabilities } = spec.result;
  if (result === null || result === undefined) {
    const nothing = [...numbers(null, raw, 'raw', spec), ...numbers(null, values, 'values', spec)];
    return [null, -1, ...nothing, ...(hasProbabilities ? labels.map(() => null) : [])];
  }
  switch (kind) {
    case 'number':
      return [number(result, 'the result', spec), -1];
    case 'boolean': {
      if (typeof result !== 'boolean') return fail(result, 'the result', 'a boolean', spec);
      return [Number(result), Number(result)];
    }
    case 'label': {
      const predicted = labelIndex(result, spec);
      return [predicted, predicted];
    }
    case 'object':
      return objectOutputs(result as ObjectResult, spec);
  }
}

function objectOutputs(result: ObjectResult, spec: ScorerSpec): Outputs {
  if (typeof result !== 'object') return fail(result, 'the result', 'an object', spec);
  const { labels = [], raw, values, hasProbabilities } = spec.result;
  const given = result.probabilities ?? null;
  const probabilities = !hasProbabilities
    ? []
    : labels.map((label) => (given === null ? null : number(given[label], `probabilities.${label}`, spec)));
  const label = result.label ?? null;
  return [
    number(result.value ?? null, 'value', spec),
    label === null ? greatest(probabilities) : labelIndex(label, spec),
    ...numbers(result.raw ?? null, raw, 'raw', spec),
    ...numbers(result.values ?? null, values, 'values', spec),
    ...probabilities,
  ];
}

/** The first of the greatest probabilities; -1 without any. */
function greatest(probabilities: readonly (number | null)[]): number {
  let best = -1;
  probabilities.forEach((probability, k) => {
    if (probability !== null && (best === -1 || probability > probabilities[best]!)) best = k;
  });
  return best;
}

function labelIndex(label: unknown, spec: ScorerSpec): number {
  const index = (spec.result.labels ?? []).indexOf(label as string);
  return index === -1 ? fail(label, 'the label', `one of ${list(spec.result.labels ?? [])}`, spec) : index;
}

/** NaN is no value. */
function number(value: unknown, what: string, spec: ScorerSpec): number | null {
  if (value === null || Number.isNaN(value)) return null;
  return typeof value === 'number' ? value : fail(value, what, 'a number', spec);
}

function numbers(value: unknown, count: number, what: string, spec: ScorerSpec): number[] {
  if (value === null) return new Array(count).fill(Number.NaN);
  const all = Array.isArray(value) ? value : [value];
  if (all.length !== count) return fail(value, what, count === 1 ? 'one number' : `${count} numbers`, spec);
  return all.map((each) => number(each, what, spec) ?? Number.NaN);
}

function fail(value: unknown, what: string, wanted: string, { name }: ScorerSpec): never {
  const got =
    typeof value === 'string'
      ? JSON.stringify(value)
      : Array.isArray(value)
        ? `${value.length} numbers`
        : String(value);
  throw new TypeError(`${name}(): ${what} is ${got}, expected ${wanted}`);
}
