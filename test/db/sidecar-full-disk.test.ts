import type pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fillDisk } from '../harness/full-disk.ts';
import { createItems, ITEMS_SCORED, ITEMS_WRITTEN_ONCE } from '../harness/items.ts';
import { needLocalServer } from '../harness/platform.ts';
import { createPrivateServer, type PrivateServer } from '../harness/private-server.ts';
import { DRAINED, prepareSidecarTests, startSidecar, until } from '../harness/sidecar.ts';
import { TcpProxy } from '../harness/tcp-proxy.ts';

needLocalServer();
prepareSidecarTests();

let server: PrivateServer;
let client: pg.Client;
/** Every connection but the first costs the sidecar an attempt. */
let proxy: TcpProxy;

const ROWS = 3000;

beforeEach(async () => {
  server = await createPrivateServer();
  await createItems(server);
  client = await server.client();
  await client.query(`INSERT INTO items SELECT i, i, 1 FROM generate_series(1, ${ROWS}) AS i`);
  proxy = await TcpProxy.to(server.url);
});

afterEach(async () => {
  await proxy?.close();
  await server?.remove();
});

test('a disk that is full when predictions are written: pauses that grow, one line, and no job is lost', async () => {
  const makeRoom = await fillDisk(client, 'writes');
  const { lines } = startSidecar(proxy.url, { workers: 1, batch: 50 });
  const { sqlstate } = await lines.match(/could not extend file .* No space left on device/);
  expect(sqlstate).toBe('53100');
  // Of 12 attempts of its two lanes, one has made 6: after pauses of at least 25, 50, 100, … 800 ms.
  const start = performance.now();
  await proxy.untilAccepted(12);
  expect(performance.now() - start).toBeGreaterThan(1500);
  const { rows } = await client.query(
    `SELECT (SELECT sum(row_count) FROM pgscore_internal.jobs)::int AS waiting,
            (SELECT max(attempts) FROM pgscore_internal.jobs) AS attempts,
            (SELECT count(*) FROM pgscore.errors)::int AS errors`,
  );
  expect(rows).toEqual([{ waiting: ROWS, attempts: 0, errors: 0 }]);
  await makeRoom();
  await until(client, DRAINED);
  await until(client, ITEMS_SCORED);
  await until(client, ITEMS_WRITTEN_ONCE);
  expect(lines.all.filter(({ level }) => level >= 40)).toHaveLength(1);
}, 120_000);
