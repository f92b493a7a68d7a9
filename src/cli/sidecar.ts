import { Command, InvalidArgumentError } from 'commander';
import { type Connection, connectTo, resolveConnection } from '../db/connect.ts';
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
}

/** `pgscore sidecar`. */
export function sidecarCommand(): Command {
  return new Command('sidecar')
    .description('run the models of async bindings: take jobs from the queue, write predictions into columns')
    .option('--workers <n>', 'processes that run models', count, DEFAULTS.workers)
    .option('--batch <n>', 'rows of a run at most; fewer where a run takes long', count, DEFAULTS.batch)
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
    .addHelpText('after', help)
    .action(run);
}

const help = `
Any number of sidecars share the work; each needs the database's address (DATABASE_URL or PG*) and nothing else. Logs are
JSON lines on stderr. SIGTERM and SIGINT: no new jobs, batches in hand are finished within --drain, exit code 0; a second
signal ends it at once. Whatever ends it, kill -9 included, its jobs are free for others and nothing is written twice.`;

function count(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a whole number from 1');
}

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

function level(text: string): string {
  if (LEVELS.includes(text)) return text;
  throw new InvalidArgumentError(`expected one of ${LEVELS.join(', ')}`);
}

async function run({ maxMemory, drain, poll, timeout, once, ...options }: Options): Promise<void> {
  const settings: Partial<SidecarOptions> = {
    ...options,
    maxMemoryMb: maxMemory,
    drainSeconds: drain,
    pollMs: poll,
    timeoutSeconds: timeout,
    once: once === true,
  };
  const connection = await resolveConnection();
  await requireAccess(connection);
  const sidecar = new Sidecar(connection, settings);
  const onSignal = (signal: NodeJS.Signals) => sidecar.stop(signal);
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  await sidecar.done;
  process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
}

/** A server that is away will come back; a wrong password or database is said at once. */
async function requireAccess(connection: Connection): Promise<void> {
  try {
    await (await connectTo(connection)).end();
  } catch (error) {
    if (isRefused(error)) throw error;
  }
}
