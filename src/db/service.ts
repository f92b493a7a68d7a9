import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { PgscoreError } from '../errors.ts';

/**
 * The parameters of a section of PostgreSQL's connection service file, by their libpq names. Looked for as psql
 * does: PGSERVICEFILE, else ~/.pg_service.conf; then pg_service.conf in PGSYSCONFDIR or Debian's folder for it.
 */
export function readService(name: string, env: NodeJS.ProcessEnv): Map<string, string> {
  const files = [
    env.PGSERVICEFILE || join(env.HOME || homedir(), '.pg_service.conf'),
    join(env.PGSYSCONFDIR || '/etc/postgresql-common', 'pg_service.conf'),
  ];
  for (const file of files.filter((each) => existsSync(each))) {
    const section = parseServices(readFileSync(file, 'utf8')).get(name);
    if (section !== undefined) return section;
  }
  throw new PgscoreError(
    'PGS_DATABASE',
    `PGSERVICE names "${name}", which is in none of ${files.join(', ')}`,
    {
      hint: `Add a section [${name}], or set DATABASE_URL instead.`,
    },
  );
}

export function parseServices(text: string): Map<string, Map<string, string>> {
  const services = new Map<string, Map<string, string>>();
  let section = new Map<string, string>();
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const heading = /^\[(.*)\]$/.exec(line)?.[1];
    const equals = line.indexOf('=');
    if (heading !== undefined) {
      section = new Map();
      if (!services.has(heading)) services.set(heading, section);
    } else if (equals > 0) {
      section.set(line.slice(0, equals).trim(), line.slice(equals + 1).trim());
    }
  }
  return services;
}
