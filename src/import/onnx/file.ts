/** What is read of an ONNX file: the parts of onnx.proto that scoring needs. */

/** The types of tensor elements that are read; values are the codes of TensorProto.DataType. */
export const DATA_TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float64: 11,
  uint32: 12,
  uint64: 13,
} as const;
export type DataType = keyof typeof DATA_TYPES;

/** The type of a code, or undefined for one that is not read (float16, complex, four bits, …). */
export function dataTypeOf(code: number): DataType | undefined {
  return (Object.keys(DATA_TYPES) as DataType[]).find((type) => DATA_TYPES[type] === code);
}

const FLOAT16 = 10;

/** As dataTypeOf, with float16: what onnxruntime-node takes and gives. */
export function tensorTypeOf(code: number): DataType | 'float16' | undefined {
  return code === FLOAT16 ? 'float16' : dataTypeOf(code);
}

export interface OnnxFile {
  /** For messages. */
  readonly name: string;
  readonly irVersion: number;
  /** 'skl2onnx 1.21.0', or '' when the file does not say. */
  readonly producer: string;
  /** Version of each operator domain; the default domain is ''. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly metadata: ReadonlyMap<string, string>;
  readonly graph: Graph;
}

export interface Graph {
  readonly nodes: readonly Node[];
  readonly initializers: readonly TensorData[];
  /** Names of initializers in sparse form, which are not read. */
  readonly sparseInitializers: number;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

export interface Node {
  readonly name: string;
  /** '' is the default domain, ai.onnx. */
  readonly domain: string;
  readonly operator: string;
  /** Names of values; '' is an input or output that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** One attribute; only the field of its type is there. */
export interface Attribute {
  readonly name: string;
  readonly float?: number;
  readonly int?: number;
  readonly text?: string;
  readonly tensor?: TensorData;
  readonly graph?: Graph;
  readonly floats: readonly number[];
  readonly ints: readonly number[];
  readonly texts: readonly string[];
  /** The name of a function's parameter that the attribute stands for. */
  readonly reference?: string;
}

/** A tensor as it stands in the file; `tensor.ts` turns it into elements. */
export interface TensorData {
  readonly name: string;
  readonly dims: readonly number[];
  /** Code of TensorProto.DataType. */
  readonly type: number;
  /** Whether the elements are in another file. */
  readonly external: boolean;
  readonly raw?: Uint8Array;
  readonly numbers: readonly number[];
  readonly texts: readonly string[];
}

export interface ValueInfo {
  readonly name: string;
  readonly type: ValueType;
}

export type ValueType =
  /** `dims` is undefined for an unknown rank, a dimension for an unknown size. */
  | {
      readonly kind: 'tensor';
      readonly code: number;
      readonly dims: readonly (number | undefined)[] | undefined;
    }
  | { readonly kind: 'sequence'; readonly element: ValueType }
  | { readonly kind: 'map'; readonly keyCode: number; readonly value: ValueType }
  | { readonly kind: 'other' };
