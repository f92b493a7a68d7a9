import { setTimeout } from 'node:timers/promises';
import type pg from 'pg';
import { type Connection, connectTo } from '../db/connect.ts';
import { isConnectionLoss, sqlState } from '../db/sql-state.ts';
import { Backoff } from './backoff.ts';
import type { TroubleLog } from './log.ts';

/** A query that takes longer has lost its server: what the sidecar asks is answered in milliseconds. */
const QUERY_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 10_000;
const FIRST_PAUSE_MS = 50;
/** A restarted server is found again within this time. */
const MAX_PAUSE_MS = 5_000;

/** The name of the trouble that all connections share: one line when it begins, one when it ends. */
const TROUBLE = 'database';

/** A connection to the database that is opened when it is needed, and again after it was lost. */
export class Link {
  readonly #connection: Connection;
  readonly #troubles: TroubleLog;
  readonly #backoff = new Backoff({ firstMs: FIRST_PAUSE_MS, maxMs: MAX_PAUSE_MS });
  #client: pg.Client | undefined;
  #opening: Promise<pg.Client> | undefined;

  constructor(connection: Connection, troubles: TroubleLog) {
    this.#connection = connection;
    this.#troubles = troubles;
  }

  /** The open connection. Throws when it cannot be had now; `failed` then says what to do. */
  async client(): Promise<pg.Client> {
    if (this.#client !== undefined) return this.#client;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** After something went well. */
  succeeded(): void {
    this.#backoff.reset();
    this.#troubles.end(TROUBLE, 'the database answers again');
  }

  /**
   * Deals with an error of the connection or the server: waits, longer each time, until another attempt is due, and
   * closes what cannot be used any more. Returns false, at once, for an error that is none of these.
   */
  async failed(error: unknown, signal: AbortSignal): Promise<boolean> {
    if (!isServerTrouble(error)) return false;
    await this.close();
    this.#troubles.begin(TROUBLE, `the database is not available: ${(error as Error).message}`, {
      sqlstate: sqlState(cause(error)),
    });
    await setTimeout(this.#backoff.next(), undefined, { signal }).catch(() => undefined);
    return true;
  }

  /** Ends a transaction that failed; the connection is good for the next one then, or closed. */
  async rollback(): Promise<void> {
    try {
      await this.#client?.query('ROLLBACK');
    } catch {
      await this.close();
    }
  }

  /** Closes the connection; what it was doing is rolled back by the server. */
  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    if (client === undefined) return;
    // end() waits for the query in hand, which a lost server never answers.
    client.connection.stream.destroy();
    await client.end().catch(() => undefined);
  }

  async #open(): Promise<pg.Client> {
    const client = await openClient(this.#connection);
    const forget = () => {
      if (this.#client === client) this.#client = undefined;
    };
    client.on('error', forget);
    client.on('end', forget);
    this.#client = client;
    return client;
  }
}

/** A connection as all of a sidecar's are, to a server that takes writes; the caller ends it. Throws PGS_DATABASE. */
export function openClient({ config, origin, target = 'read-write' }: Connection): Promise<pg.Client> {
  return connectTo({
    target,
    config: {
      application_name: 'pgscore sidecar',
      keepAlive: true,
      query_timeout: QUERY_TIMEOUT_MS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      ...config,
      pipeline: true,
    },
    origin,
  });
}

/** Errors that end by themselves when the server is back, or a disk has room, or another server has taken over. */
export function isServerTrouble(error: unknown): boolean {
  const original = cause(error);
  const code = sqlState(original);
  if (code === undefined) return isSocketError(original);
  // A server that takes no writes (25006) is a standby: after a failover the name leads to another one.
  return isConnectionLoss(original) || code === '25006' || /^(28|3D|53|58)/.test(code);
}

/** A wrong password, user or database: no outage at the first attempt, though it may be one later. */
export function isRefused(error: unknown): boolean {
  return /^(28|3D)/.test(sqlState(cause(error)) ?? '');
}

/** Codes of the operating system, and the driver's own errors, which have none. */
function isSocketError(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  if (typeof code === 'string') return /^(E[A-Z]+|EAI_AGAIN)$/.test(code);
  return /connection|timeout|not queryable|Client was closed|socket/i.test(message ?? '');
}

/** connectTo wraps what the driver says. */
function cause(error: unknown): unknown {
  return (error as Error).cause ?? error;
}
