import { STATUS_CODES } from 'node:http';
import type { FastifySchemaValidationError } from 'fastify';
import { PgscoreError } from '../../errors.ts';
import { isServerTrouble } from '../link.ts';
import { RowError } from '../row-error.ts';

/** An answer that is an error: its status, and a message for the client. */
export class HttpError extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = 'HttpError';
    this.status = status;
    this.headers = headers;
  }
}

export function badRequest(message: string): HttpError {
  return new HttpError(400, message);
}

export function notFound(message: string): HttpError {
  return new HttpError(404, message);
}

export interface ErrorAnswer {
  readonly status: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the fault is this server's: then the log gets the whole error and the client no details. */
  readonly fault: boolean;
}

/** What a client hears of an error. Messages of faults stay in the log: they may name what is not the client's. */
export function answerOf(error: unknown): ErrorAnswer {
  if (error instanceof HttpError) {
    const { status, message, headers } = error;
    return { status, message, headers, fault: status >= 500 && status !== 503 && status !== 504 };
  }
  if (error instanceof PgscoreError && (error.code === 'PGS_INPUT' || error.code === 'PGS_USAGE')) {
    const where = error instanceof RowError ? `row ${error.row}: ` : '';
    const hint = error.hint === undefined ? '' : `. ${error.hint}`;
    return { status: 400, message: `${where}${error.message}${hint}`, headers: {}, fault: false };
  }
  // Before the database's: a client that breaks off its request gives such an error, with the code of a lost connection.
  const { statusCode, message } = error as { statusCode?: number; message?: string };
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return { status: statusCode, message: message ?? STATUS_CODES[statusCode]!, headers: {}, fault: false };
  }
  if (isServerTrouble(error)) {
    return { status: 503, message: 'the database cannot be reached', headers: RETRY, fault: true };
  }
  return { status: 500, message: 'internal error; the log has the details', headers: {}, fault: true };
}

/** What a client hears of a request that does not have the form of its route; `part` is its body, its path, … */
export function misfit(errors: readonly FastifySchemaValidationError[], part: string): HttpError {
  // Of schemas of which one must fit, the errors of each come first.
  const { keyword, instancePath, message, params } = errors.at(-1)!;
  if (keyword === 'oneOf') return badRequest(`${part}${instancePath} must have either rows or keys`);
  const extra = params.additionalProperty;
  const detail = extra === undefined ? '' : `: ${JSON.stringify(extra)}`;
  return badRequest(`${part}${instancePath} ${message}${detail}`);
}

/** For answers that a client may ask for again soon. */
export const RETRY = { 'retry-after': '1' } as const;
