import { writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { compileFile } from '../compile/compile.ts';
import type { Engine } from '../compile/convert.ts';

interface CompileArguments {
  readonly engine: Engine;
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
      new Option('--engine <engine>', 'the language of the functions')
        .choices(['plv8', 'pljs'])
        .default('plv8'),
    )
    .option('--schema <schema>', 'the schema of functions without @plv8ify_schema_name')
    .option('--json', 'print one JSON object: the functions with their signatures and statements')
    .action(async (file: string, { out, json, ...options }: CompileArguments) => {
      const { functions, engine, bundle, sql } = await compileFile(file, options);
      if (out !== undefined) await writeFile(out, sql);
      if (json === true)
        console.log(JSON.stringify({ engine, hash: bundle.hash, out: out ?? null, functions }));
      else if (out === undefined) process.stdout.write(sql);
      else console.log(`${out}: ${functions.map(({ signature }) => signature).join(', ')}`);
    });
}
