import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { withLock } from '../../src/db/local/lock.ts';
import { dropLeftovers, keptDatabases, othersAlive, type RunName, runName } from './leftovers.ts';
import { startTestServer, stopTestServer, type TestServer } from './server.ts';
import { ensureTemplate, withDatabase } from './template.ts';

declare module 'vitest' {
  interface ProvidedContext {
    pgscore: {
      serverUrl: string;
      serverMajor: number;
      template: string;
      engine: 'plv8' | 'pljs';
      run: RunName;
    };
  }
}

/** Held while a run joins or leaves the server, so that none joins a server that another is about to stop. */
const joining = new URL('.', import.meta.url).pathname;

/** Runs once before all test files that need a database, and gives vitest what is to run after them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const run = runName();
  const { server, alive } = await withLock(joining, () => join(run));
  await dropLeftovers(alive);
  const template = await ensureTemplate(server.url);
  project.provide('pgscore', {
    serverUrl: server.url,
    serverMajor: template.serverMajor,
    template: template.name,
    engine: template.engine,
    run,
  });
  return () => withLock(joining, () => leave(server, alive, run));
}

/** The open connection says that this run is alive: no other drops its databases or stops the server. */
async function join(run: RunName): Promise<{ server: TestServer; alive: pg.Client }> {
  const server = await startTestServer();
  const alive = new pg.Client({ connectionString: server.url, application_name: run });
  alive.on('error', () => undefined);
  await alive.connect();
  return { server, alive };
}

async function leave(server: TestServer, alive: pg.Client, run: RunName): Promise<void> {
  const others = await othersAlive(alive, run);
  const kept = await keptDatabases(alive, run);
  await alive.end();
  for (const name of kept) console.error(`kept for inspection: ${withDatabase(server.url, name)}`);
  if (server.own && !others && kept.length === 0) await stopTestServer();
}
