import type pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createItems, ITEMS_SCORED, ITEMS_WRITTEN_ONCE } from '../harness/items.ts';
import { needLocalServer } from '../harness/platform.ts';
import { createPrivateServer, type PrivateServer } from '../harness/private-server.ts';
import { DRAINED, type Lines, prepareSidecarTests, startSidecar, until } from '../harness/sidecar.ts';
import { TcpProxy } from '../harness/tcp-proxy.ts';

needLocalServer();
prepareSidecarTests();

let primary: PrivateServer;
let standby: PrivateServer;

beforeEach(async () => {
  primary = await createPrivateServer();
  await createItems(primary);
  standby = await primary.standby();
});

afterEach(async () => {
  await standby?.remove();
  await primary?.remove();
});

async function insert(client: pg.Client, from: number, rows: number): Promise<void> {
  await client.query(
    `INSERT INTO items SELECT i, i, 1 FROM generate_series(${from}, ${from + rows - 1}) AS i`,
  );
}

/** Until the standby has what the primary has now. */
async function untilReplicated(from: pg.Client): Promise<void> {
  const { rows } = await from.query<{ lsn: string }>('SELECT pg_current_wal_lsn() AS lsn');
  const to = await standby.client();
  const text = `SELECT pg_last_wal_replay_lsn() >= '${rows[0]!.lsn}' AS there`;
  while (!(await to.query(text)).rows[0].there);
  await to.end();
}

async function promote(): Promise<pg.Client> {
  const client = await standby.client();
  await client.query('SELECT pg_promote()');
  return client;
}

function warnings({ all }: Lines): string[] {
  return all.filter(({ level }) => level >= 40).map(({ msg }) => msg);
}

test('an address of two servers: work goes on, on the standby that was promoted', async () => {
  const url = new URL(primary.url);
  const { lines } = startSidecar(primary.url.replace(url.host, `${new URL(standby.url).host},${url.host}`), {
    workers: 2,
    batch: 100,
  });
  const before = await primary.client();
  await insert(before, 1, 6000);
  // It passes the standby, which comes first.
  await until(before, 'SELECT count(*) > 1000 FROM items WHERE pair_score IS NOT NULL');
  await untilReplicated(before);
  expect(warnings(lines)).toEqual([]);
  await primary.crash();
  await lines.match(/the database is not available/);
  const after = await promote();
  await insert(after, 10_001, 500);
  await until(after, DRAINED);
  await until(after, ITEMS_SCORED);
  await until(after, ITEMS_WRITTEN_ONCE);
  const { rows } = await after.query('SELECT count(*)::int AS n FROM items');
  expect(rows).toEqual([{ n: 6500 }]);
  expect(warnings(lines)).toHaveLength(1);
}, 120_000);

test('a name that leads to a standby for a while, and then to the new primary', async () => {
  const proxy = await TcpProxy.to(primary.url);
  try {
    const { sidecar, lines } = startSidecar(proxy.url, { workers: 2, batch: 100 });
    const before = await primary.client();
    await insert(before, 1, 3000);
    await until(before, 'SELECT count(*) > 500 FROM items WHERE pair_score IS NOT NULL');
    await untilReplicated(before);
    proxy.leadTo(standby.url);
    await primary.crash();
    // Attempts, each of which the standby answers: it can be read, but takes no writes.
    await proxy.untilAccepted(8);
    expect(sidecar.ready).toBe(false);
    const after = await promote();
    await insert(after, 10_001, 500);
    await until(after, DRAINED);
    await until(after, ITEMS_SCORED);
    await until(after, ITEMS_WRITTEN_ONCE);
    expect(warnings(lines)).toHaveLength(1);
    sidecar.stop('the test');
    await sidecar.done;
  } finally {
    await proxy.close();
  }
}, 120_000);

test('a server that takes no writes for a while, though its connections stay', async () => {
  const { lines } = startSidecar(primary.url, { workers: 2, batch: 100 });
  const client = await primary.client();
  const admin = await primary.client();
  await admin.query('SET default_transaction_read_only = off');
  await insert(client, 1, 4000);
  await until(client, 'SELECT count(*) > 500 FROM items WHERE pair_score IS NOT NULL');
  await admin.query('ALTER SYSTEM SET default_transaction_read_only = on');
  await admin.query('SELECT pg_reload_conf()');
  await lines.match(/takes no writes|read-only transaction/);
  await admin.query('ALTER SYSTEM RESET default_transaction_read_only');
  await admin.query('SELECT pg_reload_conf()');
  await until(client, DRAINED);
  await until(client, ITEMS_SCORED);
  await until(client, ITEMS_WRITTEN_ONCE);
  expect(warnings(lines)).toHaveLength(1);
}, 120_000);
