import { Command } from 'commander';
import { withClient } from '../db/with-client.ts';
import { note, print } from './output.ts';

/** `pgscore retry MODEL [TABLE]`. */
export function retryCommand(): Command {
  return new Command('retry')
    .description('queue the rows again that sidecars gave up: those of pgscore.errors')
    .argument('<model>')
    .argument('[table]', 'only those of this table, as SQL names it')
    .option('--json', 'print one JSON object')
    .action(retry);
}

async function retry(model: string, table: string | undefined, { json }: { json?: true }): Promise<void> {
  const { rows } = await withClient(
    (client) =>
      client.query<{ rows: number }>('SELECT pgscore.retry($1, $2::regclass)::float8 AS rows', [
        model,
        table ?? null,
      ]),
    note,
  );
  const count = rows[0]!.rows;
  print(json, { model, table: table ?? null, rows: count }, `${count} rows of ${model} are queued again`);
}
