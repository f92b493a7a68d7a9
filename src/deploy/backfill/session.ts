import type pg from 'pg';
import { type Connection, connectTo } from '../../db/connect.ts';
import { isConnectionLoss, isContention } from '../../db/sql-state.ts';
import { pause } from './pace.ts';

/** How long a lost server is waited for: a restart or a failover. */
const CONNECTION_PATIENCE_MS = 60_000;
/** How long locks that others hold are waited for. */
export const LOCK_PATIENCE_MS = 600_000;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;

export interface SessionOptions {
  readonly connection: Connection;
  /** Ends all waiting. */
  readonly signal: AbortSignal;
  /** Told each time that something is waited for. */
  readonly onWait: (reason: string) => void;
}

/** A connection that transactions are run on, and that comes back when it is lost. */
export class Session {
  readonly #options: SessionOptions;
  #client: pg.Client | undefined;
  #connected = false;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /**
   * Runs `work` between `begin` and COMMIT. When the connection is lost, or a lock cannot be had, all of it is done
   * again, with growing pauses, until patience ends; so `work` must bear repetition. A COMMIT after a statement that
   * failed rolls back, so `work` may also return what it made of that.
   */
  async transaction<T>(begin: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const start = performance.now();
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#once(begin, work);
      } catch (error) {
        const patience = this.#patience(error);
        if (performance.now() - start > patience || this.#options.signal.aborted) throw error;
        this.#options.onWait((error as Error).message);
        const backoff = Math.min(FIRST_BACKOFF_MS * 2 ** attempt, MAX_BACKOFF_MS);
        // Workers that failed together shall not meet again.
        await pause(backoff * (0.5 + Math.random() / 2), this.#options.signal);
      }
    }
  }

  async #once<T>(begin: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = await this.#open();
    try {
      await client.query(begin);
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      if (isConnectionLoss(error)) await this.end();
      throw error;
    }
  }

  async #open(): Promise<pg.Client> {
    if (this.#client !== undefined) return this.#client;
    const { config, origin } = this.#options.connection;
    const client = await connectTo({
      config: { application_name: 'pgscore backfill', keepAlive: true, ...config },
      origin,
    });
    const forget = () => {
      if (this.#client === client) this.#client = undefined;
    };
    client.on('error', forget);
    client.on('end', forget);
    this.#client = client;
    this.#connected = true;
    return client;
  }

  /** For how long an error is worth another attempt. */
  #patience(error: unknown): number {
    if (isContention(error)) return LOCK_PATIENCE_MS;
    // A server that was never reached is a wrong address.
    if (this.#connected && this.#client === undefined) return CONNECTION_PATIENCE_MS;
    return 0;
  }

  async end(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }
}
