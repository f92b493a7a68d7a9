import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openSid, unpack } from '../../src/db/local/apt.ts';
import { cached } from '../../src/db/local/binaries.ts';

export interface SidPrograms {
  /** The Debian package that has them. */
  readonly package: string;
  /** Where they lie in it, without the leading slash. */
  readonly folder: string;
  readonly names: readonly string[];
}

/**
 * The folder of programs from Debian sid, unpacked in the cache under `name` at the first call (10 to 20 MB, no rights
 * needed). They need sid's C library, which is newer than most machines': they bring it, and its loader, along.
 */
export async function sidPrograms(name: string, programs: SidPrograms): Promise<string> {
  const directory = await cached(`${name}-${process.arch}`, (target) => fetchPrograms(target, programs));
  return join(directory, 'bin');
}

async function fetchPrograms(target: string, programs: SidPrograms): Promise<void> {
  const work = join(target, 'download');
  await mkdir(work);
  const sid = await openSid(work);
  const isWanted = (name: string) => name === programs.package || /^(lib(?!perl)|zlib1g$)/.test(name);
  const packages = (await sid.closure(programs.package)).filter(isWanted);
  for (const deb of await sid.download(packages)) await unpack(deb, target);
  await rm(work, { recursive: true, force: true });
  await mkdir(join(target, 'bin'), { recursive: true });
  const { libraries, loader } = await findLoader(target);
  for (const name of programs.names) {
    const script = [
      '#!/bin/sh',
      'root=$(cd "$(dirname "$0")/.." && pwd)',
      `exec "$root/${libraries}/${loader}" --library-path "$root/${libraries}" \\`,
      `  "$root/${programs.folder}/${name}" "$@"`,
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
