import type { TensorType } from '../../ir/graph.ts';
import type { TensorData, TensorValue } from '../tensor-data.ts';
import { datatypeOf } from './datatypes.ts';
import { badRequest } from './errors.ts';

/**
 * Tensors as the protocol's binary extension has them: elements in little-endian and row-major order without padding,
 * which is how every platform that onnxruntime runs on has them in memory; texts as UTF-8 behind their length, a uint32.
 * https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
 */

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const satisfies Record<Exclude<TensorType, 'string'>, unknown>;

/** Bytes of one element; undefined for texts, whose length varies. */
export function elementBytes(type: TensorType): number | undefined {
  return type === 'string' ? undefined : ARRAYS[type].BYTES_PER_ELEMENT;
}

/** Throws HttpError 400 when the bytes are not exactly the elements that the shape has. `what` names the tensor. */
export function readBinary(
  type: TensorType,
  shape: readonly number[],
  bytes: Uint8Array,
  what: string,
): TensorValue {
  const count = shape.reduce((product, length) => product * length, 1);
  if (type === 'string') return { type, dims: shape, data: readTexts(bytes, count, what) };
  const size = count * ARRAYS[type].BYTES_PER_ELEMENT;
  if (bytes.length !== size) {
    throw badRequest(
      `${what}: ${bytes.length} bytes of data, a ${datatypeOf(type)} tensor of shape [${shape.join(', ')}] has ${size}`,
    );
  }
  // A copy: typed arrays need aligned memory, a body's parts begin anywhere, and a Buffer's own slice() is none.
  const data: TensorData = new ARRAYS[type](new Uint8Array(bytes).buffer);
  if (type === 'bool') checkBits(data as Uint8Array, what);
  return { type, dims: shape, data };
}

function checkBits(data: Uint8Array, what: string): void {
  const k = data.findIndex((bit) => bit > 1);
  if (k !== -1) throw badRequest(`${what}: element ${k} is the byte ${data[k]}, a BOOL is 0 or 1`);
}

function readTexts(bytes: Uint8Array, count: number, what: string): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const texts: string[] = [];
  let position = 0;
  while (position < bytes.length && texts.length < count) {
    const start = position + 4;
    const end = start > bytes.length ? Number.NaN : start + view.getUint32(position, true);
    if (!(end <= bytes.length))
      throw badRequest(`${what}: element ${texts.length} ends behind the tensor's data`);
    try {
      texts.push(decoder.decode(bytes.subarray(start, end)));
    } catch {
      throw badRequest(`${what}: element ${texts.length} is not UTF-8`);
    }
    position = end;
  }
  if (texts.length === count && position === bytes.length) return texts;
  const found = position < bytes.length ? 'more' : String(texts.length);
  throw badRequest(`${what}: data has ${found} elements, its shape has ${count}`);
}

/** The bytes of a tensor, without a copy where memory has them as they are. */
export function binaryOf({ data }: Pick<TensorValue, 'data'>): Buffer {
  if (!Array.isArray(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const texts = data.map((text) => Buffer.from(text, 'utf8'));
  return Buffer.concat(texts.flatMap((text) => [uint32(text.length), text]));
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
