import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { ImportedModel, ImportOptions } from '../../../../src/import/importer.ts';
import { importModel } from '../../../../src/import/registry.ts';
import { evaluate } from '../../../../src/ir/evaluate.ts';
import type { Prediction } from '../../../../src/ir/model.ts';

/** Codes of TensorProto.DataType. */
export const TYPE = { float: 1, int32: 6, int64: 7, string: 8, bool: 9, float16: 10, double: 11 } as const;

export type AttributeValue =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly text: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly texts: readonly string[] }
  | { readonly tensor: TensorValue }
  | { readonly graph: GraphValue };

export interface TensorValue {
  readonly name?: string;
  readonly type: number;
  readonly dims: readonly number[];
  readonly raw?: Uint8Array;
  readonly floats?: readonly number[];
  readonly ints?: readonly number[];
  readonly texts?: readonly string[];
  readonly external?: string;
}

export interface NodeValue {
  readonly name?: string;
  readonly domain?: string;
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

/** A tensor's name, type and sizes; null is a size that the file leaves open, no list an unknown rank. */
export interface InfoValue {
  readonly name: string;
  readonly type: number;
  readonly dims?: readonly (number | null)[];
}

export interface GraphValue {
  readonly nodes: readonly NodeValue[];
  readonly inputs: readonly InfoValue[];
  readonly outputs: readonly InfoValue[];
  readonly constants?: readonly TensorValue[];
}

export interface FileValue extends GraphValue {
  readonly opset?: number;
  readonly ml?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The bytes of a file, as onnx.save would write them. */
export function onnxBytes(file: FileValue): Uint8Array {
  return write((out) => {
    field(out, 1, WireType.Varint).int64(9);
    nested(out, 8, (opset) => {
      field(opset, 1, WireType.LengthDelimited).string('');
      field(opset, 2, WireType.Varint).int64(file.opset ?? 18);
    });
    nested(out, 8, (opset) => {
      field(opset, 1, WireType.LengthDelimited).string('ai.onnx.ml');
      field(opset, 2, WireType.Varint).int64(file.ml ?? 3);
    });
    nested(out, 7, (graph) => writeGraph(graph, file));
    for (const [key, value] of Object.entries(file.metadata ?? {})) {
      nested(out, 14, (entry) => {
        field(entry, 1, WireType.LengthDelimited).string(key);
        field(entry, 2, WireType.LengthDelimited).string(value);
      });
    }
  });
}

export function write(fill: (out: BinaryWriter) => void): Uint8Array {
  const out = new BinaryWriter();
  fill(out);
  return out.finish();
}

export function field(out: BinaryWriter, number: number, wire: WireType): BinaryWriter {
  return out.tag(number, wire);
}

export function nested(out: BinaryWriter, number: number, fill: (out: BinaryWriter) => void): void {
  field(out, number, WireType.LengthDelimited).bytes(write(fill));
}

function texts(out: BinaryWriter, number: number, values: readonly string[]): void {
  for (const value of values) field(out, number, WireType.LengthDelimited).string(value);
}

function writeGraph(out: BinaryWriter, { nodes, inputs, outputs, constants = [] }: GraphValue): void {
  for (const node of nodes) nested(out, 1, (part) => writeNode(part, node));
  texts(out, 2, ['graph']);
  for (const constant of constants) nested(out, 5, (part) => writeTensor(part, constant));
  for (const input of inputs) nested(out, 11, (part) => writeInfo(part, input));
  for (const output of outputs) nested(out, 12, (part) => writeInfo(part, output));
}

function writeNode(out: BinaryWriter, node: NodeValue): void {
  texts(out, 1, node.inputs);
  texts(out, 2, node.outputs);
  texts(out, 3, node.name === undefined ? [] : [node.name]);
  texts(out, 4, [node.operator]);
  for (const [name, value] of Object.entries(node.attributes ?? {})) {
    nested(out, 5, (part) => {
      texts(part, 1, [name]);
      writeAttribute(part, value);
    });
  }
  texts(out, 7, node.domain === undefined ? [] : [node.domain]);
}

/** AttributeProto.type, which onnxruntime asks for. */
const ATTRIBUTE_TYPES = {
  float: 1,
  int: 2,
  text: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  texts: 8,
} as const;

function writeAttribute(out: BinaryWriter, value: AttributeValue): void {
  const [kind] = Object.keys(value) as [keyof typeof ATTRIBUTE_TYPES];
  field(out, 20, WireType.Varint).int32(ATTRIBUTE_TYPES[kind]);
  if ('int' in value) field(out, 3, WireType.Varint).int64(value.int);
  else if ('float' in value) field(out, 2, WireType.Bit32).float(value.float);
  else if ('text' in value) texts(out, 4, [value.text]);
  else if ('ints' in value) for (const each of value.ints) field(out, 8, WireType.Varint).int64(each);
  else if ('floats' in value) for (const each of value.floats) field(out, 7, WireType.Bit32).float(each);
  else if ('texts' in value) texts(out, 9, value.texts);
  else if ('tensor' in value) nested(out, 5, (part) => writeTensor(part, value.tensor));
  else nested(out, 6, (part) => writeGraph(part, value.graph));
}

function writeTensor(out: BinaryWriter, tensor: TensorValue): void {
  for (const dim of tensor.dims) field(out, 1, WireType.Varint).int64(dim);
  field(out, 2, WireType.Varint).int64(tensor.type);
  for (const each of tensor.floats ?? []) field(out, 4, WireType.Bit32).float(each);
  for (const each of tensor.ints ?? []) field(out, 7, WireType.Varint).int64(each);
  texts(out, 6, tensor.texts ?? []);
  texts(out, 8, tensor.name === undefined ? [] : [tensor.name]);
  if (tensor.raw !== undefined) field(out, 9, WireType.LengthDelimited).bytes(tensor.raw);
  const { external } = tensor;
  if (external === undefined) return;
  nested(out, 13, (entry) => {
    texts(entry, 1, ['location']);
    texts(entry, 2, [external]);
  });
  field(out, 14, WireType.Varint).int64(1);
}

function writeInfo(out: BinaryWriter, { name, type, dims }: InfoValue): void {
  texts(out, 1, [name]);
  nested(out, 2, (value) =>
    nested(value, 1, (tensor) => {
      field(tensor, 1, WireType.Varint).int64(type);
      if (dims === undefined) return;
      nested(tensor, 2, (shape) => {
        for (const dim of dims) {
          nested(shape, 1, (size) => {
            if (dim !== null) field(size, 1, WireType.Varint).int64(dim);
          });
        }
      });
    }),
  );
}

/** A float tensor of a number of columns, or of as many as the file does not say. */
export function floatInput(name: string, columns: number | null): InfoValue {
  return { name, type: TYPE.float, dims: [null, columns] };
}

export function floatConstant(
  name: string,
  floats: readonly number[],
  dims: readonly number[] = [floats.length],
): TensorValue {
  return { name, type: TYPE.float, dims, floats };
}

export function intConstant(
  name: string,
  ints: readonly number[],
  dims: readonly number[] = [ints.length],
): TensorValue {
  return { name, type: TYPE.int64, dims, ints };
}

export function importFile(file: FileValue, options: ImportOptions = {}): ImportedModel {
  return importModel({ name: 'model.onnx', bytes: onnxBytes(file) }, options);
}

export function score(
  file: FileValue,
  row: readonly (number | string | null)[],
  options: ImportOptions = {},
): Prediction {
  return evaluate(importFile(file, options).model, row).prediction;
}
