import { Command, InvalidArgumentError } from 'commander';
import { withClient } from '../db/with-client.ts';
import { promoteStatements, rollbackStatement } from '../deploy/statements.ts';
import { note, print } from './output.ts';
import { writeMigration, writeOption } from './write.ts';

interface Options {
  readonly rebind?: true;
  readonly write?: string | true;
  readonly json?: true;
}

/** `pgscore promote MODEL VERSION`. */
export function promoteCommand(): Command {
  return new Command('promote')
    .description("make a version the one that the model's name answers with")
    .argument('<model>')
    .argument('<version>', 'its number', versionNumber)
    .option(
      '--rebind',
      "allow other features than the champion's, and rebuild the bindings in the same transaction",
    )
    .addOption(writeOption())
    .option('--json', 'print one JSON object')
    .action(promote);
}

function versionNumber(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a version number: 1, 2, …');
}

async function promote(model: string, version: number, options: Options): Promise<void> {
  const { up, down } = promoteStatements({ model, version, rebind: options.rebind === true });
  if (options.write !== undefined) {
    const files = await writeMigration(options.write, { name: `promote_${model}_v${version}`, up, down });
    if (files.length > 0) print(options.json, { files }, files.join('\n'));
    return;
  }
  await withClient((client) => client.query(up), note);
  print(options.json, { model, champion: version }, `${model} answers with version ${version}`);
}

/** `pgscore rollback MODEL`. */
export function rollbackCommand(): Command {
  return new Command('rollback')
    .description("take back a model's last promotion")
    .argument('<model>')
    .option(
      '--rebind',
      "allow other features than the champion's, and rebuild the bindings in the same transaction",
    )
    .option('--json', 'print one JSON object')
    .action(rollback);
}

async function rollback(model: string, { rebind, json }: Options): Promise<void> {
  const sql = rollbackStatement({ model, rebind: rebind === true });
  const { rows } = await withClient((client) => client.query<{ rollback: number }>(sql), note);
  const version = rows[0]!.rollback;
  print(json, { model, champion: version }, `${model} answers with version ${version} again`);
}
