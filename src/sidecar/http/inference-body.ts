import type { FastifyInstance, FastifyRequest } from 'fastify';
import { badRequest } from './errors.ts';
import { readJson, refuseType } from './json-body.ts';

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
    if (request.headers['content-type'] === undefined) return read(request, body);
    return refuseType(request, 'application/json or application/octet-stream');
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
  return length === 0
    ? { inputs: [] }
    : readJson(body.subarray(0, length), (text) => parseHead(text, length, parse));
}

function parseHead(text: string, length: number, parse: (text: string) => unknown): unknown {
  try {
    return parse(text);
  } catch {
    throw badRequest(
      `the first ${length} bytes, of which Inference-Header-Content-Length tells, are no JSON`,
    );
  }
}
