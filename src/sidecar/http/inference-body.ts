import type { FastifyInstance, FastifyRequest } from 'fastify';
import { badRequest, HttpError } from './errors.ts';
import { readJson } from './json-body.ts';

/** The length of the JSON before binary tensors, in requests and answers alike. */
export const HEADER_LENGTH = 'inference-header-content-length';

/** What binary tensors of a request are read from. */
export interface BinaryPart {
  readonly bytes: Uint8Array;
  /** Whether there is no JSON at all: the bytes are the one input of the model. */
  readonly raw: boolean;
}

const parts = new WeakMap<FastifyRequest, BinaryPart>();

/** The bytes behind the JSON of a request; undefined when it says of none. */
export function binaryPart(request: FastifyRequest): BinaryPart | undefined {
  return parts.get(request);
}

/**
 * Lets the routes of `app` take JSON with binary tensors behind it. Clients of the protocol send that as JSON, as bytes,
 * and without any word on its type: the header alone tells.
 */
export function parseInferenceBodies(app: FastifyInstance, parse: (text: string) => unknown): void {
  const read = async (request: FastifyRequest, body: Buffer) => readBody(request, body, parse);
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, read);
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, read);
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) => {
    const type = request.headers['content-type'];
    if (type === undefined) return read(request, body);
    throw new HttpError(415, `${type} is not taken; application/json and application/octet-stream are`);
  });
}

function readBody(request: FastifyRequest, body: Buffer, parse: (text: string) => unknown): unknown {
  const header = request.headers[HEADER_LENGTH];
  if (header === undefined) return readJson(body, parse);
  const length = typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : Number.NaN;
  if (!(length <= body.length)) {
    throw badRequest(
      `Inference-Header-Content-Length is ${JSON.stringify(header)}, expected 0 to ${body.length}, the body's length`,
    );
  }
  parts.set(request, { bytes: body.subarray(length), raw: length === 0 });
  return length === 0 ? { inputs: [] } : readJson(body.subarray(0, length), parse);
}
