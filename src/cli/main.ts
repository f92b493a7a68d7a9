import { Command, CommanderError } from 'commander';
import { PgscoreError } from '../errors.ts';
import { packageVersion } from '../package-version.ts';
import { attachCommand, detachCommand } from './attach.ts';
import { backfillCommand } from './backfill.ts';
import { compileCommand } from './compile.ts';
import { dbCommand } from './db.ts';
import { demoCommand } from './demo.ts';
import { deployCommand } from './deploy.ts';
import { formatsCommand } from './formats.ts';
import { inspectCommand } from './inspect.ts';
import { migrateCommand } from './migrate.ts';
import { modelsCommand } from './models.ts';
import { predictCommand } from './predict.ts';
import { promoteCommand, rollbackCommand } from './promote.ts';
import { retryCommand } from './retry.ts';
import { sidecarCommand } from './sidecar.ts';
import { statusCommand } from './status.ts';

/** The commands, in the order of the manual. Each file in this folder makes one. */
const commands: readonly (() => Command)[] = [
  dbCommand,
  migrateCommand,
  formatsCommand,
  inspectCommand,
  predictCommand,
  deployCommand,
  attachCommand,
  detachCommand,
  promoteCommand,
  rollbackCommand,
  modelsCommand,
  backfillCommand,
  sidecarCommand,
  statusCommand,
  retryCommand,
  compileCommand,
  demoCommand,
];

/**
 * Runs one command line and returns the exit code: 0 done, 1 an error of the model, the data or the database,
 * 2 a wrong command line. Errors go to stderr as text, or as one JSON object with --json.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('pgscore')
    .description('Machine-learning models that score rows inside PostgreSQL')
    .version(packageVersion())
    .exitOverride()
    .showHelpAfterError('(pgscore --help lists the commands)');
  for (const make of commands) program.addCommand(make().exitOverride());
  // A reader that has seen enough (pgscore predict … | head) ends the program, quietly as it ends other filters.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    report(error, argv.includes('--json'));
    return error instanceof PgscoreError && error.code === 'PGS_USAGE' ? 2 : 1;
  }
}

function report(error: unknown, json: boolean): void {
  if (!(error instanceof PgscoreError)) {
    console.error(error);
    return;
  }
  if (json) {
    console.error(
      JSON.stringify({ error: { code: error.code, message: error.message, hint: error.hint ?? null } }),
    );
    return;
  }
  console.error(`pgscore: ${error.message}`);
  if (error.hint !== undefined) console.error(`hint: ${error.hint}`);
}
