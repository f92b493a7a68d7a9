import { Command } from 'commander';
import {
  type LocalServer,
  localServerStatus,
  removeLocalServer,
  startLocalServer,
  stopLocalServer,
} from '../db/local/server.ts';

interface Options {
  readonly json?: boolean;
}

/** `pgscore db start|stop|status|url|reset`. */
export function dbCommand(): Command {
  const db = new Command('db').description(
    'the local server: a private PostgreSQL with a JavaScript language, kept in .pgscore/',
  );
  add(db, 'start', 'start it, or find it running', start);
  add(db, 'stop', 'stop it; the data stays', stop);
  add(db, 'status', 'say whether it runs, and where', status);
  add(db, 'url', 'print its address for DATABASE_URL, starting it when needed', url);
  add(db, 'reset', 'drop all its data and start it anew', reset);
  return db;
}

function add(parent: Command, name: string, text: string, action: (options: Options) => Promise<void>): void {
  parent.command(name).description(text).option('--json', 'print one JSON object').action(action);
}

async function start({ json }: Options): Promise<void> {
  const server = await startLocalServer({ note });
  print(json, facts(server), `${server.started ? 'started' : 'already running'}: ${server.url}`);
}

async function stop({ json }: Options): Promise<void> {
  const stopped = await stopLocalServer({ note });
  print(json, { running: false, stopped }, stopped ? 'stopped' : 'was not running');
}

async function status({ json }: Options): Promise<void> {
  const server = await localServerStatus();
  if (server === undefined) print(json, { running: false }, 'not running; "pgscore db start" starts it');
  else {
    const { started: _, ...rest } = facts(server);
    const text = `running on port ${server.port}, process ${server.pid}, data in ${server.dataDirectory}`;
    print(json, rest, text);
  }
}

async function url({ json }: Options): Promise<void> {
  const server = await startLocalServer({ note });
  print(json, { url: server.url }, server.url);
}

async function reset({ json }: Options): Promise<void> {
  await removeLocalServer({ note });
  const server = await startLocalServer({ note });
  print(json, facts(server), `started anew, empty: ${server.url}`);
}

function facts(server: LocalServer) {
  return { running: true, ...server };
}

function note(line: string): void {
  console.error(`pgscore: ${line}`);
}

function print(json: boolean | undefined, value: object, text: string): void {
  console.log(json ? JSON.stringify(value) : text);
}
