import { Command } from 'commander';
import { withClient } from '../db/with-client.ts';
import { breaches, type QueueState, queueStates, seconds } from '../deploy/queue.ts';
import { PgscoreError } from '../errors.ts';
import { note, table } from './output.ts';

/** `pgscore status`. */
export function statusCommand(): Command {
  return new Command('status')
    .description('what waits for sidecars, how fast it goes, and whether each binding keeps its max_lag')
    .option(
      '--check',
      'exit with 1 when a max_lag is exceeded, a binding is broken, or rows wait and no sidecar is seen',
    )
    .option('--json', 'print one JSON object')
    .action(run);
}

async function run({ check, json }: { check?: true; json?: true }): Promise<void> {
  const queues = await withClient(queueStates, note);
  if (json === true) console.log(JSON.stringify({ queues }));
  else console.log(queues.length === 0 ? 'no async binding' : table(queues.map(describe)));
  const reasons = queues.flatMap(breaches);
  if (check !== true || reasons.length === 0) return;
  throw new PgscoreError('PGS_QUEUE', reasons.join('\n'), {
    hint: 'SELECT * FROM pgscore.queue, pgscore.sidecars and pgscore.errors show more; pgscore sidecar runs one.',
  });
}

function describe(queue: QueueState): Record<string, unknown> {
  const { oldest_seconds, drain_seconds, max_lag_seconds, within_target } = queue;
  return {
    model: queue.model,
    column: `${queue.table_name}.${queue.value_column}`,
    depth: queue.depth,
    retrying: queue.retrying,
    errors: queue.errors,
    oldest: oldest_seconds === null ? '' : seconds(oldest_seconds),
    'in/s': Math.round(queue.arrival_rate),
    'out/s': Math.round(queue.service_rate),
    'empty in': drain_seconds === null ? 'never' : seconds(drain_seconds),
    'max lag': max_lag_seconds === null ? '' : seconds(max_lag_seconds),
    kept: within_target === null ? '' : within_target ? 'yes' : 'no',
    sidecars: queue.sidecars,
    problem: queue.problem,
  };
}
