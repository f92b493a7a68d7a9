import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';

export type { Logger };

/** JSON lines on stderr, so that stdout stays quiet. `destination` is for tests. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = { level, base: { pid: process.pid }, timestamp: stdTimeFunctions.isoTime };
  // Synchronous: the last lines before a crash are those that matter.
  return pino(options, destination ?? pino.destination({ dest: 2, sync: true }));
}

/**
 * Reports troubles by their name once when they begin and once when they end, however often they are met in between:
 * a database that is away for an hour is two lines.
 */
export class TroubleLog {
  readonly #logger: Logger;
  readonly #since = new Map<string, { readonly start: number; times: number }>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** The names of what is amiss at present. */
  get current(): readonly string[] {
    return [...this.#since.keys()];
  }

  begin(name: string, message: string, details: Readonly<Record<string, unknown>> = {}): void {
    const known = this.#since.get(name);
    if (known !== undefined) {
      known.times += 1;
      return;
    }
    this.#since.set(name, { start: performance.now(), times: 1 });
    this.#logger.warn({ trouble: name, ...details }, message);
  }

  end(name: string, message: string): void {
    const known = this.#since.get(name);
    if (known === undefined) return;
    this.#since.delete(name);
    const seconds = Number(((performance.now() - known.start) / 1000).toFixed(1));
    this.#logger.info({ trouble: name, seconds, times: known.times }, message);
  }
}
