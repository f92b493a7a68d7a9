import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpError } from './errors.ts';
import { findVersion } from './find-version.ts';
import { errorAnswers, modelPath, predictAnswer, predictRequest } from './schemas.ts';
import type { Answering } from './server.ts';
import type { JsonRow } from './service.ts';

interface PredictRequest {
  readonly rows?: readonly JsonRow[];
  readonly keys?: readonly unknown[];
  readonly table?: string;
  readonly version?: number;
}

type PredictCall = FastifyRequest<{ Params: { name: string }; Body: PredictRequest }>;

/** `POST /predict/{name}`: rows by feature name, or primary keys of a table that the model is attached to. */
export function predictRoute(app: FastifyInstance, answering: Answering): void {
  app.post<{ Params: { name: string }; Body: PredictRequest }>(
    '/predict/:name',
    {
      schema: {
        tags: ['Predictions'],
        summary: 'Score rows, or rows of a table by key',
        params: modelPath,
        body: predictRequest,
        response: { 200: predictAnswer, ...errorAnswers },
      },
    },
    (request) => predict(answering, request),
  );
}

async function predict(answering: Answering, request: PredictCall): Promise<object> {
  const { service, limits } = answering;
  const { rows, keys, table, version: wanted } = request.body;
  const version = await findVersion(service, {
    name: request.params.name,
    ...(wanted === undefined ? {} : { version: String(wanted) }),
  });
  const count = (rows ?? keys)!.length;
  if (count > limits.rows) throw new HttpError(413, `${count} rows; a request takes ${limits.rows}`);
  const predictions = await answering.answer(request, version, count, (signal) =>
    rows === undefined
      ? service.predictByKey(version, { table, keys: keys! }, signal)
      : service.predict(version, rows, signal),
  );
  return { model: version.model, version: version.version, predictions };
}
