import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { sidPrograms } from './sid-programs.ts';

/** Paths of PostgreSQL's client programs. */
export interface PgTools {
  readonly psql: string;
  readonly pg_dump: string;
  readonly pg_restore: string;
}

const names = ['psql', 'pg_dump', 'pg_restore'] as const;

/**
 * Client programs that fit the test server: those of its own major version where Debian's packages have put them on
 * this machine, else version 18 from Debian sid. pg_dump refuses a server that is newer than itself.
 */
export async function pgTools(): Promise<PgTools> {
  const installed = `/usr/lib/postgresql/${inject('pgscore').serverMajor}/bin`;
  if (names.every((name) => existsSync(join(installed, name)))) return toolsIn(installed);
  const folder = 'usr/lib/postgresql/18/bin';
  return toolsIn(await sidPrograms('client-18', { package: 'postgresql-client-18', folder, names }));
}

function toolsIn(folder: string): PgTools {
  return {
    psql: join(folder, 'psql'),
    pg_dump: join(folder, 'pg_dump'),
    pg_restore: join(folder, 'pg_restore'),
  };
}
