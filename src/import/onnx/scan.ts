import { PgscoreError } from '../../errors.ts';
import type { Attribute, Graph, Node, OnnxFile, TensorData, ValueInfo, ValueType } from './file.ts';
import {
  doubles,
  type Fields,
  float,
  floats,
  int,
  ints,
  message,
  readMessage,
  text,
  unsignedInts,
} from './protobuf.ts';

/** Graphs nest in attributes and types in types; deeper ones are of no converter. */
const MAX_DEPTH = 16;

/**
 * Reads the bytes of an ONNX file (the message ModelProto of onnx.proto). Time and memory are bounded by the file's
 * size; nothing outside of it is read. @throws PgscoreError PGS_FILE.
 */
export function scanOnnx(name: string, bytes: Uint8Array): OnnxFile {
  try {
    return readModel(name, bytes);
  } catch (error) {
    if (error instanceof PgscoreError) throw error;
    throw new PgscoreError('PGS_FILE', `${name}: not a whole ONNX file: ${(error as Error).message}.`, {
      hint: 'The file is damaged or cut short: save the model again.',
      cause: error,
    });
  }
}

function readModel(name: string, bytes: Uint8Array): OnnxFile {
  const opsets = new Map<string, number>();
  const metadata = new Map<string, string>();
  let irVersion = 0;
  let producerName = '';
  let producerVersion = '';
  let graph: Graph | undefined;
  readMessage(bytes, {
    1: int((value) => {
      irVersion = value;
    }),
    2: text((value) => {
      producerName = value;
    }),
    3: text((value) => {
      producerVersion = value;
    }),
    7: message((part) => {
      graph = readGraph(part, 0);
    }),
    8: message((part) => {
      const [domain, version] = readOperatorSet(part);
      opsets.set(domain, version);
    }),
    14: message((part) => {
      const [key, value] = readEntry(part);
      metadata.set(key, value);
    }),
  });
  if (graph === undefined) throw new Error('it holds no graph');
  return { name, irVersion, producer: `${producerName} ${producerVersion}`.trim(), opsets, metadata, graph };
}

function readOperatorSet(bytes: Uint8Array): readonly [domain: string, version: number] {
  let domain = '';
  let version = 0;
  readMessage(bytes, {
    1: text((value) => {
      domain = plainDomain(value);
    }),
    2: int((value) => {
      version = value;
    }),
  });
  return [domain, version];
}

/** The default domain has two names. */
function plainDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

function readEntry(bytes: Uint8Array): readonly [key: string, value: string] {
  let key = '';
  let value = '';
  readMessage(bytes, {
    1: text((part) => {
      key = part;
    }),
    2: text((part) => {
      value = part;
    }),
  });
  return [key, value];
}

function readGraph(bytes: Uint8Array, depth: number): Graph {
  if (depth > MAX_DEPTH) throw new Error(`graphs nest more than ${MAX_DEPTH} deep`);
  const nodes: Node[] = [];
  const initializers: TensorData[] = [];
  const inputs: ValueInfo[] = [];
  const outputs: ValueInfo[] = [];
  let sparseInitializers = 0;
  readMessage(bytes, {
    1: message((part) => nodes.push(readNode(part, depth))),
    5: message((part) => initializers.push(readTensor(part))),
    11: message((part) => inputs.push(readValueInfo(part))),
    12: message((part) => outputs.push(readValueInfo(part))),
    15: message(() => {
      sparseInitializers++;
    }),
  });
  return { nodes, initializers, sparseInitializers, inputs, outputs };
}

function readNode(bytes: Uint8Array, depth: number): Node {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, Attribute>();
  let name = '';
  let operator = '';
  let domain = '';
  readMessage(bytes, {
    1: text((value) => inputs.push(value)),
    2: text((value) => outputs.push(value)),
    3: text((value) => {
      name = value;
    }),
    4: text((value) => {
      operator = value;
    }),
    5: message((part) => {
      const attribute = readAttribute(part, depth);
      attributes.set(attribute.name, attribute);
    }),
    7: text((value) => {
      domain = plainDomain(value);
    }),
  });
  return { name, domain, operator, inputs, outputs, attributes };
}

function readAttribute(bytes: Uint8Array, depth: number): Attribute {
  const lists = { floats: [] as number[], ints: [] as number[], texts: [] as string[] };
  const single: { -readonly [K in keyof Attribute]?: Attribute[K] } = {};
  let name = '';
  readMessage(bytes, {
    1: text((value) => {
      name = value;
    }),
    2: float((value) => {
      single.float = value;
    }),
    3: int((value) => {
      single.int = value;
    }),
    4: text((value) => {
      single.text = value;
    }),
    5: message((part) => {
      single.tensor = readTensor(part);
    }),
    6: message((part) => {
      single.graph = readGraph(part, depth + 1);
    }),
    7: floats(lists.floats),
    8: ints(lists.ints),
    9: text((value) => lists.texts.push(value)),
    21: text((value) => {
      single.reference = value;
    }),
  });
  return { ...lists, ...single, name };
}

function readTensor(bytes: Uint8Array): TensorData {
  const dims: number[] = [];
  const numbers: number[] = [];
  const texts: string[] = [];
  const single: { -readonly [K in keyof TensorData]?: TensorData[K] } = {};
  let [name, type, external] = ['', 0, false];
  const fields: Fields = {
    1: ints(dims),
    2: int((value) => {
      type = value;
    }),
    4: floats(numbers),
    5: ints(numbers),
    6: text((value) => texts.push(value)),
    7: ints(numbers),
    8: text((value) => {
      name = value;
    }),
    9: message((part) => {
      single.raw = part;
    }),
    10: doubles(numbers),
    11: unsignedInts(numbers),
    13: message(() => {
      external = true;
    }),
    14: int((value) => {
      external ||= value !== 0;
    }),
  };
  readMessage(bytes, fields);
  return { ...single, name, dims, type, external, numbers, texts };
}

function readValueInfo(bytes: Uint8Array): ValueInfo {
  let name = '';
  let type: ValueType = { kind: 'other' };
  readMessage(bytes, {
    1: text((value) => {
      name = value;
    }),
    2: message((part) => {
      type = readType(part, 0);
    }),
  });
  return { name, type };
}

function readType(bytes: Uint8Array, depth: number): ValueType {
  if (depth > MAX_DEPTH) throw new Error(`types nest more than ${MAX_DEPTH} deep`);
  let type: ValueType = { kind: 'other' };
  readMessage(bytes, {
    1: message((part) => {
      type = readTensorType(part);
    }),
    4: message((part) => {
      type = { kind: 'sequence', element: readNested(part, 1, depth).element };
    }),
    5: message((part) => {
      const { code, element } = readNested(part, 2, depth);
      type = { kind: 'map', keyCode: code, value: element };
    }),
  });
  return type;
}

/** A sequence's element type, or a map's key and value types. */
function readNested(
  bytes: Uint8Array,
  elementField: 1 | 2,
  depth: number,
): { code: number; element: ValueType } {
  let code = 0;
  let element: ValueType = { kind: 'other' };
  const nested = message((part) => {
    element = readType(part, depth + 1);
  });
  const key = int((value) => {
    code = value;
  });
  readMessage(bytes, elementField === 1 ? { 1: nested } : { 1: key, 2: nested });
  return { code, element };
}

function readTensorType(bytes: Uint8Array): ValueType {
  let code = 0;
  let dims: (number | undefined)[] | undefined;
  readMessage(bytes, {
    1: int((value) => {
      code = value;
    }),
    2: message((shape) => {
      const sizes: (number | undefined)[] = [];
      readMessage(shape, { 1: message((dim) => sizes.push(readDimension(dim))) });
      dims = sizes;
    }),
  });
  return { kind: 'tensor', code, dims };
}

/** Undefined for a size that has a name or nothing. */
function readDimension(bytes: Uint8Array): number | undefined {
  let size: number | undefined;
  readMessage(bytes, {
    1: int((value) => {
      size = value;
    }),
  });
  return size;
}
