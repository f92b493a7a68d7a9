import type { MapOperation } from '../../ir/model.ts';
import { type DataType, dataTypeOf } from './file.ts';
import { NodeError, UnsupportedNode } from './node-error.ts';
import { type Call, type Operator, precisionOf, tensorAt } from './operator.ts';
import { type Constant, type Element, eachConstant, isConstant, isFloat, type Tensor } from './value.ts';

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
  if (isFloat(type)) return call.program.exact(elements);
  return isFloat(from) ? wholeParts(call, from, elements, type) : lowBits(call, from, elements, type);
}

/** Bits of whole numbers and whether they have a sign. */
const WHOLE: Readonly<Partial<Record<DataType, { readonly bits: number; readonly signed: boolean }>>> = {
  bool: { bits: 1, signed: false },
  int8: { bits: 8, signed: true },
  uint8: { bits: 8, signed: false },
  int16: { bits: 16, signed: true },
  uint16: { bits: 16, signed: false },
  int32: { bits: 32, signed: true },
  uint32: { bits: 32, signed: false },
  int64: { bits: 64, signed: true },
  uint64: { bits: 64, signed: false },
};

/**
 * The whole part of each number; the least one of the type for NaN and what does not fit, as processors convert. They
 * do so to 32 or 64 bits with a sign, of which narrower types and those without a sign keep the low bits.
 */
function wholeParts(call: Call, from: DataType, elements: readonly Element[], type: DataType) {
  const wide = type === 'int64' || type === 'uint32' || type === 'uint64' ? 'int64' : 'int32';
  const bound = 2 ** (WHOLE[wide]!.bits - 1);
  const precision = precisionOf(from);
  const whole = call.program.map(elements, precision, [{ name: 'truncate' }]);
  const fits = call.program.map(whole, precision, [
    { name: 'abs' },
    { name: 'compare', operator: '<', by: [bound] },
  ]);
  const least = elements.map(() => -bound);
  return lowBits(call, wide, call.program.select(fits, whole, least), type);
}

/** Whole numbers in a type that may be too narrow for them. Nothing narrows to 64 bits. */
function lowBits({ program }: Call, from: DataType, elements: readonly Element[], type: DataType) {
  const [old, { bits, signed }] = [WHOLE[from]!, WHOLE[type]!];
  const holdsAll = signed === old.signed ? bits >= old.bits : signed && bits > old.bits;
  if (holdsAll || bits === 64) return program.exact(elements);
  const size = 2 ** bits;
  const half = signed ? size / 2 : 0;
  return program.map(elements, 'float64', [
    { name: 'add', by: [half] },
    { name: 'modulo', by: [size] },
    { name: 'subtract', by: [half] },
  ]);
}

/** Graphs make labels of comparisons: as choices they keep their known values. */
function choiceOfTwo(element: Element): Element {
  if (isConstant(element) || element.kind !== 'number') return element;
  return { kind: 'choice', index: element.register, values: [0, 1] };
}

function mapped(call: Call, from: DataType, elements: readonly Element[], operation: MapOperation) {
  return call.program.map(elements, precisionOf(from), [operation]);
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
