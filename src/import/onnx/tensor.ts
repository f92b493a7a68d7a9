import { PgscoreError } from '../../errors.ts';
import { type DataType, dataTypeOf, type TensorData } from './file.ts';
import { type Constant, sizeOf, type Tensor, tensor } from './value.ts';

const BYTES: Readonly<Record<Exclude<DataType, 'string'>, number>> = {
  float32: 4,
  float64: 8,
  int8: 1,
  uint8: 1,
  bool: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
};

/**
 * A tensor of the file as elements. `where` says of whom, for messages. Elements in other files are never read.
 * @throws PgscoreError PGS_FILE when sizes and contents differ, PGS_UNSUPPORTED for types that are not scored.
 */
export function readTensorData(data: TensorData, where: string): Tensor {
  const type = dataTypeOf(data.type);
  refuseExternal(data, where);
  if (type === undefined) {
    throw new PgscoreError(
      'PGS_UNSUPPORTED',
      `${where} has elements of type ${data.type}, which are not scored here.`,
      {
        hint: 'Numbers are scored as float, double or whole numbers; models in other types belong to the sidecar.',
      },
    );
  }
  const { dims } = data;
  const size = sizeOf(dims);
  if (dims.some((dim) => dim < 0) || !Number.isSafeInteger(size)) corrupt(where, `shape [${dims.join()}]`);
  const elements = elementsOf(data, type, size, where);
  if (elements.length !== size) {
    corrupt(where, `${elements.length} elements, but shape [${dims.join()}] has ${size}`);
  }
  return tensor(type, dims, elements);
}

/** Nothing outside of a model's file is ever read. @throws PgscoreError PGS_UNSUPPORTED */
export function refuseExternal({ external }: TensorData, where: string): void {
  if (!external) return;
  throw new PgscoreError('PGS_UNSUPPORTED', `${where} keeps its numbers in another file.`, {
    hint: 'Save the model with all its data in one file (onnx.save without save_as_external_data).',
  });
}

function corrupt(where: string, found: string): never {
  throw new PgscoreError('PGS_FILE', `${where} has ${found}.`, {
    hint: 'The file is damaged: save the model again.',
  });
}

function elementsOf(data: TensorData, type: DataType, size: number, where: string): readonly Constant[] {
  if (type === 'string') return data.texts;
  if (data.raw === undefined) return data.numbers;
  const { raw } = data;
  if (raw.length !== size * BYTES[type]) {
    corrupt(
      where,
      `${raw.length} bytes, but shape [${data.dims.join()}] of ${type} needs ${size * BYTES[type]}`,
    );
  }
  const read = rawReader(type, new DataView(raw.buffer, raw.byteOffset, raw.byteLength));
  return Array.from({ length: size }, (_, i) => read(i * BYTES[type]));
}

/** Little-endian. 64-bit integers are rounded past 2^53. */
function rawReader(type: Exclude<DataType, 'string'>, view: DataView): (offset: number) => number {
  switch (type) {
    case 'float32':
      return (offset) => view.getFloat32(offset, true);
    case 'float64':
      return (offset) => view.getFloat64(offset, true);
    case 'int8':
      return (offset) => view.getInt8(offset);
    case 'uint8':
      return (offset) => view.getUint8(offset);
    case 'bool':
      return (offset) => (view.getUint8(offset) === 0 ? 0 : 1);
    case 'int16':
      return (offset) => view.getInt16(offset, true);
    case 'uint16':
      return (offset) => view.getUint16(offset, true);
    case 'int32':
      return (offset) => view.getInt32(offset, true);
    case 'uint32':
      return (offset) => view.getUint32(offset, true);
    case 'int64':
      return (offset) => Number(view.getBigInt64(offset, true));
    case 'uint64':
      return (offset) => Number(view.getBigUint64(offset, true));
  }
}
