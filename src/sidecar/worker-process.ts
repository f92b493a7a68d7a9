import { type ChildProcess, fork } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Failure, FromWorker, Request, Results } from './messages.ts';

/** The program of a worker. Tests and the benchmark, which run from source, give their own. */
export interface WorkerProgram {
  readonly path: string;
  readonly execArgv?: readonly string[];
}

export const WORKER_PROGRAM: WorkerProgram = { path: fileURLToPath(new URL('./worker.js', import.meta.url)) };

export interface WorkerProcessOptions {
  readonly program: WorkerProgram;
  /** Of one model run. */
  readonly threads: number;
  readonly maxMemoryMb: number;
}

/** The worker answered that it could not do what it was asked. */
export class WorkerFailure extends Error {
  readonly kind: Failure['kind'];

  constructor({ kind, message }: Failure) {
    super(message);
    this.name = 'WorkerFailure';
    this.kind = kind;
  }
}

/** The worker's process ended, by itself or because it took too long. */
export class WorkerDied extends Error {
  /** What it was doing. */
  readonly during: Request['kind'] | 'start';

  constructor(message: string, during: Request['kind'] | 'start') {
    super(message);
    this.name = 'WorkerDied';
    this.during = during;
  }
}

interface Pending {
  readonly kind: Request['kind'];
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** How much of what a worker wrote to stderr is kept for the message of its death. */
const KEPT_STDERR = 2000;

/**
 * One worker process. Whatever ends it rejects what is pending with WorkerDied; it is never started again: whoever
 * needs a worker makes another.
 */
export class WorkerProcess {
  /** Resolves when it can be asked; rejects when it ended before. */
  readonly ready: Promise<void>;
  /** Resolves when the process is gone, with how it ended. */
  readonly ended: Promise<WorkerDied>;
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #death: WorkerDied | undefined;
  #killedBecause: string | undefined;
  #stderr = '';
  #rss = 0;

  constructor({ program, threads, maxMemoryMb }: WorkerProcessOptions) {
    this.#child = fork(program.path, [], {
      execArgv: [...(program.execArgv ?? [])],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: {
        ...process.env,
        PGSCORE_WORKER_THREADS: String(threads),
        PGSCORE_WORKER_MAX_MEMORY_MB: String(maxMemoryMb),
      },
    });
    giveWay(this.#child);
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-KEPT_STDERR);
    });
    let ready: () => void;
    let failed: (error: Error) => void;
    this.ready = new Promise((resolve, reject) => {
      ready = resolve;
      failed = reject;
    });
    this.ready.catch(() => undefined);
    this.#child.on('message', (message: FromWorker) => {
      if (message.kind === 'ready') ready();
      else this.#answered(message);
    });
    this.ended = new Promise((resolve) => {
      const end = (reason: string) => {
        const death = this.#die(reason);
        failed(death);
        resolve(death);
      };
      this.#child.on('error', (error) => end(error.message));
      // 'close' comes after all of stderr has been read.
      this.#child.on('close', (code, signal) =>
        end(signal === null ? `exit code ${code}` : `signal ${signal}`),
      );
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    return this.#death === undefined;
  }

  /** Bytes in memory when it last answered. */
  get rss(): number {
    return this.#rss;
  }

  /**
   * Asks the worker. @throws WorkerFailure for what it answers; WorkerDied when it ends, or is killed because the
   * answer takes longer than `timeoutMs`
   */
  ask<K extends Request['kind']>(request: Request & { kind: K }, timeoutMs: number): Promise<Results[K]> {
    if (this.#death !== undefined) return Promise.reject(this.#death);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.kill(`it took longer than ${timeoutMs} ms`), timeoutMs);
      this.#pending.set(id, { kind: request.kind, resolve, reject, timer });
      // A failure to send is a death, which 'close' reports.
      this.#child.send({ ...request, id }, () => undefined);
    });
  }

  kill(reason: string): void {
    this.#killedBecause ??= reason;
    this.#child.kill('SIGKILL');
  }

  #answered(message: Exclude<FromWorker, { kind: 'ready' }>): void {
    this.#rss = message.rss;
    const pending = this.#pending.get(message.id);
    if (pending === undefined) return;
    this.#pending.delete(message.id);
    clearTimeout(pending.timer);
    if (message.kind === 'done') pending.resolve(message.result as never);
    else pending.reject(new WorkerFailure(message.failure));
  }

  #die(reason: string): WorkerDied {
    const said = this.#stderr.trim();
    const cause = this.#killedBecause === undefined ? reason : `${reason}, ${this.#killedBecause}`;
    const message = `the worker process ended (${cause})${said === '' ? '' : `: ${said}`}`;
    const during = [...this.#pending.values()][0]?.kind ?? 'start';
    this.#death ??= new WorkerDied(message, during);
    for (const { kind, reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(new WorkerDied(message, kind));
    }
    this.#pending.clear();
    return this.#death;
  }
}

/** Models take what cores others leave: the main process, which must answer at once, and a PostgreSQL beside it. */
function giveWay({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It has ended already, or the system does not let it.
  }
}
