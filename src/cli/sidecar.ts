import { Command, InvalidArgumentError } from 'commander';
import { type Connection, connectTo, resolveConnection } from '../db/connect.ts';
import { checkAccess } from '../sidecar/http/auth.ts';
import { DEFAULT_LIMITS } from '../sidecar/http/limits.ts';
import type { HttpOptions } from '../sidecar/http/server.ts';
import { isRefused } from '../sidecar/link.ts';
import { DEFAULTS, type SidecarOptions } from '../sidecar/options.ts';
import { Sidecar } from '../sidecar/sidecar.ts';

interface Options {
  readonly workers: number;
  readonly batch: number;
  readonly maxMemory: number;
  readonly drain: number;
  readonly poll: number;
  readonly timeout: number;
  readonly cache?: string;
  readonly logLevel: string;
  readonly once?: true;
  readonly http?: Address;
  readonly httpBody: number;
  readonly httpRows: number;
  readonly httpTimeout: number;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** `pgscore sidecar`. */
export function sidecarCommand(): Command {
  return new Command('sidecar')
    .description('run the models of async bindings: take jobs from the queue, write predictions into columns')
    .option('--workers <n>', 'processes that run models', count, DEFAULTS.workers)
    .option('--batch <n>', 'rows of a batch at most; fewer where they take long', count, DEFAULTS.batch)
    .option(
      '--max-memory <mb>',
      'memory of a worker, above which it is replaced',
      count,
      DEFAULTS.maxMemoryMb,
    )
    .option('--timeout <seconds>', 'time that a run may take', count, DEFAULTS.timeoutSeconds)
    .option('--drain <seconds>', 'time for the batches in hand after SIGTERM', count, DEFAULTS.drainSeconds)
    .option('--poll <ms>', 'time between looks at an idle queue', count, DEFAULTS.pollMs)
    .option(
      '--cache <dir>',
      'where model files are kept (default: models/ in $PGSCORE_CACHE or the user’s cache)',
    )
    .option(
      '--log-level <level>',
      'fatal, error, warn, info, debug, trace or silent',
      level,
      DEFAULTS.logLevel,
    )
    .option('--once', 'end when the queue is empty, for cron')
    .option('--http <address>', 'answer HTTP on this port of 127.0.0.1, or on HOST:PORT', address)
    .option('--http-body <mb>', 'size of a request at most', count, DEFAULT_LIMITS.bodyBytes / MB)
    .option('--http-rows <n>', 'rows of a request at most', count, DEFAULT_LIMITS.rows)
    .option('--http-timeout <seconds>', 'time that a request may take', count, DEFAULT_LIMITS.timeout / 1000)
    .addHelpText('after', help)
    .action(run);
}

const help = `
Any number of sidecars share the work; each needs the database's address (DATABASE_URL or PG*) and nothing else. Logs are
JSON lines on stderr. SIGTERM and SIGINT: no new jobs, batches in hand are finished within --drain, exit code 0; a second
signal ends it at once. Whatever ends it, kill -9 included, its jobs are free for others and nothing is written twice.

HTTP speaks the Open Inference Protocol (/v2/…), takes rows and keys (/predict/MODEL), and gives metrics (/metrics) and its
description (/openapi.json). PGSCORE_HTTP_TOKEN holds the token that clients must show (several: separated by commas). Off
loopback there is no HTTP without one.`;

const MB = 1024 * 1024;

function count(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a whole number from 1');
}

/** 8080, 127.0.0.1:8080, [::]:8080. */
function address(text: string): Address {
  const [, host = '127.0.0.1', port = ''] = /^(?:(.+):)?([0-9]{1,5})$/.exec(text) ?? [];
  if (port === '' || Number(port) > 65_535) throw new InvalidArgumentError('expected PORT or HOST:PORT');
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

function level(text: string): string {
  if (LEVELS.includes(text)) return text;
  throw new InvalidArgumentError(`expected one of ${LEVELS.join(', ')}`);
}

async function run(options: Options): Promise<void> {
  const { workers, batch, maxMemory, drain, poll, timeout, cache, logLevel, once } = options;
  const settings: Partial<SidecarOptions> = {
    workers,
    batch,
    logLevel,
    maxMemoryMb: maxMemory,
    drainSeconds: drain,
    pollMs: poll,
    timeoutSeconds: timeout,
    once: once === true,
    ...(cache === undefined ? {} : { cache }),
    ...(options.http === undefined ? {} : { http: httpOptions(options.http, options) }),
  };
  const connection = await resolveConnection();
  await requireAccess(connection);
  const sidecar = new Sidecar(connection, settings);
  const onSignal = (signal: NodeJS.Signals) => sidecar.stop(signal);
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  await sidecar.done;
  process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
}

function httpOptions({ host, port }: Address, { httpBody, httpRows, httpTimeout }: Options): HttpOptions {
  const http: HttpOptions = {
    host,
    port,
    tokens: (process.env.PGSCORE_HTTP_TOKEN ?? '').split(',').filter((token) => token !== ''),
    limits: { bodyBytes: httpBody * MB, rows: httpRows, timeout: httpTimeout * 1000 },
  };
  // Before anything is started.
  checkAccess(host, http);
  return http;
}

/** A server that is away will come back; a wrong password or database is said at once. */
async function requireAccess(connection: Connection): Promise<void> {
  try {
    await (await connectTo(connection)).end();
  } catch (error) {
    if (isRefused(error)) throw error;
  }
}
