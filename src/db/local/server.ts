import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { type Account, serverAccount } from './account.ts';
import { serverBinaries } from './binaries.ts';
import { localServerError } from './error.ts';
import {
  accountOfData,
  type Instance,
  openInstance,
  projectFolder,
  readState,
  removeInstance,
  type State,
  serverFolder,
  writeState,
} from './instance.ts';
import { withLock } from './lock.ts';
import {
  awaitReady,
  type Cluster,
  dataDirectory,
  findRunning,
  freePort,
  halt,
  initialize,
  launch,
  type Running,
  superuser,
} from './postgres.ts';

export interface LocalServer {
  /** For DATABASE_URL: user, password, 127.0.0.1, port and database. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** False when it was running before. */
  readonly started: boolean;
  readonly dataDirectory: string;
}

export interface LocalServerOptions {
  /** The server's folder; `.pgscore/local` of the project that holds the current folder unless given. */
  readonly home?: string;
  /** Settings of PostgreSQL for a start, over safe defaults. Values are numbers or words. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Receives a line when something takes long. */
  readonly note?: (line: string) => void;
}

const defaultDatabase = 'pgscore';

/**
 * Makes the local server run and gives its address: PostgreSQL with PLJS, on 127.0.0.1 only, data kept. The first
 * call downloads and initializes (some seconds); later ones start within a second, or find it running. Safe to
 * call from several processes at once. Throws PGS_LOCAL_SERVER where it cannot be provided.
 */
export async function startLocalServer(options: LocalServerOptions = {}): Promise<LocalServer> {
  const home = homeOf(options);
  const account = requireAccount(home);
  return withLock(home, async () => {
    const binaries = await serverBinaries(account, options.note ?? (() => undefined));
    const instance = await openInstance(home, account);
    return start({ binaries, server: instance.server, account }, instance, options.settings ?? {});
  });
}

async function start(
  cluster: Cluster,
  instance: Instance,
  settings: Readonly<Record<string, string>>,
): Promise<LocalServer> {
  const known = await readState(instance.home);
  const running = await awaitReady(cluster);
  if (running !== undefined && known !== undefined) {
    // Another port than the recorded one: whoever started it was cut off before the end.
    if (running.port !== known.port) await finish(instance, { ...known, port: running.port });
    return { ...describe(known, cluster, running), started: false };
  }
  const password = known?.password ?? randomBytes(18).toString('base64url');
  const state = { port: known?.port ?? 0, password, user: superuser, database: defaultDatabase };
  if (!existsSync(dataDirectory(cluster))) {
    // The password is on disk before the data that it opens, so that a kill in between loses neither.
    await writeState(instance.home, state);
    await initialize(cluster, password, settings.fsync !== 'off');
  } else if (known === undefined) {
    throw localServerError(`${dataDirectory(cluster)} has data, but its password, in server.json, is gone`, {
      hint: '"pgscore db reset" starts anew and drops the local data.',
    });
  }
  const port = await launchOnFreePort(cluster, known?.port, settings);
  await finish(instance, { ...state, port });
  const found = await findRunning(cluster);
  if (found !== undefined) return { ...describe(state, cluster, found), started: true };
  throw localServerError(`PostgreSQL ended right after its start; see ${cluster.server}/server.log`);
}

async function finish(instance: Instance, state: State): Promise<void> {
  await prepareDatabase(state);
  await writeState(instance.home, state);
}

/** The port that the server then listens on. */
async function launchOnFreePort(
  cluster: Cluster,
  wanted: number | undefined,
  settings: Readonly<Record<string, string>>,
): Promise<number> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const port = await freePort(attempt === 0 ? wanted : undefined);
    const result = await launch(cluster, port, settings);
    if (result === 'started') return port;
    const other = result === 'already running' ? await awaitReady(cluster) : undefined;
    if (other !== undefined) return other.port;
  }
  throw localServerError(
    `PostgreSQL could not start: others took its ports, or its data is in use; see ${cluster.server}/server.log`,
  );
}

/** The database with the JavaScript language in it; at the first start only, and after a start that was cut off. */
async function prepareDatabase(state: State): Promise<void> {
  await withClient(urlOf({ ...state, database: 'postgres' }), async (client) => {
    const found = await client.query('SELECT FROM pg_catalog.pg_database WHERE datname = $1', [
      state.database,
    ]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${state.database}`);
  });
  await withClient(urlOf(state), async (client) => {
    const found = await client.query(`SELECT FROM pg_catalog.pg_extension WHERE extname = 'pljs'`);
    if (found.rowCount === 0) await client.query('CREATE EXTENSION pljs');
  });
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    await work(client);
  } catch (error) {
    throw localServerError(`PostgreSQL runs, but refused to be set up: ${(error as Error).message}`, {
      hint: '"pgscore db reset" starts anew and drops the local data.',
      cause: error,
    });
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The running local server, or undefined. Never starts or downloads anything. */
export async function localServerStatus(options: LocalServerOptions = {}): Promise<LocalServer | undefined> {
  const home = homeOf(options);
  const account = requireAccount(home);
  if (!existsSync(home)) return undefined;
  const state = await readState(home);
  const server = serverFolder(home, account);
  const running = await findRunning({ server });
  return state === undefined || running === undefined
    ? undefined
    : { ...describe(state, { server }, running), started: false };
}

/** Ends the local server; gives false when it was not running. The data stays. */
export async function stopLocalServer(options: LocalServerOptions = {}): Promise<boolean> {
  const home = homeOf(options);
  const account = requireAccount(home);
  return withLock(home, async () => {
    if (!existsSync(home)) return false;
    const server = serverFolder(home, account);
    if ((await findRunning({ server })) === undefined) return false;
    const binaries = await serverBinaries(account, options.note ?? (() => undefined));
    await halt({ binaries, server, account });
    return true;
  });
}

/** Drops the local server's data, everything in every database of it. It is not started again. */
export async function removeLocalServer(options: LocalServerOptions = {}): Promise<void> {
  const home = homeOf(options);
  await stopLocalServer(options);
  const account = requireAccount(home);
  await withLock(home, async () => {
    if (existsSync(home)) await removeInstance({ home, server: serverFolder(home, account) });
  });
}

function homeOf(options: LocalServerOptions): string {
  return options.home ?? join(projectFolder(), '.pgscore', 'local');
}

function requireAccount(home: string): Account {
  if (process.platform !== 'linux') {
    throw localServerError(
      `it needs Linux with Debian's apt, and this is ${process.platform}-${process.arch}`,
    );
  }
  const account = serverAccount();
  if (account !== undefined) return accountOfData(home, account);
  throw localServerError(
    'PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as',
  );
}

function describe(
  state: State,
  cluster: Pick<Cluster, 'server'>,
  { pid, port }: Running,
): Omit<LocalServer, 'started'> {
  return { url: urlOf({ ...state, port }), port, pid, dataDirectory: dataDirectory(cluster) };
}

function urlOf(state: State): string {
  return `postgresql://${state.user}:${state.password}@127.0.0.1:${state.port}/${state.database}`;
}
