import type { FastifyInstance, FastifyRequest } from 'fastify';
import { badRequest, HttpError } from './errors.ts';

/** Deeper than any tensor or row; what walks a body may recurse. */
const MAX_DEPTH = 64;
/** Longer than any numeric that is a key; a number of so many digits would cost more than linear time. */
const MAX_DIGITS = 400;
/** Before the digits of a whole number that float64 would round. No client can know it. */
const MARK = `${crypto.randomUUID()}:`;

const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);
const [BRACKET, BRACE, END_BRACKET, END_BRACE] = ['[', '{', ']', '}'].map((text) => text.charCodeAt(0));

/** Lets the routes of `app` take JSON as `readJson` reads it. */
export function parseJsonBodies(app: FastifyInstance, parse: (text: string) => unknown): void {
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_: FastifyRequest, body: Buffer) => readJson(body, parse),
  );
  app.addContentTypeParser('*', async (request: FastifyRequest) => refuseType(request, 'application/json'));
}

/** Throws HttpError 415. */
export function refuseType({ headers }: FastifyRequest, taken: string): never {
  const type = headers['content-type'];
  const found = type === undefined ? 'no Content-Type' : `Content-Type: ${type}`;
  throw new HttpError(415, `a body with ${found} is not taken; send it with Content-Type: ${taken}`);
}

/**
 * Reads a request's JSON with `parse`. Whole numbers that float64 would round become bigint: keys and elements of 64 bits
 * keep all their digits. Time and memory are linear in the bytes. Throws HttpError 400 for bytes that are no UTF-8 and
 * for lists in lists without end, and what `parse` throws.
 */
export function readJson(bytes: Uint8Array, parse: (text: string) => unknown): unknown {
  const text = decode(bytes);
  const marked = markLongNumbers(text);
  const value = parse(marked);
  return marked === text ? value : unmark(value);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw badRequest('the body is not UTF-8');
  }
}

/** Puts whole numbers that float64 would round in quotes, marked. What is no JSON stays none. */
function markLongNumbers(text: string): string {
  const parts: string[] = [];
  let copied = 0;
  let depth = 0;
  let position = 0;
  while (position < text.length) {
    const code = text.charCodeAt(position);
    if (code === QUOTE) position = endOfText(text, position);
    else if (isNumeric(code)) {
      const end = endOfNumber(text, position);
      const token = end - position < 16 ? '' : text.slice(position, end);
      if (token.length <= MAX_DIGITS && isRounded(token)) {
        parts.push(text.slice(copied, position), `"${MARK}${token}"`);
        copied = end;
      }
      position = end;
    } else {
      if (code === BRACKET || code === BRACE) depth += 1;
      else if (code === END_BRACKET || code === END_BRACE) depth -= 1;
      if (depth > MAX_DEPTH) throw badRequest(`the body nests more than ${MAX_DEPTH} deep`);
      position += 1;
    }
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(copied);
}

/** The position after the quote that ends a JSON text. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end + 1;
  }
  return text.length;
}

function endOfNumber(text: string, start: number): number {
  let end = start + 1;
  while (isNumeric(text.charCodeAt(end))) end += 1;
  return end;
}

/** Digits and +-.eE: letters stand outside of quotes in `true`, `false` and `null` alone, where nothing is changed. */
function isNumeric(code: number): boolean {
  return (
    (code >= 48 && code <= 57) || code === 43 || code === 45 || code === 46 || code === 69 || code === 101
  );
}

function isRounded(token: string): boolean {
  return /^-?[1-9]\d{15,}$/.test(token) && !Number.isSafeInteger(Number(token));
}

/** Puts bigints where marks are, in place. */
function unmark(root: unknown): unknown {
  const holder = { root };
  const pending: Record<string, unknown>[] = [holder];
  for (let object = pending.pop(); object !== undefined; object = pending.pop()) {
    for (const key of Object.keys(object)) {
      const value = object[key];
      if (typeof value === 'string' && value.startsWith(MARK)) object[key] = BigInt(value.slice(MARK.length));
      else if (typeof value === 'object' && value !== null) pending.push(value as Record<string, unknown>);
    }
  }
  return holder.root;
}
