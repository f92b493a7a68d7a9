import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { openSid, unpack } from '../../src/db/local/apt.ts';
import { cached } from '../../src/db/local/binaries.ts';

/** Paths of PostgreSQL's client programs. */
export interface PgTools {
  readonly psql: string;
  readonly pg_dump: string;
  readonly pg_restore: string;
}

const names = ['psql', 'pg_dump', 'pg_restore'] as const;

/**
 * Client programs that fit the test server: those of its own major version where Debian's packages have put them on
 * this machine, else version 18 from Debian sid, unpacked in the cache (10 MB at the first call). pg_dump refuses
 * a server that is newer than itself.
 */
export async function pgTools(): Promise<PgTools> {
  const installed = `/usr/lib/postgresql/${inject('pgscore').serverMajor}/bin`;
  if (names.every((name) => existsSync(join(installed, name)))) return toolsIn(installed);
  return toolsIn(join(await cached(`client-18-${process.arch}`, fetchClient), 'bin'));
}

function toolsIn(folder: string): PgTools {
  return {
    psql: join(folder, 'psql'),
    pg_dump: join(folder, 'pg_dump'),
    pg_restore: join(folder, 'pg_restore'),
  };
}

/** sid's programs need sid's C library, which is newer than most machines': they bring it, and its loader, along. */
async function fetchClient(target: string): Promise<void> {
  const work = join(target, 'download');
  await mkdir(work);
  const sid = await openSid(work);
  const wanted = /^(lib(?!perl)|zlib1g$|postgresql-client-18$)/;
  const packages = (await sid.closure('postgresql-client-18')).filter((name) => wanted.test(name));
  for (const deb of await sid.download(packages)) await unpack(deb, target);
  await rm(work, { recursive: true, force: true });
  await mkdir(join(target, 'bin'));
  const { libraries, loader } = await findLoader(target);
  for (const name of names) {
    const script = [
      '#!/bin/sh',
      'root=$(cd "$(dirname "$0")/.." && pwd)',
      `exec "$root/${libraries}/${loader}" --library-path "$root/${libraries}" \\`,
      `  "$root/usr/lib/postgresql/18/bin/${name}" "$@"`,
    ];
    await writeFile(join(target, 'bin', name), `${script.join('\n')}\n`, { mode: 0o755 });
  }
}

async function findLoader(target: string): Promise<{ libraries: string; loader: string }> {
  for (const folder of await readdir(join(target, 'usr/lib'))) {
    const files = await readdir(join(target, 'usr/lib', folder)).catch(() => []);
    const loader = files.find((file) => /^ld-linux.*\.so\.\d+$/.test(file));
    if (loader !== undefined && folder.endsWith('-linux-gnu'))
      return { libraries: `usr/lib/${folder}`, loader };
  }
  throw new Error(`libc6 of Debian sid, unpacked in ${target}, has no loader where it used to be`);
}
