import { basename } from 'node:path';
import pg from 'pg';
import { afterAll, expect, inject } from 'vitest';
import type { Engine } from '../../src/db/engine.ts';
import { quoteIdent } from '../../src/quote.ts';
import { databaseName, dropDatabase } from './leftovers.ts';
import { withDatabase } from './template.ts';

export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  /** The language that the database has. */
  readonly engine: Engine;
  /** A new connection as the superuser; ended by the harness when the file is done. */
  client(): Promise<pg.Client>;
  /** Ends its connections and drops it now. Without a call the harness does so at the end of the file. */
  drop(): Promise<void>;
}

interface Made {
  readonly name: string;
  readonly clients: Set<pg.Client>;
  dropped: boolean;
}

/** What this test file made: vitest gives each file modules of its own. */
const made: Made[] = [];

/**
 * A database of its own for a test file: migrated, with a JavaScript language, otherwise empty (30 to 40 ms). Call
 * it in beforeAll; when the file is done it is dropped, or kept when a test failed, and its address printed.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { serverUrl, template, engine, run } = inject('pgscore');
  const file = basename(expect.getState().testPath ?? 'test').replace(/\.test\.ts$/, '');
  const name = databaseName(file, run, made.length + 1);
  await withAdmin((admin) =>
    admin.query(`CREATE DATABASE ${quoteIdent(name)} TEMPLATE ${quoteIdent(template)}`),
  );
  const entry: Made = { name, clients: new Set(), dropped: false };
  made.push(entry);
  const url = withDatabase(serverUrl, name);
  return {
    url,
    name,
    engine,
    client: () => openClient(url, entry),
    drop: () => discard(entry),
  };
}

async function openClient(url: string, entry: Made): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  entry.clients.add(client);
  client.on('end', () => entry.clients.delete(client));
  return client;
}

async function discard(entry: Made): Promise<void> {
  if (entry.dropped) return;
  await endClients(entry);
  await withAdmin((admin) => dropDatabase(admin, entry.name));
  entry.dropped = true;
}

/** A session that a test broke off, or that hangs in JavaScript, must not hold up the end of the file. */
async function endClients(entry: Made): Promise<void> {
  for (const client of entry.clients) {
    client.on('error', () => undefined);
    void client.end().catch(() => undefined);
  }
  entry.clients.clear();
}

async function withAdmin(work: (admin: pg.Client) => Promise<unknown>): Promise<void> {
  const admin = new pg.Client({ connectionString: inject('pgscore').serverUrl });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}

/** Registered by setup.ts for every file that needs a database. */
export function cleanUpAfterFile(): void {
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the first parameter's pattern to know the fixtures
  afterAll(async ({}, suite) => {
    const failed = suite.result?.state === 'fail' || hasFailed(suite.tasks);
    for (const entry of made.filter((each) => !each.dropped)) {
      if (!failed) await discard(entry);
      else await endClients(entry);
    }
  });
}

interface Task {
  readonly result?: { readonly state: string } | undefined;
  readonly tasks?: readonly Task[];
}

function hasFailed(tasks: readonly Task[]): boolean {
  return tasks.some((task) => task.result?.state === 'fail' || hasFailed(task.tasks ?? []));
}
