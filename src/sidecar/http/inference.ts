import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GraphTensor } from '../../ir/graph.ts';
import type { TensorValue } from '../tensor-data.ts';
import { datatypeOf } from './datatypes.ts';
import { badRequest, HttpError } from './errors.ts';
import { findVersion } from './find-version.ts';
import { answerBody, type RequestedOutput, wantedOutputs } from './inference-answer.ts';
import { binaryPart, HEADER_LENGTH } from './inference-body.ts';
import { type InputTensor, readRawInput, readTensors } from './input-tensors.ts';
import type { Parameters } from './parameters.ts';
import { inputsOf, MATRIX, rowsOf, tensorsOf } from './rows-as-tensors.ts';
import type { Answering } from './server.ts';
import type { ServedVersion } from './service.ts';

export interface ModelPath {
  readonly name: string;
  readonly version?: string;
}

export interface InferenceRequest {
  readonly id?: string;
  readonly parameters?: Parameters;
  readonly inputs: readonly InputTensor[];
  readonly outputs?: readonly RequestedOutput[];
}

type InferenceCall = FastifyRequest<{ Params: ModelPath; Body: InferenceRequest }>;

/** Answers one inference request: tensors in, tensors out. */
export async function infer(
  answering: Answering,
  request: InferenceCall,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { service, limits } = answering;
  const version = await findVersion(service, request.params);
  const binary = binaryPart(request);
  const raw = binary?.raw === true;
  // Before anything of that size is made.
  for (const { shape } of request.body.inputs) checkRows(shape[0] ?? 1, limits.rows);
  const inputs = raw
    ? readRawInput(inputsOf(version), binary.bytes)
    : byName(version, readTensors(request.body.inputs, binary?.bytes));
  if (version.runsIn === 'sidecar')
    for (const info of version.inputs) checkTensor(info, inputs.get(info.name)!);
  checkRows(rowCount(inputs), limits.rows);
  const wanted = wantedOutputs(version, raw ? { parameters: { binary_data_output: true } } : request.body);
  const outputs = await answering.answer(request, version, rowCount(inputs), async (signal) =>
    version.runsIn === 'sidecar'
      ? service.infer(version, inputs, signal)
      : tensorsOf(version, await service.predict(version, rowsOf(version, inputs), signal)),
  );
  const { json, parts } = answerBody(version, request.body.id, wanted, outputs);
  if (parts.length === 0) return reply.type('application/json; charset=utf-8').send(json);
  const head = Buffer.from(json, 'utf8');
  return reply
    .type('application/octet-stream')
    .header(HEADER_LENGTH, head.length)
    .send(Buffer.concat([head, ...parts]));
}

/** The tensors by name: one of each of the model's inputs, or one matrix of all its features. */
function byName(
  version: ServedVersion,
  given: readonly (readonly [name: string, TensorValue])[],
): ReadonlyMap<string, TensorValue> {
  const matrix = version.runsIn === 'database' && given.length === 1 && given[0]![0] === MATRIX;
  const known = matrix ? [MATRIX] : inputsOf(version).map(({ name }) => name);
  const tensors = new Map<string, TensorValue>();
  for (const [name, tensor] of given) {
    if (!known.includes(name))
      throw badRequest(`there is no input ${JSON.stringify(name)}; the inputs are ${known.join(', ')}`);
    if (tensors.has(name)) throw badRequest(`input ${name} is given twice`);
    tensors.set(name, tensor);
  }
  const absent = known.filter((name) => !tensors.has(name));
  if (absent.length > 0) throw badRequest(`inputs are absent: ${absent.join(', ')}`);
  return tensors;
}

function checkRows(rows: number, max: number): void {
  if (rows > max) throw new HttpError(413, `${rows} rows; a request takes ${max}`);
}

function checkTensor({ name, type, shape }: GraphTensor, tensor: TensorValue): void {
  if (tensor.type !== type) {
    throw badRequest(`input ${name}: datatype ${datatypeOf(tensor.type)}, expected ${datatypeOf(type)}`);
  }
  const { dims } = tensor;
  if (
    dims.length !== shape.length ||
    shape.some((length, axis) => length !== null && length !== dims[axis])
  ) {
    const expected = shape.map((length) => length ?? -1).join(', ');
    throw badRequest(
      `input ${name}: its shape is [${dims.join(', ')}], expected [${expected}] (-1: any length)`,
    );
  }
}

function rowCount(inputs: ReadonlyMap<string, TensorValue>): number {
  return [...inputs.values()][0]?.dims[0] ?? 1;
}
