import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GraphTensor } from '../../ir/graph.ts';
import { packageVersion } from '../../package-version.ts';
import type { TensorValue } from '../tensor-data.ts';
import { badRequest, HttpError } from './errors.ts';
import { findVersion } from './find-version.ts';
import { inputsOf, MATRIX, outputsOf, rowsOf, tensorsOf } from './rows-as-tensors.ts';
import {
  errorAnswers,
  inferenceAnswer,
  inferenceRequest,
  modelMetadata,
  modelPath,
  modelReady,
  serverMetadata,
} from './schemas.ts';
import type { Answering } from './server.ts';
import type { ServedVersion } from './service.ts';
import { dataJson, datatypeOf, readTensor, type TensorJson } from './tensor-json.ts';

interface ModelPath {
  readonly name: string;
  readonly version?: string;
}

interface InferenceRequest {
  readonly id?: string;
  readonly inputs: readonly (TensorJson & { readonly name: string })[];
  readonly outputs?: readonly { readonly name: string }[];
}

type InferenceCall = FastifyRequest<{ Params: ModelPath; Body: InferenceRequest }>;

/**
 * The Open Inference Protocol, version 2, REST: https://github.com/kserve/open-inference-protocol
 * (specification/protocol/inference_rest.md). Versions are numbers, as texts.
 */
export function openInferenceRoutes(app: FastifyInstance, answering: Answering): void {
  const tags = ['Open Inference Protocol'];
  const open = { config: { open: true } };
  const get = (url: string, answer: object, handler: (params: ModelPath, reply: FastifyReply) => unknown) =>
    app.get<{ Params: ModelPath }>(
      url,
      {
        schema: {
          tags,
          ...(url.includes(':') ? { params: modelPath } : {}),
          response: { 200: answer, ...errorAnswers },
        },
      },
      (request, reply) => handler(request.params, reply),
    );

  app.get('/v2/health/live', { ...open, schema: { tags, summary: 'Server Live' } }, () => ({ live: true }));
  app.get('/v2/health/ready', { ...open, schema: { tags, summary: 'Server Ready' } }, (_, reply) => {
    const readiness = answering.service.ready();
    return readiness.ready
      ? { live: true, ready: true }
      : reply.code(503).send({ live: true, ready: false, error: readiness.reason });
  });
  for (const url of ['/v2', '/v2/']) {
    get(url, serverMetadata, () => ({ name: 'pgscore', version: packageVersion(), extensions: [] }));
  }
  for (const path of ['/v2/models/:name', '/v2/models/:name/versions/:version']) {
    get(path, modelMetadata, (params) => describeModel(answering, params));
    get(`${path}/ready`, modelReady, async (params, reply) => {
      const { model } = await findVersion(answering.service, params);
      const { ready } = answering.service.ready();
      return reply.code(ready ? 200 : 503).send({ name: model, ready });
    });
    app.post<{ Params: ModelPath; Body: InferenceRequest }>(
      `${path}/infer`,
      {
        schema: {
          tags,
          params: modelPath,
          body: inferenceRequest,
          response: { 200: inferenceAnswer, ...errorAnswers },
        },
      },
      (request, reply) => infer(answering, request, reply),
    );
  }
}

async function describeModel({ service }: Answering, params: ModelPath): Promise<object> {
  const version = await findVersion(service, params);
  const all = await service.versions();
  return {
    name: version.model,
    versions: all.filter(({ model }) => model === version.model).map((each) => String(each.version)),
    platform: version.format === 'onnx' ? 'onnx_onnxv1' : `pgscore_${version.format}`,
    inputs: inputsOf(version).map(infoJson),
    outputs: outputsOf(version).map(infoJson),
  };
}

function infoJson({ name, type, shape }: GraphTensor): object {
  return { name, datatype: datatypeOf(type), shape: shape.map((length) => length ?? -1) };
}

async function infer(
  answering: Answering,
  request: InferenceCall,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { service } = answering;
  const version = await findVersion(service, request.params);
  const inputs = readInputs(version, request.body.inputs, answering.limits.rows);
  const wanted = wantedOutputs(version, request.body.outputs);
  const outputs = await answering.answer(request, version, rowCount(inputs), async (signal) =>
    version.runsIn === 'sidecar'
      ? service.infer(version, inputs, signal)
      : tensorsOf(version, await service.predict(version, rowsOf(version, inputs), signal)),
  );
  return reply
    .type('application/json; charset=utf-8')
    .send(answerJson(version, request.body.id, wanted, outputs));
}

function readInputs(
  version: ServedVersion,
  given: InferenceRequest['inputs'],
  maxRows: number,
): ReadonlyMap<string, TensorValue> {
  const expected = inputsOf(version);
  const matrix = version.runsIn === 'database' && given.length === 1 && given[0]!.name === MATRIX;
  const known = matrix ? [MATRIX] : expected.map(({ name }) => name);
  const tensors = new Map<string, TensorValue>();
  for (const { name, ...tensor } of given) {
    if (!known.includes(name))
      throw badRequest(`there is no input ${JSON.stringify(name)}; the inputs are ${known.join(', ')}`);
    if (tensors.has(name)) throw badRequest(`input ${name} is given twice`);
    if ((tensor.shape[0] ?? 1) > maxRows) {
      throw new HttpError(413, `input ${name} has ${tensor.shape[0]} rows; a request takes ${maxRows}`);
    }
    tensors.set(name, readTensor(tensor, `input ${name}`));
  }
  const absent = known.filter((name) => !tensors.has(name));
  if (absent.length > 0) throw badRequest(`inputs are absent: ${absent.join(', ')}`);
  if (version.runsIn === 'sidecar') for (const info of expected) checkTensor(info, tensors.get(info.name)!);
  return tensors;
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

function wantedOutputs(version: ServedVersion, wanted: InferenceRequest['outputs']): readonly string[] {
  const names = outputsOf(version).map(({ name }) => name);
  if (wanted === undefined || wanted.length === 0) return names;
  const unknown = wanted.find(({ name }) => !names.includes(name));
  if (unknown !== undefined) {
    throw badRequest(
      `there is no output ${JSON.stringify(unknown.name)}; the outputs are ${names.join(', ')}`,
    );
  }
  return wanted.map(({ name }) => name);
}

function answerJson(
  { model, version }: ServedVersion,
  id: string | undefined,
  wanted: readonly string[],
  outputs: ReadonlyMap<string, TensorValue>,
): string {
  const tensors = wanted.map((name) => {
    const tensor = outputs.get(name)!;
    const head = JSON.stringify({ name, shape: tensor.dims, datatype: datatypeOf(tensor.type) });
    return `${head.slice(0, -1)},"data":${dataJson(tensor)}}`;
  });
  const head = JSON.stringify({
    model_name: model,
    model_version: String(version),
    ...(id === undefined ? {} : { id }),
  });
  return `${head.slice(0, -1)},"outputs":[${tensors.join()}]}`;
}
