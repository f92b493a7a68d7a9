import type { GraphTensor } from '../../ir/graph.ts';
import type { TensorValue } from '../tensor-data.ts';
import { datatypeOf, typeOf } from './datatypes.ts';
import { badRequest } from './errors.ts';
import { checkParameters, type Parameters } from './parameters.ts';
import { elementBytes, readBinary } from './tensor-binary.ts';
import { readTensor } from './tensor-json.ts';

/** An input of a request: its elements stand in the JSON, or are the next so many bytes behind it. */
export interface InputTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data?: readonly unknown[];
  readonly parameters?: Parameters;
}

/** The tensors in the request's order. `bytes` follow its JSON, and all must be used. Throws HttpError 400. */
export function readTensors(
  inputs: readonly InputTensor[],
  bytes: Uint8Array = new Uint8Array(),
): (readonly [name: string, TensorValue])[] {
  let used = 0;
  const tensors = inputs.map((input) => {
    const what = `input ${input.name}`;
    const size = binarySize(input, what);
    if (size === undefined) return [input.name, readTensor({ ...input, data: input.data! }, what)] as const;
    const end = used + size;
    if (end > bytes.length) {
      throw badRequest(
        `${what}: binary_data_size is ${size}, and ${bytes.length - used} bytes are left behind the JSON; ` +
          'Inference-Header-Content-Length says where it ends',
      );
    }
    const part = bytes.subarray(used, end);
    used = end;
    return [input.name, readBinary(typeOf(input.datatype, what), input.shape, part, what)] as const;
  });
  if (used === bytes.length) return tensors;
  throw badRequest(`${bytes.length - used} bytes behind the JSON belong to no input: see binary_data_size`);
}

/** Of an input whose elements are bytes behind the JSON; undefined when they are its data. */
function binarySize({ data, parameters }: InputTensor, what: string): number | undefined {
  checkParameters(parameters, what);
  const size = parameters?.binary_data_size;
  if (size === undefined) {
    if (data !== undefined) return undefined;
    throw badRequest(`${what}: data is absent, and so is the parameter binary_data_size`);
  }
  if (data !== undefined) throw badRequest(`${what}: it has both data and binary_data_size`);
  if (typeof size === 'number' && Number.isSafeInteger(size) && size >= 0) return size;
  throw badRequest(`${what}: binary_data_size must be a number of bytes`);
}

/**
 * The one input of a model from bytes alone: their number tells how many rows they are, or the one other length that the
 * model leaves open, of one row then. A text is all of the bytes. Throws HttpError 400.
 */
export function readRawInput(inputs: readonly GraphTensor[], bytes: Uint8Array): Map<string, TensorValue> {
  const [input] = inputs;
  if (input === undefined || inputs.length > 1) {
    throw badRequest(
      `a body without JSON (Inference-Header-Content-Length: 0) is for models of one input; this one has ${inputs.length}`,
    );
  }
  const { name, type } = input;
  const what = `input ${name}`;
  const size = elementBytes(type);
  if (size === undefined) return new Map([[name, readTensor(oneText(input, bytes, what), what)]]);
  const shape = shapeOf(input, bytes.length / size, what);
  return new Map([[name, readBinary(type, shape, bytes, what)]]);
}

function shapeOf({ shape, type }: GraphTensor, elements: number, what: string): readonly number[] {
  const open = shape.slice(1).filter((length) => length === null).length;
  const filled = open === 0 ? shape : [1, ...shape.slice(1)];
  const known = filled.reduce<number>((product, length) => product * (length ?? 1), 1);
  const missing = elements / known;
  if (open <= 1 && Number.isInteger(missing)) return filled.map((length) => length ?? missing);
  const wanted = shape.map((length) => length ?? -1).join(', ');
  throw badRequest(
    `${what}: the shape of ${elements} elements cannot be told; the model takes ${datatypeOf(type)} of shape [${wanted}]`,
  );
}

function oneText({ shape }: GraphTensor, bytes: Uint8Array, what: string) {
  if (shape.slice(1).some((length) => (length ?? 1) !== 1))
    throw badRequest(`${what}: it takes more than one text`);
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return { datatype: 'BYTES', shape: shape.map(() => 1), data: [text] };
  } catch {
    throw badRequest(`${what}: the body is not UTF-8`);
  }
}
