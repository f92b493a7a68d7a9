import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startLocalServer, stopLocalServer } from '../../src/db/local/server.ts';

const home = fileURLToPath(new URL('../../.pgscore/test', import.meta.url));

/** Nothing here must survive a power cut, so nothing waits for the disk. */
const settings = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  max_wal_size: '4GB',
  max_connections: '200',
  shared_buffers: '256MB',
};

export interface TestServer {
  /** A superuser's address; the database in it is used for CREATE DATABASE and DROP DATABASE alone. */
  readonly url: string;
  /** True when it is the harness's own local server. */
  readonly own: boolean;
}

/** PGSCORE_TEST_DATABASE_URL, or a local server of the tests' own. */
export async function startTestServer(): Promise<TestServer> {
  const url = process.env.PGSCORE_TEST_DATABASE_URL;
  if (url) return { url, own: false };
  const server = await startLocalServer({ home, settings, note: (line) => console.error(line) });
  return { url: server.url, own: true };
}

export async function stopTestServer(): Promise<void> {
  await stopLocalServer({ home });
}

/** Files that tests make and that may be looked at afterwards. */
export const testFolder = join(home, 'files');
