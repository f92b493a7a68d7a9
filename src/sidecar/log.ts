import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';

export type { Logger };

/** JSON lines on stderr, so that stdout stays quiet. `destination` is for tests. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = { level, base: { pid: process.pid }, timestamp: stdTimeFunctions.isoTime };
  // Synchronous: the last lines before a crash are those that matter.
  return pino(options, destination ?? pino.destination({ dest: 2, sync: true }));
}

/** Longer than the longest pause between attempts: what fails again by then was not over. */
const SETTLE_MS = 10_000;

interface Trouble {
  readonly start: number;
  times: number;
  /** Set while it seems to be over. */
  ending: NodeJS.Timeout | undefined;
}

/**
 * Reports troubles by their name once when they begin and once when they are over, however often they are met in
 * between: a database that is away for an hour is two lines.
 */
export class TroubleLog {
  readonly #logger: Logger;
  readonly #settleMs: number;
  readonly #troubles = new Map<string, Trouble>();

  constructor(logger: Logger, settleMs = SETTLE_MS) {
    this.#logger = logger;
    this.#settleMs = settleMs;
  }

  /** The names of what is amiss at present. */
  get current(): readonly string[] {
    return [...this.#troubles].filter(([, { ending }]) => ending === undefined).map(([name]) => name);
  }

  begin(name: string, message: string, details: Readonly<Record<string, unknown>> = {}): void {
    const known = this.#troubles.get(name);
    if (known !== undefined) {
      known.times += 1;
      clearTimeout(known.ending);
      known.ending = undefined;
      return;
    }
    this.#troubles.set(name, { start: performance.now(), times: 1, ending: undefined });
    this.#logger.warn({ trouble: name, ...details }, message);
  }

  /** Logged when it has stayed away for a while. */
  end(name: string, message: string): void {
    const trouble = this.#troubles.get(name);
    if (trouble === undefined || trouble.ending !== undefined) return;
    const seconds = Number(((performance.now() - trouble.start) / 1000).toFixed(1));
    trouble.ending = setTimeout(() => {
      this.#troubles.delete(name);
      this.#logger.info({ trouble: name, seconds, times: trouble.times }, message);
    }, this.#settleMs).unref();
  }

  /** Stops waiting for ends. */
  close(): void {
    for (const { ending } of this.#troubles.values()) clearTimeout(ending);
  }
}
