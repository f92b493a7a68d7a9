import { HttpError, RETRY } from './errors.ts';

/** What one server takes on. */
export interface Limits {
  /** Bytes of one request's body. */
  readonly bodyBytes: number;
  /** Rows of one request. */
  readonly rows: number;
  /** Milliseconds for one request to be read whole, and again for it to be answered. */
  readonly timeout: number;
  /** Requests that are being answered at a time. */
  readonly concurrency: number;
  /** Requests that wait for that; more get 503. */
  readonly waiting: number;
  /** Open connections; more are closed at once. */
  readonly connections: number;
}

export const DEFAULT_LIMITS: Limits = {
  bodyBytes: 16 * 1024 * 1024,
  rows: 10_000,
  timeout: 30_000,
  concurrency: 32,
  waiting: 1_000,
  connections: 2_000,
};

/** Lets a number of tasks run at a time and others wait; what is more is refused at once, so that nobody waits in vain. */
export class Gate {
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private readonly limits: Pick<Limits, 'concurrency' | 'waiting'>;

  constructor(limits: Pick<Limits, 'concurrency' | 'waiting'>) {
    this.limits = limits;
  }

  /** Rejects with HttpError 503 when there are too many, 504 when the signal ends the wait or the task. */
  async run<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    if (this.running >= this.limits.concurrency) await this.wait(signal);
    else this.running += 1;
    try {
      return await untilAborted(signal, task());
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }

  /** Resolves when a running task has handed its place over. */
  private wait(signal: AbortSignal): Promise<void> {
    if (this.waiting.length >= this.limits.waiting)
      throw new HttpError(503, 'too many requests at a time', RETRY);
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.waiting.splice(this.waiting.indexOf(start), 1);
        reject(timedOut());
      };
      const start = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      this.waiting.push(start);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }
}

function untilAborted<T>(signal: AbortSignal, task: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(timedOut());
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    task.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}

function timedOut(): HttpError {
  return new HttpError(504, 'the request took too long', RETRY);
}
