import { concat } from './arrange.ts';
import type { DataType } from './file.ts';
import { NodeError, UnsupportedNode } from './node-error.ts';
import { type Call, type Operator, tensorAt } from './operator.ts';
import { checkSize } from './shapes.ts';
import {
  type Constant,
  constantsOf,
  type Element,
  isConstant,
  isFloat,
  type Tensor,
  tensor,
} from './value.ts';

/** ai.onnx.ml operators that map values to others by a table. */
export const encoders: Readonly<Record<string, Operator>> = {
  LabelEncoder: labelEncoder,
  CategoryMapper: categoryMapper,
  OneHotEncoder: oneHotEncoder,
  ArrayFeatureExtractor: arrayFeatureExtractor,
  StringNormalizer: stringNormalizer,
};

/** Keys with their values; what is no key becomes `otherwise`. Of equal keys the first counts. */
interface Table {
  readonly keys: readonly Constant[];
  readonly values: readonly Constant[];
  readonly otherwise: Constant;
  readonly type: DataType;
}

function encode(call: Call, x: Tensor, { keys, values, otherwise, type }: Table): Tensor {
  if (keys.length !== values.length) throw new NodeError(`${keys.length} keys have ${values.length} values`);
  const table = new Map<Constant, Constant>();
  keys.forEach((key, k) => {
    if (!table.has(key)) table.set(key, values[k]!);
  });
  const all = [...table.values(), otherwise];
  const numbers = x.type !== 'string' && all.every((value) => typeof value === 'number');
  const elements = numbers
    ? call.program.lookup(x.elements, table as Map<number, number>, otherwise as number)
    : positions(call, x, [...table.keys()]).map((position) => chosen(position, all));
  return { ...x, type, elements };
}

/** Places in a list of different keys, `keys.length` for what is none of them. */
function positions(call: Call, x: Tensor, keys: readonly Constant[]): readonly Element[] {
  if (x.type === 'string') {
    return x.elements.map((element) => call.texts.position(call.program, element, keys as readonly string[]));
  }
  const places = new Map(keys.map((key, place) => [key as number, place]));
  return call.program.lookup(x.elements, places, keys.length).map((element): Element => {
    if (isConstant(element) || element.kind !== 'number') return element;
    return { kind: 'choice', index: element.register, values: [...keys.keys(), keys.length] };
  });
}

function chosen(position: Element, values: readonly Constant[]): Element {
  if (isConstant(position)) return values[position as number]!;
  if (position.kind !== 'choice') throw new NodeError('a text stands where a number is needed');
  return { ...position, values: position.values.map((at) => values[at as number] ?? at) };
}

function labelEncoder(call: Call): readonly Tensor[] {
  const x = tensorAt(call, 0);
  const { attributes } = call;
  const classes = attributes.texts('classes_strings');
  if (call.version === 1 || classes.length > 0) return [encode(call, x, firstTable(call, x, classes))];
  const keys = list(call, 'keys', x.type).values;
  const values = list(call, 'values', undefined);
  // Only from version 4 on does a NaN match a key.
  const otherwise = defaultOf(call, values.type);
  const own =
    call.version < 4 && keys.length === values.values.length
      ? keys.map((key) => !Number.isNaN(key))
      : undefined;
  const matched = <T>(all: readonly T[]) => (own === undefined ? all : all.filter((_, k) => own[k]));
  const table = { keys: matched(keys), values: matched(values.values), otherwise, type: values.type };
  return [encode(call, x, table)];
}

/** Version 1 has one list for both directions. */
function firstTable({ attributes }: Call, x: Tensor, classes: readonly string[]): Table {
  const places = classes.map((_, place) => place);
  return x.type === 'string'
    ? { keys: classes, values: places, otherwise: attributes.int('default_int64', -1), type: 'int64' }
    : {
        keys: places,
        values: classes,
        otherwise: attributes.text('default_string', '_Unused'),
        type: 'string',
      };
}

/** `keys_*` or `values_*`, whichever the node has. */
function list({ attributes }: Call, side: 'keys' | 'values', type: DataType | undefined) {
  const given = attributes.tensor(`${side}_tensor`);
  if (given !== undefined) {
    return { type: given.type, values: constantsOf(given)! };
  }
  const lists = [
    { type: 'string', values: attributes.texts(`${side}_strings`) },
    { type: 'int64', values: attributes.ints(`${side}_int64s`) },
    { type: 'float32', values: attributes.floats(`${side}_floats`) },
  ] as const;
  const found = lists.find((each) => each.values.length > 0 && (type === undefined || each.type === type));
  if (found === undefined)
    throw new NodeError(`it has no ${side}${type === undefined ? '' : ` of type ${type}`}`);
  return found;
}

function defaultOf({ attributes }: Call, type: DataType): Constant {
  const given = attributes.tensor('default_tensor');
  if (given !== undefined) return constantsOf(given)![0]!;
  if (type === 'string') return attributes.text('default_string', '_Unused');
  if (!isFloat(type)) return attributes.int('default_int64', -1);
  return attributes.float('default_float', -0);
}

function categoryMapper(call: Call): readonly Tensor[] {
  const x = tensorAt(call, 0);
  const { attributes } = call;
  const [texts, numbers] = [attributes.texts('cats_strings'), attributes.ints('cats_int64s')];
  const table: Table =
    x.type === 'string'
      ? { keys: texts, values: numbers, otherwise: attributes.int('default_int64', -1), type: 'int64' }
      : {
          keys: numbers,
          values: texts,
          otherwise: attributes.text('default_string', '_Unused'),
          type: 'string',
        };
  return [encode(call, x, table)];
}

/**
 * A column a category. Numbers are cut to whole ones first. Without `zeros` onnxruntime fails on an unknown category:
 * so there is no answer either.
 */
function oneHotEncoder(call: Call): readonly Tensor[] {
  const x = tensorAt(call, 0);
  const { attributes, program } = call;
  const categories = x.type === 'string' ? attributes.texts('cats_strings') : attributes.ints('cats_int64s');
  if (categories.length === 0) throw new NodeError(`it has no categories for inputs of type ${x.type}`);
  if (new Set<Constant>(categories).size !== categories.length)
    throw new UnsupportedNode('a category is listed twice');
  const whole =
    x.type === 'string' ? x : { ...x, elements: program.map(x.elements, 'float64', [{ name: 'truncate' }]) };
  const shape = [...x.shape, categories.length];
  checkSize(shape);
  const places = positions(call, whole, categories).map((place) => asNumber(call, place));
  const repeated = places.flatMap((place) => categories.map(() => place));
  const columns = program.combine(
    '==',
    repeated,
    places.flatMap(() => [...categories.keys()]),
    'float64',
  );
  if (!attributes.flag('zeros', true)) {
    const unknown = places.map(() => categories.length);
    program.require(program.combine('!=', places, unknown, 'float64'));
  }
  return [tensor('float32', shape, columns)];
}

/** A place that one step compares with all categories, rather than a choice for each. */
function asNumber({ program }: Call, place: Element): Element {
  if (isConstant(place) || place.kind !== 'choice') return place;
  return { kind: 'number', register: program.registers([place])[0]!, rounded: true };
}

/** Columns by number along the last axis; a vector counts as one row. */
function arrayFeatureExtractor(call: Call): readonly Tensor[] {
  const [x, indices] = [tensorAt(call, 0), tensorAt(call, 1)];
  const width = x.shape.at(-1);
  if (width === undefined || width === 0) throw new NodeError('the input has no columns');
  const rows = x.elements.length / width;
  checkSize([rows, indices.elements.length]);
  const elements = Array.from({ length: rows }, (_, row) =>
    x.elements.slice(row * width, (row + 1) * width),
  ).flatMap((row) => indices.elements.map((index) => call.program.pick(row, index)));
  const leading = x.shape.length === 1 ? [1] : x.shape.slice(0, -1);
  return [tensor(x.type, [...leading, indices.elements.length], elements)];
}

/** Character by character, as the C library has it. */
function stringNormalizer(call: Call): readonly Tensor[] {
  const x = tensorAt(call, 0);
  const action = call.attributes.text('case_change_action', 'NONE');
  if (call.attributes.texts('stopwords').length > 0) throw new UnsupportedNode('it leaves stop words out');
  if (action === 'NONE') return [concat([x], 0)];
  const change = (text: Constant) =>
    action === 'LOWER' ? String(text).toLowerCase() : String(text).toUpperCase();
  const elements = x.elements.map((element): Element => {
    if (isConstant(element)) return change(element);
    if (element.kind === 'choice') return { ...element, values: element.values.map(change) };
    if (element.kind === 'text' && action === 'LOWER' && element.changes === undefined) {
      return { ...element, changes: ['lowercase-each'] };
    }
    throw new UnsupportedNode('it changes the case of a text that the row brings');
  });
  return [{ ...x, elements }];
}
