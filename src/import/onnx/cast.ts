import type { MapOperation } from '../../ir/model.ts';
import { eachConstant } from './elementwise.ts';
import { type DataType, dataTypeOf } from './file.ts';
import { NodeError, UnsupportedNode } from './node-error.ts';
import { type Call, type Operator, tensorAt } from './operator.ts';
import { type Constant, type Element, isConstant, isFloat, type Tensor } from './value.ts';

export const casts: Readonly<Record<string, Operator>> = {
  Cast: (call) => [castTo(call, tensorAt(call, 0), typeOf(call.attributes.int('to', 0)))],
  CastLike: (call) => [castTo(call, tensorAt(call, 0), tensorAt(call, 1).type)],
};

function typeOf(code: number): DataType {
  const type = dataTypeOf(code);
  if (type === undefined) throw new UnsupportedNode(`it casts to type ${code}, which is not scored here`);
  return type;
}

/** The tensor with its elements in another type, as onnxruntime casts. */
export function castTo(call: Call, input: Tensor, type: DataType): Tensor {
  if (input.type === type) return input;
  if (type === 'string') return { ...input, type, elements: input.elements.map(toText) };
  if (input.type === 'string')
    return castTo(call, { ...input, type: 'float64', elements: input.elements.map(toNumber) }, type);
  return { ...input, type, elements: castNumbers(call, input, type) };
}

function castNumbers(call: Call, { type: from, elements }: Tensor, type: DataType): readonly Element[] {
  if (from === 'bool') return elements.map(choiceOfTwo);
  if (type === 'float32') return elements.map(toFloat32);
  if (type === 'bool') return mapped(call, from, elements, { name: 'compare', operator: '!=', by: [0] });
  if (isFloat(from) && !isFloat(type)) return mapped(call, from, elements, { name: 'truncate' });
  return call.program.exact(elements);
}

/** Graphs make labels of comparisons: as choices they keep their known values. */
function choiceOfTwo(element: Element): Element {
  if (isConstant(element) || element.kind !== 'number') return element;
  return { kind: 'choice', index: element.register, values: [0, 1] };
}

function mapped(call: Call, from: DataType, elements: readonly Element[], operation: MapOperation) {
  return call.program.map(elements, from === 'float32' ? 'float32' : 'float64', [operation]);
}

/** Rounding waits for whoever reads the number: most steps round what they read. */
function toFloat32(element: Element): Element {
  const constant = eachConstant(element, (value) => Math.fround(value as number));
  if (constant !== undefined) return constant;
  if (typeof element === 'object' && element.kind === 'number') return { ...element, rounded: false };
  throw new NodeError('a text stands where a number is needed');
}

function toNumber(element: Element): Element {
  const number = eachConstant(element, (value) => {
    const parsed = Number(value);
    if (Number.isNaN(parsed)) throw new NodeError(`the text ${JSON.stringify(value)} is cast to a number`);
    return parsed;
  });
  if (number !== undefined) return number;
  throw new UnsupportedNode('texts of a row are cast to numbers');
}

function toText(element: Element): Element {
  const text = eachConstant(element, numberText);
  if (text !== undefined) return text;
  throw new UnsupportedNode('numbers of a row are cast to texts');
}

/** Whole numbers only: onnxruntime's texts of others depend on their type. */
function numberText(value: Constant): string {
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 1e8) return String(value);
  throw new UnsupportedNode(`the number ${value} is cast to a text`);
}
