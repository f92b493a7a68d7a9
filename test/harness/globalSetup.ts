import type { TestProject } from 'vitest/node';
import { exclusively } from './exclusive.ts';
import { dropLeftovers, keptDatabases, othersAlive, type RunName, runName } from './leftovers.ts';
import { Presence } from './presence.ts';
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
  const { server, presence } = await exclusively(joining, () => join(run));
  await dropLeftovers(await presence.client());
  const template = await ensureTemplate(server.url);
  project.provide('pgscore', {
    serverUrl: server.url,
    serverMajor: template.serverMajor,
    template: template.name,
    engine: template.engine,
    run,
  });
  return () => exclusively(joining, () => leave(server, presence, run));
}

async function join(run: RunName): Promise<{ server: TestServer; presence: Presence }> {
  const server = await startTestServer();
  const presence = new Presence(server.url, run);
  await presence.client();
  return { server, presence };
}

async function leave(server: TestServer, presence: Presence, run: RunName): Promise<void> {
  const client = await presence.client();
  const others = await othersAlive(client, run);
  const kept = await keptDatabases(client, run);
  await presence.close();
  for (const name of kept) console.error(`kept for inspection: ${withDatabase(server.url, name)}`);
  if (server.own && !others && kept.length === 0) await stopTestServer();
}
