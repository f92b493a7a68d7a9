import { PgscoreError } from '../../errors.ts';
import type { Feature } from '../../ir/model.ts';
import type { ImportOptions } from '../importer.ts';
import { type DataType, dataTypeOf, type OnnxFile, type ValueInfo, type ValueType } from './file.ts';
import { SIDECAR_HINT } from './run.ts';
import { type Element, isFloat, sizeOf, tensor, type Value } from './value.ts';
import { inferWidth } from './widths.ts';

/** More features than any table has columns, by far. */
const MAX_FEATURES = 100_000;

/** Keys of a file's metadata under which exporters keep feature names: a JSON list, or names between commas. */
const NAME_KEYS = ['feature_names', 'features', 'columns', 'input_features'];

export interface RowInputs {
  readonly features: readonly Feature[];
  /** By name of the graph's input. */
  readonly values: ReadonlyMap<string, Value>;
}

/** An input of one row: its shape, or the keys of a map. */
type InputShape =
  | {
      readonly kind: 'tensor';
      readonly name: string;
      readonly type: DataType;
      readonly shape: readonly number[];
    }
  | { readonly kind: 'map'; readonly name: string; readonly keys: readonly (string | number)[] };

/**
 * The features that a graph's inputs take, in the graph's order: one for each element of one row.
 * @throws PgscoreError PGS_UNSUPPORTED, PGS_FILE; PGS_USAGE when names are needed that the file does not have, or
 * those given do not fit.
 */
export function readInputs(file: OnnxFile, options: ImportOptions): RowInputs {
  const constants = new Set(file.graph.initializers.map(({ name }) => name));
  const infos = file.graph.inputs.filter(({ name }) => !constants.has(name));
  if (infos.length === 0)
    throw new PgscoreError('PGS_UNSUPPORTED', `${file.name}: the graph takes no inputs.`);
  const shapes = infos.map((info) => shapeOf(file, info, infos, options));
  const count = shapes.reduce((sum, shape) => sum + countOf(shape), 0);
  if (count > MAX_FEATURES) refuse(file, `a row has ${count} numbers, more than ${MAX_FEATURES}`);
  const names = featureNames(file, shapes, count, options);
  const features: Feature[] = [];
  const values = new Map<string, Value>();
  for (const shape of shapes) {
    const first = features.length;
    for (let k = 0; k < countOf(shape); k++) features.push(featureOf(shape, names[features.length]!));
    values.set(shape.name, inputValue(shape, first));
  }
  return { features, values };
}

function refuse(file: OnnxFile, problem: string): never {
  throw new PgscoreError('PGS_UNSUPPORTED', `${file.name}: ${problem}.`, { hint: SIDECAR_HINT });
}

function countOf(input: InputShape): number {
  return input.kind === 'map' ? input.keys.length : sizeOf(input.shape);
}

function shapeOf(
  file: OnnxFile,
  info: ValueInfo,
  all: readonly ValueInfo[],
  options: ImportOptions,
): InputShape {
  const { name, type } = info;
  if (type.kind === 'map') return { kind: 'map', name, keys: mapKeys(file, name) };
  if (type.kind !== 'tensor') refuse(file, `input ${JSON.stringify(name)} is neither a tensor nor a map`);
  const elements = dataTypeOf(type.code);
  if (elements === undefined) refuse(file, `input ${JSON.stringify(name)} has elements of type ${type.code}`);
  return { kind: 'tensor', name, type: elements, shape: rowShape(file, name, type, all, options) };
}

/** The shape for one row: the first of two or more axes is the row's, and so is a single one of unknown size. */
function rowShape(
  file: OnnxFile,
  name: string,
  { dims }: Extract<ValueType, { kind: 'tensor' }>,
  all: readonly ValueInfo[],
  options: ImportOptions,
): readonly number[] {
  const sizes = dims ?? [undefined, undefined];
  if (sizes.some((size) => size !== undefined && size < 0)) {
    throw new PgscoreError('PGS_FILE', `${file.name}: input ${JSON.stringify(name)} has a negative size.`);
  }
  if (sizes.length === 0) return [];
  const [rows, ...rest] = sizes;
  if (rest.length === 0) {
    return [rows ?? (all.length === 1 ? options.features?.length : undefined) ?? 1];
  }
  if (rows !== undefined && rows > 1)
    refuse(file, `input ${JSON.stringify(name)} takes ${rows} rows at once`);
  const unknown = rest.filter((size) => size === undefined).length;
  if (unknown === 0) return [1, ...(rest as number[])];
  if (unknown > 1) refuse(file, `input ${JSON.stringify(name)} has ${unknown} axes of unknown size`);
  const known = sizeOf(rest.filter((size) => size !== undefined));
  const width = unknownWidth(file, name, all, options, known);
  return [1, ...rest.map((size) => size ?? width)];
}

function unknownWidth(
  file: OnnxFile,
  name: string,
  all: readonly ValueInfo[],
  { features }: ImportOptions,
  known: number,
): number {
  if (features !== undefined) {
    const own = all.length === 1 ? features : features.filter((feature) => feature.startsWith(`${name}_`));
    if (own.length > 0 && own.length % known === 0) return own.length / known;
  }
  const inferred = inferWidth(file.graph, name);
  if (inferred !== undefined) return inferred;
  const hint =
    all.length === 1
      ? 'Name the features, in the order of the columns.'
      : `Name the features in the order of the inputs; those of this one ${name}_0, ${name}_1, ….`;
  throw new PgscoreError(
    'PGS_USAGE',
    `${file.name}: the file does not say how many columns input ${JSON.stringify(name)} has.`,
    {
      hint: `${hint} For rows of any length say with --inputs that an array feeds it: the sidecar runs the model then.`,
    },
  );
}

/** The keys that the node which reads a map looks for. */
function mapKeys(file: OnnxFile, name: string): readonly (string | number)[] {
  const reader = file.graph.nodes.find(({ inputs }) => inputs.includes(name));
  const attribute = (key: string) => reader?.attributes.get(key);
  if (reader?.operator === 'DictVectorizer') {
    const texts = attribute('string_vocabulary')?.texts ?? [];
    const keys: readonly (string | number)[] =
      texts.length > 0 ? texts : (attribute('int64_vocabulary')?.ints ?? []);
    return [...new Set(keys)];
  }
  if (reader?.operator === 'CastMap' && attribute('map_form')?.text === 'SPARSE') {
    const size = attribute('max_map')?.int ?? 1;
    if (size > 0 && size <= MAX_FEATURES) return Array.from({ length: size }, (_, key) => key);
  }
  return refuse(file, `nothing tells the keys of the map ${JSON.stringify(name)}`);
}

function featureNames(
  file: OnnxFile,
  shapes: readonly InputShape[],
  count: number,
  options: ImportOptions,
): readonly string[] {
  const given = options.features;
  if (given !== undefined) {
    if (given.length === count && new Set(given).size === count) return given;
    throw new PgscoreError(
      'PGS_USAGE',
      `${file.name}: ${given.length} feature names were given, but the model has ${count} features, each of another name.`,
      { hint: 'Give one name a feature, in the order of the inputs and their columns.' },
    );
  }
  const own = shapes.flatMap(ownNames);
  const stored = shapes.some((shape) => countOf(shape) > 1) ? storedNames(file, count) : undefined;
  const names = stored ?? own;
  if (new Set(names).size === names.length) return names;
  return names.map((name, k) => (names.indexOf(name) === k ? name : `${name}_${k}`));
}

function ownNames(input: InputShape): readonly string[] {
  if (input.kind === 'map') {
    return input.keys.map((key) => (typeof key === 'string' ? key : `${input.name}_${key}`));
  }
  const count = countOf(input);
  return count === 1 ? [input.name] : Array.from({ length: count }, (_, k) => `${input.name}_${k}`);
}

/** Names for so many features in the file's metadata. */
export function storedNames(file: OnnxFile, count: number): readonly string[] | undefined {
  for (const key of NAME_KEYS) {
    const names = listOf(file.metadata.get(key));
    if (names?.length === count && new Set(names).size === count) return names;
  }
  return undefined;
}

function listOf(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  if (!text.trimStart().startsWith('[')) return text.split(',').map((name) => name.trim());
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.every((name) => typeof name === 'string') ? list : undefined;
  } catch {
    return undefined;
  }
}

/** A text feature's categories are filled in once the graph has told what it compares them with. */
function featureOf(input: InputShape, name: string): Feature {
  if (input.kind === 'map') return { kind: 'number', name };
  if (input.type === 'string') return { kind: 'text', name, categories: [] };
  return isFloat(input.type) ? { kind: 'number', name } : { kind: 'number', name, integer: true };
}

function inputValue(input: InputShape, first: number): Value {
  const registers = Array.from({ length: countOf(input) }, (_, k) => first + k);
  const number =
    (rounded: boolean) =>
    (register: number): Element => ({ kind: 'number', register, rounded });
  if (input.kind === 'map') return { kind: 'map', keys: input.keys, values: registers.map(number(false)) };
  const elements =
    input.type === 'string'
      ? registers.map((feature): Element => ({ kind: 'text', feature }))
      : registers.map(number(input.type !== 'float32'));
  return tensor(input.type, input.shape, elements);
}
