import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { ensureBuilt } from '../harness/cli.ts';
import type { Bench } from './bench.ts';

const program = fileURLToPath(new URL('../../bin/pgscore.js', import.meta.url));

/** Does something beside a sidecar with one worker, a process of its own as in production, that has run the model. */
export async function withSidecar<T>(
  bench: Bench,
  warmUp: () => Promise<unknown>,
  work: () => Promise<T>,
): Promise<T> {
  await ensureBuilt();
  const cache = await mkdtemp(join(tmpdir(), 'pgscore-bench-'));
  const args = [program, 'sidecar', '--workers', '1', '--cache', cache, '--log-level', 'error'];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, DATABASE_URL: bench.database.url },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'close');
  try {
    await warmUp();
    await drained(bench.admin);
    return await work();
  } finally {
    child.kill('SIGTERM');
    await ended;
    await rm(cache, { recursive: true, force: true });
  }
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
