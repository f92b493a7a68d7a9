import type pg from 'pg';
import { PgscoreError } from '../errors.ts';

/** Which of several servers will do: the first that answers, or the first that takes writes. */
export type SessionTarget = 'any' | 'read-write';

/** libpq's name for it, in an address. */
const PARAMETER = 'target_session_attrs';

/**
 * The servers that an address names, one configuration each, in order. Addresses are libpq's:
 * `postgresql://user@first:5432,second:5433/db?target_session_attrs=read-write`; the driver knows one host alone.
 * Throws PGS_DATABASE for a list that libpq would refuse.
 */
export function serversOf(config: pg.ClientConfig): readonly pg.ClientConfig[] {
  const { connectionString, host } = config;
  if (connectionString !== undefined) {
    return splitAddress(connectionString).map((address) => ({ ...config, connectionString: address }));
  }
  return host === undefined ? [config] : host.split(',').map((each) => ({ ...config, host: each }));
}

/** What the address itself asks for. Throws PGS_DATABASE for what does not fit: pgscore writes. */
export function targetOf({ connectionString }: pg.ClientConfig): SessionTarget | undefined {
  const query = /\?([^#]*)/.exec(connectionString ?? '')?.[1];
  return parseTarget(new URLSearchParams(query).get(PARAMETER) ?? undefined);
}

export function parseTarget(text: string | undefined): SessionTarget | undefined {
  if (text === undefined || text === 'any') return text;
  // A primary whose sessions are read-only by default would take no writes either.
  if (text === 'read-write' || text === 'primary') return 'read-write';
  throw new PgscoreError('PGS_DATABASE', `${PARAMETER}=${text} names no server that pgscore could write to`, {
    hint: `Use read-write, primary or any.`,
  });
}

function splitAddress(address: string): readonly string[] {
  const [, scheme, user = '', hosts, rest] = /^([a-z]+:\/\/)([^/?#]*@)?([^/?#]*)(.*)$/is.exec(address) ?? [];
  if (hosts === undefined || !hosts.includes(',')) return [address];
  return hosts.split(',').map((host) => {
    if (host !== '') return `${scheme}${user}${host}${rest}`;
    throw new PgscoreError('PGS_DATABASE', `the address names an empty host in its list ${hosts}`, {
      hint: 'Its form is postgresql://user:password@first:5432,second:5432/database.',
    });
  });
}

/** A server that takes no writes, though it was asked to: a standby as a rule. Bears the SQLSTATE of a write to it. */
export class ReadOnlyServer extends Error {
  readonly code = '25006';
  readonly severity = 'FATAL';

  constructor() {
    super('it takes no writes: a standby, or read-only by default');
    this.name = 'ReadOnlyServer';
  }
}

/** @throws ReadOnlyServer */
export async function requireWritable(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ transaction_read_only: string }>('SHOW transaction_read_only');
  if (rows[0]?.transaction_read_only !== 'off') throw new ReadOnlyServer();
}
