import { rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';

/**
 * Makes the disk full for a table that has no rows yet: /dev/full in the place of its file refuses every write as a full
 * disk does (53100), for all sessions that have not opened it. No file system of a certain size, which root alone could
 * mount, is needed. The server is this machine's, and nobody else's. Gives what makes room again.
 */
export async function fillDisk(client: pg.Client, table: string): Promise<() => Promise<void>> {
  const { rows } = await client.query<{ folder: string; path: string }>(
    `SELECT current_setting('data_directory') AS folder, pg_relation_filepath($1) AS path`,
    [table],
  );
  const file = join(rows[0]!.folder, rows[0]!.path);
  await rename(file, `${file}.aside`);
  await symlink('/dev/full', file);
  return async () => {
    await rm(file);
    await rename(`${file}.aside`, file);
  };
}
