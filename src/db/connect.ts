import { existsSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import { PgscoreError } from '../errors.ts';
import { startLocalServer } from './local/server.ts';
import { parseTarget, requireWritable, type SessionTarget, serversOf, targetOf } from './servers.ts';
import { readService } from './service.ts';

/** For the parts that are handed a connection and do not talk to PostgreSQL themselves. */
export type Client = pg.Client;
export type ClientConfig = pg.ClientConfig;

export interface Connection {
  readonly config: pg.ClientConfig;
  /** Where the address comes from, for messages: `DATABASE_URL`, `the PG* variables` or `the local server`. */
  readonly origin: string;
  /** Where the address does not say it; `any` unless given. */
  readonly target?: SessionTarget;
}

/** libpq's variables, and its names for the same in service files. */
const variables = [
  ['PGHOST', 'host'],
  ['PGHOSTADDR', 'hostaddr'],
  ['PGPORT', 'port'],
  ['PGDATABASE', 'dbname'],
  ['PGUSER', 'user'],
  ['PGPASSWORD', 'password'],
  ['PGOPTIONS', 'options'],
  ['PGAPPNAME', 'application_name'],
  ['PGTARGETSESSIONATTRS', 'target_session_attrs'],
  ['PGSSLMODE', 'sslmode'],
  ['PGSSLROOTCERT', 'sslrootcert'],
  ['PGSSLCERT', 'sslcert'],
  ['PGSSLKEY', 'sslkey'],
] as const;

/** With one of these set, a person means a server; a password or an SSL mode alone names none. */
const naming = ['PGHOST', 'PGHOSTADDR', 'PGPORT', 'PGDATABASE', 'PGUSER', 'PGSERVICE'];

/**
 * Which database to use: DATABASE_URL, else the PG* variables (a service file included), else the local server,
 * which is started when it is not running; then one line on stderr says so.
 */
export async function resolveConnection(env: NodeJS.ProcessEnv = process.env): Promise<Connection> {
  const common = { fallback_application_name: 'pgscore' };
  if (env.DATABASE_URL) {
    return { config: { ...common, connectionString: env.DATABASE_URL }, origin: 'DATABASE_URL' };
  }
  if (naming.some((name) => env[name])) {
    const parameters = parametersOf(env);
    const target = parseTarget(parameters.get('target_session_attrs'));
    return {
      config: { ...common, ...configOf(parameters) },
      origin: 'the PG* variables',
      ...(target === undefined ? {} : { target }),
    };
  }
  const note = (line: string) => console.error(`pgscore: ${line}`);
  const server = await startLocalServer({ note });
  note(
    `using the local server on port ${server.port}${server.started ? ', now started' : ''} ` +
      '(neither DATABASE_URL nor PG* is set)',
  );
  return { config: { ...common, connectionString: server.url }, origin: 'the local server' };
}

/** As libpq combines them: the service's parameters first, then the variables. */
function parametersOf(env: NodeJS.ProcessEnv): ReadonlyMap<string, string> {
  const service = env.PGSERVICE ? readService(env.PGSERVICE, env) : new Map<string, string>();
  const parameters = new Map<string, string>();
  for (const [variable, name] of variables) {
    const value = service.get(name) ?? env[variable];
    if (value) parameters.set(name, value);
  }
  return parameters;
}

function configOf(parameters: ReadonlyMap<string, string>): pg.ClientConfig {
  const port = Number(parameters.get('port') ?? 5432);
  if (!Number.isInteger(port)) {
    throw new PgscoreError('PGS_DATABASE', `PGPORT is "${parameters.get('port')}", not one port`, {
      hint: 'For servers on different ports: DATABASE_URL=postgresql://user@first:5432,second:5433/database.',
    });
  }
  const user = parameters.get('user') ?? userInfo().username;
  return {
    host: parameters.get('hostaddr') ?? parameters.get('host') ?? defaultHost(port),
    port,
    user,
    database: parameters.get('dbname') ?? user,
    password: parameters.get('password'),
    options: parameters.get('options'),
    application_name: parameters.get('application_name'),
    ssl: sslOf(parameters),
  };
}

/**
 * libpq's meaning of sslmode: `require` encrypts and verifies only when a root certificate is given. `allow` and
 * `prefer` try both ways, which the driver cannot; they are without encryption here.
 */
function sslOf(parameters: ReadonlyMap<string, string>): boolean | ConnectionOptions {
  const mode = parameters.get('sslmode') ?? 'prefer';
  const file = (name: string) => {
    const path = parameters.get(name);
    return path === undefined || path === 'system' ? undefined : readFileSync(path, 'utf8');
  };
  if (!['require', 'verify-ca', 'verify-full'].includes(mode)) return false;
  const ca = file('sslrootcert');
  const common = { ca, cert: file('sslcert'), key: file('sslkey') };
  if (mode === 'require' && ca === undefined) return { ...common, rejectUnauthorized: false };
  return mode === 'verify-full' ? common : { ...common, checkServerIdentity: () => undefined };
}

/** psql's default is the socket in the directory that the packages use; other systems have loopback alone. */
function defaultHost(port: number): string {
  const directory = ['/var/run/postgresql', '/tmp'].find((each) => existsSync(`${each}/.s.PGSQL.${port}`));
  return directory ?? 'localhost';
}

/** An open connection to the database that resolveConnection names; the caller ends it. Throws PGS_DATABASE. */
export async function connect(env: NodeJS.ProcessEnv = process.env): Promise<pg.Client> {
  return connectTo(await resolveConnection(env));
}

/**
 * An open connection; the caller ends it. Of several servers it is the first that will do. Throws PGS_DATABASE with host,
 * port, database and user of each, and no password.
 */
export async function connectTo({ config, origin, target: wanted }: Connection): Promise<pg.Client> {
  const target = targetOf(config) ?? wanted ?? 'any';
  const refusals: Refusal[] = [];
  for (const server of serversOf(config)) {
    const client = clientOf(server, origin);
    try {
      await client.connect();
      if (target === 'read-write') await requireWritable(client);
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      refusals.push({ client, error: error as Refusal['error'] });
      // As libpq: who is refused by one server is not for the others.
      if (/^28/.test(refusals.at(-1)!.error.code ?? '')) break;
    }
  }
  throw refused(refusals, origin);
}

function clientOf(config: pg.ClientConfig, origin: string): pg.Client {
  try {
    const client = new pg.Client(config);
    // The server may end a session right after it began, before a caller can listen: the next query reports it.
    return client.on('error', () => undefined);
  } catch {
    // The parser's own error repeats the whole address, the password with it.
    throw new PgscoreError('PGS_DATABASE', `the address in ${origin} is not a PostgreSQL URL`, {
      hint: 'Its form is postgresql://user:password@host:5432/database; special characters are percent-encoded.',
    });
  }
}

interface Refusal {
  readonly client: pg.Client;
  readonly error: Error & { readonly code?: string };
}

function refused(refusals: readonly Refusal[], origin: string): PgscoreError {
  const reasons = refusals.map(({ client, error }) => {
    const place = `host ${client.host}, port ${client.port}, database ${client.database}, user ${client.user}`;
    return `${place} (from ${origin}): ${error.message || error.code || 'no reason given'}`;
  });
  const { error } = refusals.at(-1)!;
  return new PgscoreError('PGS_DATABASE', `cannot connect to ${reasons.join('; nor to ')}`, {
    hint: remedy(error.code),
    cause: error,
  });
}

/** By the operating system's code or PostgreSQL's SQLSTATE. */
function remedy(code: string | undefined): string {
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return 'Nothing listens there: start the server or correct the address. "pgscore db start" starts a local one.';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'The host name is not known: correct it.';
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
      return 'The host does not answer: check the address, the network and the firewall.';
    case '28P01':
    case '28000':
      return 'Check user and password, and what pg_hba.conf allows; a password may also come from PGPASSWORD or ~/.pgpass.';
    case '25006':
      return 'Name the primary, or all servers: postgresql://user@first:5432,second:5432/database. After a failover it takes a moment.';
    case '3D000':
      return 'Create the database (createdb), or correct its name.';
    case '53300':
      return 'The server is full: end idle sessions, or raise max_connections.';
    default:
      return 'Check DATABASE_URL or the PG* variables.';
  }
}
