import type { TensorType } from '../../ir/graph.ts';
import { unwritableAsText } from '../../json-numbers.ts';
import { fromFloat16, toFloat16 } from '../float16.ts';
import type { TensorData, TensorValue } from '../tensor-data.ts';
import { typeOf } from './datatypes.ts';
import { badRequest } from './errors.ts';

/** A tensor of a request's JSON. `what` names it in messages. */
export interface TensorJson {
  readonly datatype: string;
  readonly shape: readonly number[];
  /** Flat, or nested as the shape is. */
  readonly data: readonly unknown[];
}

/** Throws HttpError 400 when shape, number of elements, type or an element do not fit each other. */
export function readTensor({ datatype, shape, data }: TensorJson, what: string): TensorValue {
  const type = typeOf(datatype, what);
  const count = shape.reduce((product, length) => product * length, 1);
  const flat = data.some(Array.isArray) ? flatten(data, shape, what) : data;
  if (flat.length !== count) {
    throw badRequest(
      `${what}: data has ${flat.length} elements, its shape [${shape.join(', ')}] has ${count}`,
    );
  }
  return { type, dims: shape, data: READERS[type](flat, (value, k) => unfit(what, k, value, datatype)) };
}

/** The elements of lists that nest as the shape does, in row-major order. */
function flatten(data: readonly unknown[], shape: readonly number[], what: string): readonly unknown[] {
  const lists = shape.slice(0, -1).reduce<readonly unknown[]>(
    (level, length, axis) => {
      for (const list of level) checkList(list, length, axis);
      return level.flat();
    },
    [data],
  );
  function checkList(list: unknown, length: number, axis: number): void {
    if (Array.isArray(list) && list.length === length) return;
    const found = Array.isArray(list) ? `a list of ${list.length}` : 'no list';
    throw badRequest(
      `${what}: data is neither flat nor nested as its shape [${shape.join(', ')}]: ${found} at axis ${axis}`,
    );
  }
  for (const list of lists) checkList(list, shape.at(-1) ?? 1, shape.length - 1);
  return lists.flat();
}

type Fault = (value: unknown, k: number) => never;
type Reader = (elements: readonly unknown[], fault: Fault) => TensorData;

function unfit(what: string, k: number, value: unknown, datatype: string): never {
  const shown = JSON.stringify(value, unwritableAsText);
  throw badRequest(
    `${what}: element ${k} is ${shown.length > 60 ? `${shown.slice(0, 60)}…` : shown}, which is no ${datatype}`,
  );
}

const READERS: Readonly<Record<TensorType, Reader>> = {
  float32: (elements, fault) => Float32Array.from(elements, (value, k) => floatOf(value, k, fault)),
  float64: (elements, fault) => Float64Array.from(elements, (value, k) => floatOf(value, k, fault)),
  float16: (elements, fault) => Uint16Array.from(elements, (value, k) => toFloat16(floatOf(value, k, fault))),
  int8: integers(Int8Array, -(2 ** 7), 2 ** 7 - 1),
  uint8: integers(Uint8Array, 0, 2 ** 8 - 1),
  int16: integers(Int16Array, -(2 ** 15), 2 ** 15 - 1),
  uint16: integers(Uint16Array, 0, 2 ** 16 - 1),
  int32: integers(Int32Array, -(2 ** 31), 2 ** 31 - 1),
  uint32: integers(Uint32Array, 0, 2 ** 32 - 1),
  int64: bigIntegers(BigInt64Array, -(2n ** 63n), 2n ** 63n - 1n),
  uint64: bigIntegers(BigUint64Array, 0n, 2n ** 64n - 1n),
  bool: (elements, fault) =>
    Uint8Array.from(elements, (value, k) =>
      typeof value === 'boolean' || value === 0 || value === 1 ? Number(value) : fault(value, k),
    ),
  string: (elements, fault) =>
    elements.map((value, k) => (typeof value === 'string' ? value : fault(value, k))),
};

/** JSON has no NaN and no infinities: null is NaN, and the texts that PostgreSQL writes are taken too. */
function floatOf(value: unknown, k: number, fault: Fault): number {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  if (value === null || value === 'NaN') return Number.NaN;
  if (value === 'Infinity' || value === '-Infinity') return Number(value);
  return fault(value, k);
}

function integers(
  type: { from(elements: readonly unknown[], map: (v: unknown, k: number) => number): TensorData },
  min: number,
  max: number,
): Reader {
  return (elements, fault) =>
    type.from(elements, (value, k) =>
      typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
        ? value
        : fault(value, k),
    );
}

/** Texts are taken too: many clients write whole numbers beyond 2^53 so. */
function bigIntegers(
  type: { from(elements: readonly unknown[], map: (v: unknown, k: number) => bigint): TensorData },
  min: bigint,
  max: bigint,
): Reader {
  return (elements, fault) =>
    type.from(elements, (value, k) => {
      const exact =
        typeof value === 'bigint' ||
        Number.isSafeInteger(value) ||
        (typeof value === 'string' && /^-?\d{1,20}$/.test(value));
      const integer = exact ? BigInt(value as bigint | number | string) : undefined;
      return integer !== undefined && integer >= min && integer <= max ? integer : fault(value, k);
    });
}

/** The elements as a JSON array. Integers keep all their digits. */
export function dataJson({ type, data }: TensorValue): string {
  switch (type) {
    case 'string':
      return JSON.stringify(data);
    case 'bool':
      return `[${Array.from(data as Uint8Array, (bit) => bit !== 0).join()}]`;
    case 'float16':
      return `[${Array.from(halves(data), floatJson).join()}]`;
    case 'float32':
    case 'float64':
      return `[${Array.from(data as Float64Array, floatJson).join()}]`;
    default:
      return `[${(data as Int32Array).join()}]`;
  }
}

/** Half-precision data is bits, or numbers where Node has a Float16Array. */
function halves(data: TensorData): ArrayLike<number> {
  return data instanceof Uint16Array
    ? Float64Array.from(data, fromFloat16)
    : (data as unknown as Float64Array);
}

function floatJson(value: number): string {
  if (Number.isNaN(value)) return 'null';
  if (Object.is(value, -0)) return '-0.0';
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}
