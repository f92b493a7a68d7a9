import { Command } from 'commander';
import { resolveConnection } from '../db/connect.ts';
import { migrate } from '../deploy/migrate.ts';
import { migrationScript } from '../deploy/migration-script.ts';
import { print } from './output.ts';
import { writeMigration } from './write.ts';

/** `pgscore migrate`. */
export function migrateCommand(): Command {
  return new Command('migrate')
    .description('install or upgrade the pgscore schema in the database')
    .option('--write [dir]', 'change nothing: write the SQL for psql into this folder, or print it')
    .option('--json', 'print one JSON object')
    .action(run);
}

async function run({ write, json }: { write?: string | true; json?: true }): Promise<void> {
  if (write !== undefined) {
    const files = await writeMigration(write, { name: 'pgscore', up: migrationScript(), down: DOWN });
    if (files.length > 0) print(json, { files }, files.join('\n'));
    return;
  }
  const { config } = await resolveConnection();
  const result = await migrate(config);
  for (const warning of result.warnings) process.stderr.write(`warning: ${warning}\n`);
  const done = [...result.migrations, ...(result.functions ? ['functions and views'] : [])];
  const text =
    done.length === 0
      ? `pgscore ${result.version} is installed: nothing to do`
      : `pgscore ${result.version} installed: ${done.join(', ')}`;
  print(json, result, text);
}

const DOWN = `-- Removes pgscore, all models, and the triggers of all bindings; tables keep their prediction columns.
DROP SCHEMA IF EXISTS pgscore, pgscore_models, pgscore_internal CASCADE;
`;
