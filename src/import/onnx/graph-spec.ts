import type { OutputElement } from '../../ir/graph.ts';
import type { Task } from '../../ir/model.ts';
import { JsonCursor } from '../json-cursor.ts';

/**
 * A description of what feeds a graph's inputs and of what its outputs are, as people write it:
 *
 *     { "inputs": {
 *         "numeric": [{"feature": "tenure", "missing": 29, "subtract": 32.4, "divide": 24.5}, "monthly_charges"],
 *         "categorical": [{"feature": "gender", "categories": ["Female", "Male"], "codes": [1, 2], "missing": 0, "unknown": 0}],
 *         "note": [{"feature": "note", "missing": ""}],
 *         "image": {"array": "pixels", "shape": [3, 224, 224]} },
 *       "outputs": {"value": "probability", "probabilities": "probability", "raw": "logit", "labels": ["No", "Yes"]},
 *       "task": "binary",
 *       "features": ["tenure", …] }
 *
 * Everything but `feature` and `array` may be left out.
 */
export interface GraphSpec {
  /** Of the document, for messages. */
  readonly name: string;
  readonly inputs: ReadonlyMap<string, InputSpec>;
  readonly outputs: OutputSpec;
  readonly task?: Task;
  /** The order of the signature. */
  readonly features?: readonly string[];
  /** Raises a PGS_USAGE error about the document. */
  fail(problem: string): never;
}

export type InputSpec =
  | { readonly kind: 'array'; readonly feature: string; readonly shape?: readonly (number | null)[] }
  | { readonly kind: 'elements'; readonly elements: readonly ElementSpec[] };

/** What is left out has the meaning that the tensor's type gives it. */
export interface ElementSpec {
  readonly feature: string;
  readonly missing?: number | string;
  readonly subtract?: number;
  readonly divide?: number;
  readonly categories?: readonly string[];
  readonly codes?: readonly number[];
  readonly unknown?: number;
}

/** A whole output, or one element of each row of it. */
export type OutputReference = string | OutputElement;

export interface OutputSpec {
  readonly value?: OutputReference;
  readonly raw?: string;
  readonly values?: string;
  readonly labels?: readonly string[];
  readonly probabilities?: string | readonly OutputElement[];
  readonly predicted?: OutputReference;
  readonly codes?: readonly (number | string)[];
}

const TASKS = ['regression', 'binary', 'multiclass', 'ranking', 'survival', 'clustering', 'anomaly'] as const;

/** @throws PgscoreError PGS_USAGE that says where and what is valid */
export function parseGraphSpec(name: string, text: string): GraphSpec {
  const root = JsonCursor.parse(name, text);
  const keys = root.object(['inputs', 'outputs', 'task', 'features']);
  const inputs = new Map(
    [...(keys.get('inputs')?.object() ?? [])].map(([input, at]) => [input, inputSpec(at)]),
  );
  const task = keys.get('task')?.oneOf(TASKS);
  const features = keys.get('features')?.texts();
  return {
    name,
    inputs,
    outputs: outputSpec(keys.get('outputs')),
    ...(task === undefined ? {} : { task }),
    ...(features === undefined ? {} : { features }),
    fail: (problem) => root.fail(problem),
  };
}

function inputSpec(at: JsonCursor): InputSpec {
  if (at.isList()) return { kind: 'elements', elements: at.list().map(elementSpec) };
  const keys = at.object(['array', 'shape']);
  const feature = keys.get('array')?.text() ?? at.fail('has no key "array", which names the feature');
  const shape = keys
    .get('shape')
    ?.list()
    .map((size) => (size.isNull() ? null : size.natural()));
  return { kind: 'array', feature, ...(shape === undefined ? {} : { shape }) };
}

function elementSpec(at: JsonCursor): ElementSpec {
  if (at.isText()) return { feature: at.text() };
  const keys = at.object(['feature', 'missing', 'subtract', 'divide', 'categories', 'codes', 'unknown']);
  const missing = keys.get('missing');
  const spec: ElementSpec = {
    feature: keys.get('feature')?.text() ?? at.fail('has no key "feature"'),
    ...some('missing', missing?.isText() && !missing.isNumber() ? missing.text() : missing?.number()),
    ...some('subtract', keys.get('subtract')?.number()),
    ...some('divide', keys.get('divide')?.number()),
    ...some('categories', keys.get('categories')?.texts()),
    ...some(
      'codes',
      keys
        .get('codes')
        ?.list()
        .map((code) => code.number()),
    ),
    ...some('unknown', keys.get('unknown')?.number()),
  };
  if (spec.divide === 0) at.fail('divides by 0');
  checkCategories(at, spec);
  return spec;
}

function checkCategories(
  at: JsonCursor,
  { categories, codes, unknown, subtract, divide }: ElementSpec,
): void {
  if (categories === undefined) {
    if (codes !== undefined || unknown !== undefined) at.fail('has codes or unknown, but no categories');
    return;
  }
  if (subtract !== undefined || divide !== undefined) at.fail('scales a category; give other codes instead');
  if (codes !== undefined && codes.length !== categories.length) {
    at.fail(`has ${codes.length} codes for ${categories.length} categories`);
  }
}

function outputSpec(at: JsonCursor | undefined): OutputSpec {
  const keys = at?.object(['value', 'raw', 'values', 'labels', 'probabilities', 'predicted', 'codes']);
  const probabilities = keys?.get('probabilities');
  return {
    ...some('value', reference(keys?.get('value'))),
    ...some('raw', keys?.get('raw')?.text()),
    ...some('values', keys?.get('values')?.text()),
    ...some('labels', keys?.get('labels')?.texts()),
    ...some(
      'probabilities',
      probabilities?.isList() ? probabilities.list().map(outputElement) : probabilities?.text(),
    ),
    ...some('predicted', reference(keys?.get('predicted'))),
    ...some(
      'codes',
      keys
        ?.get('codes')
        ?.list()
        .map((code) => (code.isText() ? code.text() : code.number())),
    ),
  };
}

function reference(at: JsonCursor | undefined): OutputReference | undefined {
  return at?.isText() ? at.text() : at && outputElement(at);
}

function outputElement(at: JsonCursor): OutputElement {
  const keys = at.object(['output', 'index']);
  return {
    output: keys.get('output')?.text() ?? at.fail('has no key "output"'),
    index: keys.get('index')?.natural() ?? 0,
  };
}

function some<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V };
}
