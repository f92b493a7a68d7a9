import { writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import type { Engine } from '../compile/convert.ts';
import { connect } from '../db/connect.ts';
import { detectEngine } from '../db/engine.ts';
import { PgscoreError } from '../errors.ts';

interface CompileArguments {
  readonly engine: Engine | 'auto';
  readonly schema?: string;
  readonly out?: string;
  readonly json?: true;
}

/** `pgscore compile scorer.ts`: prints the statements, or writes them to a file and says which functions they make. */
export function compileCommand(): Command {
  return new Command('compile')
    .description('compile exported TypeScript functions to CREATE FUNCTION statements')
    .argument('<file>', 'a TypeScript file, with plv8ify tags where SQL needs more than the types say')
    .option('--out <file>', 'write the statements to this file instead of printing them')
    .addOption(
      new Option('--engine <engine>', 'the language of the functions; auto asks the database')
        .choices(['plv8', 'pljs', 'auto'])
        .default('plv8'),
    )
    .option('--schema <schema>', 'the schema of functions without @plv8ify_schema_name')
    .option('--json', 'print one JSON object: the functions with their signatures and statements')
    .action(async (file: string, { out, json, ...options }: CompileArguments) => {
      // The TypeScript compiler takes a while to load: other commands do not wait for it.
      const { compileFile } = await import('../compile/compile.ts');
      const chosen = options.engine === 'auto' ? await databaseEngine() : options.engine;
      const { functions, engine, bundle, sql } = await compileFile(file, { ...options, engine: chosen });
      if (out !== undefined) await write(out, sql);
      if (json === true)
        console.log(JSON.stringify({ engine, hash: bundle.hash, out: out ?? null, functions }));
      else if (out === undefined) process.stdout.write(sql);
      else console.log(`${out}: ${functions.map(({ signature }) => signature).join(', ')}`);
    });
}

/** The language of the database that DATABASE_URL or the PG* variables name, else of the local server. */
async function databaseEngine(): Promise<Engine> {
  const client = await connect();
  try {
    return await detectEngine(client);
  } finally {
    await client.end();
  }
}

async function write(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((cause: Error) => {
    throw new PgscoreError('PGS_USAGE', `--out ${file}: ${cause.message}`, { cause });
  });
}
