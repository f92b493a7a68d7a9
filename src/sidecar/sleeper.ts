import type pg from 'pg';
import type { Dispatcher } from './dispatcher.ts';
import type { AsyncBinding } from './queue.ts';

const CHANNEL = 'pgscore_jobs';
/** Writers look whether somebody holds this lock, and notify only then; see wake_sidecars() in sql/062_queue.sql. */
const SLEEPING = `pg_catalog.hashtextextended('pgscore sidecar sleeps', 0)`;

/**
 * A writer that looked while no sidecar slept commits unannounced, some milliseconds later: after falling asleep the
 * queue is looked at again so soon.
 */
const LIGHT_SLEEP_MS = [25, 100, 400];

/** Sleeps while there is nothing to do, on a connection that NOTIFY wakes. */
export class Sleeper {
  readonly #dispatcher: Dispatcher<AsyncBinding>;
  readonly #pollMs: number;
  readonly #signal: AbortSignal;
  #notified = false;
  #wake: () => void = () => undefined;

  /** The signal ends it: `sleep` returns. */
  constructor(dispatcher: Dispatcher<AsyncBinding>, pollMs: number, signal: AbortSignal) {
    this.#dispatcher = dispatcher;
    this.#pollMs = pollMs;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  /** Once for each connection, before `sleep`. */
  async listen(client: pg.Client): Promise<void> {
    client.on('notification', ({ channel }) => {
      if (channel === CHANNEL) this.#wake();
    });
    await client.query(`LISTEN ${CHANNEL}`);
  }

  /**
   * When all is quiet: tells writers to notify from now on, has the queue looked at for what came before that, and sleeps
   * until there is work. Returns whether the connection still has the session in which it fell asleep.
   */
  async sleep(client: pg.Client): Promise<boolean> {
    await client.query(`SELECT pg_catalog.pg_advisory_lock_shared(${SLEEPING})`);
    try {
      await this.#sleepUntilWork();
    } finally {
      this.#wake = () => undefined;
    }
    const text = `SELECT pg_catalog.pg_advisory_unlock_shared(${SLEEPING}) AS "wasHeld"`;
    const { rows } = await client.query<{ wasHeld: boolean }>(text);
    return rows[0]!.wasHeld;
  }

  async #sleepUntilWork(): Promise<void> {
    for (let looks = 0; !this.#signal.aborted; looks++) {
      // From now on: a notification that comes while the queue is looked at counts.
      this.#notified = false;
      this.#wake = () => {
        this.#notified = true;
      };
      this.#dispatcher.wake('once');
      if (await this.#dispatcher.untilQuiet({ orFound: true })) return;
      const wakes = await this.#untilNotified(Math.min(LIGHT_SLEEP_MS[looks] ?? this.#pollMs, this.#pollMs));
      if (wakes) {
        this.#dispatcher.wake();
        return;
      }
    }
  }

  /** True for a notification, false after that time. */
  async #untilNotified(milliseconds: number): Promise<boolean> {
    if (this.#notified) return true;
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}
