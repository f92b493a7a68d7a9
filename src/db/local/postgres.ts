import { randomBytes } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { chown, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Account, type Outcome, run } from './account.ts';
import { localServerError } from './error.ts';

/** A data directory, the programs that serve it and the user that they run as. */
export interface Cluster {
  readonly binaries: string;
  readonly server: string;
  readonly account: Account;
}

export const superuser = 'postgres';

export function dataDirectory(cluster: Pick<Cluster, 'server'>): string {
  return join(cluster.server, 'data');
}

/**
 * Makes the data directory. It gets its name when it is complete: what a killed initdb left is removed first.
 *
 * Passwords, not trust: any user of the machine can reach a loopback port, and a superuser of PostgreSQL can run
 * programs as the server's user.
 */
export async function initialize(cluster: Cluster, password: string, sync: boolean): Promise<void> {
  const { server, account } = cluster;
  await removeUnfinished(server);
  const building = join(server, `data.building-${randomBytes(4).toString('hex')}`);
  const passwordFile = `${building}.password`;
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (account.switched) await chown(passwordFile, account.uid, account.gid);
  const outcome = await tool(cluster, 'initdb', [
    ...['-D', building, '-U', superuser, '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
    ...['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
    ...(sync ? [] : ['--no-sync']),
  ]);
  await rm(passwordFile, { force: true });
  if (outcome.code !== 0) {
    await rm(building, { recursive: true, force: true });
    throw localServerError(`initdb failed in ${server}: ${tail(outcome.stderr || outcome.stdout)}`);
  }
  await rename(building, dataDirectory(cluster));
}

async function removeUnfinished(server: string): Promise<void> {
  for (const entry of await readdir(server)) {
    // An initdb whose parent was killed may be writing still; it fails once its files are gone.
    if (entry.startsWith('data.building-')) {
      await rm(join(server, entry), { recursive: true, force: true, maxRetries: 10 });
    }
  }
}

export interface Running {
  readonly pid: number;
  readonly port: number;
  /** False while it starts, recovers or stops. */
  readonly ready: boolean;
}

/** The running server of this data directory. */
export async function findRunning(cluster: Pick<Cluster, 'server'>): Promise<Running | undefined> {
  const data = dataDirectory(cluster);
  const lines = await readFile(join(data, 'postmaster.pid'), 'utf8').then(
    (text) => text.split('\n'),
    () => [],
  );
  const pid = Number.parseInt(lines[0] ?? '', 10);
  if (!Number.isInteger(pid) || !(await servesFrom(pid, data))) return undefined;
  return { pid, port: Number(lines[3] ?? 0), ready: lines[7]?.trim() === 'ready' };
}

/** Waits until a server that someone else started, and did not live to see ready, is so or has ended. */
export async function awaitReady(cluster: Pick<Cluster, 'server'>): Promise<Running | undefined> {
  const deadline = Date.now() + 110_000;
  let found = await findRunning(cluster);
  while (found !== undefined && !found.ready && Date.now() < deadline) {
    await setTimeout(50);
    found = await findRunning(cluster);
  }
  return found;
}

/**
 * A process number may have gone to another process since. What a process was started with can be read by everyone;
 * its working directory could not, by root in a container.
 */
async function servesFrom(pid: number, data: string): Promise<boolean> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const words = command.split('\0');
  return words.includes('-D') && words[words.indexOf('-D') + 1] === data;
}

export type LaunchResult =
  | 'started'
  /** Another program took the port in the meantime. */
  | 'port taken'
  /** A server is on this data already: one whose starter was killed while it came up. */
  | 'already running';

/** Starts the server on a port that is free, and waits until it answers. */
export async function launch(
  cluster: Cluster,
  port: number,
  settings: Readonly<Record<string, string>>,
): Promise<LaunchResult> {
  const data = dataDirectory(cluster);
  await clearAfterCrash(cluster);
  const log = join(cluster.server, 'server.log');
  if ((await size(log)) > 10e6) await truncate(log);
  const from = await size(log);
  const all = { ...settings, port: String(port), listen_addresses: '127.0.0.1', unix_socket_directories: '' };
  const options = Object.entries(all).map(([name, value]) => `-c ${name}='${value}'`);
  const outcome = await tool(cluster, 'pg_ctl', [
    ...['start', '-w', '-t', '110', '-s', '-D', data, '-l', log, '-o', options.join(' ')],
  ]);
  if (outcome.code === 0) return 'started';
  const messages = (await readFile(log, 'utf8').catch(() => '')).slice(from);
  if (/could not bind|Address already in use/.test(messages)) return 'port taken';
  if (/lock file .* already exists|pre-existing shared memory/.test(messages)) return 'already running';
  throw localServerError(
    `PostgreSQL did not start: ${tail(messages) || tail(outcome.stderr)} (all of it in ${log})`,
    {
      hint: '"pgscore db reset" starts anew and drops the local data; or set DATABASE_URL to another server.',
    },
  );
}

/**
 * Removes the process number that a crashed server left, since PostgreSQL refuses to start when another process has
 * that number now. Sessions that outlive their server may still write to the data: they are waited for, never
 * ignored.
 */
async function clearAfterCrash(cluster: Cluster): Promise<void> {
  const data = dataDirectory(cluster);
  if (!existsSync(join(data, 'postmaster.pid'))) return;
  const deadline = Date.now() + 5_000;
  let left = await processesIn(cluster, data);
  while (left.length > 0 && Date.now() < deadline) {
    await setTimeout(100);
    left = await processesIn(cluster, data);
  }
  if (left.length > 0) {
    throw localServerError(`processes of a server that crashed still use ${data}: ${left.join(', ')}`, {
      hint: 'End them (kill -9), then try again.',
    });
  }
  await rm(join(data, 'postmaster.pid'), { force: true });
}

/** The server and its sessions work in the data directory. Looked up as their own user, who may see that. */
async function processesIn(cluster: Cluster, data: string): Promise<string[]> {
  const paths = ['/proc', '-mindepth', '2', '-maxdepth', '2', '-name', 'cwd', '-printf', '%h %l\\n'];
  const { code, stdout, stderr } = await run('find', paths, { cwd: '/', account: cluster.account });
  if (code === 127) throw localServerError(`find(1) is needed to look for what a crash left: ${stderr}`);
  const real = realpathSync(data);
  return stdout.split('\n').flatMap((line) => {
    const [, pid, folder] = /^\/proc\/(\d+) (.*)$/.exec(line) ?? [];
    return pid !== undefined && folder === real ? [pid] : [];
  });
}

async function size(file: string): Promise<number> {
  return stat(file).then(
    (found) => found.size,
    () => 0,
  );
}

/** Ends the server: open transactions are rolled back, the data is written out. */
export async function halt(cluster: Cluster): Promise<void> {
  const outcome = await tool(cluster, 'pg_ctl', [
    ...['stop', '-w', '-t', '60', '-s', '-m', 'fast', '-D', dataDirectory(cluster)],
  ]);
  if (outcome.code === 0 || (await findRunning(cluster)) === undefined) return;
  throw localServerError(`PostgreSQL did not stop: ${tail(outcome.stderr)}`, {
    hint: 'A session may be inside JavaScript that does not end; end that process, then try again.',
  });
}

function tool(cluster: Cluster, name: string, args: readonly string[]): Promise<Outcome> {
  return run(join(cluster.binaries, 'bin', name), args, { cwd: cluster.server, account: cluster.account });
}

/** `wanted`, if it is one (not 0) and free, else a free loopback port. */
export async function freePort(wanted = 0): Promise<number> {
  if (wanted && (await listenOnce(wanted)) !== undefined) return wanted;
  const port = await listenOnce(0);
  if (port === undefined) throw localServerError('no loopback port is free');
  return port;
}

function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(undefined));
    probe.listen({ port, host: '127.0.0.1' }, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}

function tail(text: string): string {
  return text.trim().split('\n').slice(-4).join(' ').slice(0, 600);
}
