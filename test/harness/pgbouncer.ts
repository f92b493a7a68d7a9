import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { serverAccount } from '../../src/db/local/account.ts';
import { freePort } from '../../src/db/local/postgres.ts';
import { sidPrograms } from './sid-programs.ts';

export interface PgBouncerOptions {
  readonly mode: 'transaction' | 'session';
  /** Sessions of the server, which all clients share. */
  readonly sessions: number;
}

/** PgBouncer itself, in front of a database. */
export interface PgBouncer {
  /** The database's address through it. */
  readonly url: string;
  /** As kill -9 does it. */
  kill(): Promise<void>;
  /** After `kill`, on the same port. */
  start(): Promise<void>;
  /** As an administrator does it: clients keep their connections. */
  reconfigure(options: PgBouncerOptions): Promise<void>;
  remove(): Promise<void>;
}

/** The release that Debian sid has, or the one at the path PGSCORE_TEST_PGBOUNCER: they differ. */
export async function createPgBouncer(url: string, options: PgBouncerOptions): Promise<PgBouncer> {
  const program = process.env.PGSCORE_TEST_PGBOUNCER ?? (await fetched());
  const folder = await mkdtemp(join(tmpdir(), 'pgscore-pgbouncer-'));
  await chmod(folder, 0o755);
  const port = await freePort();
  const file = join(folder, 'pgbouncer.ini');
  const configure = (wanted: PgBouncerOptions) =>
    writeFile(file, configuration(new URL(url), port, wanted), { mode: 0o600 });
  await configure(options);
  // It refuses to run as root, like PostgreSQL.
  const account = serverAccount();
  const identity = account?.switched ? { uid: account.uid, gid: account.gid } : {};
  if (account?.switched) await chown(file, account.uid, account.gid);

  let running: { readonly child: ChildProcess; readonly log: Log };
  const start = async () => {
    const child = spawn(program, [file], { cwd: '/', ...identity, stdio: ['ignore', 'ignore', 'pipe'] });
    running = { child, log: new Log(child) };
    await running.log.untilSaid(/process up/);
  };
  const kill = async () => {
    const ended = once(running.child, 'close');
    if (running.child.kill('SIGKILL')) await ended;
  };
  await start();
  const address = new URL(url);
  address.host = `127.0.0.1:${port}`;
  return {
    url: address.href,
    start,
    kill,
    async reconfigure(wanted) {
      await configure(wanted);
      const said = running.log.untilSaid(/got SIGHUP/);
      running.child.kill('SIGHUP');
      await said;
    },
    async remove() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function fetched(): Promise<string> {
  const folder = await sidPrograms('pgbouncer', {
    package: 'pgbouncer',
    folder: 'usr/sbin',
    names: ['pgbouncer'],
  });
  return join(folder, 'pgbouncer');
}

/** It asks nobody for a password, and shows the server the address's own. */
function configuration(url: URL, port: number, { mode, sessions }: PgBouncerOptions): string {
  const quoted = (text: string) => `'${decodeURIComponent(text).replaceAll("'", "''")}'`;
  return `[databases]
* = host=${url.hostname} port=${url.port || 5432} user=${quoted(url.username)} password=${quoted(url.password)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = ${sessions}
max_client_conn = 200
`;
}

/** What it says on stderr; read to the end, so that the pipe never fills up. */
class Log {
  readonly #lines: string[] = [];
  readonly #watchers = new Set<() => void>();
  #closed = false;

  constructor(child: ChildProcess) {
    child.on('error', (error) => this.#add(error.message));
    createInterface({ input: child.stderr! })
      .on('line', (line) => this.#add(line))
      .on('close', () => {
        this.#closed = true;
        this.#tell();
      });
  }

  /** In a line to come. */
  untilSaid(pattern: RegExp): Promise<void> {
    const from = this.#lines.length;
    return new Promise((resolve, reject) => {
      const look = () => {
        const said = this.#lines.slice(from).some((line) => pattern.test(line));
        if (!said && !this.#closed) return;
        this.#watchers.delete(look);
        if (said) resolve();
        else reject(new Error(`pgbouncer has ended: ${this.#lines.slice(-5).join('\n')}`));
      };
      this.#watchers.add(look);
    });
  }

  #add(line: string): void {
    this.#lines.push(line);
    this.#tell();
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
