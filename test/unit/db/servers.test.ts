import { createServer } from 'node:net';
import pg from 'pg';
import { expect, test } from 'vitest';
import { connectTo, resolveConnection } from '../../../src/db/connect.ts';
import { serversOf, targetOf } from '../../../src/db/servers.ts';

/** What the driver makes of each: the address that it would connect to. */
function addresses(config: pg.ClientConfig) {
  return serversOf(config).map((server) => {
    const { host, port, database, user, password } = new pg.Client(server);
    return `${user}:${password}@${host}:${port}/${database}`;
  });
}

test.each([
  ['postgresql://ann:pw@a.test/shop', ['ann:pw@a.test:5432/shop']],
  ['postgres://ann:pw@a.test:1,b.test/shop', ['ann:pw@a.test:1/shop', 'ann:pw@b.test:5432/shop']],
  ['postgresql://ann:p%2Cw,x@[::1]:1,10.0.0.2:2/shop', ['ann:p,w,x@::1:1/shop', 'ann:p,w,x@10.0.0.2:2/shop']],
  [
    'postgresql://ann:pw@a.test,b.test/a,b?application_name=x,y&target_session_attrs=primary',
    ['ann:pw@a.test:5432/a,b', 'ann:pw@b.test:5432/a,b'],
  ],
])('%s', (connectionString, expected) => {
  expect(addresses({ connectionString })).toEqual(expected);
});

test('PGHOST may be a list, PGPORT is one port', async () => {
  const env = { PGHOST: 'a.test,/run/pg', PGPORT: '7000', PGUSER: 'ann', PGTARGETSESSIONATTRS: 'read-write' };
  const { config, target } = await resolveConnection(env);
  expect(addresses({ ...config, password: 'pw' })).toEqual([
    'ann:pw@a.test:7000/ann',
    'ann:pw@/run/pg:7000/ann',
  ]);
  expect(target).toBe('read-write');
  await expect(resolveConnection({ ...env, PGPORT: '1,2' })).rejects.toMatchObject({
    code: 'PGS_DATABASE',
    message: 'PGPORT is "1,2", not one port',
    hint: expect.stringContaining('DATABASE_URL=postgresql://user@first:5432,second:5433'),
  });
});

test('which server will do is read from the address; those that take no writes cannot be asked for', () => {
  const target = (query: string) => targetOf({ connectionString: `postgresql://a.test,b.test/shop${query}` });
  expect(target('')).toBeUndefined();
  expect(target('?target_session_attrs=any')).toBe('any');
  expect(target('?sslmode=disable&target_session_attrs=read-write')).toBe('read-write');
  expect(target('?target_session_attrs=primary')).toBe('read-write');
  expect(() => target('?target_session_attrs=standby')).toThrow(
    'target_session_attrs=standby names no server that pgscore could write to',
  );
});

test('an empty host in a list is an error', () => {
  expect(() => serversOf({ connectionString: 'postgresql://ann@a.test,/shop' })).toThrow(
    'the address names an empty host in its list a.test,',
  );
});

test('when none of them answers, each is named with its reason, without the password', async () => {
  const closed = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as { port: number };
  const connectionString = `postgresql://ann:s3cret@127.0.0.1:${port},127.0.0.1:9/shop`;
  const error = await connectTo({ config: { connectionString }, origin: 'the test' }).catch(
    (reason) => reason,
  );
  closed.close();
  expect(error).toMatchObject({
    code: 'PGS_DATABASE',
    message: expect.stringMatching(
      new RegExp(
        `cannot connect to host 127.0.0.1, port ${port}, .*terminated unexpectedly; nor to host 127.0.0.1, port 9, .*ECONNREFUSED`,
      ),
    ),
  });
  expect(String(error)).not.toContain('s3cret');
});
