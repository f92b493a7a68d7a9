import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { ensureBuilt } from '../harness/cli.ts';
import type { Bench } from './bench.ts';

const program = fileURLToPath(new URL('../../bin/pgscore.js', import.meta.url));

/** A level of pino's. */
const ERROR = 50;

/**
 * Does something beside a sidecar, a process of its own as in production, that has run the model. With `http` the work is given the address that it answers on.
 */
export async function withSidecar<T>(
  bench: Bench,
  warmUp: () => Promise<unknown>,
  work: (url: string | undefined) => Promise<T>,
  { http = false } = {},
): Promise<T> {
  await ensureBuilt();
  const cache = await mkdtemp(join(tmpdir(), 'pgscore-bench-'));
  const args = [program, 'sidecar', '--cache', cache];
  args.push(...(http ? ['--http', '127.0.0.1:0'] : ['--log-level', 'error']));
  const child = spawn(process.execPath, args, {
    env: { ...process.env, DATABASE_URL: bench.database.url },
    stdio: ['ignore', 'ignore', http ? 'pipe' : 'inherit'],
  });
  const ended = once(child, 'close');
  const address = child.stderr === null ? undefined : addressOf(child.stderr);
  try {
    await warmUp();
    await drained(bench.admin);
    return await work(await address);
  } finally {
    child.kill('SIGTERM');
    await ended;
    await rm(cache, { recursive: true, force: true });
  }
}

/** From the log, whose errors are passed on. */
function addressOf(log: Readable): Promise<string> {
  return new Promise((resolve) => {
    createInterface({ input: log }).on('line', (line) => {
      const { level, url } = JSON.parse(line) as { level: number; url?: string };
      if (level >= ERROR) process.stderr.write(`${line}\n`);
      if (url !== undefined) resolve(url);
    });
  });
}

/** Until no job waits. */
export async function drained(client: pg.ClientBase): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ waits: boolean }>(
      'SELECT EXISTS (SELECT FROM pgscore_internal.jobs) AS waits',
    );
    if (!rows[0]!.waits) return;
    await setTimeout(10);
  }
}
