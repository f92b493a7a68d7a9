import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Option } from 'commander';

/** `--write [dir]`: the SQL instead of its effect. */
export function writeOption(): Option {
  return new Option(
    '--write [dir]',
    'change nothing: write the migration into this folder (NAME.up.sql and NAME.down.sql), or print it',
  );
}

export interface Migration {
  /** What the files are named after, behind the time: letters, digits and underscores. */
  readonly name: string;
  /** Whole, or in parts that are written one after the other. */
  readonly up: string | Iterable<string>;
  readonly down: string;
}

/**
 * Writes a migration as a pair of files, as node-pg-migrate (its sql loader) and golang-migrate expect them, and gives
 * their paths; with `true` for a folder it prints the up part.
 */
export async function writeMigration(
  target: string | true,
  { name, up, down }: Migration,
): Promise<string[]> {
  const parts = typeof up === 'string' ? [up] : up;
  if (target === true) {
    for (const part of parts) process.stdout.write(part);
    return [];
  }
  await mkdir(target, { recursive: true });
  const stem = join(target, `${new Date().toISOString().replace(/\D/g, '')}_${name}`);
  const files = [`${stem}.up.sql`, `${stem}.down.sql`];
  await writeFile(files[0]!, parts, { flag: 'wx' });
  await writeFile(files[1]!, down, { flag: 'wx' });
  return files;
}
