import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { PgscoreError } from '../../errors.ts';

/** Who may ask: with tokens, whoever shows one; without, whoever is on this machine. */
export interface Access {
  readonly tokens: readonly string[];
}

/** Short ones are guessed. */
const MIN_TOKEN = 16;

/** Throws PGS_USAGE for a server that others could reach without a token, and for tokens that are none. */
export function checkAccess(host: string, { tokens }: Access): void {
  const weak = tokens.find((token) => token.length < MIN_TOKEN || !/^[\x21-\x7e]+$/.test(token));
  if (weak !== undefined) {
    throw new PgscoreError(
      'PGS_USAGE',
      `a token for HTTP must have ${MIN_TOKEN} or more printable ASCII characters`,
      {
        hint: 'Make one: openssl rand -hex 32',
      },
    );
  }
  if (tokens.length > 0 || isLoopback(host)) return;
  throw new PgscoreError(
    'PGS_USAGE',
    `HTTP on ${host} can be reached from other machines and needs a token`,
    {
      hint: 'Set PGSCORE_HTTP_TOKEN (openssl rand -hex 32 makes one), or listen on 127.0.0.1.',
    },
  );
}

/** Whether only this machine can connect to an address that a server listens on. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1' || host === '[::1]') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

export type Refusal = { readonly status: 401 | 403; readonly message: string };

/** What tells who asks. */
export interface Credentials {
  readonly authorization?: string | undefined;
  readonly host?: string | undefined;
  /** The page that a browser asks for. */
  readonly origin?: string | undefined;
}

/**
 * Why a request may not go on, or undefined. Without tokens its Host header must name this machine: a web page can make
 * a name of its own resolve to 127.0.0.1, and a browser then sends that name. A page that asks 127.0.0.1 itself is told
 * by its Origin.
 */
export function refusalOf(
  { authorization, host, origin }: Credentials,
  { tokens }: Access,
): Refusal | undefined {
  if (tokens.length === 0) {
    if (isLoopback(hostname(host ?? '')) && (origin === undefined || isLocalPage(origin))) return undefined;
    return { status: 403, message: 'without a token this server answers requests to localhost only' };
  }
  const shown = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  if (shown === undefined)
    return { status: 401, message: 'a token is needed: Authorization: Bearer <token>' };
  // All are compared, so that the time tells nothing of which one was close.
  const matches = tokens.filter((token) => sameText(token, shown)).length;
  return matches > 0 ? undefined : { status: 401, message: 'this token is not valid here' };
}

function hostname(host: string): string {
  return host.replace(/:\d+$/, '').toLowerCase();
}

function isLocalPage(origin: string): boolean {
  return /^https?:\/\//.test(origin) && isLoopback(hostname(origin.replace(/^https?:\/\//, '')));
}

/** Compares in a time that depends on neither text. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
