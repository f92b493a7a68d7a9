import { createHash } from 'node:crypto';
import { connect, createServer, type Server } from 'node:net';
import { localServerError } from './error.ts';

/**
 * Runs `work` while no other process (and no other call in this one) holds the lock of the same name.
 *
 * The lock is a listening socket in Linux's abstract namespace: the kernel frees it when its holder ends, however
 * it ends, so no stale lock can remain; and whoever waits is connected to the holder and wakes when it lets go.
 * It holds among the processes of one network namespace, which are also those that share a loopback port.
 */
export async function withLock<T>(name: string, work: () => Promise<T>, timeoutMs = 180_000): Promise<T> {
  const address = `\0pgscore-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
  const deadline = Date.now() + timeoutMs;
  let held = await tryListen(address);
  while (held === undefined) {
    if (Date.now() >= deadline) {
      throw localServerError(`another process has been working on ${name} for ${timeoutMs / 1000} s`, {
        hint: 'Wait for it, or end it; then try again.',
      });
    }
    await waitForRelease(address, deadline - Date.now());
    held = await tryListen(address);
  }
  try {
    return await work();
  } finally {
    await held.release();
  }
}

interface Held {
  release(): Promise<void>;
}

function tryListen(address: string): Promise<Held | undefined> {
  return new Promise((resolve, reject) => {
    const waiters = new Set<{ destroy(): void }>();
    const server = createServer((socket) => {
      waiters.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => waiters.delete(socket));
      socket.unref();
    });
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(address, () => {
      server.unref();
      resolve({ release: () => release(server, waiters) });
    });
  });
}

/** The listening socket goes first, so that whoever the closed connections wake finds the name free. */
function release(server: Server, waiters: Set<{ destroy(): void }>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const waiter of waiters) waiter.destroy();
  });
}

function waitForRelease(address: string, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(address);
    const timer = setTimeout(() => socket.destroy(), timeoutMs);
    socket.on('error', () => socket.destroy());
    socket.on('data', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
