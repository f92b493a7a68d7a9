import type { TensorType } from '../ir/graph.ts';
import { toFloat16 } from './float16.ts';
import { ValueError } from './row-error.ts';

/** Elements as onnxruntime takes and gives them; float16 as bits. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | string[];

/** A tensor in row-major order: the constructor of onnxruntime's Tensor takes these three. */
export interface TensorValue {
  readonly type: TensorType;
  readonly data: TensorData;
  readonly dims: readonly number[];
}

/** Input tensors by name. */
export type Feeds = Readonly<Record<string, TensorValue>>;

export function allocate(type: TensorType, size: number): TensorData {
  switch (type) {
    case 'float32':
      return new Float32Array(size);
    case 'float64':
      return new Float64Array(size);
    case 'float16':
    case 'uint16':
      return new Uint16Array(size);
    case 'int8':
      return new Int8Array(size);
    case 'uint8':
    case 'bool':
      return new Uint8Array(size);
    case 'int16':
      return new Int16Array(size);
    case 'int32':
      return new Int32Array(size);
    case 'uint32':
      return new Uint32Array(size);
    case 'int64':
      return new BigInt64Array(size);
    case 'uint64':
      return new BigUint64Array(size);
    case 'string':
      return new Array<string>(size).fill('');
  }
}

/** The numbers that each type of whole numbers holds. */
const RANGES: Readonly<Partial<Record<TensorType, readonly [bigint, bigint]>>> = {
  int8: [-128n, 127n],
  uint8: [0n, 255n],
  int16: [-32768n, 32767n],
  uint16: [0n, 65535n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  bool: [0n, 1n],
};

/** Whether a tensor holds whole numbers, in which there is no missing value. */
export function isWhole(type: TensorType): boolean {
  return RANGES[type] !== undefined;
}

/**
 * Puts one number into a tensor's data. Floats are rounded to the type; a whole type takes whole numbers in its range
 * and nothing else. @throws ValueError
 */
export function putNumber(type: TensorType, data: TensorData, index: number, value: number | bigint): void {
  if (type === 'float32' || type === 'float64') (data as Float64Array)[index] = Number(value);
  else if (type === 'float16') (data as Uint16Array)[index] = toFloat16(Number(value));
  else if (type === 'int64' || type === 'uint64') {
    (data as BigInt64Array)[index] = BigInt(checkWhole(type, value));
  } else (data as Int32Array)[index] = Number(checkWhole(type, value));
}

function checkWhole(type: TensorType, value: number | bigint): number | bigint {
  if (typeof value === 'number' && Number.isNaN(value)) {
    throw new ValueError(`it is missing, and ${type} has no missing value`);
  }
  if (typeof value === 'number' && !Number.isInteger(value)) {
    throw new ValueError(`${value} is no whole number, and the model takes ${type}`);
  }
  const [least, greatest] = RANGES[type]!;
  if (value >= least && value <= greatest) return value;
  throw new ValueError(`${value} is out of range: ${type} goes from ${least} to ${greatest}`);
}
