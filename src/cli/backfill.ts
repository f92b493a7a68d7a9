import { SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError } from 'commander';
import { resolveConnection } from '../db/connect.ts';
import { type BackfillProgress, type BackfillResult, backfill } from '../deploy/backfill.ts';
import { note, print } from './output.ts';

/** Where stderr is no terminal: a line that often. */
const LINE_EVERY_MS = 10_000;

interface Options {
  readonly table?: string;
  readonly column?: string;
  readonly chunkRows?: number;
  readonly workers?: number;
  readonly maxRowsPerSecond?: number;
  readonly onlyMissing?: true;
  readonly restart?: true;
  readonly json?: true;
}

/** `pgscore backfill MODEL`. */
export function backfillCommand(): Command {
  return new Command('backfill')
    .description(
      'score the rows that were there before the model was attached, or before its champion changed',
    )
    .argument('<model>')
    .option(
      '--table <table>',
      'only this table, as SQL names it (default: all that the model is attached to)',
    )
    .option('--column <name>', 'only the binding of this column')
    .option('--chunk-rows <n>', 'rows of a transaction (default: as many as take some 300 ms)', count)
    .option('--workers <n>', 'connections that score at the same time (default: 1)', count)
    .option('--max-rows-per-second <n>', 'go no faster than this', count)
    .option('--only-missing', 'only rows whose prediction is NULL')
    .option('--restart', 'start over, where an earlier backfill did not finish')
    .option('--json', 'print one JSON object at the end')
    .addHelpText('after', help)
    .action(run);
}

const help = `
Rows are scored in chunks along the primary key, each a transaction of its own. Whatever ends a backfill, the same
command goes on where it stopped; run twice at the same time, the two share the work. When it ends, one version has
scored all rows: a promotion meanwhile makes it start over.

It updates every row once: triggers of your own fire, and the table has as many dead rows as after any such UPDATE,
which autovacuum removes. --max-rows-per-second gives it the time; a fillfactor below 100, and no index on the
prediction columns, let PostgreSQL reuse the space at once (HOT).`;

function count(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a whole number from 1');
}

async function run(model: string, { json, ...options }: Options): Promise<void> {
  const stop = new AbortController();
  const onSignal = () => {
    note('stopping after the chunks in hand; once more ends it at once');
    stop.abort();
  };
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const display = process.stderr.isTTY ? new Bar() : new Lines();
  try {
    const connection = await resolveConnection();
    const result = await backfill(connection, { model, ...options, signal: stop.signal }, (event) =>
      display.show(event),
    );
    display.end();
    print(json, result, describe(result));
  } finally {
    display.end();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

function describe({ bindings }: BackfillResult): string {
  return bindings
    .map(({ table, column, version, rows, seconds, rowsPerSecond, errors }) => {
      const failed = errors === 0 ? '' : `; ${number(errors)} could not be scored, see pgscore.errors`;
      const rate = `${seconds.toFixed(1)} s, ${number(rowsPerSecond)} rows/s`;
      return `${table}.${column}: ${number(rows)} rows scored by version ${version} (${rate})${failed}`;
    })
    .join('\n');
}

/** A progress bar on a terminal; other events above it. */
class Bar {
  #bar: SingleBar | undefined;

  show(event: BackfillProgress): void {
    if (event.kind !== 'rows') {
      this.end();
      noteEvent(event);
      return;
    }
    if (this.#bar === undefined) {
      const format = `${event.table}.${event.column} {bar} {percentage}% | {done} of {all} rows | {rate} rows/s | {left} left`;
      this.#bar = new SingleBar({ format, stream: process.stderr, hideCursor: null, barsize: 24 });
      this.#bar.start(event.total, event.rows, payload(event));
    }
    this.#bar.setTotal(event.total);
    this.#bar.update(event.rows, payload(event));
  }

  end(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}

function payload({ rows, total, rowsPerSecond, secondsLeft }: BackfillProgress & { kind: 'rows' }) {
  return { done: number(rows), all: number(total), rate: number(rowsPerSecond), left: duration(secondsLeft) };
}

/** A line now and then. */
class Lines {
  #last = Date.now();

  show(event: BackfillProgress): void {
    if (event.kind !== 'rows') {
      noteEvent(event);
    } else if (Date.now() - this.#last >= LINE_EVERY_MS) {
      this.#last = Date.now();
      const { done, all, rate, left } = payload(event);
      note(`${event.table}.${event.column}: ${done} of ${all} rows, ${rate} rows/s, ${left} left`);
    }
  }

  end(): void {}
}

function noteEvent(event: Exclude<BackfillProgress, { kind: 'rows' }>): void {
  const place = `${event.table}.${event.column}`;
  if (event.kind === 'waiting') note(`${place}: waiting: ${event.reason}`);
  else if (event.kind === 'started-over')
    note(`${place}: version ${event.version} is the champion now: all rows are scored again`);
  else if (event.resumed) note(`${place}: going on after ${number(event.rows)} rows`);
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0
    ? `${hours} h ${minutes} min`
    : minutes > 0
      ? `${minutes} min ${whole % 60} s`
      : `${whole} s`;
}
