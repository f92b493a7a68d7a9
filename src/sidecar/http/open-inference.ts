import type { FastifyInstance } from 'fastify';
import type { GraphTensor } from '../../ir/graph.ts';
import { packageVersion } from '../../package-version.ts';
import { datatypeOf } from './datatypes.ts';
import { findVersion } from './find-version.ts';
import { type InferenceRequest, infer, type ModelPath } from './inference.ts';
import { inputsOf, outputsOf } from './rows-as-tensors.ts';
import {
  binaryHeaders,
  errorAnswers,
  health,
  inferenceAnswer,
  inferenceRequest,
  modelMetadata,
  modelPath,
  modelReady,
  serverMetadata,
  versionPath,
} from './schemas.ts';
import type { Answering } from './server.ts';

/**
 * The Open Inference Protocol, version 2, REST: https://github.com/kserve/open-inference-protocol
 * (specification/protocol/inference_rest.md). Versions are numbers, as texts.
 */
export function openInferenceRoutes(app: FastifyInstance, answering: Answering): void {
  const tags = ['Open Inference Protocol'];
  const open = (summary: string) => ({
    config: { open: true },
    schema: { tags, summary, security: [], response: { 200: health, ...errorAnswers } },
  });

  app.get('/v2/health/live', open('Server Live'), () => ({ live: true }));
  app.get('/v2/health/ready', open('Server Ready'), (_, reply) => {
    const readiness = answering.service.ready();
    return readiness.ready
      ? { live: true, ready: true }
      : reply.code(503).send({ live: true, ready: false, error: readiness.reason });
  });
  for (const url of ['/v2', '/v2/']) {
    const schema = { tags, summary: 'Server Metadata', response: { 200: serverMetadata, ...errorAnswers } };
    app.get(url, { schema }, () => ({
      name: 'pgscore',
      version: packageVersion(),
      extensions: ['binary_tensor_data'],
    }));
  }
  modelRoutes(app, answering, '/v2/models/:name', { tags, params: modelPath });
  modelRoutes(app, answering, '/v2/models/:name/versions/:version', { tags, params: versionPath });
}

/** JSON, and JSON with binary tensors behind it. */
const BODIES = ['application/json', 'application/octet-stream'];

function modelRoutes(app: FastifyInstance, answering: Answering, path: string, common: object): void {
  const schemaOf = (summary: string, answer: object, more: object = {}) => ({
    schema: { ...common, summary, ...more, response: { 200: answer, ...errorAnswers } },
  });
  app.get<{ Params: ModelPath }>(path, schemaOf('Model Metadata', modelMetadata), ({ params }) =>
    describeModel(answering, params),
  );
  app.get<{ Params: ModelPath }>(
    `${path}/ready`,
    schemaOf('Model Ready', modelReady),
    async ({ params }, reply) => {
      const { model } = await findVersion(answering.service, params);
      const { ready } = answering.service.ready();
      return reply.code(ready ? 200 : 503).send({ name: model, ready });
    },
  );
  app.post<{ Params: ModelPath; Body: InferenceRequest }>(
    `${path}/infer`,
    schemaOf('Inference', inferenceAnswer, {
      body: inferenceRequest,
      headers: binaryHeaders,
      consumes: BODIES,
      produces: BODIES,
    }),
    (request, reply) => infer(answering, request, reply),
  );
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
