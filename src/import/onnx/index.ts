import type { Importer } from '../importer.ts';
import { assign } from './assign.ts';
import { lowerOnnx } from './lower.ts';
import { scanOnnx } from './scan.ts';

/** A protobuf message ModelProto, as onnx.save writes it. */
export const onnx: Importer = {
  format: 'onnx',
  title: 'ONNX',
  recognises: ({ bytes }) => startsAsModel(bytes),
  read: (file, options) => lowerOnnx(scanOnnx(file.name, file.bytes), options),
  readAny: (file, options) => assign(scanOnnx(file.name, file.bytes), options),
};

/** Tags of ModelProto's fields: ir_version, producer_name, …, graph, opset_import, metadata_props. */
const FIELD_TAGS: ReadonlySet<number> = new Set([0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72]);

/** Writers begin with ir_version, a small number; another field of the message follows. */
function startsAsModel(bytes: Uint8Array): boolean {
  return bytes[0] === 0x08 && bytes[1]! > 0 && bytes[1]! < 0x40 && FIELD_TAGS.has(bytes[2]!);
}
