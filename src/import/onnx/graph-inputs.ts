import { PgscoreError } from '../../errors.ts';
import type { GraphElement, GraphFeature, GraphInput, GraphModel, TensorType } from '../../ir/graph.ts';
import type { ImportOptions } from '../importer.ts';
import { type OnnxFile, tensorTypeOf, type ValueInfo } from './file.ts';
import type { ElementSpec, GraphSpec } from './graph-spec.ts';
import { storedNames } from './inputs.ts';
import { sizeOf } from './value.ts';

/** Elements of one input that are fed one by one. */
const MAX_ELEMENTS = 100_000;

/** An input as the file declares it: of one row, without the axis of rows. */
interface Declared {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: readonly (number | null)[];
}

export type GraphInputs = Pick<GraphModel, 'features' | 'inputs' | 'rowsPerRun'>;

/**
 * What feeds a graph's inputs: as the description says, and by default one feature for an input of one element, named
 * like the input; one for each column where the columns' names are known; else one array.
 * @throws PgscoreError PGS_UNSUPPORTED for inputs that rows cannot feed, PGS_USAGE for a description that does not fit
 */
export function readGraphInputs(
  file: OnnxFile,
  options: ImportOptions,
  spec: GraphSpec | undefined,
): GraphInputs {
  const constants = new Set(file.graph.initializers.map(({ name }) => name));
  const infos = file.graph.inputs.filter(({ name }) => !constants.has(name));
  if (infos.length === 0) refuse(file, 'the graph takes no inputs');
  const rows = new Set<number | undefined>();
  const declared = infos.map((info) => declare(file, info, rows));
  for (const name of spec?.inputs.keys() ?? []) {
    if (declared.some((input) => input.name === name)) continue;
    spec!.fail(
      `describes an input ${JSON.stringify(name)}; the graph has ${declared.map((input) => input.name).join(', ')}`,
    );
  }
  const features = new FeatureList(spec);
  const names = columnNames(file, declared, options, spec);
  const inputs = declared.map(
    (input) => describedInput(input, spec, features) ?? defaultInput(input, names, features),
  );
  return {
    ...(rows.has(1) ? { rowsPerRun: 1 as const } : {}),
    ...features.inOrder(spec, inputs),
  };
}

function refuse({ name }: OnnxFile, problem: string, hint?: string): never {
  throw new PgscoreError('PGS_UNSUPPORTED', `${name}: ${problem}.`, hint === undefined ? {} : { hint });
}

function declare(file: OnnxFile, { name, type }: ValueInfo, rows: Set<number | undefined>): Declared {
  const shown = JSON.stringify(name);
  if (type.kind !== 'tensor') refuse(file, `input ${shown} is no tensor, and the sidecar feeds tensors only`);
  const elements = tensorTypeOf(type.code);
  if (elements === undefined)
    refuse(file, `input ${shown} has elements of type ${type.code}, which onnxruntime-node does not take`);
  const { dims } = type;
  if (dims === undefined || dims.length === 0) {
    refuse(
      file,
      `input ${shown} ${dims === undefined ? 'does not say its shape' : 'is a scalar, with no axis for rows'}`,
      'Export the model with a shape for each input, its first axis being that of the rows.',
    );
  }
  if (dims.some((size) => size !== undefined && size < 0)) {
    throw new PgscoreError('PGS_FILE', `${file.name}: input ${shown} has a negative size.`);
  }
  const [first, ...rest] = dims;
  if (first !== undefined && first !== 1) {
    refuse(
      file,
      `input ${shown} takes ${first} rows in each run`,
      'Export the model with a first axis of open size (dynamic_axes, dynamic_shapes).',
    );
  }
  rows.add(first);
  return { name, type: elements, shape: rest.map((size) => size ?? null) };
}

/** The names of a single matrix's columns, from the options or the file; undefined when nobody tells. */
function columnNames(
  file: OnnxFile,
  inputs: readonly Declared[],
  { features }: ImportOptions,
  spec: GraphSpec | undefined,
): readonly string[] | undefined {
  const open = inputs.filter(
    ({ name, shape }) => shape.length === 1 && shape[0] !== 1 && !spec?.inputs.has(name),
  );
  const [matrix] = open;
  const width = open.length === 1 ? matrix!.shape[0] : undefined;
  if (features === undefined) return typeof width === 'number' ? storedNames(file, width) : undefined;
  if (
    width !== undefined &&
    (width === null || width === features.length) &&
    new Set(features).size === features.length
  ) {
    return features;
  }
  throw new PgscoreError(
    'PGS_USAGE',
    width === undefined
      ? `${file.name}: ${features.length} feature names were given, but the graph has ${open.length} matrices to name the columns of.`
      : `${file.name}: ${features.length} feature names were given, but input ${JSON.stringify(matrix!.name)} has ${width} columns, each of another name.`,
    { hint: 'Say what feeds each input in a JSON file, and give it with --inputs.' },
  );
}

function describedInput(
  declared: Declared,
  spec: GraphSpec | undefined,
  features: FeatureList,
): GraphInput | undefined {
  const { name, type } = declared;
  const described = spec?.inputs.get(name);
  if (described === undefined) return undefined;
  if (described.kind === 'array') {
    const shape = described.shape ?? declared.shape;
    if (!agree(shape, declared.shape)) {
      spec!.fail(`inputs.${name} has shape ${show(shape)}, but the graph declares ${show(declared.shape)}`);
    }
    if (type === 'string')
      spec!.fail(`inputs.${name} is an array, but the graph takes texts: describe its elements`);
    return arrayInput({ name, type, shape }, described.feature, features);
  }
  const { elements } = described;
  const shape = filled(declared.shape, elements.length);
  if (shape === undefined) {
    return spec!.fail(
      `inputs.${name} has ${elements.length} elements, but the graph declares ${show(declared.shape)} for each row`,
    );
  }
  const made = elements.map((element, k) =>
    elementOf(element, type, `inputs.${name}[${k}]`, spec!, features),
  );
  return { name, type, shape, from: { elements: made } };
}

function agree(shape: readonly (number | null)[], declared: readonly (number | null)[]): boolean {
  return (
    shape.length === declared.length &&
    shape.every((size, k) => declared[k] === null || size === null || size === declared[k])
  );
}

/** The shape for so many elements. */
function filled(shape: readonly (number | null)[], count: number): readonly number[] | undefined {
  const known = sizeOf(shape.map((size) => size ?? 1));
  const open = shape.filter((size) => size === null).length;
  if (open > 1 || known === 0 || count % known !== 0) return undefined;
  if (open === 0 && count !== known) return undefined;
  return shape.map((size) => size ?? count / known);
}

function show(shape: readonly (number | null)[]): string {
  return `[${shape.map((size) => size ?? 'any').join(', ')}]`;
}

function elementOf(
  spec: ElementSpec,
  type: TensorType,
  place: string,
  { fail }: GraphSpec,
  features: FeatureList,
): GraphElement {
  const { missing, categories } = spec;
  if (type === 'string') {
    if (categories !== undefined || spec.subtract !== undefined || spec.divide !== undefined) {
      fail(`${place} is a text for the graph: it has neither categories nor a scale`);
    }
    const feature = features.add({ kind: 'text', name: spec.feature }, place);
    return { kind: 'text', feature, missing: String(missing ?? '') };
  }
  if (typeof missing === 'string') return fail(`${place}.missing is a text, but the graph takes ${type}`);
  if (categories === undefined) {
    const feature = features.add({ kind: 'number', name: spec.feature }, place);
    const { subtract = 0, divide = 1 } = spec;
    return { kind: 'number', feature, missing: missing ?? Number.NaN, subtract, divide };
  }
  const feature = features.add({ kind: 'text', name: spec.feature, categories }, place);
  const codes = spec.codes ?? categories.map((_, k) => k);
  const { unknown = Number.NaN } = spec;
  return { kind: 'category', feature, categories, codes, missing: missing ?? Number.NaN, unknown };
}

function defaultInput(
  declared: Declared,
  names: readonly string[] | undefined,
  features: FeatureList,
): GraphInput {
  const { name, type, shape } = declared;
  const place = `input ${JSON.stringify(name)}`;
  const element = (feature: string): GraphElement =>
    type === 'string'
      ? { kind: 'text', feature: features.add({ kind: 'text', name: feature }, place), missing: '' }
      : {
          kind: 'number',
          feature: features.add({ kind: 'number', name: feature }, place),
          missing: Number.NaN,
          subtract: 0,
          divide: 1,
        };
  const size = shape.includes(null) ? undefined : sizeOf(shape as readonly number[]);
  if (size === 1) return { name, type, shape, from: { elements: [element(name)] } };
  if (names !== undefined && shape.length === 1) {
    return { name, type, shape: [names.length], from: { elements: names.map(element) } };
  }
  if (type !== 'string') return arrayInput(declared, name, features);
  if (size === undefined || size > MAX_ELEMENTS) {
    throw new PgscoreError('PGS_UNSUPPORTED', `${place} takes ${size ?? 'any number of'} texts a row.`, {
      hint: 'Say which feature feeds each of them in a JSON file, and give it with --inputs.',
    });
  }
  const elements = Array.from({ length: size }, (_, k) => element(`${name}_${k}`));
  return { name, type, shape, from: { elements } };
}

function arrayInput({ name, type, shape }: Declared, feature: string, features: FeatureList): GraphInput {
  return {
    name,
    type,
    shape,
    from: { array: features.add({ kind: 'array', name: feature, shape }, `inputs.${name}`) },
  };
}

/** The signature while inputs are read: each name once, with one kind. */
class FeatureList {
  readonly #features: GraphFeature[] = [];
  readonly #places = new Map<string, number>();
  readonly #spec: GraphSpec | undefined;

  constructor(spec: GraphSpec | undefined) {
    this.#spec = spec;
  }

  /** The feature's index. Texts that several inputs know are known to the feature. */
  add(feature: GraphFeature, place: string): number {
    const index = this.#places.get(feature.name);
    if (index === undefined) {
      this.#places.set(feature.name, this.#features.length);
      return this.#features.push(feature) - 1;
    }
    const known = this.#features[index]!;
    if (known.kind !== feature.kind) {
      this.#fail(
        `${place}: feature ${JSON.stringify(feature.name)} is ${feature.kind} here and ${known.kind} before`,
      );
    }
    if (known.kind === 'array' && JSON.stringify(known) !== JSON.stringify(feature)) {
      this.#fail(`${place}: feature ${JSON.stringify(feature.name)} has another shape before`);
    }
    if (known.kind === 'text' && feature.kind === 'text') {
      const categories = [...new Set([...(known.categories ?? []), ...(feature.categories ?? [])])];
      this.#features[index] = { ...known, ...(categories.length === 0 ? {} : { categories }) };
    }
    return index;
  }

  #fail(problem: string): never {
    if (this.#spec !== undefined) this.#spec.fail(problem);
    throw new PgscoreError('PGS_UNSUPPORTED', problem);
  }

  /** In the order that the description gives, if it gives one. */
  inOrder(
    spec: GraphSpec | undefined,
    inputs: readonly GraphInput[],
  ): Pick<GraphModel, 'features' | 'inputs'> {
    const order = spec?.features;
    if (order === undefined) return { features: this.#features, inputs };
    if (order.length !== this.#features.length || order.some((name) => !this.#places.has(name))) {
      spec!.fail(`features must list each of ${this.#features.map(({ name }) => name).join(', ')} once`);
    }
    const newIndex = new Map(order.map((name, k) => [this.#places.get(name)!, k]));
    const moved = (index: number) => newIndex.get(index)!;
    return {
      features: order.map((name) => this.#features[this.#places.get(name)!]!),
      inputs: inputs.map((input) => ({
        ...input,
        from:
          'array' in input.from
            ? { array: moved(input.from.array) }
            : { elements: input.from.elements.map((each) => ({ ...each, feature: moved(each.feature) })) },
      })),
    };
  }
}
