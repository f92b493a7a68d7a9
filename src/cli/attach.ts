import { Command, Option } from 'commander';
import { withClient } from '../db/with-client.ts';
import { type AttachOptions, attachStatements, detachStatement } from '../deploy/statements.ts';
import { PgscoreError } from '../errors.ts';
import { note, print } from './output.ts';
import { writeMigration, writeOption } from './write.ts';

interface Options {
  readonly column?: string;
  readonly features?: string;
  readonly labelColumn?: string;
  readonly versionColumn?: string;
  readonly timeColumn?: string;
  readonly onError?: 'raise' | 'null';
  readonly mode?: 'sync' | 'async';
  readonly maxLag?: string;
  readonly write?: string | true;
  readonly json?: true;
}

/** `pgscore attach MODEL TABLE`. */
export function attachCommand(): Command {
  return new Command('attach')
    .description(
      'keep a prediction column of a table true: a trigger scores or queues rows as they are written',
    )
    .argument('<model>')
    .argument('<table>', 'as SQL names it: customers, sales.customers, \'"Customers"\'')
    .option('--column <name>', 'column for the value, created when missing (default: <model>_score)')
    .option(
      '--features <json>',
      'for features without a column of their name: {"feature": "column", "other": {"sql": "expression"}}',
    )
    .option('--label-column <name>', 'column for the label')
    .option('--version-column <name>', 'column for the version that scored')
    .option('--time-column <name>', 'column for the time of scoring')
    .addOption(
      new Option(
        '--on-error <what>',
        'when a row cannot be scored: fail, or write NULL and record the error',
      ).choices(['raise', 'null']),
    )
    .addOption(
      new Option(
        '--mode <mode>',
        'sync: scored in the statement; async: by pgscore sidecar, moments later (default: sync)',
      ).choices(['sync', 'async']),
    )
    .option(
      '--max-lag <interval>',
      "how late an async prediction may come, for pgscore status: '30 s', '5 min'",
    )
    .addOption(writeOption())
    .option('--json', 'print one JSON object')
    .action(attach);
}

async function attach(model: string, table: string, options: Options): Promise<void> {
  const request: AttachOptions = {
    model,
    table,
    ...(options.column === undefined ? {} : { valueColumn: options.column }),
    ...(options.features === undefined ? {} : { features: parseFeatures(options.features) }),
    ...(options.labelColumn === undefined ? {} : { labelColumn: options.labelColumn }),
    ...(options.versionColumn === undefined ? {} : { versionColumn: options.versionColumn }),
    ...(options.timeColumn === undefined ? {} : { timeColumn: options.timeColumn }),
    ...(options.onError === undefined ? {} : { onError: options.onError }),
    ...(options.mode === undefined ? {} : { mode: options.mode }),
    ...(options.maxLag === undefined ? {} : { maxLag: options.maxLag }),
  };
  const { up, down } = attachStatements(request);
  if (options.write !== undefined) {
    const files = await writeMigration(options.write, { name: `attach_${model}`, up, down });
    if (files.length > 0) print(options.json, { files }, files.join('\n'));
    return;
  }
  const column = options.column ?? `${model}_score`;
  await withClient((client) => client.query(up), options.json === true ? () => undefined : note);
  print(options.json, { model, table, column }, `${model} is attached to ${table}.${column}`);
}

function parseFeatures(text: string): NonNullable<AttachOptions['features']> {
  try {
    return JSON.parse(text) as NonNullable<AttachOptions['features']>;
  } catch (error) {
    throw new PgscoreError('PGS_USAGE', `--features is no JSON: ${(error as Error).message}`, {
      hint: `Example: --features '{"tenure": "months", "age": {"sql": "extract(year from age(born))"}}'`,
    });
  }
}

/** `pgscore detach MODEL TABLE`. */
export function detachCommand(): Command {
  return new Command('detach')
    .description('remove the triggers that attach made; the prediction columns stay')
    .argument('<model>')
    .argument('<table>')
    .option('--column <name>', 'only the binding of this column')
    .option('--json', 'print one JSON object')
    .action(detach);
}

async function detach(
  model: string,
  table: string,
  { column, json }: { column?: string; json?: true },
): Promise<void> {
  const sql = detachStatement({ model, table, ...(column === undefined ? {} : { valueColumn: column }) });
  await withClient((client) => client.query(sql), note);
  print(json, { model, table, column: column ?? null }, `${model} is detached from ${table}`);
}
