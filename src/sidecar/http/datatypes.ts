import type { TensorType } from '../../ir/graph.ts';
import { badRequest } from './errors.ts';

/** The protocol's names of element types. */
const DATATYPES: Readonly<Record<TensorType, string>> = {
  float32: 'FP32',
  float64: 'FP64',
  float16: 'FP16',
  int8: 'INT8',
  uint8: 'UINT8',
  int16: 'INT16',
  uint16: 'UINT16',
  int32: 'INT32',
  uint32: 'UINT32',
  int64: 'INT64',
  uint64: 'UINT64',
  bool: 'BOOL',
  string: 'BYTES',
};
const TYPES = new Map(Object.entries(DATATYPES).map(([type, datatype]) => [datatype, type as TensorType]));

export function datatypeOf(type: TensorType): string {
  return DATATYPES[type];
}

/** Throws HttpError 400 for a name that is none; `what` says in the message which tensor's. */
export function typeOf(datatype: string, what: string): TensorType {
  const type = TYPES.get(datatype);
  if (type !== undefined) return type;
  throw badRequest(
    `${what}: datatype ${JSON.stringify(datatype)} is not known; one of ${[...TYPES.keys()].join(', ')}`,
  );
}
