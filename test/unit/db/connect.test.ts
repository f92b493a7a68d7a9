import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, resolveConnection } from '../../../src/db/connect.ts';
import { PgscoreError } from '../../../src/errors.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pgscore-connect-'));
});

afterAll(() => rm(folder, { recursive: true }));

/** What the driver makes of it: the address that it would connect to. */
async function address(env: NodeJS.ProcessEnv) {
  const { config, origin } = await resolveConnection(env);
  const { host, port, database, user, password } = new pg.Client(config);
  return { host, port, database, user, password, origin };
}

test('DATABASE_URL comes before the PG* variables', async () => {
  const env = { DATABASE_URL: 'postgresql://ann:s3cret@db.test:6543/shop', PGHOST: 'other.test' };
  expect(await address(env)).toEqual({
    host: 'db.test',
    port: 6543,
    database: 'shop',
    user: 'ann',
    password: 's3cret',
    origin: 'DATABASE_URL',
  });
});

test('an empty DATABASE_URL counts as unset, and any character survives in the PG* variables', async () => {
  const env = {
    DATABASE_URL: '',
    PGHOST: 'db.test',
    PGPORT: '7000',
    PGDATABASE: 'a b/ü?&=%41',
    PGUSER: 'an+n@x',
    PGPASSWORD: '%41 +&:/@',
  };
  expect(await address(env)).toEqual({
    host: 'db.test',
    port: 7000,
    database: 'a b/ü?&=%41',
    user: 'an+n@x',
    password: '%41 +&:/@',
    origin: 'the PG* variables',
  });
});

test('PGHOST may be the folder of a socket, and the database is named as the user by default', async () => {
  expect(await address({ PGHOST: '/run/pg', PGUSER: 'ann' })).toMatchObject({
    host: '/run/pg',
    database: 'ann',
    user: 'ann',
  });
});

test('PGSERVICE reads a service file; its parameters come before the variables', async () => {
  const file = join(folder, 'services.conf');
  await writeFile(
    file,
    '# comment\n[first]\nhost=wrong.test\n\n[shop]\nhost = db.test\nport=6000\ndbname=shop\n',
  );
  const env = { PGSERVICEFILE: file, PGSYSCONFDIR: folder, PGUSER: 'ann', PGHOST: 'other.test' };
  expect(await address({ ...env, PGSERVICE: 'shop' })).toMatchObject({
    host: 'db.test',
    port: 6000,
    database: 'shop',
    user: 'ann',
  });
  await expect(resolveConnection({ ...env, PGSERVICE: 'missing' })).rejects.toThrow(
    `PGSERVICE names "missing", which is in none of ${file}, ${join(folder, 'pg_service.conf')}`,
  );
});

test('sslmode means what it means to psql', async () => {
  const certificate = join(folder, 'root.crt');
  await writeFile(certificate, 'root');
  const ssl = async (env: NodeJS.ProcessEnv) =>
    (await resolveConnection({ PGHOST: 'db.test', PGUSER: 'ann', ...env })).config.ssl;
  expect(await ssl({})).toBe(false);
  expect(await ssl({ PGSSLMODE: 'disable' })).toBe(false);
  expect(await ssl({ PGSSLMODE: 'require' })).toMatchObject({ rejectUnauthorized: false });
  const verified = await ssl({ PGSSLMODE: 'require', PGSSLROOTCERT: certificate });
  expect(verified).toMatchObject({ ca: 'root', checkServerIdentity: expect.any(Function) });
  expect(verified).not.toHaveProperty('rejectUnauthorized');
  expect(await ssl({ PGSSLMODE: 'verify-full', PGSSLROOTCERT: certificate })).toEqual({ ca: 'root' });
});

test('a refused connection says where it went, and not with which password', async () => {
  const error = await failure({
    DATABASE_URL: `postgresql://ann:s3cret@127.0.0.1:${await closedPort()}/shop`,
  });
  expect(error.code).toBe('PGS_DATABASE');
  expect(error.message).toMatch(
    /^cannot connect to host 127\.0\.0\.1, port \d+, database shop, user ann \(from DATABASE_URL\): .*ECONNREFUSED/,
  );
  expect(error.message + error.hint).not.toContain('s3cret');
  expect(error.hint).toContain('pgscore db start');
});

test('an address that cannot be parsed is not repeated, since a password may be in it', async () => {
  const error = await failure({ DATABASE_URL: 'postgresql://ann:s3cret@db.test:port/shop' });
  expect(error.message).toBe('the address in DATABASE_URL is not a PostgreSQL URL');
  expect(JSON.stringify([error.message, error.hint, error.cause])).not.toContain('s3cret');
});

async function failure(env: NodeJS.ProcessEnv): Promise<PgscoreError> {
  const error = await connect(env).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(PgscoreError);
  return error as PgscoreError;
}

function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}
