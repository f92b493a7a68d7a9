import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import type { RunName } from './leftovers.ts';

/**
 * A connection whose only purpose is to be seen: it says that a run is alive, so that no other run drops its
 * databases or stops the server. It comes back when it is lost, as it is when a test crashes the server.
 */
export class Presence {
  readonly #url: string;
  readonly #run: RunName;
  #client: pg.Client | undefined;
  #closed = false;

  constructor(url: string, run: RunName) {
    this.#url = url;
    this.#run = run;
  }

  /** An open connection, a new one when the last was lost. */
  async client(): Promise<pg.Client> {
    const deadline = Date.now() + 30_000;
    while (this.#client === undefined) {
      const client = new pg.Client({ connectionString: this.#url, application_name: this.#run });
      client.on('error', () => this.#lost(client));
      client.on('end', () => this.#lost(client));
      try {
        await client.connect();
        this.#client = client;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await setTimeout(100);
      }
    }
    return this.#client;
  }

  #lost(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    if (!this.#closed) this.client().catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#client?.end();
  }
}
