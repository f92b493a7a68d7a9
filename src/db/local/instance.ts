import { createHash, randomBytes } from 'node:crypto';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type Account, canEnter } from './account.ts';
import { localServerError } from './error.ts';

/** A local server's place on disk. */
export interface Instance {
  /** What the user sees: `.pgscore/<name>` in the project folder, holding server.json. */
  readonly home: string;
  /** What the server's user owns: data/ and server.log. The same folder wherever that user can enter it. */
  readonly server: string;
}

/** server.json: what must outlive a process to find the server again. Readable by its owner alone. */
export interface State {
  readonly port: number;
  readonly password: string;
  readonly user: string;
  readonly database: string;
}

/**
 * The folder that a project's local server belongs to: the nearest one, from `start` upwards, with `.pgscore`, a
 * package.json or a .git in it, so that every command in a project finds the same server; else `start` itself.
 */
export function projectFolder(start: string = process.cwd()): string {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    if (['.pgscore', 'package.json', '.git'].some((name) => existsSync(join(folder, name)))) return folder;
    if (dirname(folder) === folder) return resolve(start);
  }
}

/** Makes the folders of an instance, or finds them. */
export async function openInstance(home: string, account: Account): Promise<Instance> {
  try {
    await mkdir(home, { recursive: true });
    const root = dirname(home);
    if (basename(root) === '.pgscore') await writeFile(join(root, '.gitignore'), '*\n');
    await chmod(home, 0o755);
    const server = serverFolder(home, account);
    if ((await mkdir(server, { recursive: true })) !== undefined) await makeEnterable(server, home);
    if (account.switched) await chown(server, account.uid, account.gid);
    return { home, server };
  } catch (error) {
    throw notOurs(home, error);
  }
}

function notOurs(home: string, error: unknown): Error {
  return localServerError(`${home} cannot be used: ${(error as Error).message}`, {
    hint: 'It may belong to another user (root?): run pgscore as that user, or in a folder of your own.',
    cause: error,
  });
}

/** Whatever the umask, the server's user must get to its folder; PostgreSQL closes the data directory to others. */
async function makeEnterable(server: string, home: string): Promise<void> {
  if (dirname(server) !== realpathSync(home)) await chmod(dirname(server), 0o755);
  await chmod(server, 0o755);
}

/**
 * As root the server runs as another user, who cannot enter a project below a closed folder such as /root. Its
 * data is then kept below /var/lib/pgscore, under the project's name and a hash of its path.
 */
export function serverFolder(home: string, account: Account): string {
  const real = realpathSync(home);
  return canEnter(account, real) ? join(real, 'server') : folderElsewhere(real);
}

function folderElsewhere(home: string): string {
  const hash = createHash('sha256').update(home).digest('hex').slice(0, 12);
  return join('/var/lib/pgscore', `${basename(dirname(dirname(home)))}-${basename(home)}-${hash}`);
}

/** The user that the data belongs to already: which one a new server would run as may have changed since. */
export function accountOfData(home: string, account: Account): Account {
  if (!account.switched || !existsSync(home)) return account;
  const real = realpathSync(home);
  for (const folder of [join(real, 'server'), folderElsewhere(real)]) {
    const owner = statSync(join(folder, 'data'), { throwIfNoEntry: false });
    if (owner !== undefined && owner.uid !== 0) {
      return { name: `number ${owner.uid}`, uid: owner.uid, gid: owner.gid, switched: true };
    }
  }
  return account;
}

export async function readState(home: string): Promise<State | undefined> {
  const text = await readFile(join(home, 'server.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw notOurs(home, error);
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as State;
  } catch (error) {
    throw localServerError(`${join(home, 'server.json')} is damaged`, {
      hint: 'Run "pgscore db reset", which starts anew and drops the local data.',
      cause: error,
    });
  }
}

/** Written aside and renamed, so that no reader and no crash sees half of it. */
export async function writeState(home: string, state: State): Promise<void> {
  const path = join(home, 'server.json');
  const aside = `${path}.${randomBytes(4).toString('hex')}`;
  await writeFile(aside, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(aside, path);
}

export async function removeInstance(instance: Instance): Promise<void> {
  await rm(instance.server, { recursive: true, force: true });
  await rm(join(instance.home, 'server.json'), { force: true });
}
