import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { createLogger, type Logger } from '../../src/sidecar/log.ts';
import type { SidecarOptions } from '../../src/sidecar/options.ts';
import { Sidecar } from '../../src/sidecar/sidecar.ts';
import type { WorkerProgram } from '../../src/sidecar/worker-process.ts';
import { ensureBuilt } from './cli.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Workers run from the build: Node 20 does not run TypeScript. */
export const builtWorker: WorkerProgram = { path: join(root, 'dist/sidecar/worker.js') };
/** As the other one, but ends by abort() for rows that hold the text or number 666, and hangs for 777. */
export const crashingWorker: WorkerProgram = { path: join(root, 'test/harness/crashing-worker.mjs') };

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [detail: string]: unknown;
}

/** What a sidecar logs, and the waiting for it. */
export class Lines {
  readonly all: LogLine[] = [];
  #waiting: (() => void)[] = [];

  add(line: LogLine): void {
    this.all.push(line);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** The first line, of those to come and those that came, whose message fits. */
  async match(pattern: RegExp, after = 0): Promise<LogLine> {
    for (;;) {
      const found = this.all.slice(after).find(({ msg }) => pattern.test(msg));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

export function loggerTo(lines: Lines): Logger {
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.add(JSON.parse(chunk.toString('utf8')) as LogLine);
      done();
    },
  });
  return createLogger('info', stream);
}

export interface RunningSidecar {
  readonly sidecar: Sidecar;
  readonly lines: Lines;
}

const running = new Set<Sidecar>();
const children = new Set<ChildProcess>();
let cache: string;

/** At the top of a test file: a cache of the file's own, and nothing that outlives a test. */
export function prepareSidecarTests(): void {
  beforeAll(async () => {
    await ensureBuilt();
    cache = await mkdtemp(join(tmpdir(), 'pgscore-models-'));
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    children.clear();
    for (const sidecar of running) {
      sidecar.stop('the test has ended');
      sidecar.stop('the test has ended');
    }
    await Promise.all([...running].map(({ done }) => done));
    running.clear();
  });
  afterAll(() => rm(cache, { recursive: true, force: true }));
}

export function cacheFolder(): string {
  return cache;
}

/** In this process, so that a test can look inside. */
export function startSidecar(url: string, options: Partial<SidecarOptions> = {}): RunningSidecar {
  const lines = new Lines();
  const connection = { config: { connectionString: url }, origin: 'the test' };
  const sidecar = new Sidecar(
    connection,
    { workers: 1, drainSeconds: 10, cache, program: builtWorker, ...options },
    loggerTo(lines),
  );
  running.add(sidecar);
  return { sidecar, lines };
}

export interface SpawnedSidecar {
  readonly child: ChildProcess;
  readonly lines: Lines;
  readonly stdout: () => string;
  /** Resolves with the exit code, null when a signal ended it. */
  readonly exit: Promise<number | null>;
}

/** As users run it; `folder` is where the package lies. */
export function spawnSidecar(url: string, args: readonly string[] = [], folder = root): SpawnedSidecar {
  const child = spawn(
    process.execPath,
    [join(folder, 'bin/pgscore.js'), 'sidecar', '--cache', cache, ...args],
    {
      env: { ...process.env, DATABASE_URL: url },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  children.add(child);
  const lines = new Lines();
  createInterface({ input: child.stderr! }).on('line', (line) => lines.add(parseLine(line)));
  let stdout = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const exit = once(child, 'close').then(([code]) => {
    children.delete(child);
    return code as number | null;
  });
  return { child, lines, stdout: () => stdout, exit };
}

/** A folder with the package as it is, but for its version. */
export async function packageOfRelease(version: string): Promise<string> {
  const folder = await mkdtemp(join(cache, 'release-'));
  for (const part of ['bin', 'dist', 'src'])
    await cp(join(root, part), join(folder, part), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as object;
  await writeFile(join(folder, 'package.json'), JSON.stringify({ ...manifest, version }));
  return folder;
}

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { level: 60, msg: `no JSON: ${line}` };
  }
}

const CHANNEL = 'pgscore_test';
const watching = new WeakSet<pg.Client>();

/** Makes every statement that writes one of the tables, or the queue, known to `until`. */
export async function watch(client: pg.Client, ...tables: readonly string[]): Promise<void> {
  await client.query(
    `CREATE OR REPLACE FUNCTION public.pgscore_test_tell() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN NOTIFY ${CHANNEL}; RETURN NULL; END $$`,
  );
  for (const table of [
    ...tables,
    'pgscore_internal.jobs',
    'pgscore_internal.errors',
    'pgscore_internal.sidecars',
  ])
    await client.query(
      `CREATE OR REPLACE TRIGGER pgscore_test_tell AFTER INSERT OR UPDATE OR DELETE ON ${table}
       FOR EACH STATEMENT EXECUTE FUNCTION public.pgscore_test_tell()`,
    );
}

/** Waits until the query's first column is `expected`: asks again whenever a table that is watched was written. */
export async function until(client: pg.Client, sql: string, expected: unknown = true): Promise<void> {
  if (!watching.has(client)) {
    await client.query(`LISTEN ${CHANNEL}`);
    watching.add(client);
  }
  for (;;) {
    const written = once(client, 'notification');
    // A connection that ends later is no failure of a wait that is over.
    written.catch(() => undefined);
    const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
    if (rows[0]?.[0] === expected) return;
    await written;
  }
}

/** Nothing waits. */
export const DRAINED = 'SELECT count(*) = 0 FROM pgscore_internal.jobs';
