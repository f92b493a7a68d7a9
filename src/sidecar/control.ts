import { setTimeout } from 'node:timers/promises';
import type pg from 'pg';
import type { Connection } from '../db/connect.ts';
import { readQuery } from '../db/queries.ts';
import { sqlState } from '../db/sql-state.ts';
import type { BindingCounters } from './counters.ts';
import type { Dispatcher } from './dispatcher.ts';
import { Link } from './link.ts';
import type { Logger, TroubleLog } from './log.ts';
import { detectPooling } from './pooler.ts';
import { type AsyncBinding, readBindings } from './queue.ts';
import { Sleeper } from './sleeper.ts';

/** Bindings and champions are looked at that often at least: a promotion is picked up within a second. */
const MAX_LOOK_MS = 1_000;
const REPORT_MS = 5_000;
/** Behind a pooler nothing wakes a sidecar. */
const POOLED_POLL_MS = 100;
const POOLED = {
  transaction:
    'the connection goes through a pooler in transaction mode, which no notification passes: the queue is polled',
  busy: 'the connection goes through a pooler without a free session, so that it cannot be told whether notifications pass: the queue is polled',
};

export interface ControlOptions {
  readonly connection: Connection;
  readonly dispatcher: Dispatcher<AsyncBinding>;
  readonly troubles: TroubleLog;
  readonly log: Logger;
  readonly pollMs: number;
  /** This process, for the table of sidecars. */
  readonly identity: {
    readonly id: string;
    readonly host: string;
    readonly release: string;
    readonly startedAt: Date;
  };
  readonly counters: () => readonly BindingCounters[];
  readonly signal: AbortSignal;
}

/** Everything but batches that needs the database: which bindings there are, when to sleep, reports. One connection. */
export class Control {
  readonly #options: ControlOptions;
  readonly #link: Link;
  readonly #sleeper: Sleeper;
  #listening: pg.Client | undefined;
  #pooled: boolean | undefined;
  #reportedAt = Number.NEGATIVE_INFINITY;
  #looked = false;
  #firstLook: () => void = () => undefined;
  readonly #ready = new Promise<void>((resolve) => {
    this.#firstLook = resolve;
  });
  #refresh: () => void = () => undefined;

  constructor(options: ControlOptions) {
    this.#options = options;
    this.#link = new Link(options.connection, options.troubles);
    this.#sleeper = new Sleeper(options.dispatcher, options.pollMs, options.signal);
    options.signal.addEventListener('abort', () => this.#refresh(), { once: true });
  }

  /** For a few queries that belong to no transaction. */
  client(): Promise<pg.Client> {
    return this.#link.client();
  }

  /** Whether the database was reached and its bindings are known. */
  get ready(): boolean {
    return this.#looked;
  }

  untilReady(): Promise<void> {
    return this.#ready;
  }

  /** Whether connections keep their sessions; false until that is known. */
  get keepsSessions(): boolean {
    return this.#pooled === false;
  }

  /** A lock or a prepared statement was lost: sessions are not kept after all. A pooler's mode may have been changed. */
  distrustSessions(): void {
    if (this.#pooled !== false) return;
    this.#options.log.warn(POOLED.transaction);
    this.#pooled = true;
  }

  /** Looks at the bindings at once. */
  refresh(): void {
    this.#refresh();
  }

  /** Until the signal is given. */
  async run(): Promise<void> {
    await Promise.all([this.#look(), this.#sleep()]);
  }

  /** The last report, and the end of the connection. */
  async close(): Promise<void> {
    await this.#report('stopped').catch(() => undefined);
    await this.#link.close();
  }

  async #look(): Promise<void> {
    const { dispatcher, signal, pollMs } = this.#options;
    while (!signal.aborted) {
      await this.#attempt(async (client) => {
        dispatcher.update(await readBindings(client));
        this.#looked = true;
        this.#firstLook();
        if (performance.now() - this.#reportedAt >= REPORT_MS) await this.#report('running');
      });
      await this.#untilRefresh(Math.min(pollMs, MAX_LOOK_MS));
    }
  }

  async #sleep(): Promise<void> {
    const { dispatcher, signal } = this.#options;
    while (!signal.aborted) {
      await dispatcher.untilQuiet();
      if (signal.aborted) return;
      await this.#attempt(async (client) => {
        await this.#prepare(client);
        if (this.#pooled === false) {
          if (!(await this.#sleeper.sleep(client))) this.distrustSessions();
          return;
        }
        await this.#untilPoll();
        dispatcher.wake('once');
      });
    }
  }

  async #untilPoll(): Promise<void> {
    const { pollMs, signal } = this.#options;
    await setTimeout(Math.min(pollMs, POOLED_POLL_MS), undefined, { signal }).catch(() => undefined);
  }

  /** A new connection is looked at first: does it keep its session? */
  async #prepare(client: pg.Client): Promise<void> {
    if (this.#listening === client) return;
    const pooling = await detectPooling(client, this.#options.connection);
    if (pooling === 'direct') await this.#sleeper.listen(client);
    else if (this.#pooled !== true) this.#options.log.warn(POOLED[pooling]);
    this.#pooled = pooling !== 'direct';
    this.#listening = client;
  }

  async #report(state: 'running' | 'stopped'): Promise<void> {
    const { identity, counters } = this.#options;
    const client = await this.#link.client();
    await client.query(readQuery('sidecar_report'), [
      identity.id,
      identity.host,
      process.pid,
      identity.release,
      identity.startedAt,
      state,
      JSON.stringify(counters()),
    ]);
    this.#reportedAt = performance.now();
  }

  /** Does something with the connection. What fails is tried again by the caller, after a pause when the server is away. */
  async #attempt(work: (client: pg.Client) => Promise<void>): Promise<void> {
    const { troubles, signal } = this.#options;
    try {
      await work(await this.#link.client());
      this.#link.succeeded();
      troubles.end('schema', 'pgscore is installed in the database');
    } catch (error) {
      if (signal.aborted || (await this.#link.failed(error, signal))) return;
      // Functions that are not there: an older pgscore, or none.
      const hint = /^(42883|3F000|42P01)$/.test(sqlState(error) ?? '') ? ': run "pgscore migrate"' : '';
      troubles.begin('schema', `${(error as Error).message}${hint}`);
      await setTimeout(MAX_LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #untilRefresh(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = globalThis.setTimeout(resolve, milliseconds);
      this.#refresh = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#options.signal.aborted) this.#refresh();
    });
  }
}
