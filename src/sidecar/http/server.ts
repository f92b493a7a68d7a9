import swagger from '@fastify/swagger';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Registry } from 'prom-client';
import { unwritableAsText } from '../../json-numbers.ts';
import { packageVersion } from '../../package-version.ts';
import { type Access, checkAccess, refusalOf } from './auth.ts';
import { answerOf, HttpError, misfit } from './errors.ts';
import { parseInferenceBodies } from './inference-body.ts';
import { parseJsonBodies } from './json-body.ts';
import { DEFAULT_LIMITS, Gate, type Limits } from './limits.ts';
import { type HttpMetrics, httpMetrics } from './metrics.ts';
import { openInferenceRoutes } from './open-inference.ts';
import { predictRoute } from './predict-route.ts';
import type { InferenceService, ServedVersion } from './service.ts';

export interface HttpOptions extends Access {
  /** An address of this machine; off loopback a token is needed. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly limits?: Partial<Limits>;
}

export interface HttpServer {
  /** `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Takes no more requests; resolves when those under way are answered. */
  close(): Promise<void>;
}

/** What routes share. */
export interface Answering {
  readonly service: InferenceService;
  readonly limits: Limits;
  /** Runs a task for a request, within its time and among not too many others. */
  answer<T>(
    request: FastifyRequest,
    version: ServedVersion,
    rows: number,
    task: (signal: AbortSignal) => Promise<T>,
  ): Promise<T>;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered without a token. */
    open?: boolean;
  }
}

/**
 * Serves every deployed model over HTTP. Throws PGS_USAGE when others could reach it without a token, and the system's
 * error when the address is taken.
 */
export async function startHttp(
  service: InferenceService,
  registry: Registry,
  logger: FastifyBaseLogger,
  options: HttpOptions,
): Promise<HttpServer> {
  checkAccess(options.host, options);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const app = createApp(limits, logger);
  const metrics = httpMetrics(registry);
  answerErrors(app);
  const underWay = observe(app, metrics);
  guard(app, options);
  await app.register(swagger, { openapi: description(options.tokens.length > 0) });
  const answering = { service, limits, answer: answerer(limits, metrics) };
  const parse = jsonParser(app);
  await app.register(async (routes) => {
    parseInferenceBodies(routes, parse);
    openInferenceRoutes(routes, answering);
  });
  await app.register(async (routes) => {
    parseJsonBodies(routes, parse);
    predictRoute(routes, answering);
    routes.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
    routes.get('/metrics', { schema: { hide: true } }, async (_, reply) =>
      reply.type(registry.contentType).send(await registry.metrics()),
    );
  });
  const url = await app.listen({ host: options.host, port: options.port });
  app.server.maxConnections = limits.connections;
  return { url, close: () => close(app, underWay) };
}

/**
 * Answers what is under way and ends. Connections that clients keep for later, or opened without asking anything, would
 * hold the server for seconds after its last answer.
 */
async function close(app: FastifyInstance, underWay: () => number): Promise<void> {
  const timer = setInterval(() => {
    if (underWay() === 0) app.server.closeAllConnections();
  }, 20);
  try {
    await app.close();
  } finally {
    clearInterval(timer);
  }
}

function createApp(limits: Limits, loggerInstance: FastifyBaseLogger): FastifyInstance {
  const app = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.bodyBytes,
    // A client that sends its request by the byte is cut off after this, however it spreads them.
    requestTimeout: limits.timeout,
    connectionTimeout: 2 * limits.timeout,
    keepAliveTimeout: 5_000,
    // Node's own default looks every 30 s only.
    http: { connectionsCheckingInterval: Math.min(limits.timeout, 1_000) },
    // Paths that cannot be decoded.
    frameworkErrors: ({ statusCode, message }, _, reply: FastifyReply) =>
      void reply.code(statusCode ?? 400).send({ error: message }),
    schemaErrorFormatter: misfit,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allErrors: false } },
  }) as FastifyInstance;
  // What a web page may send to any address without asking first, and JSON's only alternative here.
  app.removeContentTypeParser('text/plain');
  // Schemas describe answers; what they leave out, or what an error adds, is sent all the same.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data, unwritableAsText));
  return app;
}

/** `__proto__` and `constructor` in a body are errors of the client. */
function jsonParser(app: FastifyInstance): (text: string) => unknown {
  const parse = app.getDefaultJsonParser('error', 'error');
  return (text) => {
    let result: unknown;
    // Calls back before it returns, and needs no request.
    parse(undefined as unknown as FastifyRequest, text, (error, value) => {
      if (error !== null) throw error;
      result = value;
    });
    return result;
  };
}

function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const { status, message, headers, fault } = answerOf(error);
    if (fault) request.log.error({ err: error, path: request.url }, 'a request failed');
    return reply.code(status).headers(headers).send({ error: message });
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: `there is no ${request.method} ${request.url.split('?')[0]}` }),
  );
}

/** Before anything of a request is read but its head. What has no route needs a token too. */
function guard(app: FastifyInstance, access: Access): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.open === true) return;
    const refusal = refusalOf(request.headers, access);
    if (refusal === undefined) return refuseEncoded(request);
    if (refusal.status === 401) reply.header('www-authenticate', 'Bearer realm="pgscore"');
    throw new HttpError(refusal.status, refusal.message);
  });
}

/** Few bytes may unpack to many. */
function refuseEncoded(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity')
    throw new HttpError(415, `a body in ${encoding} is not taken; send it as it is`);
}

/** Counts requests; returns how many are under way. */
function observe(app: FastifyInstance, metrics: HttpMetrics): () => number {
  let underWay = 0;
  app.addHook('onRequest', async (_, reply) => {
    underWay += 1;
    // Also when the client has gone away.
    reply.raw.once('close', () => {
      underWay -= 1;
    });
  });
  app.addHook('onResponse', async (request, reply) => {
    metrics.requests.inc({ route: request.routeOptions.url ?? 'none', status: reply.statusCode });
  });
  return () => underWay;
}

function answerer(limits: Limits, metrics: HttpMetrics): Answering['answer'] {
  const gate = new Gate(limits);
  return async (request, { model, version }, rows, task) => {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), limits.timeout);
    const stop = () => abort.abort();
    request.raw.socket.once('close', stop);
    const done = metrics.seconds.startTimer({ model });
    try {
      const result = await gate.run(abort.signal, () => task(abort.signal));
      metrics.rows.inc({ model, version }, rows);
      return result;
    } finally {
      done();
      clearTimeout(timer);
      request.raw.socket.off('close', stop);
    }
  };
}

function description(withToken: boolean) {
  return {
    openapi: '3.0.3',
    info: {
      title: 'pgscore',
      version: packageVersion(),
      description: 'Predictions of the models that are deployed in the database.',
    },
    ...(withToken
      ? {
          components: { securitySchemes: { token: { type: 'http' as const, scheme: 'bearer' } } },
          security: [{ token: [] }],
        }
      : {}),
  };
}
