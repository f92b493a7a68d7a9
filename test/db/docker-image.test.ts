import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { openSid, unpack } from '../../src/db/local/apt.ts';
import { runProgram } from '../harness/cli.ts';

const image = new URL('../../docker/postgres-pljs/', import.meta.url).pathname;
const folders: string[] = [];
const running: ChildProcess[] = [];

afterAll(async () => {
  for (const child of running) {
    child.kill('SIGQUIT');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** Why the image cannot be built here, or undefined. */
async function obstacle(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'a Debian tree can be made by root alone';
  for (const program of ['unshare', 'chroot', 'wget', 'gpgv', 'apt-get']) {
    const found = (process.env.PATH ?? '').split(':').some((folder) => isProgram(join(folder, program)));
    if (!found) return `${program} is not installed`;
  }
  const mount = await runProgram('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);
  return mount.code === 0 ? undefined : `nothing can be mounted here: ${mount.stderr.trim()}`;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * What `docker build` would do with the Dockerfile, in a tree of Debian sid instead of the base image: the same COPY,
 * RUN and ENTRYPOINT. There need be no docker here.
 */
test('the image of Debian’s packages installs, makes its database and keeps it', {
  timeout: 400_000,
}, async ({ skip }) => {
  const reason = await obstacle();
  if (reason !== undefined) skip(reason);
  const folder = await mkdtemp(join(tmpdir(), 'pgscore-image-'));
  folders.push(folder);
  const tree = await debianTree(folder);
  const docker = parseDockerfile(await readFile(join(image, 'Dockerfile'), 'utf8'));
  for (const file of docker.copied) await copyFile(join(image, file), join(tree, docker.target, file));
  const installed = await inTree(tree, ['sh', '-c', docker.run]);
  expect(installed, installed.stderr.slice(-3000)).toMatchObject({ code: 0 });

  const refused = await inTree(tree, docker.entrypoint);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('set POSTGRES_PASSWORD') });

  const port = await freePort();
  const address = { host: '127.0.0.1', port, user: 'An Owner', password: "s'3c ret", database: 'pg"score' };
  const first = start(tree, docker.entrypoint, address);
  const made = await query(
    first,
    address,
    `CREATE FUNCTION f() RETURNS float8 LANGUAGE pljs AS 'return 6 * 7;'`,
  );
  expect(made.command).toBe('CREATE');
  first.kill('SIGINT');
  await once(first, 'exit');

  const second = start(tree, docker.entrypoint, address);
  expect((await query(second, address, 'SELECT f()')).rows).toEqual([{ f: 42 }]);
  await expect(query(second, { ...address, password: 'wrong' }, 'SELECT 1')).rejects.toThrow(
    'password authentication failed',
  );
});

/** A minimal Debian sid from this machine's mirror, by Debian's own debootstrap; nothing is installed here. */
async function debianTree(folder: string): Promise<string> {
  const work = join(folder, 'apt');
  const tree = join(folder, 'tree');
  await mkdir(work);
  const sid = await openSid(work);
  const [deb] = await sid.download(['debootstrap']);
  await unpack(deb!, join(folder, 'debootstrap'));
  const script = join(folder, 'debootstrap/usr/sbin/debootstrap');
  const library = join(folder, 'debootstrap/usr/share/debootstrap');
  const keyring = sid.signedBy.startsWith('/') ? [`--keyring=${sid.signedBy}`] : [];
  const made = await runProgram(
    'unshare',
    ['--mount', 'sh', script, '--variant=minbase', ...keyring, 'sid', tree, sid.uri],
    { env: { DEBOOTSTRAP_DIR: library } },
  );
  expect(made, made.stdout.slice(-3000)).toMatchObject({ code: 0 });
  // The mirror may lag behind the date in sid's index; signatures are checked all the same.
  await writeFile(join(tree, 'etc/apt/apt.conf.d/99lag'), 'Acquire::Check-Valid-Until "false";\n');
  // The tree is thrown away: no package waits for the disk.
  await writeFile(join(tree, 'etc/dpkg/dpkg.cfg.d/no-sync'), 'force-unsafe-io\n');
  return tree;
}

interface Dockerfile {
  readonly copied: readonly string[];
  readonly target: string;
  readonly run: string;
  readonly entrypoint: readonly string[];
}

function parseDockerfile(text: string): Dockerfile {
  const instruction = (name: string) => {
    const found = [...text.matchAll(new RegExp(`^${name} (.*)$`, 'gm'))];
    expect(found, name).toHaveLength(1);
    return found[0]![1]!;
  };
  const copy = instruction('COPY').split(' ');
  return {
    copied: copy.slice(0, -1).map((file) => basename(file)),
    target: copy.at(-1)!,
    run: instruction('RUN'),
    entrypoint: JSON.parse(instruction('ENTRYPOINT')) as string[],
  };
}

/** The mounts that a container has, in a namespace that ends with the program. */
const enter = `tree=$1; shift
mount -t proc proc "$tree/proc" && mkdir -p "$tree/dev/shm" && mount -t tmpfs -o mode=1777 tmpfs "$tree/dev/shm" &&
exec chroot "$tree" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"`;

function inTreeArguments(tree: string, command: readonly string[]): string[] {
  return ['--mount', '--propagation', 'private', 'sh', '-c', enter, 'sh', tree, ...command];
}

function inTree(tree: string, command: readonly string[]) {
  return runProgram('unshare', inTreeArguments(tree, command));
}

interface Address {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

function start(tree: string, entrypoint: readonly string[], address: Address): ChildProcess {
  const settings = ['-c', `port=${address.port}`, '-c', 'listen_addresses=127.0.0.1'];
  const environment = [
    `POSTGRES_USER=${address.user}`,
    `POSTGRES_PASSWORD=${address.password}`,
    `POSTGRES_DB=${address.database}`,
  ];
  const child = spawn('unshare', inTreeArguments(tree, [...environment, ...entrypoint, ...settings]), {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.push(child);
  return child;
}

const ready = new WeakMap<ChildProcess, Promise<void>>();

/** The server says on stderr when it accepts connections; when it ends before, what it said is the error. */
function awaitReady(child: ChildProcess): Promise<void> {
  const known = ready.get(child);
  if (known !== undefined) return known;
  const promise = new Promise<void>((resolve, reject) => {
    let said = '';
    child.stderr!.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('ready to accept connections')) resolve();
    });
    child.once('exit', () => reject(new Error(`the server ended: ${said.slice(-2000)}`)));
  });
  ready.set(child, promise);
  return promise;
}

async function query(child: ChildProcess, address: Address, sql: string): Promise<pg.QueryResult> {
  await awaitReady(child);
  const client = new pg.Client(address);
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  return typeof address === 'object' ? address!.port : 0;
}
