import { describeValue } from '../ir/describe.ts';
import { categoryCodes, type EncodeCategory, type Feature } from '../ir/model.ts';
import type { Signature } from '../ir/signature.ts';
import { quoteIdent, quoteLiteral } from '../quote.ts';
import { takesArrays, toArrays } from './arguments.ts';
import type { Program, Range } from './program.ts';

/** The schemas of DESIGN: what people call, and what only generated SQL calls. */
const MODELS = 'pgscore_models';
const INTERNAL = 'pgscore_internal';

/** Above this many features a scoring function takes arrays: PostgreSQL functions have at most 100 arguments. */
const MAX_SCALARS = 100;

/** Text features with more categories than this are looked up in a jsonb constant: a binary search, not a chain of WHENs. */
const MAX_CASE_BRANCHES = 24;

export interface VersionSql {
  /** The version's own functions, immutable, in pgscore_models. They need the JavaScript ones to exist. */
  readonly functions: string;
  /** The statements that make the version the champion: the functions that bear the model's name. */
  readonly activation: string;
}

export interface VersionNames {
  readonly model: string;
  readonly version: number;
  /** Base of all the version's function names: churn_v3_1a2b3c4d. */
  readonly functionName: string;
}

/**
 * The SQL around a version's JavaScript functions, `<functionName>_value` and `<functionName>_outputs` in
 * pgscore_internal: named arguments, texts coded to numbers, JSON, labels. All of it is inlined into the calling query by
 * PostgreSQL and costs nothing by itself.
 */
export function versionSql(model: Signature, program: Program, names: VersionNames): VersionSql {
  const call = new ScoringCall(model, program, names.functionName);
  const own = (part: 'value' | 'outputs') =>
    createFunction({
      name: names.functionName + (part === 'value' ? '' : '__outputs'),
      parameters: call.parameters,
      returns: part === 'value' ? 'double precision' : 'double precision[]',
      volatility: 'IMMUTABLE',
      body: call.fromScalars(part),
      comment: `${names.model} version ${names.version}: ${part === 'value' ? 'the value' : OUTPUTS}, from scalars`,
    });
  return {
    functions: `${own('value')}\n${own('outputs')}`,
    activation: championFunctions(model, program, names, call).join('\n'),
  };
}

const OUTPUTS = 'all outputs as [value, predicted class, raw…, values…, probabilities…]';

/**
 * The privilege to call a model is EXECUTE on its plain function. The functions beside it are open to all and name
 * that function in a branch that is never taken: PostgreSQL checks the privilege whenever it prepares the call.
 */
function championFunctions(
  model: Signature,
  program: Program,
  names: VersionNames,
  call: ScoringCall,
): string[] {
  const { model: name, version } = names;
  const plain = `${MODELS}.${quoteIdent(name)}(${call.anything})`;
  const rejected = `${INTERNAL}.reject_features(${quoteLiteral(name)}, ${version}, features::jsonb)`;
  const stable = { volatility: 'STABLE' as const };
  const guarded = (part: string, parameters: string, returns: string, body: string, comment: string) =>
    createFunction({
      name: `${name}__${part}`,
      parameters,
      returns,
      ...stable,
      body: guardedBy(plain, returns, body),
      comment: `model ${name}: ${comment}`,
    });
  const array = 'double precision[]';
  // A value of NULL says that the row does not fit, except where a row may have none.
  const outputsFromJson = `COALESCE(NULLIF(${call.fromJson('outputs')}, '{}'), ARRAY[${rejected}])`;
  return [
    createFunction({
      name,
      parameters: call.parameters,
      returns: 'double precision',
      ...stable,
      // Inlined, the immutable call alone would pass for the body of an index or a generated column, which a promotion
      // would make untrue.
      body: guardedBy('NULL', 'double precision', call.fromScalars('value')),
      comment: `model ${name}: ${describeValue(model)}. Answers with version ${version}`,
    }),
    guarded('outputs', call.parameters, array, call.fromScalars('outputs'), `${OUTPUTS}, from scalars`),
    ...['json', 'jsonb'].flatMap((type) => [
      guarded(
        `from_${type}`,
        `features ${type}`,
        'double precision',
        model.output.optional
          ? `(${outputsFromJson})[1]`
          : `COALESCE(${call.fromJson('value')}, ${rejected})`,
        'the value, from a JSON object',
      ),
      guarded(
        `outputs_from_${type}`,
        `features ${type}`,
        array,
        outputsFromJson,
        `${OUTPUTS}, from a JSON object`,
      ),
    ]),
    guarded('label', `outputs ${array}`, 'text', labelOf(model), 'the label among its outputs'),
    guarded(
      'proba',
      `outputs ${array}`,
      'jsonb',
      probabilitiesOf(model, program),
      'the probabilities among its outputs',
    ),
    guarded('raw', `outputs ${array}`, array, slice(program.outputs.raw), 'the raw scores among its outputs'),
    guarded('version', '', 'integer', String(version), 'the version that the name answers with'),
  ];
}

/**
 * An expression that only a caller who may execute `plain` gets as far as evaluating. The condition never holds, but
 * the planner does not know: with anything that it can compute in advance, such as COALESCE over constant features, it
 * would leave the branch out and the privilege unchecked.
 */
function guardedBy(plain: string, returns: string, body: string): string {
  const never = returns.endsWith('[]')
    ? `ARRAY[${plain}]`
    : returns === 'jsonb'
      ? `to_jsonb(${plain})`
      : `${plain}::${returns}`;
  return `CASE WHEN now() = '-infinity' THEN ${never} ELSE ${body} END`;
}

/** Writes calls of the two JavaScript functions from the parameters of an SQL function. */
class ScoringCall {
  readonly parameters: string;
  /** Some value for each parameter: no constants, for which the planner would call the model. */
  readonly anything: string;
  private readonly model: Signature;
  private readonly program: Program;
  private readonly functionName: string;
  private readonly scalars: boolean;

  constructor(model: Signature, program: Program, functionName: string) {
    this.model = model;
    this.program = program;
    this.functionName = functionName;
    this.scalars = model.features.length <= MAX_SCALARS;
    const types = this.scalars ? model.features.map(sqlType) : arrayTypes(model.features);
    const names = this.scalars ? parameterNames(model.features) : ['numbers', 'texts'];
    this.parameters = types.map((type, i) => `${quoteIdent(names[i]!)} ${type}`).join(', ');
    this.anything = types.map((type) => SOME_VALUE[type]!).join(', ');
  }

  fromScalars(part: 'value' | 'outputs'): string {
    const values = this.program.arguments.map(({ feature, step }) => {
      const parameter = this.parameter(feature);
      return step === undefined ? parameter : encodeSql(parameter, this.model.steps[step] as EncodeCategory);
    });
    return this.call(part, 'NULL', takesArrays(this.program.arguments) ? this.arrays(values) : values);
  }

  fromJson(part: 'value' | 'outputs'): string {
    const { arguments: args } = this.program;
    const taken = takesArrays(args) ? toArrays(args, args) : args;
    const nulls = taken.map(() => 'NULL');
    return this.call(part, '$1::text', nulls);
  }

  private call(part: string, json: string, values: readonly string[]): string {
    return `${INTERNAL}.${quoteIdent(`${this.functionName}_${part}`)}(${[json, ...values].join(', ')})`;
  }

  private arrays(values: readonly string[]): string[] {
    const types = ['double precision[]', 'text[]'];
    return toArrays(this.program.arguments, values).map(
      (each, i) => `ARRAY[${each.join(', ')}]::${types[i]}`,
    );
  }

  /** Scalars by position; above 100 features an element of the array of its kind. */
  private parameter(feature: number): string {
    if (this.scalars) return `$${feature + 1}`;
    const { kind } = this.model.features[feature]!;
    const before = this.model.features.slice(0, feature).filter((each) => each.kind === kind).length;
    const hasNumbers = this.model.features.some((each) => each.kind === 'number');
    return `$${kind === 'number' || !hasNumbers ? 1 : 2}[${before + 1}]`;
  }
}

const SOME_VALUE: Readonly<Record<string, string>> = {
  'double precision': 'length(current_user)::double precision',
  text: 'current_user::text',
  'double precision[]': 'ARRAY[length(current_user)]::double precision[]',
  'text[]': 'ARRAY[current_user::text]',
};

function sqlType(feature: Feature): string {
  return feature.kind === 'number' ? 'double precision' : 'text';
}

function arrayTypes(features: readonly Feature[]): string[] {
  const kinds = new Set(features.map(({ kind }) => kind));
  return [...(kinds.has('number') ? ['double precision[]'] : []), ...(kinds.has('text') ? ['text[]'] : [])];
}

/**
 * Argument names: the features' own, as far as PostgreSQL can hold them (63 bytes, not empty, each once); a name that
 * it cannot hold is cut and numbered. Calls by position are not affected.
 */
function parameterNames(features: readonly Feature[]): string[] {
  const taken = new Set<string>();
  return features.map(({ name }, i) => {
    let fitting = name;
    for (let n = i + 1; fitting === '' || Buffer.byteLength(fitting) > 63 || taken.has(fitting); n++) {
      const suffix = `_${n}`;
      fitting = cutToBytes(name === '' ? 'feature' : name, 63 - suffix.length) + suffix;
    }
    taken.add(fitting);
    return fitting;
  });
}

/** The longest prefix of whole characters within so many bytes of UTF-8. */
function cutToBytes(text: string, bytes: number): string {
  let cut = '';
  for (const character of text) {
    if (Buffer.byteLength(cut + character) > bytes) break;
    cut += character;
  }
  return cut;
}

/** The code of a text, byte for byte whatever the collation of the column: `COLLATE "C"`. */
function encodeSql(parameter: string, step: EncodeCategory): string {
  const missing = numberSql(step.missing);
  const unknown = numberSql(step.unknown);
  const known = encodeKnown(parameter, step, unknown);
  return missing === unknown ? known : `CASE WHEN ${parameter} IS NULL THEN ${missing} ELSE ${known} END`;
}

function encodeKnown(parameter: string, step: EncodeCategory, unknown: string): string {
  const categories = step.categories as readonly string[];
  const codes = categoryCodes(step);
  if (categories.length === 0) return unknown;
  if (categories.length > MAX_CASE_BRANCHES) return lookup(parameter, categories, codes, unknown);
  const branches = categories.map(
    (category, k) => ` WHEN ${quoteLiteral(category)} THEN ${numberSql(codes[k]!)}`,
  );
  return `CASE ${parameter} COLLATE "C"${branches.join('')} ELSE ${unknown} END`;
}

function lookup(
  parameter: string,
  categories: readonly string[],
  codes: readonly number[],
  unknown: string,
): string {
  const table = Object.fromEntries(
    categories.map((category, k) => [category, Number.isFinite(codes[k]) ? codes[k] : String(codes[k])]),
  );
  return `COALESCE((${quoteLiteral(JSON.stringify(table))}::jsonb ->> ${parameter})::double precision, ${unknown})`;
}

/** NaN is missing to the program, and so is NULL, which is shorter and typed by its context. */
function numberSql(code: number): string {
  if (Number.isNaN(code)) return 'NULL::double precision';
  return Number.isFinite(code) ? `(${code})::double precision` : `'${code}'::double precision`;
}

function slice({ start, end }: Range): string {
  return `outputs[${start + 1}:${end}]`;
}

function labelOf({ output }: Signature): string {
  if (output.classes === undefined) return 'NULL';
  return `(ARRAY[${output.classes.labels.map(quoteLiteral).join(', ')}]::text[])[outputs[2]::integer + 1]`;
}

function probabilitiesOf({ output }: Signature, program: Program): string {
  if (output.classes?.probabilities === undefined) return 'NULL';
  const { labels } = output.classes;
  const first = program.outputs.probabilities.start + 1;
  // A function call takes 100 arguments at the most: 50 pairs.
  const objects: string[] = [];
  for (let i = 0; i < labels.length; i += 50) {
    const pairs = labels
      .slice(i, i + 50)
      .map((label, k) => `${quoteLiteral(label)}, outputs[${first + i + k}]`);
    objects.push(`jsonb_build_object(${pairs.join(', ')})`);
  }
  return `CASE WHEN outputs[${first}] IS NOT NULL THEN ${objects.join(' || ')} END`;
}

interface FunctionText {
  readonly name: string;
  readonly parameters: string;
  readonly returns: string;
  readonly volatility: 'IMMUTABLE' | 'STABLE';
  /** One SQL expression. */
  readonly body: string;
  readonly comment: string;
}

function createFunction({ name, parameters, returns, volatility, body, comment }: FunctionText): string {
  const qualified = `${MODELS}.${quoteIdent(name)}`;
  return (
    `CREATE OR REPLACE FUNCTION ${qualified}(${parameters})\n` +
    `RETURNS ${returns} LANGUAGE sql ${volatility} PARALLEL SAFE\nRETURN ${body};\n` +
    `COMMENT ON FUNCTION ${qualified} IS ${quoteLiteral(comment)};\n`
  );
}
